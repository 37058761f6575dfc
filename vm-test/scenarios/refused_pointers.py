# SPDX-License-Identifier: GPL-2.0-only
"""Each pointer of ADD_TARGET and ADD_DESTINATION outside shared memory, across its end or misaligned is refused, in every generation."""

from guest import abi, nft, rtp
from guest.client import HABITS
from guest.control import PAGE, Mapped, Memory

PTS = tuple(range(64, 96))
SSRCS = (1, 2, 3, 4)
TARGET = {"stats": "stream_stats", "iface_stats": "interface_stats_block", **{f"pt_stats[{n}]": "rtp_stats" for n in range(32)},
          **{f"ssrc_stats[{n}]": "ssrc_stats" for n in range(4)}}
OUTPUT = {"stats": "stream_stats", "iface_stats": "interface_stats_block", **{f"ssrc_stats[{n}]": "ssrc_stats" for n in range(4)}}


def run(t):
    alice, bob = t.peers("alice", "bob")
    nft.chain()
    count = sum(generation(t, alice, bob, number, name) for number, name in enumerate(abi.GENERATIONS))
    t.note(f"{count} refusals")


def generation(t, alice, bob, number, name):
    """All of it in one generation. Returns how many commands were refused."""
    port, mapped = 4000 + 100 * number, HABITS[name].mapped
    table = t.table(number).add()
    control = table.control(8, name, mapped).init()
    nft.native_rule(number)
    receiver, local, source = bob.udp(), (alice.hub4, port), (bob.hub4, port + 1)
    control.add(local, (source, receiver.address), rtp=1)
    target = control.target((alice.hub4, port + 2), pts=PTS, ssrcs=SSRCS, rtp=1)
    start, end = control.memory.addr, control.memory.addr + control.memory.size
    unpinned, count = Memory(1), 0

    def refused(kind, base, place, pointers, may_be_none):
        nonlocal count
        before = (table.list_text(), table.status())
        for name, struct in pointers.items():
            right, size = base[f"{place}.{name}"], abi.SIZES[struct]
            wrong = {start - 8, start - size, end, end - size + 8, end - 8, unpinned.addr, right + 1, right + 2, right + 4,
                     right | 7, 8, (1 << 64) - 8, (1 << 64) - 1, 0xFFFF_8880_0000_0000, 0xFFFF_FFFF_8100_0000}
            if not may_be_none(name):
                wrong.add(0)
            for pointer in sorted(wrong):
                command = base.copy()
                command[f"{place}.{name}"] = pointer
                t.errno(f"{kind}: {name} at {pointer:#x}", "EFAULT", control.write, command)
                count += 1
            t.equal(f"list and status after {kind} with {name}", (table.list_text(), table.status()), before)

    t.step(f"{name}: ADD_TARGET")
    refused("ADD_TARGET", target.command, "target", TARGET, lambda name: False)
    control.write(target.command)
    t.step(f"{name}: ADD_DESTINATION")
    output = target.destination(0, source, receiver.address)
    for n, stats in enumerate(target.ssrc_stats):
        output[f"destination.output.ssrc_stats[{n}]"] = stats.addr
    refused("ADD_DESTINATION", output, "destination.output", OUTPUT, lambda name: name.startswith("ssrc"))

    t.step(f"{name}: the commands with all pointers right are taken, up to the last bytes of the memory")
    last = end - abi.SIZES["stream_stats"]
    output["destination.output.stats"] = last
    control.write(output)
    for each in (local, target.local):
        t.relayed("a target", alice.udp(), each, receiver, rtp.stream(20, ssrc=1), source=source)
    packets = control.memory.map[control.memory.size - abi.SIZES["stream_stats"]:control.memory.size][:8]
    t.equal("counter at the end", int.from_bytes(packets, "little"), 20)

    t.step(f"{name}: pointers go to the memory that was pinned last, and pinned memory stays after it is unmapped")
    second = Mapped(control.fd, PAGE) if mapped else Memory(1)
    if not mapped:
        control.write(second.pin_command())
    stats = second.counters("stream_stats")
    other = control.target((alice.hub4, port + 4))
    other.command["target.stats"] = stats.addr
    control.write(other.command)
    control.write(other.destination(0, source, receiver.address))
    t.relayed("a target", alice.udp(), other.local, receiver, [b"1", b"2"], source=source)
    t.equal("its counter", stats["packets"], 2)
    del stats
    second.release()
    t.relayed("after it is unmapped", alice.udp(), other.local, receiver, [b"3", b"4"], source=source)
    t.equal("its counter, listed", table.target(*other.local).stats["packets"], 4)
    return count
