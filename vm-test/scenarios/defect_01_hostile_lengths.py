# SPDX-License-Identifier: GPL-2.0-only
"""Defect 1: datagrams whose lengths lie, fragments and extension headers are never relayed, and valid ones beside are."""

import random
import struct

from guest import nft, raw, rtp
from guest.traffic import Background

TRUNCATED = [b"", b"\x80", rtp.packet(payload=b"")[:11], rtp.packet(csrc=range(15), payload=b"")[:-1],
             rtp.packet(csrc=range(15), payload=b"")[:12], rtp.packet(extension=(0xBEDE, bytes(400)), payload=b"")[:-1],
             rtp.packet(extension=(0xBEDE, b""), payload=b"")[:-2], rtp.packet(extension=(1, b""), payload=b"")[:12],
             b"\x9f\0" + bytes(10), b"\x9f\0" + bytes(70), b"\x90\0" + bytes(12) + b"\xff\xff" + bytes(100),
             b"\xa0\0" + bytes(10), b"\xa0\0" + bytes(20) + b"\xff", rtp.packet(padding=255)[:40]]


def lying(src, to, port):
    """IP packets that a module that believes one of their lengths would relay, or read past."""
    payload = rtp.packet()
    good = 8 + len(payload)
    six = ":" in to
    for length in (0, 1, 7, good + 1, good + 8, good + 100, 1500, 4096, 9000, 32767, 32768, 65527, 65535):
        yield f"UDP length {length}", raw.datagram(src, to, 9, port, payload, length=length)
        yield f"UDP length {length}, no checksum", raw.datagram(src, to, 9, port, payload, length=length, check=0)
    for size in (1, 7):
        yield f"{size} bytes of UDP", (raw.ipv6 if six else raw.ipv4)(src, to, bytes(size))
    udp = raw.udp(src, to, 9, port, payload)
    if not six:
        yield from lying_ipv4(src, to, udp)
    else:
        yield from lying_ipv6(src, to, udp)


def lying_ipv4(src, to, udp):
    good = 20 + len(udp)
    for total in (0, 1, 19, 20, 27, 28, good - 1, good - 100, good + 1, good + 500, 65535):
        yield f"total length {total}", raw.ipv4(src, to, udp, total=total)
    for words in (0, 1, 4, 6, 10, 15):
        yield f"header of {words} words", raw.ipv4(src, to, udp, ihl=words)
    yield "a wrong header checksum", raw.ipv4(src, to, udp, check=0x1234)
    yield "version 5", b"\x55" + raw.ipv4(src, to, udp)[1:]
    for name, field in (("first", 0x2000), ("middle", 0x2000 | 8), ("last", 9), ("last, far out", 0x1FFF), ("reserved bit", 0x2001)):
        yield f"{name} fragment alone", raw.ipv4(src, to, udp, fragment=field, ident=0x4000 + field)
    for protocol in (0, 6, 50, 136, 255):
        yield f"protocol {protocol}", raw.ipv4(src, to, udp, proto=protocol)
    yield "a broken option", raw.ipv4(src, to, udp, options=b"\x44\xff\0\0")


def lying_ipv6(src, to, udp):
    for length in (1, 7, 8, len(udp) - 1, len(udp) + 1, len(udp) + 500, 65535):
        yield f"payload length {length}", raw.ipv6(src, to, udp, length=length)
    yield "no checksum", raw.datagram(src, to, 9, struct.unpack(">H", udp[2:4])[0], udp[8:], check=0)
    option = bytes([17, 0, 1, 4, 0, 0, 0, 0])
    for name, kind in (("hop-by-hop", 0), ("destination options", 60)):
        yield f"{name}, too long", raw.ipv6(src, to, bytes([17, 200]) + option[2:] + udp, next_header=kind)
    yield "routing header", raw.ipv6(src, to, bytes([17, 2, 0, 3]) + bytes(20) + udp, next_header=43)
    for offset in (0x0001, 0x0008, 0xFFF8):
        yield f"fragment {offset:#x}", raw.ipv6(src, to, struct.pack(">BBHI", 17, 0, offset, offset) + udp, next_header=44)
    for kind in (6, 50, 51, 59, 136, 255):
        yield f"next header {kind}", raw.ipv6(src, to, udp, next_header=kind)


