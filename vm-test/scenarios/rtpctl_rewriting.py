# SPDX-License-Identifier: GPL-2.0-only
"""What rtpctl lets each output rewrite, which packets go where, and which are not relayed at all."""

import struct

from guest import rtp
from guest.rtp import elements
from guest.rtpctl import text

MODULE = ("rs", "c")

FIRST, SECOND = 0x0101_0101, 0x0202_0202
MID = 3


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl = t.rtpctl
    ctl.ok("table", "add", 0)
    ctl.ok("rule", "add", 0)
    ports = iter(range(4000, 5000, 2))
    sender = alice.udp()

    def add(*arguments):
        local = (alice.hub4, next(ports))
        ctl.ok("stream", "add", "-t", 0, "--local", text(local), *arguments)
        return local, t.host.udp(*local)

    def listed(local):
        return next(one for one in ctl.data("stream", "list", "-t", 0)["streams"] if one["local"] == text(local))

    def comes(what, local, sent, *wanted):
        """Sends a packet; `wanted` are sockets, and what each is to receive."""
        sender.send(sent, local)
        for udp, expected in wanted:
            got = udp.recv() if expected is not None else udp.recv(0.05)
            t.equal(what, got and got.data, expected)

    t.step("SSRCs, sequence numbers, TOS and sources")
    out, plain = bob.udp(), bob.udp()
    source = (bob.hub4, 6000)
    local, _ = add("--ssrc", hex(FIRST), "--ssrc", hex(SECOND), "--tos", "8", "--to", text(plain.address), "--to",
                   f"{text(out.address)},tos=184,from={text(source)},ssrc={FIRST:#x}:7,seq-offset={FIRST:#x}:-2,"
                   f"seq-offset={SECOND:#x}:10")
    for ssrc, sent_as, offset in ((FIRST, 7, -2), (SECOND, SECOND, 10)):
        data = rtp.packet(seq=1, ssrc=ssrc)
        sender.send(data, local)
        got = out.recv() or t.fail("a packet")
        changed = data[:2] + struct.pack(">H", (1 + offset) & 0xFFFF) + data[4:8] + struct.pack(">I", sent_as) + data[12:]
        t.equal("rewritten", got.data, changed)
        t.equal("source and TOS", (got.source, got.tos), (source, 184))
        got = plain.recv() or t.fail("a packet")
        t.equal("the other output", (got.data, got.source, got.tos), (data, local, 8))

    t.step("payload types")
    local, _ = add("-p", 0, "-p", 8, "-p", 9, "--to", text(plain.address), "--to",
                   f"{text(out.address)},blackhole=9,min-len=0:100,replace=8:d555")
    for pt, size, becomes in ((0, 100, bytes(100)), (0, 98, None), (8, 160, b"\xd5\x55" * 80), (9, 160, None)):
        data = rtp.packet(pt=pt, payload=bytes(size))
        comes(f"{size} bytes of type {pt}", local, data, (plain, data), (out, becomes and data[:12] + becomes))

    t.step("header extensions")
    local, _ = add("--to", f"{text(out.address)},ext=1,mid=4:audio", "--to", f"{text(plain.address)},ext=1:2")
    one, two, three = (1, b"a"), (2, b"bb"), (5, b"ccc")
    comes("filtered, with the MID", local, rtp.packet(extension=elements(one, two, three)),
          (out, rtp.packet(extension=elements(one, (4, b"audio")))), (plain, rtp.packet(extension=elements(one, two))))
    t.equal("listed", listed(local)["outputs"][0]["rewriting"],
            ["Allowed RTP extensions: 1", "Media ID (ext 4): 'audio'"])

    t.step("media by MID, SSRC and payload type")
    outs = [bob.udp() for _ in range(4)]
    local, _ = add("--mid-extension", MID, "--mid", "v,media=1", "--ssrc", f"{FIRST:#x},media=2", "--ssrc", hex(SECOND),
                   "-p", 0, "-p", "96/90000,media=3",
                   *(word for n, out in enumerate(outs) for word in ("--to", f"{text(out.address)},media={n},ext={MID}")))
    for what, data, media in (("MID", rtp.packet(ssrc=FIRST, pt=96, extension=elements((MID, b"v"))), 1),
                              ("SSRC", rtp.packet(ssrc=FIRST, pt=96), 2), ("payload type", rtp.packet(ssrc=SECOND, pt=96), 3),
                              ("none", rtp.packet(ssrc=SECOND, pt=0), 0)):
        comes(what, local, data, *((out, data if n == media else None) for n, out in enumerate(outs)))

    t.step("kinds of RTCP")
    report, feedback = rtp.sender_report(), rtp.picture_loss()
    for option, relayed, passed_on in ((None, [], [report, feedback]), ("--rtcp", [report, feedback], [report]),
                                       ("--rtcp=feedback", [feedback], [report]),
                                       ("--rtcp=copy", [report, feedback], [report, feedback])):
        if t.module == "c" and option in ("--rtcp", "--rtcp=feedback"):
            continue  # the C module takes nothing for pure feedback
        media, reports = bob.udp(), bob.udp()
        setting = f",rtcp={text(reports.address)},rtcp-from={text((bob.hub4, 6002))}" if option else ""
        local, passed = add(*([option] if option else []), "--to", f"{text(media.address)}{setting}", "--to",
                            f"{text(plain.address)}{',rtcp=none' if option else ''}")
        for data in (report, feedback):
            sender.send(data, local)
        got = [reports.recv() for _ in relayed]
        t.equal(f"{option}: relayed", [each and (each.data, each.source) for each in got],
                [(each, (bob.hub4, 6002)) for each in relayed])
        t.equal(f"{option}: passed on", [each and each.data for each in (passed.recv() for _ in passed_on)], passed_on)
        for udp in (reports, passed, media, plain):
            t.silent(f"{option}: nothing more", udp, 0.05)

    t.step("what is not relayed")
    data = rtp.packet()
    local, passed = add("--non-forwarding")
    comes("passed on", local, data, (passed, data))
    local, passed = add("--non-forwarding", "--blackhole")
    comes("dropped", local, data, (passed, None))
    t.equal("and counted", listed(local)["received"]["packets"], 1)
    local, passed = add("--ssrc-req", "--to", text(plain.address))
    comes("without the SSRC that is required", local, data, (passed, data), (plain, None))

    t.step("loss and jitter can be left out")
    known = ("--ssrc", hex(FIRST), "-p", "0", "--to", text(plain.address))
    for more, measured in (((), True), (("--rtp-stats", "off"), False)):
        local, _ = add(*known, *more)
        t.equal(f"{more}", "RTP-stats" in listed(local)["options"], measured)
