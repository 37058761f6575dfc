// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU's TCG that tells what a guest did in windows which the guest opens and closes itself: how often each translated block ran,
 * and for each packet how many instructions and locked operations there were, and which cache lines the kernel touched.
 *
 * The guest marks a place by an instruction that does nothing: NOP with the displacement MARK | one of the numbers below. What is written when a
 * window closes is read by scripts/profile. One processor, so no locks.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of qemu-plugin.h, which Debian does not ship: version 4 of the interface. */
typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
typedef struct qemu_info qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
typedef void (*udata_cb)(unsigned int vcpu, void *udata);
typedef void (*mem_cb)(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata);
enum { NO_REGS = 0, READ_AND_WRITE = 3 };
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, udata_cb cb, int flags, void *udata);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, udata_cb cb, int flags, void *udata);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_cb cb, int flags, int access, void *udata);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t number);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t size);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t vaddr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *addr);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 4;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

#define MARK 0x52545000u
enum mark { BEGIN = 1, PACKET, END };
#define KERNEL(address) ((address) >> 63)
#define LINE_BITS 6

struct block {
	uint64_t vaddr, count;
	uint32_t bytes, insns;
	struct block *next;
};

/* A cache line of data or code. */
struct line {
	uint64_t key, pc, reads, writes;
	uint32_t packets, last;
};

/* A locked instruction, and the line of the machine's memory that it changed. */
struct lock {
	uint64_t pc, line, count;
};

/* The figures of the packet that is under way. */
struct packet {
	uint64_t kernel, user, locked;
	uint32_t data_lines, code_lines;
};

#define LINES (1u << 18)
#define LOCKS (1u << 12)
static struct line lines[LINES];
static struct lock locks[LOCKS];
static struct block *blocks;
static struct packet packet, *packets;
static uint32_t packet_count, packet_room;
static bool is_open;
static FILE *out;

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static uint64_t hash(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15u >> 40;
}

static void touch(uint64_t vaddr, uint64_t pc, bool is_code, bool is_store)
{
	uint64_t key = (vaddr >> LINE_BITS) << 1 | is_code;
	uint32_t at = hash(key) % LINES;

	while (lines[at].key && lines[at].key != key)
		at = (at + 1) % LINES;
	struct line *line = &lines[at];
	if (!line->key) {
		line->key = key;
		line->pc = pc;
	}
	line->reads += !is_store;
	line->writes += is_store;
	if (line->last == packet_count + 1)
		return;
	line->last = packet_count + 1;
	line->packets++;
	if (is_code)
		packet.code_lines++;
	else
		packet.data_lines++;
}

static void on_block(unsigned int vcpu, void *udata)
{
	struct block *block = udata;

	if (!is_open)
		return;
	block->count++;
	if (!KERNEL(block->vaddr)) {
		packet.user += block->insns;
		return;
	}
	packet.kernel += block->insns;
	for (uint64_t at = block->vaddr >> LINE_BITS << LINE_BITS; at < block->vaddr + block->bytes; at += 1u << LINE_BITS)
		touch(at, block->vaddr, true, false);
}

static void on_memory(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata)
{
	if (is_open && KERNEL(vaddr))
		touch(vaddr, (uintptr_t)udata, false, qemu_plugin_mem_is_store(info));
}

static void on_lock(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata)
{
	uint64_t pc = (uintptr_t)udata, line;

	/* Such an instruction reads and writes: it is counted once. */
	if (!is_open || !qemu_plugin_mem_is_store(info))
		return;
	line = qemu_plugin_hwaddr_phys_addr(qemu_plugin_get_hwaddr(info, vaddr)) >> LINE_BITS;
	uint32_t at = hash(pc ^ line << 20) % LOCKS;
	while (locks[at].count && (locks[at].pc != pc || locks[at].line != line))
		at = (at + 1) % LOCKS;
	locks[at].pc = pc;
	locks[at].line = line;
	locks[at].count++;
	packet.locked++;
}

