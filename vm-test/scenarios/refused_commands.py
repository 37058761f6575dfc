# SPDX-License-Identifier: GPL-2.0-only
"""Commands that are too short, too long, unknown, sent the wrong way or out of turn are refused, each with its error."""

import mmap
import os
import struct
from pathlib import Path

from guest import abi, nft, rtp
from guest.control import COMMANDS, Memory, new

READ = ("add_call", "add_stream", "get_packet_stream", "play_stream")
CARRY_DATA = ("packet", "play_stream_packet")
SERVED = ("init", "add_target", "add_destination", "del_target", "pin_memory")
# What others than EOPNOTSUPP is answered: the daemon starts, and plays by itself.
ANSWERED = {"init_play_streams": None, "get_packet_stream": "EBUSY"}
PAGE = mmap.PAGESIZE


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.control()

    t.step("before INIT")
    target = control.target((alice.hub4, 4000))
    control.write(control.memory.pin_command())
    t.errno("ADD_TARGET", "EIO", control.write, target.command)
    t.errno("ADD_DESTINATION", "ENOENT", control.write, target.destination(0, (bob.hub4, 1), (bob.v4, 1)))
    t.errno("DEL_TARGET", "ENOENT", control.delete, target.local)

    t.step("INIT")
    good = control.init_command()

    def init(**fields):
        command = good.copy()
        for name, value in fields.items():
            command[f"init.{name}"] = value
        control.write(command)

    for last in (0, 15, 16, 19, 0x7FFF_FFFF, 0xFFFF_FFFF):
        t.errno(f"commands up to {last}", "ERANGE", lambda last=last: init(last_cmd=last))
    for number in range(1, 17):
        size = good[f"init.msg_size[{number}]"]
        for wrong in (0, size - 1, size + 1, 1 << 63):
            t.errno(f"command {number} of {wrong} bytes", "EMSGSIZE",
                    lambda number=number, wrong=wrong: init(**{f"msg_size[{number}]": wrong}))
    memory = control.memory
    for pointer in (0, 8, memory.addr - 8, memory.addr + memory.size, memory.addr + memory.size - 8, memory.addr + 1,
                    memory.addr + 4, (1 << 64) - 8, 0xFFFF_8880_0000_0000):
        t.errno(f"global counters at {pointer:#x}", "EFAULT", lambda pointer=pointer: init(rtpe_stats=pointer))
    t.errno("of as many commands as 26.3", "EMSGSIZE", lambda: init(last_cmd=18))
    t.errno("of generation 11.5", "EMSGSIZE", control.write, struct.pack("=IIi", 1, 0, 14) + bytes(116))
    t.errno("of 12.5 without sizes", "EMSGSIZE", control.write, struct.pack("=IIi", 1, 0, 16) + bytes(140))
    t.errno("of 26.3 without sizes", "EMSGSIZE", control.write, struct.pack("=IIi", 1, 0, 18) + bytes(156))
    t.errno("ADD_TARGET after failed ones", "EIO", control.write, target.command)
    control.write(good)
    t.errno("a second one", "EBUSY", control.write, good)

    nft.chain()
    nft.native_rule(0)
    receiver = bob.udp()
    source = (bob.hub4, 4001)
    control.write(target.command)
    control.write(target.destination(0, source, receiver.address))
    before = (table.list_text(), table.status())

    t.step("lengths and directions")
    for length in range(4):
        t.errno(f"{length} bytes", "EIO", control.write, bytes(length)) if length else None
        t.errno(f"{length} bytes read", "EIO", control.read, bytes(length)) if length else None
    for number in (0, 17, 18, 255, 0x7FFF_FFFF, 0xFFFF_FFFF):
        for send in (control.write, control.read):
            t.errno(f"command {number}", "EINVAL", send, struct.pack("=I", number))
            t.errno(f"command {number} with data", "EINVAL", send, struct.pack("=I", number) + bytes(4000))
    for name, (number, kind) in COMMANDS.items():
        size = abi.SIZES[kind]
        right, wrong = (control.read, control.write) if name in READ else (control.write, control.read)
        for short in {4, size // 2, size - 1} - {size}:
            t.errno(f"{name} of {short} bytes", "EMSGSIZE", right, bytes(new(name))[:short])
        limit = size + (65535 if name in CARRY_DATA else 0)
        for long in (limit + 1, limit + 4096, limit + 200_000):
            t.errno(f"{name} of {long} bytes", "ERANGE", right, bytes(new(name)) + bytes(long - size))
        t.errno(f"{name} the wrong way", "EINVAL", wrong, new(name))
        if name not in SERVED:
            if answer := ANSWERED.get(name, "EOPNOTSUPP"):
                t.errno(f"{name} as it should be", answer, right, new(name))
            else:
                right(new(name))
            if name in CARRY_DATA:
                t.errno(f"{name} with the most data", "EOPNOTSUPP", right, bytes(new(name)) + bytes(65535))
    t.errno("memory of the caller that cannot be read", "EFAULT", write_from, control.fd, 8, abi.SIZES[COMMANDS["init"][1]])
    t.errno("DEL_TARGET of no address", "ENOENT", control.write, new("del_target"))
    t.errno("DEL_TARGET of another port", "ENOENT", control.delete, (alice.hub4, 4001))
    t.errno("DEL_TARGET of another address", "ENOENT", control.delete, (bob.hub4, 4000))
    t.errno("DEL_TARGET of the other family", "ENOENT", control.delete, (alice.hub6, 4000))

    t.step("PIN_MEMORY")
    pages = Memory(2)

    def pin(addr, size):
        control.write(new("pin_memory", **{"pin_memory.addr": addr, "pin_memory.size": size}))

    t.errno("no size", "EINVAL", pin, pages.addr, 0)
    for size in (1, PAGE - 1, PAGE + 1, PAGE + 8):
        t.errno(f"{size} bytes", "EIO", pin, pages.addr, size)
    for addr in (pages.addr + 1, pages.addr + 8, pages.addr - 1):
        t.errno("an address within a page", "ENXIO", pin, addr, PAGE)
    for addr, size in ((0, PAGE), ((1 << 64) - PAGE, PAGE), ((1 << 64) - PAGE, 2 * PAGE), (0xFFFF_8880_0000_0000, PAGE),
                       (1 << 46, PAGE)):
        t.errno(f"{size} bytes at {addr:#x}", "EFAULT", pin, addr, size)
    t.errno("memory of which a part is not there", "EFAULT", pin, hole(), 4 * PAGE)
    t.errno("memory that is not writable", "EFAULT", pin, read_only(), PAGE)
    t.errno("more than a table may have", "ENOMEM", pin, pages.addr, 1 << 40)
    pages_before = allocated()
    t.errno("much more than there is", "EFAULT", pin, pages.addr, 1 << 31)
    t.between("pages that the kernel takes to find out", allocated() - pages_before, 0, 10_000)

    t.step("after all of this")
    t.equal("list and status", (table.list_text(), table.status()), before)
    t.relayed("the target", alice.udp(), target.local, receiver, rtp.stream(20), source=source)

    t.step("a killed table")
    other = table.control()
    table.kill()
    for name in SERVED:
        t.errno(name, "ENOENT", control.write, new(name))
        t.errno(f"{name} of a second holder", "ENOENT", other.write, new(name))


_KEPT = []


def hole():
    """Four pages, of which the third is not mapped."""
    memory = Memory(4)
    _KEPT.append(memory)
    libc().munmap(memory.addr + 2 * PAGE, PAGE)
    return memory.addr


def read_only():
    """A page that cannot be written."""
    memory = Memory(1)
    _KEPT.append(memory)
    libc().mprotect(memory.addr, PAGE, 1)
    return memory.addr


def allocated():
    """How many pages were ever allocated."""
    lines = Path("/proc/vmstat").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("pgalloc_"))


def libc():
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    library.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    library.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
    library.write.restype = ctypes.c_ssize_t
    return library


def write_from(fd, address, size):
    """A write whose buffer is anywhere."""
    import ctypes

    if libc().write(fd, address, size) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
