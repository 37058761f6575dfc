# SPDX-License-Identifier: GPL-2.0-only
"""Control files are mapped by daemons of 12.5 and 13.5: pages of the module, zeroed, which outlive the process, and the table."""

import mmap
import os
import signal
import threading
import traceback
from pathlib import Path

from guest import nft, rtp
from guest.client import HABITS
from guest.control import PAGE, READ_WRITE, Mapped, map_file, unmap
from guest.proc import ROOT

SIZE = HABITS["12.5"].mapped
LIMIT = Path("/sys/module/xt_rtpengine_rs/parameters/memory_limit")
EXECUTE = 4


def run(t):
    alice, bob = t.peers("alice", "bob")
    nft.chain()
    nft.native_rule(0)
    table = t.table(0).add()
    control = table.control(generation="12.5", mapped=SIZE)
    sender, receiver, source = alice.udp(), bob.udp(), (bob.hub4, 5000)

    def add(port, memory):
        """A target whose counters are in that memory."""
        control.memory = memory
        return control.add((alice.hub4, port), (source, receiver.address), rtp=1, ssrcs=(0x1234_5678,))

    def relayed(what, target, count=20):
        before = target.stats["packets"]
        t.relayed(what, sender, target.local, receiver, rtp.stream(count), source=source)
        t.equal(f"{what}: counted", target.stats["packets"] - before, count)

    t.step("what is refused")
    refusals(t, control.fd)
    first = control.memory
    status = table.status()
    t.equal("memory of the table, and ranges", (status["Memory"], status["Memory pins"]), (SIZE + PAGE, 2))
    t.true("it is zero", not any(first.map))

    t.step("several, from any thread, in any order")
    control.init()
    mapped = [None] * 6
    threads = [threading.Thread(target=lambda n=n: mapped.__setitem__(n, Mapped(control.fd, PAGE << n))) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, memory in enumerate((mapped[3], first, mapped[5], mapped[0], mapped[1])):
        t.true("it is zero", memory is first or not any(memory.map))
        relayed(f"target {number}", add(4000 + number, memory))

    t.step("a child has it, too")
    inherited = Mapped(control.fd, SIZE)

    def changes():
        add(4100, inherited)
        other = Mapped(control.fd, SIZE)
        add(4101, other)
        other.release()

    t.equal("the child is done", os.waitstatus_to_exitcode(os.waitpid(in_child(changes), 0)[1]), 0)
    t.relayed("a target of the child", sender, (alice.hub4, 4100), receiver, rtp.stream(20), source=source)
    counted = int.from_bytes(inherited.map[:8], "little")
    t.equal("its counters, in the parent's memory", counted, 20)
    t.relayed("a target in memory that nobody maps", sender, (alice.hub4, 4101), receiver, rtp.stream(20), source=source)

    t.step("unmapped, and mapped anew at the same address")
    old = Mapped(control.fd, SIZE)
    add(4200, old)
    old.release()
    t.relayed("unmapped", sender, (alice.hub4, 4200), receiver, rtp.stream(20), source=source)
    new = Mapped(control.fd, SIZE, at=old.addr)
    t.equal("the same address", new.addr, old.addr)
    t.true("it is zero", not any(new.map))
    relayed("the newer one counts", add(4201, new))
    t.relayed("the older one relays", sender, (alice.hub4, 4200), receiver, rtp.stream(20), source=source)
    t.equal("and does not count there", int.from_bytes(new.map[:8], "little"), 20)

    t.step("a daemon that is killed")
    other = t.table(1).add()
    nft.native_rule(1)
    read, write = os.pipe()

    def daemon():
        theirs = other.control(generation="13.5", mapped=HABITS["13.5"].mapped).init()
        theirs.add((alice.hub4, 4300), (source, receiver.address), rtp=1, ssrcs=(0x1234_5678,))
        os.write(write, b".")
        signal.pause()

    child = in_child(daemon)
    os.close(write)
    t.equal("it is ready", os.read(read, 1), b".")
    t.equal("interface", other.status()["Interface"], "13.5")
    t.relayed("it lives", sender, (alice.hub4, 4300), receiver, rtp.stream(20), source=source)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    t.relayed("it is dead", sender, (alice.hub4, 4300), receiver, rtp.stream(20), source=source)
    t.equal("the list counts on", other.target("10.1.0.1", 4300).stats["packets"], 40)
    other.delete()

    t.step("a table that is gone while it is mapped")
    target = add(4400, inherited)
    relayed("before", target)
    before = target.stats.raw()
    t.errno("del", "EBUSY", table.delete)
    table.kill()
    t.equal("counters stay", target.stats.raw(), before)
    t.errno("one more", "ENOENT", map_file, control.fd, SIZE)
    control.close()
    t.equal("they stay without the file", target.stats.raw(), before)
    inherited.map[:] = bytes(SIZE)
    for memory in (first, inherited, new, *mapped):
        memory.release()

    t.step("more than a table may have")
    table = t.table(0).add()
    before = LIMIT.read_text()
    LIMIT.write_text(str(3 * SIZE))
    try:
        control = table.control(generation="12.5", mapped=SIZE)
        more = Mapped(control.fd, SIZE)
        t.errno("above the limit", "ENOMEM", map_file, control.fd, 2 * SIZE)
        more.release()
        t.errno("what was unmapped is the table's still", "ENOMEM", map_file, control.fd, 2 * SIZE)
        unmap(map_file(control.fd, SIZE), SIZE)
    finally:
        LIMIT.write_text(before)


def in_child(action):
    """Does something in a child, and returns its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        action()
        code = 0
    except BaseException:  # pylint: disable=broad-except
        traceback.print_exc()
    finally:
        os._exit(code)


def refusals(t, fd):
    t.errno("to be executed", "EPERM", map_file, fd, SIZE, 0, READ_WRITE | EXECUTE)
    t.errno("from within", "EINVAL", map_file, fd, SIZE, PAGE)
    t.errno("private", "EINVAL", map_file, fd, SIZE, 0, READ_WRITE, mmap.MAP_PRIVATE)
    for pages in (3, 5, 15, 17):
        t.errno(f"{pages} pages", "EIO", map_file, fd, pages * PAGE)
    text = os.open(ROOT / "control", os.O_RDWR)
    t.errno("the file of text commands", "ENODEV", map_file, text, SIZE)
    os.close(text)
    one = map_file(fd, 1, protection=mmap.PROT_READ)
    unmap(one, PAGE)
