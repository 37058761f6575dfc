# SPDX-License-Identifier: GPL-2.0-only
"""Each generation of the interface is spoken as its daemons do, all of them at once, each to a table of its own."""

import os
import re
import struct
import time

from guest import abi, nft, rtp
from guest.client import HABITS, order_outputs
from guest.control import COMMANDS, NONE_IDX, PAGE, RING_BUFFER, new
from guest.patience import patient

READ = ("add_call", "add_stream", "get_packet_stream", "play_stream")
FIRST, SECOND = 0x1234_5678, 0x0A0B_0C0D
STATUS = ["Refcount", "Control PID", "Targets", "Players", "PStreams", "Memory pins", "Memory", "Interface", "Ciphers"]
NAMES = {
    "12.5": STATUS[:5] + STATUS[-2:],
    "13.5": STATUS[:5] + STATUS[-2:],
    "26.3": ["Refcount", "Opencount", *STATUS[2:7], "Skb refs", "Skb copies", "Ring bufs", *STATUS[-2:]],
}


def run(t):
    alice, bob = t.peers("alice", "bob")
    nft.chain()
    controls = {}
    for number, generation in enumerate(abi.GENERATIONS):
        t.step(f"{generation}: INIT")
        table = t.table(number).add()
        nft.native_rule(number)
        controls[generation] = begin(t, table, generation)
    for number, generation in enumerate(abi.GENERATIONS):
        call(t, t.table(number), controls[generation], alice, bob, 4000 + 100 * number)
    t.step("12.5: what is RTCP is told by flags")
    rtcp_by_flags(t, controls["12.5"], alice, bob)
    t.step("one after the other on one table")
    for generation in reversed(abi.GENERATIONS):
        table = t.table(0)
        end(controls.pop(generation))
        if generation == abi.GENERATIONS[0]:
            table.delete()
            for each in abi.GENERATIONS:
                table.add()
                end(begin(t, table, each, briefly=True))
                table.delete()


def end(control):
    """Lets a table go as a daemon does: a mapping keeps its file open."""
    if HABITS[control.generation].mapped:
        control.memory.release()
    control.close()


def begin(t, table, generation, briefly=False):
    """Opens a table, and brings it to INIT."""
    mapped = HABITS[generation].mapped
    control = table.control(32, generation, mapped)
    other = control.target(("192.0.2.1", 9))
    if not briefly:
        t.equal("status before INIT", list(table.status()), STATUS)
        t.equal("interface before INIT", table.status()["Interface"], "none")
        control.write(control.new("init_play_streams"))
        t.errno("ADD_TARGET before INIT", "EIO", control.write, other.command)
        t.errno("ADD_DESTINATION before INIT", "ENOENT", control.write,
                other.destination(0, ("192.0.2.1", 1), ("192.0.2.2", 1)))
        t.errno("RING_BUFFER before INIT", "EOPNOTSUPP", control.write, struct.pack("=I", RING_BUFFER[0]) + bytes(132))
    if not mapped:
        if not briefly:
            t.errno("INIT before memory is pinned", "EFAULT", control.write, control.init_command())
        control.write(control.memory.pin_command())
    good = control.init_command()
    count = good["init.last_cmd"]
    for entry in () if briefly else range(1, count):
        wrong = good.copy()
        wrong[f"init.msg_size[{entry}]"] = good[f"init.msg_size[{entry}]"] + 1
        t.errno(f"INIT with another size of command {entry}", "EMSGSIZE", control.write, wrong)
    for last in () if briefly else (0, 15, 19, NONE_IDX):
        wrong = good.copy()
        wrong["init.last_cmd"] = last
        t.errno(f"INIT of commands below {last}", "ERANGE", control.write, wrong)
    memory = control.memory
    before = table.status()
    for pointer in () if briefly else (0, 8, memory.addr - 8, memory.addr + memory.size, memory.addr + memory.size - 8,
                                       memory.addr + 1, memory.addr + 4, (1 << 64) - 8, 0xFFFF_8880_0000_0000):
        wrong = good.copy()
        wrong["init.rtpe_stats"] = pointer
        t.errno(f"INIT with global counters at {pointer:#x}", "EFAULT", control.write, wrong)
    t.equal("status after INIT was refused", table.status(), before)
    control.write(good)
    t.equal("interface", table.status()["Interface"], generation)
    t.equal("status", list(table.status()), NAMES.get(generation, STATUS))
    if briefly:
        return control
    t.errno("INIT again", "EBUSY", control.write, good)
    second = table.control(generation=generation)
    t.errno("INIT of another holder", "EBUSY", second.write, second.init_command())
    second.close()
    before = table.status()
    lengths(t, control, count)
    t.equal("list and status after refused commands", (table.list_text(), table.status()), ("", before))
    return control


