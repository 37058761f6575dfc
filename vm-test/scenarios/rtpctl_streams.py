# SPDX-License-Identifier: GPL-2.0-only
"""Streams made with rtpctl relay IPv4 and IPv6 to one and several outputs, and go on after it has exited."""

from guest import rtp
from guest.rtpctl import text
from guest.traffic import Background

MODULE = ("rs", "c", "c12")


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl = t.rtpctl
    ctl.ok("table", "add", 0)
    ctl.ok("rule", "add", 0)
    t.equal("exit code of a table that exists", ctl.run("table", "add", 0).returncode, 5)
    firsts = {}  # by family, the first output of the stream with several
    senders = {family: alice.udp(family=family) for family in (4, 6)}

    for family in (4, 6):
        t.step(f"IPv{family}: one output, with nothing but its addresses")
        receiver, local = bob.udp(family=family), (alice.hub_address(family), 4000)
        ctl.ok("stream", "add", "-t", 0, "--local", text(local), "--to", text(receiver.address))
        t.relayed("packets", senders[family], local, receiver, rtp.stream(200), source=local)

        t.step(f"IPv{family}: everything that can be said of a stream")
        outs, local = [bob.udp(family=each) for each in (family, family, 10 - family)], (alice.hub_address(family), 4002)
        firsts[family] = outs[0].address
        sources = {each: (bob.hub_address(each), 4003) for each in (4, 6)}
        ctl.ok("stream", "add", "-t", 0, "--local", text(local), *(word for each in outs for word in ("--to", text(each.address))),
               "--from", text(sources[4]), "--from", text(sources[6]), "--expect", text(senders[family].address),
               "--mismatch", "drop", "--payload-type", "0", "--payload-type", "96/48000", "--pt-filter",
               "--ssrc", "0x12345678", "--tos", "184", "--stun", "--dtls", "--rtp-only")
        sent = rtp.stream(100)
        for data in sent:
            senders[family].send(data, local)
        for each in outs:
            got = [each.recv() for _ in sent]
            t.equal("data", [one and one.data for one in got], sent)
            t.equal("source and TOS", {(one.source, one.tos) for one in got}, {(sources[each.family], 184)})
        alice.udp(family=family).send(rtp.packet(), local)
        listed = next(one for one in ctl.data("stream", "list", "-t", 0)["streams"] if one["local"] == text(local))
        t.equal("counters", listed["received"], {"packets": 100, "bytes": 17200, "errors": 1})
        t.equal("expected source", (listed["expect"], listed["mismatch"]), (text(senders[family].address), "drop"))
        t.equal("payload types", [(one["payload_type"], one["packets"]) for one in listed["payload_types"]], [(0, 100), (96, 0)])
        t.equal("outputs", [(one["to"], one["from"], one["sent"]["packets"]) for one in listed["outputs"]],
                [(text(each.address), text(sources[each.family]), 100) for each in outs])
        passed = t.host.udp(*local)
        for data in (rtp.stun(), rtp.dtls(), b"not RTP", rtp.packet(pt=8), rtp.packet(ssrc=5)):
            senders[family].send(data, local)
            t.equal("what is passed", (passed.recv() or t.fail("a packet")).data, data)

        t.step(f"IPv{family}: streams come and go beside traffic")
        receiver, local = bob.udp(family=family), (alice.hub_address(family), 4000)
        receiver2, packets = bob.udp(family=family), rtp.stream(3000)
        ctl.ok("stream", "add", "-t", 0, "--local", text((local[0], 4006)), "--to", text(receiver2.address))
        with Background(senders[family], (local[0], 4006), receiver2, packets, gap=0.002) as background:
            for _ in range(2):
                ctl.ok("stream", "add", "-t", 0, "--local", text((local[0], 4008)), "--to", text(receiver.address))
                t.relayed("the new one", senders[family], (local[0], 4008), receiver, rtp.stream(5), source=(local[0], 4008))
                ctl.ok("stream", "del", "-t", 0, "--local", text((local[0], 4008)))
        background.flow.check("traffic beside", (local[0], 4006))
        t.true("there was traffic", len(background.flow.sent) >= 10)

    t.step("refused, with what to do")
    for arguments, code, word in (
            (("--local", text((alice.hub4, 4000)), "--to", text((bob.v4, 1))), 5, "already"),
            (("--local", text((alice.hub4, 4100)), "--to", text((bob.v6, 1))), 2, "--from"),
            (("--local", text((alice.hub4, 4100)), "--to", "203.0.113.9:1"), 1, "no route")):
        result = ctl.run("stream", "add", "-t", 0, *arguments)
        t.equal(f"{arguments}: exit code", result.returncode, code)
        t.true(f"{arguments}: says {word}", word in result.stderr, result.stderr)
    t.equal("no such stream", ctl.run("stream", "del", "-t", 0, "--local", text((alice.hub4, 4100))).returncode, 4)
    t.equal("no such table", ctl.run("stream", "list", "-t", 9).returncode, 4)
    t.equal("nothing was left behind", len(ctl.data("stream", "list", "-t", 0)["streams"]), 6)

    t.step("listed, by what is asked for")
    two = [line.split()[:3] for line in ctl.ok("stream", "list", "-t", 0, "--port", 4002).splitlines()]
    t.equal("streams of a port", two, [["LOCAL", "TO", "PACKETS"],
                                       *([text((alice.hub_address(family), 4002)), f"{text(firsts[family])}", "+2"] for family in (4, 6)),
                                       ["2", "streams", "200"]])
    for what, words, expected in (
            ("an address", ("--address", alice.hub6), [(6, 4000), (6, 4002), (6, 4006)]),
            ("errors", ("--with-errors", "--port", 4002, "--address", alice.hub4), [(4, 4002)]),
            ("an SSRC", ("--ssrc", "0x12345678"), [(4, 4002), (6, 4002)]),
            # The C modules tell time by stamps that packets have only while a socket of the host wants them.
            ("none for long", ("--idle", 1000), [] if t.module == "rs" else [(family, port) for family in (4, 6) for port in (4000, 4002, 4006)]),
            ("the busiest", ("--port", "4000-4002", "--sort", "packets", "--limit", 2), [(4, 4000), (6, 4000)])):
        listed = [one["local"] for one in ctl.data("stream", "list", "-t", 0, *words)["streams"]]
        t.equal(what, sorted(listed), sorted(text((alice.hub_address(family), port)) for family, port in expected))

    t.step("taken down")
    for family in (4, 6):
        for port in (4000, 4002, 4006):
            ctl.ok("stream", "del", "-t", 0, "--local", text((alice.hub_address(family), port)))
    t.equal("no streams", ctl.data("stream", "list", "-t", 0)["streams"], [])
    ctl.ok("rule", "del", 0)
    ctl.ok("table", "del", 0)
    t.equal("no tables", ctl.data("table", "list")["tables"], [])
