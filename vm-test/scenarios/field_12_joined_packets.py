# SPDX-License-Identifier: GPL-2.0-only
"""Packets that were joined are judged one by one: each is relayed, dropped, or goes on alone through all rules."""

import socket
import struct

from guest import conntrack, nft, raw, rtp
from guest.control import MISMATCH_DROP
from guest.patience import patient

UDP_SEGMENT, UDP_GRO = 103, 104
KNOWN, OTHER = 0, 99
FAMILY = {4: "ip", 6: "ip6"}


def segmented(sender, packets, to):
    """One buffer that is cut into packets where it leaves the stack."""
    sender.sock.sendmsg([b"".join(packets)], [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", len(packets[0])))], 0, to)


def offload(ns, dev, *settings):
    ns.run("ethtool", "-K", dev, *settings)


def messages(sock):
    """What a socket that takes joined packets is given: data, and the size that it is made of."""
    found = []
    while True:
        try:
            data, extra, _, _ = sock.sock.recvmsg(65536, 256)
        except BlockingIOError:
            return found
        sizes = [struct.unpack("=i", value)[0] for level, kind, value in extra if (level, kind) == (socket.IPPROTO_UDP, UDP_GRO)]
        found.append((data, *sizes))


def numbers(sent, seen):
    """Which of the packets that were sent those are; None is another."""
    data = [getattr(one, "data", one) for one in seen]
    return [sent.index(one) if one in sent else None for one in data]


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    second = t.table(1).add().ready(pages=8)
    # Rules before ours and behind it, in chains of their own and in the same one.
    t.host.run("nft", "-f", "-", stdin="""
        table inet vm {
          counter first {}
          counter last {}
          chain before { type filter hook input priority -10; udp dport 4000-4999 counter name first; }
          chain vm { type filter hook input priority 0; }
          chain behind { type filter hook input priority 10; udp dport 4000-4999 counter name last; }
        }""")
    nft.native_rule(0)
    t.host.run("nft", "add rule inet vm vm udp dport 4900-4999 drop")
    nft.native_rule(1)
    tap = raw.Frames(t.host, alice.hub_dev)
    port = 4000
    places = {}

    def batch(*pts, last=None):
        packets = [rtp.packet(n, pt=pt, payload=bytes([n]) * 188) for n, pt in enumerate(pts)]
        return packets + ([rtp.packet(len(pts), pt=last, payload=b"short")] if last is not None else [])

    def relayed_of(packets):
        return [data for data in packets if data[1] & 0x7F == KNOWN]

    def passed_of(packets):
        return [data for data in packets if data[1] & 0x7F != KNOWN]

    def sent(sender, packets, local):
        """Sends packets; how many packets the first and the last rule saw."""
        before = [nft.counter("vm", name) for name in ("first", "last")]
        tap.drain(0)
        segmented(sender, packets, local)
        return lambda: [nft.counter("vm", name) - old for name, old in zip(("first", "last"), before)]

    def came_joined(what):
        longest = max((len(frame.packet) for frame in tap.drain(patient(0.05))), default=0)
        t.true(f"{what}: packets came joined", longest > 400, longest)

    def takes(what, sender, local, target, receiver, passed, source, packets, first=None, dropped=False):
        """Each packet is relayed or passed, once."""
        before = target.stats["packets"]
        rules = sent(sender, packets, local)
        relayed, others = relayed_of(packets), passed_of(packets)
        got = receiver.drain(patient(0.1))
        t.equal(f"{what}: relayed", numbers(packets, got), numbers(packets, relayed))
        t.equal(f"{what}: sources and hops", {(one.source, one.ttl) for one in got}, {(source, 64)})
        t.equal(f"{what}: passed", numbers(packets, passed.drain(patient(0.05))), [] if dropped else numbers(packets, others))
        came_joined(what)
        t.equal(f"{what}: counted", target.stats["packets"] - before, len(relayed))
        seen = rules()
        t.equal(f"{what}: packets that the last rule saw", seen[1], 0 if dropped else len(others))
        if first is not None:
            t.equal(f"{what}: packets that the first rule saw", seen[0], first)

    mixed = (KNOWN, KNOWN, OTHER, KNOWN, OTHER, OTHER, KNOWN, KNOWN)
    for family in (4, 6):
        receiver, sender = bob.udp(family=family), alice.udp(family=family)
        local, source = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
        passed = t.host.udp(*local)
        target = control.add(local, (source, receiver.address), rtp=1, pt_filter=1)

        t.step(f"IPv{family}: all are relayed")
        takes("all relayed", sender, local, target, receiver, passed, source, batch(*[KNOWN] * 8, last=KNOWN), 1)

        t.step(f"IPv{family}: some are passed")
        takes("some passed", sender, local, target, receiver, passed, source, batch(*mixed, last=OTHER), 1 + 4)
        takes("some passed", sender, local, target, receiver, passed, source, batch(OTHER, *mixed, last=KNOWN), 1 + 4)

        t.step(f"IPv{family}: all are passed, and go on joined")
        passed.sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        for what, to in (("by the target", local), ("without a target", (local[0], port + 2))):
            at = passed if to == local else t.host.udp(*to)
            at.sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
            packets = batch(*[OTHER] * 6, last=OTHER)
            rules = sent(sender, packets, to)
            t.eventually(f"{what}: the last rule saw one", lambda: rules()[1], 1)
            t.equal(f"{what}: the socket has one message", messages(at), [(b"".join(packets), 200)])
            t.equal(f"{what}: the first rule saw one", rules(), [1, 1])
        passed.sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 0)

        t.step(f"IPv{family}: a rule behind ours drops what is passed")
        other, out = (local[0], port + 900), (source[0], port + 901)
        at = t.host.udp(*other)
        dropping = control.add(other, (out, receiver.address), rtp=1, pt_filter=1)
        takes("dropped behind", sender, other, dropping, receiver, at, out, batch(*mixed, last=OTHER), 1 + 4, dropped=True)

        t.step(f"IPv{family}: all are dropped")
        other = (local[0], port + 4)
        at = t.host.udp(*other)
        strict = control.add(other, (out, receiver.address), rtp=1, src_mismatch=MISMATCH_DROP,
                             expected_src=(alice.address(family), 1))
        rules = sent(sender, batch(*mixed), other)
        t.eventually("errors", lambda: strict.stats["errors"], len(mixed))
        t.silent("at the socket", at, 0.05)
        t.equal("packets that the rules saw", rules(), [1, 0])

        t.step(f"IPv{family}: RTCP is relayed and passed on, each once")
        other = (local[0], port + 6)
        at = t.host.udp(*other)
        control.add(other, (out, receiver.address), (out, receiver.address, {"rtcp": 1}), rtp=1, rtcp_fw=1,
                    **{"media_output_idxs[0].rtp_end_idx": 1, "media_output_idxs[0].rtcp_start_idx": 1,
                       "media_output_idxs[0].rtcp_end_idx": 2})
        reports = [rtp.sender_report(n) for n in range(5)]
        rules = sent(sender, reports, other)
        t.equal("relayed", numbers(reports, receiver.drain(patient(0.1))), list(range(5)))
        t.equal("passed", numbers(reports, at.drain(patient(0.05))), list(range(5)))
        t.equal("packets that the last rule saw", rules()[1], 5)

        t.step(f"IPv{family}: what one table passes, another one judges, and each of them once")
        other = (local[0], port + 8)
        at = t.host.udp(*other)
        control.add(other, (out, receiver.address), rtp=1, pt_filter=1)
        second.add(other, (out, receiver.address), rtp=1, pts=(OTHER,), pt_filter=1)
        packets = batch(*mixed)
        rules = sent(sender, packets, other)
        t.equal("relayed", sorted(numbers(packets, receiver.drain(patient(0.1)))), list(range(len(packets))))
        came_joined("taken by both")
        t.equal("packets that the last rule saw, and the socket", (rules()[1], at.recv(0)), (0, None))
        other = (local[0], port + 12)
        at = t.host.udp(*other)
        passing = control.add(other, (out, receiver.address), rtp=1, ssrcs=(1,))
        behind = second.add(other, (out, receiver.address), rtp=1, pt_filter=1)
        takes("passed by the first", sender, other, behind, receiver, at, out, batch(*mixed, last=OTHER), 1 + 4)
        t.equal("errors of the first", passing.stats["errors"], len(mixed) + 1)

        t.step(f"IPv{family}: by the xtables target")
        nft.chain(FAMILY[family], name="filter")
        nft.compat_rule(2, FAMILY[family], name="filter")
        third = t.table(2).add().ready() if family == 4 else third
        other = (local[0], port + 10)
        at = t.host.udp(*other)
        taking = third.add(other, (out, receiver.address), rtp=1, pt_filter=1)
        takes("xtables", sender, other, taking, receiver, at, out, batch(*mixed, last=OTHER))
        nft.delete(FAMILY[family], name="filter")

        t.step(f"IPv{family}: joined by the device")
        # They come together, and are joined by one poll: the sender's stack has cut them.
        offload(alice.ns, alice.dev, "tx-udp-segmentation", "off")
        # Since there has been a socket that takes joined packets, a device asks the socket, too.
        for joins, settings in ((1, ("gro", "on", "rx-udp-gro-forwarding", "on")), (0, ("rx-udp-gro-forwarding", "off", "rx-gro-list", "on"))):
            passed.sock.setsockopt(socket.IPPROTO_UDP, UDP_GRO, joins)
            offload(t.host, alice.hub_dev, *settings)
            takes(" ".join(settings), sender, local, target, receiver, passed, source, batch(*mixed, last=OTHER))
        offload(t.host, alice.hub_dev, "rx-gro-list", "off", "gro", "off")
        offload(alice.ns, alice.dev, "tx-udp-segmentation", "on")
        t.equal("errors", (target.stats["errors"], target.outputs[0]["errors"]), (0, 0))
        places[family] = local, source, target, receiver, passed
        port += 20

    t.host.run("nft", "-f", "-", stdin="""
        table inet translated { chain pre { type nat hook prerouting priority -100; udp dport 3004 redirect to :4000; udp dport 3006 redirect to :4020; }; }
        """)
    for family, (local, source, target, receiver, passed) in places.items():
        t.step(f"IPv{family}: joined, and translated")
        sender, to = alice.udp(family=family), (local[0], 3004 if family == 4 else 3006)
        takes("translated", sender, to, target, receiver, passed, source, batch(*mixed, last=OTHER), 1 + 4)
        entries = [each for each in conntrack.entries(family) if each.source == sender.address]
        t.equal("its connection", [(each.to, each.back, each.confirmed) for each in entries], [(to, local, True)])
        passed.send(b"answer", sender.address)
        got = sender.recv()
        t.equal("the socket's answer", got and (got.data, got.source), (b"answer", to))