static void begin(void)
{
	for (struct block *block = blocks; block; block = block->next)
		block->count = 0;
	memset(lines, 0, sizeof(lines));
	memset(locks, 0, sizeof(locks));
	memset(&packet, 0, sizeof(packet));
	packet_count = 0;
	is_open = true;
}

static void end_packet(void)
{
	if (packet_count == packet_room) {
		packet_room = packet_room ? 2 * packet_room : 1024;
		packets = must(realloc(packets, packet_room * sizeof(*packets)));
	}
	packets[packet_count++] = packet;
	memset(&packet, 0, sizeof(packet));
}

static void end(void)
{
	is_open = false;
	fprintf(out, "window %u\n", packet_count);
	for (uint32_t n = 0; n < packet_count; n++)
		fprintf(out, "packet %lu %lu %u %u %lu\n", packets[n].kernel, packets[n].user, packets[n].data_lines,
			packets[n].code_lines, packets[n].locked);
	for (struct block *block = blocks; block; block = block->next)
		if (block->count)
			fprintf(out, "block %lx %u %u %lu\n", block->vaddr, block->bytes, block->insns, block->count);
	for (uint32_t n = 0; n < LINES; n++)
		if (lines[n].key)
			fprintf(out, "%s %lx %lx %u %lu %lu\n", lines[n].key & 1 ? "code" : "data", lines[n].key >> 1, lines[n].pc,
				lines[n].packets, lines[n].reads, lines[n].writes);
	for (uint32_t n = 0; n < LOCKS; n++)
		if (locks[n].count)
			fprintf(out, "lock %lx %lx %lu\n", locks[n].pc, locks[n].line, locks[n].count);
	fprintf(out, "end\n");
	fflush(out);
}

static void on_mark(unsigned int vcpu, void *udata)
{
	switch ((uintptr_t)udata) {
	case BEGIN:
		begin();
		break;
	case PACKET:
		end_packet();
		break;
	case END:
		end();
		break;
	}
}

/* The number of a mark, 0 of any other instruction. */
static unsigned int mark_of(const uint8_t *code, size_t size)
{
	uint32_t displacement;

	if (size != 8 || memcmp(code, "\x0f\x1f\x84\x00", 4))
		return 0;
	memcpy(&displacement, code + 4, 4);
	return (displacement & ~0xffu) == MARK ? displacement & 0xff : 0;
}

/* Whether it has the prefix LOCK, or is an XCHG, which with memory is locked without. */
static bool is_locked(const uint8_t *code, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		uint8_t byte = code[n];

		if (byte == 0xf0)
			return true;
		if (byte == 0x86 || byte == 0x87)
			return true;
		if (byte != 0x66 && byte != 0x2e && byte != 0x36 && byte != 0x3e && byte != 0x26 && byte != 0x64 && byte != 0x65 &&
		    (byte & 0xf0) != 0x40)
			return false;
	}
	return false;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);
	struct block *block = must(calloc(1, sizeof(*block)));

	block->vaddr = qemu_plugin_tb_vaddr(tb);
	block->insns = count;
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, NO_REGS, block);
	for (size_t n = 0; n < count; n++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, n);
		uint64_t pc = qemu_plugin_insn_vaddr(insn);
		uint8_t code[16];
		size_t size = qemu_plugin_insn_data(insn, code, sizeof(code));
		unsigned int mark = mark_of(code, size);

		block->bytes += size;
		if (mark)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, NO_REGS, (void *)(uintptr_t)mark);
		if (!KERNEL(pc))
			continue;
		qemu_plugin_register_vcpu_mem_cb(insn, on_memory, NO_REGS, READ_AND_WRITE, (void *)pc);
		if (is_locked(code, size))
			qemu_plugin_register_vcpu_mem_cb(insn, on_lock, NO_REGS, READ_AND_WRITE, (void *)pc);
	}
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
	for (int n = 0; n < argc; n++)
		if (!strncmp(argv[n], "out=", 4))
			out = fopen(argv[n] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