def run(t):
    t.fragments(5)
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    for family in (4, 6):
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001)
        receiver, beside = bob.udp(family=family), bob.udp(family=family)
        target = control.add(local, (source, receiver.address), rtp=1, rtp_stats=1, ssrcs=(0x1234_5678,), stun=1, dtls=1)
        control.add((local[0], 4002), (source, beside.address), rtp=1)
        source_of = alice.address(family)
        packets = list(lying(source_of, *local))
        clean = control.global_stats["in.packets"], control.global_stats["in.errors"]
        t.step(f"IPv{family}: {len(packets)} forms of lies, with valid traffic beside")
        with Background(alice.udp(family=family), (local[0], 4002), beside, rtp.stream(500), gap=0.001) as background:
            for what, packet in packets:
                raw.send(alice, packet)
                t.equal(f"{what}: counters of the target",
                        [target.stats[key] for key in ("packets", "bytes", "errors")], [0, 0, 0])
            t.eventually("valid traffic", lambda: len(background.flow.sent) > 20, True)
        background.flow.check("the valid traffic", source)
        t.silent("nothing was relayed", receiver)
        t.equal("SSRC untouched", set(target.ssrc_stats[0].raw()), {0})
        t.equal("only valid packets are counted", (control.global_stats["in.packets"], control.global_stats["in.errors"]),
                (clean[0] + len(background.flow.sent), clean[1]))

        t.step(f"IPv{family}: a UDP length below what the IP layer has: what it claims is the datagram")
        for length in (8, 9, 20, 171, 179):
            data = rtp.packet()[:length - 8]
            raw.send(alice, padded(source_of, local[0], 4002, data))
            got = beside.recv()
            t.equal(f"{length} bytes", got and got.data, data)

        t.step(f"IPv{family}: RTP and RTCP that end early are opaque, or passed; nothing is made of them")
        local, receiver = (local[0], 4002), beside
        passed, sender = t.host.udp(*local), alice.udp(family=family)
        early = [data for data in TRUNCATED if data]
        t.relayed("truncated RTP", sender, local, receiver, early, source=source)
        for data in (b"\x80\xc8", b"\x80\xc8\0\1\0\0\0", b"\x81\xcd\xff\xff" + bytes(8), b"\x80\xc8\0\0" + bytes(4)):
            sender.send(data, local)
            got = (receiver if len(data) < 8 else passed).recv()
            t.equal("truncated RTCP", got and got.data, data)

        # The input hook sees whole datagrams of IPv4, and fragments of IPv6, which are put together behind it.
        where = beside if family == 4 else passed
        t.step(f"IPv{family}: fragments of a whole datagram: {'relayed' if family == 4 else 'passed'} as one")
        data = rtp.packet(payload=bytes(range(200)))
        whole = raw.udp(source_of, local[0], 9, 4002, data)
        for fragment in fragments(source_of, local[0], whole):
            raw.send(alice, fragment)
        got = where.recv()
        t.equal("reassembled", got and got.data, data)
        t.silent("once", beside, 0.05)

        t.step(f"IPv{family}: noise")
        dice = random.Random(family)
        for _ in range(300):
            packet = bytearray(raw.datagram(source_of, local[0], 9, 4002, rtp.packet(payload=dice.randbytes(60))))
            for _ in range(dice.randrange(1, 6)):
                packet[dice.randrange(len(packet))] = dice.randrange(256)
            raw.send(alice, bytes(packet[:dice.randrange(20, len(packet) + 1)]))
        receiver.drain(0.05)
        t.relayed("the target afterwards", alice.udp(family=family), local, receiver, rtp.stream(20), source=source)


def padded(src, to, port, data):
    """A datagram with a right UDP length and checksum, and more bytes behind it within the IP payload."""
    inner = raw.udp(src, to, 9, port, data) + b"\xee" * 30
    return (raw.ipv6 if ":" in to else raw.ipv4)(src, to, inner)


def fragments(src, to, udp):
    first, second = udp[:104], udp[104:]
    if ":" in to:
        for offset, data in ((1, first), (104, second)):
            yield raw.ipv6(src, to, struct.pack(">BBHI", 17, 0, offset, 77) + data, next_header=44)
        return
    yield raw.ipv4(src, to, first, fragment=0x2000, ident=77)
    yield raw.ipv4(src, to, second, fragment=13, ident=77)