def lengths(t, control, count):
    """Each command has the length of its generation, or is none of it."""
    declared = control.init_command()
    for name, (number, _) in COMMANDS.items():
        size = declared[f"init.msg_size[{number}]"] if number < count else 0
        send, other = (control.read, control.write) if name in READ else (control.write, control.read)
        head = struct.pack("=I", number)
        if not size:
            t.errno(f"{name}, which is none", "EINVAL", send, head + bytes(400))
            continue
        t.errno(f"{name} of {size - 1} bytes", "EMSGSIZE", send, head + bytes(size - 5))
        data = 65535 if name in ("packet", "play_stream_packet") else 0
        t.errno(f"{name} of {size + data + 1} bytes", "ERANGE", send, head + bytes(size + data - 3))
        t.errno(f"{name} the wrong way", "EINVAL", other, head + bytes(size - 4))
    for number in (0, 18, 255, NONE_IDX):
        t.errno(f"command {number}", "EINVAL", control.write, struct.pack("=I", number) + bytes(24))
    for fields, error in (({}, "EINVAL"), ({"size": PAGE + 1}, "EIO"), ({"size": PAGE, "addr": 8}, "ENXIO"), ({"size": PAGE}, "EFAULT")):
        pin = new("pin_memory", **{f"pin_memory.{name}": value for name, value in fields.items()})
        t.errno(f"PIN_MEMORY of {fields}", "EINVAL" if HABITS[control.generation].mapped else error, control.write, pin)
    ring = struct.pack("=I", RING_BUFFER[0]) + bytes(132)
    t.errno("RING_BUFFER", "EOPNOTSUPP" if HABITS[control.generation].rings else "EINVAL", control.write, ring)
    control.write(control.new("init_play_streams"))
    t.errno("GET_PACKET_STREAM", "EBUSY", control.read, control.new("get_packet_stream"))


def call(t, table, control, alice, bob, port):
    generation, habits = control.generation, HABITS[control.generation]
    t.step(f"{generation}: a call")
    local = (alice.hub4, port)
    media, reports, passed = bob.udp(), bob.udp(), t.host.udp(*local)
    sources = [(bob.hub4, port + 1), (bob.hub4, port + 2)]
    target = control.target(local, outputs=2, pts=(0, 8), ssrcs=(FIRST, SECOND), rtp=1, ssrc_req=1, track_ssrc=1,
                            rtp_stats=1, rtcp_fw=1)
    command = target.command
    order_outputs(command, 2, 1)
    if habits.old_flags:
        command["target.rtcp"] = command["target.rtcp_mux"] = 1
    if habits.rings:
        # With none of them, nothing else is looked at.
        command["target.raw_ring_buf.start_idx"] = 7
        command["target.raw_ring_buf.opaque"] = command["target.raw_ring_buf.opaque_ref"] = 1
        wrong = command.copy()
        wrong["target.raw_ring_buf.num"] = 1
        t.errno("ring buffers that are not there", "EINVAL", control.write, wrong)
    if habits.is_list:
        for wrong_count in (3, NONE_IDX):
            wrong = command.copy()
            wrong["target.num_rtcp_destinations"] = wrong_count
            t.errno(f"{wrong_count} of 2 outputs for RTCP", "EINVAL", control.write, wrong)
    t.equal("no target yet", table.list_text(), "")
    control.write(command)
    t.errno("the same target again", "EEXIST", control.write, command)
    t.true("its outputs are missing", "outputs not fully filled (2 missing)\n" in table.list_text(), table.list_text())
    control.write(target.destination(0, sources[0], media.address, **{"pt_output[1].min_payload_len": 1000}))
    fields = {} if habits.is_list else {"rtcp": 1}
    control.write(target.destination(1, sources[1], reports.address, **fields))

    sender = alice.udp()
    packets = rtp.stream(300, ssrc=FIRST)
    t.relayed("RTP", sender, local, media, packets, source=sources[0])
    t.equal("packets", target.stats["packets"], 300)
    t.equal("packets of the SSRC", target.ssrc_stats[0]["packets"], 300)
    for name, counters in (("target", target.stats), ("SSRC", target.ssrc_stats[0])):
        seconds = time.time() - counters["last_packet_us"] / habits.unit
        t.between(f"last packet of the {name}, seconds ago", seconds, -0.1, 1 + patient(1))
    report = rtp.sender_report(FIRST)
    t.relayed("RTCP", sender, local, reports, [report], source=sources[1])
    t.equal("RTCP is passed, too", passed.recv().data, report)
    other = rtp.packet(ssrc=0x0BAD_CAFE)
    sender.send(other, local)
    t.equal("another SSRC is passed", passed.recv().data, other)
    t.equal("as an error", target.stats["errors"], 1)
    text(t, table, generation, target)
    t.equal("targets in status", table.status()["Targets"], 1)
    passed.sock.close()
    control.delete(local)
    t.equal("list", table.list_text(), "")
    t.errno("it is gone", "ENOENT", control.delete, local)

    t.step(f"{generation}: no output for RTP")
    local = (alice.hub4, port + 10)
    passed = t.host.udp(*local)
    target = control.target(local, outputs=1, ssrcs=(FIRST, 0, SECOND), rtp=1, ssrc_req=1, rtcp_fw=1)
    if habits.old_flags:
        target.command["target.rtcp"] = target.command["target.rtcp_mux"] = 1
    order_outputs(target.command, 1, 1)
    control.write(target.command)
    control.write(target.destination(0, sources[1], reports.address))
    packet = rtp.packet(ssrc=FIRST)
    sender.send(packet, local)
    if habits.is_list:
        t.equal("it is passed", passed.recv().data, packet)
        t.equal("and not counted", target.stats.raw(), bytes(40))
    else:
        t.silent("it is taken", passed)
        t.equal("and counted", target.stats["packets"], 1)
    # A list of SSRCs ends at the first hole.
    before = target.stats["errors"]
    sender.send(rtp.packet(ssrc=SECOND), local)
    t.eventually("errors for an SSRC after a hole", lambda: target.stats["errors"] - before, int(habits.is_list))
    t.relayed("RTCP", sender, local, reports, [report], source=sources[1])
    passed.sock.close()
    control.delete(local)


