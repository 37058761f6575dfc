# SPDX-License-Identifier: GPL-2.0-only
"""A target relays RTP, RTCP on its own port and opaque UDP, over IPv4, IPv6 and from one to the other."""

import os
import struct
import time

from guest import nft, raw, rtp

MODULE = ("rs", "c")
TTL, HOP_LIMIT = 77, 55


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    t.host.sysctl("net.ipv4.ip_default_ttl", TTL)
    t.host.sysctl("net.ipv6.conf.all.hop_limit", HOP_LIMIT)
    t.host.sysctl(f"net.ipv6.conf.{bob.hub_dev}.hop_limit", HOP_LIMIT)

    port, packets, total = 4000, 0, 0
    for inside, outside in ((4, 4), (6, 6), (4, 6), (6, 4)):
        for kind in ("RTP", "RTCP", "opaque"):
            t.step(f"{kind} from IPv{inside} to IPv{outside}")
            port += 2
            local, source = (alice.hub_address(inside), port), (bob.hub_address(outside), port + 1000)
            receiver, sender = bob.udp(family=outside), alice.udp(family=inside)
            target = control.add(local, (source, receiver.address, {"tos": 0xB8}), rtp=kind == "RTP",
                                 rtcp=kind == "RTCP")
            sent = rtp.stream(50) if kind == "RTP" else [rtp.sender_report(n) for n in range(50)] if kind == "RTCP" \
                else [os.urandom(n) for n in range(1, 51)]
            flow = t.relayed(kind, sender, local, receiver, sent, source=source)
            t.equal("TOS as given", {each.tos for each in flow.received}, {0xB8})
            if t.module == "rs" or outside == 4:  # the C module sends all IPv6 with hop limit 64
                t.equal("TTL of the namespace", {each.ttl for each in flow.received}, {TTL if outside == 4 else HOP_LIMIT})

            size = sum(map(len, sent))
            packets, total = packets + 50, total + size
            for name, stats in (("the target", target.stats), ("the output", target.outputs[0])):
                t.equal(f"counters of {name}", [stats[key] for key in ("packets", "bytes", "errors")], [50, size, 0])
            if kind == "RTP":
                stats = target.pt_stats[0]
                t.equal("counters of the payload type", (stats["packets"], stats["bytes"]), (50, size))
            if t.module == "rs":  # the C module knows the time only while somebody takes time stamps
                t.between("time of the last packet", target.stats["last_packet_us"],
                          (time.time() - 20) * 1e6, time.time() * 1e6)
            listed = t.table(0).target(*local)
            t.equal("counters listed", listed.stats, {"packets": 50, "bytes": size, "errors": 0})
            t.equal("counters of the output listed", listed.outputs[0].stats, listed.stats)
    for name, got in (("ingress", "in"), ("egress", "out")):
        t.equal(f"{name} of the interface", [control.iface_stats[f"{got}.{key}"] for key in
                                            ("packets", "bytes", "errors")], [packets, total, 0])
    t.equal("the global counters", [control.global_stats[f"in.{key}"] for key in ("packets", "bytes", "errors")],
            [packets, total, 0])

    t.step("TOS of the received packet is counted")
    target = control.add((alice.hub4, 3000), ((bob.hub4, 3000), bob.udp().address))
    raw.send(alice, raw.datagram(alice.v4, alice.hub4, 9, 3000, b"expedited", tos=0x2E << 2))
    t.eventually("TOS", lambda: target.stats["tos"], 0x2E << 2)

    t.step("headers on the link")
    raw.no_offload(t.host, bob.hub_dev)
    for family in (4, 6):
        limit = TTL if family == 4 else HOP_LIMIT if t.module == "rs" else 64
        receiver = bob.udp(family=family)
        local, source = (alice.hub_address(family), 3100), (bob.hub_address(family), 3101)
        control.add(local, (source, receiver.address, {"tos": 0x5C}), rtp=1)
        sniffer = raw.Sniffer(bob)
        sender = alice.udp(family=family)
        for n, data in enumerate((rtp.packet(1), rtp.packet(2, payload=b"odd"), rtp.packet(3, payload=b""), b"x")):
            sender.send(data, local)
            got = raw.parse(sniffer.recv() or t.fail("a packet on the link"))
            t.equal(f"IPv{family} packet {n}", got, raw.Parsed(source, receiver.address, data, 0x5C, limit, True))

    t.step("a datagram without a checksum is relayed with one")
    receiver, local, source = bob.udp(), (alice.hub4, 3200), (bob.hub4, 3201)
    target = control.add(local, (source, receiver.address), rtp=1)
    sniffer = raw.Sniffer(bob)
    raw.send(alice, raw.datagram(alice.v4, alice.hub4, 7, 3200, rtp.packet(), check=0))
    got = raw.parse(sniffer.recv() or t.fail("a packet on the link"))
    t.equal("what arrives", (got.payload, got.sound), (rtp.packet(), True))
    t.equal("its counter", target.stats["packets"], 1)

    t.step("what belongs to no target goes on to its socket")
    other = t.host.udp(alice.hub4, 3302)
    alice.udp().send(b"hello", other.address)
    t.equal("data", (other.recv() or t.fail("the datagram")).data, b"hello")

    t.step("a target whose outputs are not all there takes nothing")
    local = (alice.hub4, 3400)
    waiting, receiver = t.host.udp(*local), bob.udp()
    target = control.target(local, outputs=2)
    control.write(target.command)
    control.write(target.destination(1, (bob.hub4, 3401), receiver.address))
    alice.udp().send(b"early", local)
    t.equal("passed", (waiting.recv() or t.fail("the datagram")).data, b"early")
    t.silent("relayed", receiver)
    control.write(target.destination(0, (bob.hub4, 3402), receiver.address))
    alice.udp().send(b"late", local)
    t.equal("both outputs", sorted(struct.pack("!H", each.source[1]) + each.data for each in receiver.drain()),
            [struct.pack("!H", port) + b"late" for port in (3401, 3402)])

    t.step("no packet after its target is gone")
    control.delete(local)
    alice.udp().send(b"gone", local)
    t.equal("passed", (waiting.recv() or t.fail("the datagram")).data, b"gone")
    t.silent("relayed", receiver)
    t.errno("deleted again", "ENOENT", control.delete, local)
