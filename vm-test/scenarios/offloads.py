# SPDX-License-Identifier: GPL-2.0-only
"""Checksums left to devices or not, packets in several pieces, and packets that were joined: all arrive byte for byte."""

import os
import socket
import struct

from guest import nft, raw, rtp

UDP_SEGMENT = 103
MSG_ZEROCOPY = 0x4000000
SO_ZEROCOPY = 60


# Rules after ours: what goes on is counted, and some of it dropped.
AFTER = """
table inet after {
  chain in { type filter hook input priority 1; udp dport 4000 counter name went_on; udp dport 4000 @th,64,16 0xdead drop; }
  counter went_on {}
}
"""


def offload(ns, dev, *settings):
    ns.run("ethtool", "-K", dev, *settings)


def in_pieces(sender, data, to, cut, flags=0):
    """Sends one datagram whose buffer has `cut` bytes in its first piece and the rest in pages."""
    sender.sock.sendto(data[:cut], socket.MSG_MORE, to)
    sender.sock.sendto(data[cut:], flags, to)


def segmented(sender, packets, to):
    """Sends packets of one size, but that the last may be shorter, as one that is cut where it leaves the stack."""
    sender.sock.sendmsg([b"".join(packets)], [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", len(packets[0])))],
                        0, to)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    rewriting = {"ssrc_subst": 1, "ssrc_out[0]": b"\xaa\xbb\xcc\xdd"}

    def rewritten(data):
        return data[:8] + b"\xaa\xbb\xcc\xdd" + data[12:]

    ends = {}
    for family in (4, 6):
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001)
        receiver, second = bob.udp(family=family), bob.udp(family=family)
        target = control.add(local, (source, second.address), (source, receiver.address, rewriting), rtp=1,
                             ssrcs=(0x1234_5678,))
        ends[family] = target, local, source, receiver, second, alice.udp(family=family)

    frames = raw.Frames(bob.ns, bob.dev)
    packets = rtp.stream(2, size=161) + [rtp.packet(3, payload=b""), rtp.packet(4, payload=os.urandom(1400))]
    for coming in ("on", "off"):
        offload(alice.ns, alice.dev, "tx", coming)
        for going in ("on", "off"):
            offload(t.host, bob.hub_dev, "tx", going)
            for family, (target, local, source, receiver, second, sender) in ends.items():
                t.step(f"IPv{family}: checksums left to the device: {coming} where it comes, {going} where it goes")
                frames.drain(0)
                for data in packets:
                    sender.send(data, local)
                    for to, wanted in ((second, data), (receiver, rewritten(data))):
                        frame = frames.recv() or t.fail("a frame")
                        t.equal("left to the device", frame.offloaded, going == "on")
                        packet = raw.finished(frame.packet) if frame.offloaded else frame.packet
                        t.equal("on the link", raw.parse(packet), raw.Parsed(source, to.address, wanted, 0, 64, True))
                        got = to.recv()
                        t.equal("in the socket", got and got.data, wanted)

    t.step("packets in several pieces")
    # What is fragmented comes in as a chain of buffers, what is corked in pages, and what is not copied in the sender's.
    for family, (target, local, source, receiver, second, sender) in ends.items():
        for flags in (0, MSG_ZEROCOPY):
            if flags:
                sender.sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
            for size in (13, 172, 1300):
                for cut in (1, 11, size - 1):
                    data = rtp.packet(payload=os.urandom(size - 12))
                    in_pieces(sender, data, local, cut, flags)
                    for to, wanted in ((second, data), (receiver, rewritten(data))):
                        got = to.recv()
                        t.equal(f"IPv{family}, {size} bytes cut at {cut}", got and got.data, wanted)
    target, local, source, receiver, second, sender = ends[4]
    for size in (1473, 3000, 9000, 65507):
        data = rtp.packet(payload=os.urandom(size - 12))
        sender.send(data, local)
        for to, wanted in ((second, data), (receiver, rewritten(data))):
            got = to.recv(3)
            t.equal(f"{size} bytes in fragments", got and got.data, wanted)

    tap = raw.Frames(t.host, alice.hub_dev)
    t.host.run("nft", "-f", "-", stdin=AFTER)
    for family, (target, local, source, receiver, second, sender) in ends.items():
        control.delete(local)
        target = control.add(local, (source, second.address), (source, receiver.address, rewriting), rtp=1, rtp_only=1,
                             ssrcs=(0x1234_5678,))
        ends[family] = target, local, source, receiver, second, sender
    media, last = rtp.stream(9, size=200), rtp.packet(10, payload=b"short")
    other, dropped = ([first + os.urandom(210) for _ in range(4)] for first in (b"\0\0", b"\xde\xad"))  # no RTP
    batches = {"media": [*media, last], "others": [*other, b"short"],
               "media and others": [*media[:3], *other[:2], media[3], *dropped, *other[2:], *media[4:], last]}
    # Where the sender's device does not cut, its stack does: the packets come together, and are joined by one poll.
    for how, settings, cuts in (
            ("cut by the sender's stack", ("gro", "off"), "on"),
            ("joined by the device for forwarding", ("gro", "on", "rx-udp-gro-forwarding", "on"), "off"),
            ("joined by the device into a list", ("rx-udp-gro-forwarding", "off", "rx-gro-list", "on"), "off")):
        offload(alice.ns, alice.dev, "tx", "on", "tx-udp-segmentation", cuts)
        offload(t.host, alice.hub_dev, *settings)
        for family, (target, local, source, receiver, second, sender) in ends.items():
            passed = t.host.udp(*local)
            for what, batch in batches.items():
                t.step(f"IPv{family}: {what}, {how}: each is relayed or passed by itself")
                tap.drain(0)
                packets, went_on = target.stats["packets"], nft.counter("after", "went_on")
                segmented(sender, batch, local)
                relays = [one for one in batch if one in media or one is last]
                passes = [one for one in batch if one not in relays and one not in dropped]
                got = {udp: [packet and packet.data for packet in (udp.recv() for _ in wanted)]
                       for udp, wanted in ((second, relays), (receiver, relays), (passed, passes))}
                t.equal("relayed", got[second], relays)
                t.equal("relayed, rewritten", got[receiver], [rewritten(one) for one in relays])
                t.equal("passed", got[passed], passes)
                t.equal("and no more", [len(udp.drain(0.02)) for udp in got], [0, 0, 0])
                joined = max(len(frame.packet) for frame in tap.drain(0.05))
                t.true("packets were joined", joined > 2 * 200, joined)
                t.equal("packets and errors", (target.stats["packets"] - packets, target.stats["errors"]), (len(relays), 0))
                # What goes on is judged by the next rule: all of it as it came, or else each by itself.
                went_on = nft.counter("after", "went_on") - went_on
                t.equal("packets that went on", went_on, len(batch) - len(relays) if relays else 1)
            passed.close()
        t.relayed("packets that come alone", sender, local, second, rtp.stream(1), source=source)
        receiver.drain(0.05)
