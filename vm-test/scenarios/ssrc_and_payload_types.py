# SPDX-License-Identifier: GPL-2.0-only
"""SSRCs and payload types decide which RTP is taken, and each output rewrites what it is told to."""

import struct

from guest import nft, rtp

FIRST, SECOND, OTHER = 0xA1A1_A1A1, 0x0000_0002, 0x7777_7777


def be(number):
    return struct.pack(">I", number)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=32)
    nft.chain()
    nft.native_rule(0)
    ports = iter(range(4000, 5000, 2))
    sender = alice.udp()

    def place(outputs=1, fields=None, **flags):
        local = (alice.hub4, next(ports))
        receivers = [bob.udp() for _ in range(outputs)]
        made = [((bob.hub4, 6000 + n), each.address, (fields or [{}] * outputs)[n]) for n, each in enumerate(receivers)]
        target = control.add(local, *made, rtp=1, **flags)
        return target, t.host.udp(*local), receivers

    def send(what, target, packets, udp, expected=None):
        for data in packets:
            sender.send(data, target.local)
        got = [udp.recv() for _ in expected if udp] if expected is not None else [udp.recv() for _ in packets]
        t.equal(what, [each and each.data for each in got], packets if expected is None else expected)

    def errors(target):
        return target.stats["errors"]

    t.step("an SSRC that is not among those given is passed, and is an error")
    target, passed, (out,) = place(ssrcs=(FIRST, SECOND))
    send("the first", target, rtp.stream(3, ssrc=FIRST), out)
    send("the second", target, rtp.stream(3, ssrc=SECOND), out)
    send("another", target, rtp.stream(3, ssrc=OTHER), passed)
    send("0, the SSRC of the entries that are not given", target, rtp.stream(2, ssrc=0), passed)
    t.equal("errors", (errors(target), control.iface_stats["in.errors"], control.global_stats["in.errors"]), (5, 5, 5))
    t.equal("packets", target.stats["packets"], 6)
    t.silent("relayed", out, 0.05)

    t.step("without an SSRC given all are accepted, unless one is required")
    target, passed, (out,) = place()
    send("any", target, rtp.stream(3, ssrc=OTHER), out)
    target, passed, (out,) = place(ssrc_req=1)
    send("required", target, rtp.stream(3, ssrc=OTHER), passed)
    t.silent("relayed", out, 0.05)

    t.step("an unknown payload type is relayed and an error, or passed")
    before = control.iface_stats["in.errors"]
    target, passed, (out,) = place(pts=(0, 8, 96))
    for pt in (0, 96, 8, 8):
        send(f"payload type {pt}", target, rtp.stream(1, pt=pt), out)
    t.equal("no errors", errors(target), 0)
    for pt in (1, 97, 127):
        send(f"payload type {pt}", target, rtp.stream(1, pt=pt), out)
    t.equal("errors", (errors(target), control.iface_stats["in.errors"] - before), (3, 3))
    t.equal("packets of each", [stats["packets"] for stats in target.pt_stats], [1, 2, 1])
    t.equal("bytes of each", [stats["bytes"] for stats in target.pt_stats], [172, 344, 172])
    target, passed, (out,) = place(pts=(0, 8), pt_filter=1)
    send("a known one", target, rtp.stream(1, pt=8), out)
    send("an unknown one", target, rtp.stream(2, pt=9), passed)
    t.equal("only the known one is counted", target.stats["packets"], 1)
    target, passed, (out,) = place(pts=())
    send("a target without payload types", target, rtp.stream(2), out)

    t.step("the SSRC is replaced and the sequence number shifted, by index of the SSRC")
    rewrite = {"ssrc_subst": 1, "ssrc_out[0]": be(0x0BAD_CAFE), "ssrc_out[1]": be(0), "seq_offset[0]": 10,
               "seq_offset[1]": 0xFFFF}
    target, passed, (out, plain) = place(2, [rewrite, {**rewrite, "ssrc_subst": 0, "seq_offset[0]": 0}],
                                         ssrcs=(FIRST, SECOND))
    first, second = rtp.stream(3, ssrc=FIRST, seq=65530), rtp.stream(3, ssrc=SECOND, seq=1)
    send("the first", target, first, out,
         [each[:2] + struct.pack(">H", (65540 + n) & 0xFFFF) + each[4:8] + be(0x0BAD_CAFE) + each[12:]
          for n, each in enumerate(first)])
    t.equal("where nothing is asked for", [plain.recv().data for _ in first], first)
    shifted = [each[:2] + struct.pack(">H", n) + each[4:] for n, each in enumerate(second)]
    send("the second keeps its SSRC", target, second, out, shifted)
    t.equal("where only the shift is asked for", [plain.recv().data for _ in second], shifted)

    t.step("payload rules go by payload type")
    rules = {"pt_output[0].min_payload_len": 100,
             "pt_output[1].replace_pattern": b"0123456789abcdef", "pt_output[1].replace_pattern_len": 16,
             "pt_output[2].replace_pattern": b"\xd5", "pt_output[2].replace_pattern_len": 1,
             "pt_output[3].blackhole": 1}
    target, passed, (out, plain) = place(2, [rules, {}], pts=(0, 8, 9, 18, 96))
    packets = [rtp.packet(n, pt=0, payload=bytes(n)) for n in (99, 100, 101)]
    send("shorter than the least", target, packets, out, packets[1:])
    t.equal("without a rule", [plain.recv().data for _ in packets], packets)
    # Defect 6: a pattern that does not divide the payload is cut at its end.
    for size in (0, 1, 15, 16, 17, 40):
        data = rtp.packet(pt=8, payload=b"\xff" * size)
        send(f"16 bytes over {size}", target, [data], out, [data[:12] + (b"0123456789abcdef" * 3)[:size]])
        t.equal("the other output's copy is its own", plain.recv().data, data)
    data = rtp.packet(pt=9, payload=bytes(33), csrc=(1, 2), extension=(0xBEDE, b"\x10\xaa\0\0"))
    send("one byte, behind CSRCs and extension", target, [data], out, [data[:28] + b"\xd5" * 33])
    t.equal("without a rule", plain.recv().data, data)
    dropped = rtp.stream(3, pt=18)
    send("a blackhole sends nothing", target, dropped, plain)
    t.silent("nothing", out, 0.1)
    kept = rtp.stream(1, pt=96)
    send("a payload type without a rule", target, kept, out)
    t.equal("errors", [errors(target), target.outputs[0]["errors"], target.outputs[1]["errors"]], [0, 0, 0])
    t.equal("what is kept back is not counted as sent", (target.outputs[0]["packets"], target.outputs[1]["packets"]),
            (2 + 6 + 1 + 1, 3 + 6 + 1 + 3 + 1))
    t.equal("what came is counted", target.stats["packets"], 14)

    t.step("a rule on the last output, and on the only one")
    target, passed, (plain, out) = place(2, [{}, rules], pts=(0, 8, 9, 18, 96))
    send("a blackhole", target, rtp.stream(2, pt=18), plain)
    send("a pattern", target, [rtp.packet(pt=9)], out, [rtp.packet(pt=9, payload=b"\xd5" * 160)])
    target, passed, (out,) = place(1, [rules], pts=(0, 8, 9, 18, 96))
    send("a blackhole", target, rtp.stream(2, pt=18), out, [])
    t.equal("counted", (target.stats["packets"], target.outputs[0]["packets"]), (2, 0))
    t.silent("nothing", out, 0.1)
    t.silent("nothing", passed, 0.05)
