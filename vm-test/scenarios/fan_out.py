# SPDX-License-Identifier: GPL-2.0-only
"""A target with many outputs sends each its own copy; others lose nothing while targets come and go."""

import os
import struct
import time

from guest import nft, rtp
from guest.traffic import Background

SSRC = 0x1122_3344


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    nft.chain()
    nft.native_rule(0)

    t.step("32 outputs of both families, each rewriting in its own way")
    receivers = [bob.udp(family=6 if n % 2 else 4) for n in range(32)]
    outputs = [((bob.hub_address(each.family), 5000 + n), each.address,
                {"ssrc_subst": 1, "ssrc_out[0]": struct.pack(">I", n), "seq_offset[0]": 1000 * n})
               for n, each in enumerate(receivers)]
    target = control.add((alice.hub4, 4000), *outputs, ssrcs=(SSRC,), rtp=1)
    sent = rtp.stream(60, ssrc=SSRC, seq=65500)
    sender = alice.udp()
    for data in sent:
        sender.send(data, (alice.hub4, 4000))
    for n, receiver in enumerate(receivers):
        wanted = [struct.pack(">BBHII", 0x80, 0, (65500 + i + 1000 * n) & 0xFFFF, i * 160, n or SSRC) + each[12:]
                  for i, each in enumerate(sent)]
        got = [receiver.recv() for _ in wanted]
        t.true(f"output {n}: all arrive", all(got), [bool(each) for each in got])
        t.equal(f"output {n}: bytes", [each.data for each in got], wanted)
        t.equal(f"output {n}: source", {each.source for each in got}, {outputs[n][0]})
        t.equal(f"output {n}: counters", [target.outputs[n][key] for key in ("packets", "bytes", "errors")],
                [60, sum(map(len, sent)), 0])
    t.equal("the target's counter", target.stats["packets"], 60)
    t.equal("egress of the interface", control.iface_stats["out.packets"], 60 * 32)

    t.step("an output without a way out does not keep the others from sending")
    first, last = bob.udp(), bob.udp()
    t.host.ip(f"route add 198.51.100.0/24 via {bob.v4}")
    local = (alice.hub4, 4100)
    target = control.add(local, ((bob.hub4, 1), first.address), ((bob.hub4, 2), ("198.51.100.1", 2)),
                         ((bob.hub4, 3), last.address))
    t.host.ip("route del 198.51.100.0/24", "route add unreachable 198.51.100.0/24")
    for n in range(5):
        alice.udp().send(b"%d" % n, local)
    for receiver in (first, last):
        t.equal("what arrives", [each.data for each in receiver.drain()], [b"%d" % n for n in range(5)])
    t.equal("packets and errors of the output", (target.outputs[1]["packets"], target.outputs[1]["errors"]), (0, 5))
    t.equal("errors of the target", target.stats["errors"], 5)

    t.step("targets come and go beside traffic")
    receiver = bob.udp()
    local = (alice.hub4, 4200)
    control.add(local, ((bob.hub4, 4201), receiver.address), rtp=1)
    other = control.target((alice.hub4, 4300))
    output = other.destination(0, (bob.hub4, 4301), receiver.address)
    changes, packets = 0, rtp.stream(2000)
    with Background(alice.udp(), local, receiver, packets, gap=0.001) as background:
        end = time.monotonic() + 10
        while min(changes, len(background.flow.sent)) < 50 and time.monotonic() < end:
            control.write(other.command)
            control.write(output)
            control.delete(other.local)
            changes += 1
    t.note(f"{len(background.flow.sent)} packets beside {changes} additions and deletions")
    t.true("both took place", min(changes, len(background.flow.sent)) >= 50)
    background.flow.check("traffic beside", (bob.hub4, 4201))

    t.step("too large for the path: fragmented as any local datagram")
    carol = t.peer("carol", mtu=1280)
    for family in (4, 6):
        receiver = carol.udp(family=family)
        local, source = (alice.hub_address(family), 4400), (carol.hub_address(family), 4401)
        control.add(local, (source, receiver.address))
        large = [os.urandom(1400) for _ in range(5)]
        t.relayed(f"IPv{family}", alice.udp(family=family), local, receiver, large, source=source)