def text(t, table, generation, target):
    """The text of `list`."""
    found = table.list_text()
    is_list = HABITS[generation].is_list
    t.equal("a blank line ends the block", found.endswith("\n\n"), not is_list)
    t.equal("output groups", "    output groups: [0]=(0->1/1->2)\n" in found, not is_list)
    t.equal("groups of payload types", len(re.findall(r"packets   \[group #\d+\]$", found, re.M)), 0 if is_list else 2)
    t.equal("outputs", re.findall(r"^    output #.*$", found, re.M),
            ["    output #0", "    output #1 (RTCP)"] if is_list else
            ["    output #0 (media #0)", "    output #1 (media #0, RTCP)"])
    last, after = re.search(r"^    last packet: (\d+)(.*)$", found, re.M).groups()
    t.between("seconds since the last packet", time.time() - int(last), -1, 2 + patient(1))
    t.equal("SSRC in: on the same line", after.startswith("    SSRC in: 12345678 [seq "), is_list)
    t.equal("indentation of the statistics of outputs", re.findall(r"^( +)stats:", found, re.M)[1:],
            ["      " if is_list else "       "] * 2)
    t.equal("indentation of SSRC out:", re.findall(r"^( +)SSRC out:", found, re.M), [" " if is_list else "       "] * 2)
    options = re.search(r"^    options:(.*)$", found, re.M)[1].split()
    t.equal("RTCP-mux among the options", "RTCP-mux" in options, HABITS[generation].old_flags)
    t.true("least length of a payload type", "RTP payload type   8: 0 bytes replacement payload, min payload len 1000\n" in found,
           found)


def rtcp_by_flags(t, control, alice, bob):
    """Without `rtcp` nothing is RTCP, with it everything, besides `rtcp_mux` what has the second byte."""
    report, media_packet = rtp.sender_report(FIRST), rtp.packet(ssrc=FIRST, pt=0)
    sender = alice.udp()
    for number, (rtcp, mux, expected) in enumerate(((0, 0, "mm"), (0, 1, "mm"), (1, 0, "rr"), (1, 1, "rm"))):
        local = (alice.hub4, 6000 + 10 * number)
        media, reports, passed = bob.udp(), bob.udp(), t.host.udp(*local)
        target = control.target(local, outputs=2, ssrcs=(FIRST,), rtp=1, rtcp_fw=1, rtcp=rtcp, rtcp_mux=mux)
        order_outputs(target.command, 2, 1)
        control.write(target.command)
        control.write(target.destination(0, (bob.hub4, local[1] + 1), media.address))
        control.write(target.destination(1, (bob.hub4, local[1] + 2), reports.address))
        # As RTP, a report has an SSRC where it has a time stamp.
        is_rtp = report[:8] + FIRST.to_bytes(4, "big") + report[12:]
        for packet, where in zip((is_rtp, media_packet), expected):
            sender.send(packet, local)
            receiver, other = (media, reports) if where == "m" else (reports, media)
            got = receiver.recv()
            t.equal(f"rtcp {rtcp}, rtcp_mux {mux}: {packet[1]} goes to {where}", got and got.data, packet)
            t.silent("and nowhere else", other)
            got = passed.recv() if where == "r" else None
            t.equal("what is RTCP is passed, too", got and got.data, packet if where == "r" else None)
        passed.sock.close()
        control.delete(local)
