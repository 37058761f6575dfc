# SPDX-License-Identifier: GPL-2.0-only
"""Builders of RTP, RTCP, STUN and DTLS packets."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass


# Profiles of header extensions (RFC 8285).
ONE_BYTE, TWO_BYTE = 0xBEDE, 0x1000


def packet(seq: int = 1, timestamp: int = 160, ssrc: int = 0x1234_5678, pt: int = 0, payload: bytes = b"\xd5" * 160,
           *, marker: bool = False, csrc: Sequence[int] = (), extension: tuple[int, bytes] | None = None,
           padding: int = 0, version: int = 2) -> bytes:
    """One RTP packet; `extension` is (profile, whole words of data)."""
    first = version << 6 | (0x20 if padding else 0) | (0x10 if extension else 0) | len(csrc)
    head = struct.pack(">BBHII", first, marker << 7 | pt, seq & 0xFFFF, timestamp & 0xFFFF_FFFF, ssrc)
    head += b"".join(struct.pack(">I", each) for each in csrc)
    if extension:
        profile, data = extension
        head += struct.pack(">HH", profile, len(data) // 4) + data
    return head + payload + (bytes(padding - 1) + bytes([padding]) if padding else b"")


def elements(*items: int | tuple[int, bytes], profile: int = ONE_BYTE) -> tuple[int, bytes]:
    """A header extension: of each item `(id, data)` an element, in the one-byte form or else the two-byte form; a number is as much padding."""
    data = b""
    for item in items:
        if isinstance(item, int):
            data += bytes(item)
        elif profile == ONE_BYTE:
            data += bytes([item[0] << 4 | len(item[1]) - 1]) + item[1]
        else:
            data += bytes([item[0], len(item[1])]) + item[1]
    return profile, data + bytes(-len(data) % 4)


def stream(count: int, *, seq: int = 1, timestamp: int = 0, ssrc: int = 0x1234_5678, pt: int = 0, size: int = 160,
           step: int = 160) -> list[bytes]:
    """Consecutive packets of one stream, each with a payload of its own."""
    return [packet(seq + i, timestamp + i * step, ssrc, pt, _payload(seq + i, ssrc, size)) for i in range(count)]


def _payload(n: int, ssrc: int, size: int) -> bytes:
    unit = struct.pack(">II", n & 0xFFFF_FFFF, ssrc)
    return (unit * (size // 8 + 1))[:size]


@dataclass
class Header:
    """The fields of a parsed RTP packet."""

    pt: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> Header:
    """The fields of a packet without CSRCs; the extension, if any, is skipped."""
    first, second, seq, timestamp, ssrc = struct.unpack(">BBHII", data[:12])
    start = 12 + 4 * (first & 15)
    if first & 0x10:
        start += 4 + 4 * struct.unpack(">H", data[start + 2:start + 4])[0]
    return Header(second & 127, bool(second & 128), seq, timestamp, ssrc, data[start:])


def rtcp(kind: int, ssrc: int, body: bytes = b"", count: int = 0) -> bytes:
    """One RTCP packet: kind is its packet type, body whole words."""
    return struct.pack(">BBHI", 0x80 | count, kind, 1 + len(body) // 4, ssrc) + body


def sender_report(ssrc: int = 0x1234_5678) -> bytes:
    """An SR without report blocks, and an SDES with a CNAME."""
    return rtcp(200, ssrc, bytes(20)) + rtcp(202, ssrc, b"\x01\x04test\x00\x00", 1)


def receiver_report(ssrc: int = 0x1234_5678) -> bytes:
    """An empty RR."""
    return rtcp(201, ssrc)


def bye(ssrc: int = 0x1234_5678) -> bytes:
    """A BYE."""
    return rtcp(203, ssrc, count=1)


def nack(ssrc: int = 0x1234_5678, media: int = 1, lost: int = 1) -> bytes:
    """A generic NACK (RTPFB)."""
    return rtcp(205, ssrc, struct.pack(">IHH", media, lost, 0), 1)


def picture_loss(ssrc: int = 0x1234_5678, media: int = 1) -> bytes:
    """A PLI (PSFB)."""
    return rtcp(206, ssrc, struct.pack(">I", media), 1)


def stun(*, fingerprint: bool = True, cookie: int = 0x2112_A442, attributes: bytes = b"") -> bytes:
    """A STUN binding request, with a right FINGERPRINT attribute at its end unless told otherwise."""
    length = len(attributes) + (8 if fingerprint else 0)
    head = struct.pack(">HHI12s", 1, length, cookie, b"transaction!") + attributes
    if not fingerprint:
        return head
    return head + struct.pack(">HHI", 0x8028, 4, zlib.crc32(head) ^ 0x5354_554E)


def dtls(first: int = 22, body: bytes = bytes(40)) -> bytes:
    """A DTLS 1.2 record of the given content type."""
    return struct.pack(">BHHHIH", first, 0xFEFD, 0, 0, 0, len(body)) + body
