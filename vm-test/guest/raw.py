# SPDX-License-Identifier: GPL-2.0-only
"""Datagrams with headers that may lie, put on a link as they are, and a look at what is on a link."""

from __future__ import annotations

import ctypes
import fcntl
import ipaddress
import socket
import struct
from dataclasses import dataclass

from .net import Address, Namespace, Peer

_ETH_P_ALL = 3
_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17
_SOL_PACKET = 263
_PACKET_AUXDATA = 8
_CSUM_NOT_READY, _VLAN_VALID = 0x8, 0x10
_links: dict[str, socket.socket] = {}


def checksum(data: bytes, start: int = 0) -> int:
    """The Internet checksum."""
    if len(data) % 2:
        data += b"\0"
    total = start + sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def pseudo(source: str, to: str, length: int) -> int:
    """The sum that the checksum of a datagram of that length, header included, begins with."""
    head = _packed(source) + _packed(to) + struct.pack(">HH", 17, length)
    return checksum(head) ^ 0xFFFF


def udp(source: str, to: str, sport: int, dport: int, payload: bytes, *, length: int | None = None,
        check: int | None = None) -> bytes:
    """A UDP header and payload. `length` and `check` replace the right values; check 0 means none."""
    claimed = 8 + len(payload) if length is None else length
    if check is None:
        bare = struct.pack(">HHHH", sport, dport, claimed, 0) + payload
        check = checksum(bare, pseudo(source, to, claimed)) or 0xFFFF
    return struct.pack(">HHHH", sport, dport, claimed, check) + payload


def ipv4(source: str, to: str, payload: bytes, *, proto: int = 17, total: int | None = None, ttl: int = 64,
         tos: int = 0, ident: int = 1, fragment: int = 0x4000, options: bytes = b"", ihl: int | None = None,
         check: int | None = None) -> bytes:
    """An IPv4 header before a payload; `fragment` is flags and offset as on the wire (0x2000 more fragments)."""
    words = 5 + len(options) // 4 if ihl is None else ihl
    size = 20 + len(options) + len(payload) if total is None else total

    def head(value: int) -> bytes:
        return struct.pack(">BBHHHBBH4s4s", 0x40 | words, tos, size, ident, fragment, ttl, proto, value,
                           _packed(source), _packed(to)) + options

    return head(checksum(head(0)) if check is None else check) + payload


def ipv6(source: str, to: str, payload: bytes, *, next_header: int = 17, length: int | None = None,
         hop_limit: int = 64, traffic_class: int = 0) -> bytes:
    """An IPv6 header before a payload, which may begin with extension headers of the caller's."""
    size = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28 | traffic_class << 20, size, next_header, hop_limit) + \
        _packed(source) + _packed(to) + payload


def datagram(source: str, to: str, sport: int, dport: int, payload: bytes, *, length: int | None = None,
             check: int | None = None, **ip: int) -> bytes:
    """A UDP datagram in IPv4 or IPv6, as the addresses say; what else is given goes to the IP header."""
    inner = udp(source, to, sport, dport, payload, length=length, check=check)
    return ipv6(source, to, inner, **ip) if ":" in to else ipv4(source, to, inner, **ip)  # type: ignore[arg-type]


def send(peer: Peer, packet: bytes, *, to: str | None = None, tag: int | None = None, kind: int | None = None) -> None:
    """Puts an IP packet on the peer's link, towards the hub; no device or stack vouches for its checksum. `to` is another MAC
    address, `tag` that of a VLAN, `kind` another EtherType."""
    kind = kind or (0x86DD if packet[0] >> 4 == 6 else 0x0800)
    frame = bytes.fromhex((to or peer.hub_mac).replace(":", "") + peer.mac.replace(":", ""))
    frame += struct.pack(">H", kind) if tag is None else struct.pack(">HHH", 0x8100, tag, kind)
    if peer.ns.name not in _links:  # closing such a socket takes long: it is kept
        with peer.ns:
            _links[peer.ns.name] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        _links[peer.ns.name].bind((peer.dev, 0))
    _links[peer.ns.name].send(frame + packet)


@dataclass(frozen=True)
class Parsed:
    """A UDP datagram as it is on the link; `sound` when its lengths and checksums are right."""

    source: Address
    to: Address
    payload: bytes
    tos: int
    ttl: int
    sound: bool


def parse(packet: bytes) -> Parsed:
    """The fields of a whole UDP datagram."""
    if packet[0] >> 4 == 4:
        tos, total, ttl = packet[1], struct.unpack(">H", packet[2:4])[0], packet[8]
        source, to = (str(ipaddress.IPv4Address(packet[n:n + 4])) for n in (12, 16))
        sound = packet[0] == 0x45 and checksum(packet[:20]) == 0 and packet[6] & 0x3F == 0
        inner = packet[20:total]
    else:
        tos, ttl = struct.unpack(">H", packet[:2])[0] >> 4 & 0xFF, packet[7]
        total = 40 + struct.unpack(">H", packet[4:6])[0]
        source, to = (str(ipaddress.IPv6Address(packet[n:n + 16])) for n in (8, 24))
        sound = packet[6] == 17
        inner = packet[40:total]
    sport, dport, length, check = struct.unpack(">HHHH", inner[:8])
    sound = sound and total == len(packet) and length == len(inner) and check != 0
    sound = sound and checksum(inner, pseudo(source, to, length)) == 0
    return Parsed((source, sport), (to, dport), inner[8:], tos, ttl, sound)


def no_offload(ns: Namespace, dev: str) -> None:
    """Makes the stack compute checksums for a device, so that they can be seen on its link."""
    value = ctypes.create_string_buffer(struct.pack("=II", _ETHTOOL_STXCSUM, 0))
    request = struct.pack("=16sQ16x", dev.encode(), ctypes.addressof(value))
    with ns, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, _SIOCETHTOOL, request)


class Sniffer:
    """The IP packets that arrive on a peer's device from the time it is made."""

    def __init__(self, peer: Peer) -> None:
        with peer.ns:
            self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._sock.bind((peer.dev, _ETH_P_ALL))

    def recv(self, timeout: float = 1.0) -> bytes | None:
        """The next incoming UDP packet from the IP header on, or None."""
        self._sock.settimeout(timeout)
        while True:
            try:
                frame, (_, _, direction, _, _) = self._sock.recvfrom(65536)
            except (TimeoutError, BlockingIOError):
                return None
            packet = frame[14:]
            proto = packet[9] if frame[12:14] == b"\x08\x00" else packet[6] if frame[12:14] == b"\x86\xdd" else 0
            if direction != socket.PACKET_OUTGOING and proto == 17:
                return packet

    def close(self) -> None:
        """Stops listening."""
        self._sock.close()


@dataclass(frozen=True)
class Frame:
    """A frame on a link. `vlan` is its tag, `offloaded` when its checksum is left to the device."""

    to: str
    sender: str
    vlan: int | None
    offloaded: bool
    packet: bytes


class Frames:
    """The frames with IP packets that a device of a namespace receives, or sends, whatever their protocol, from the time it is made."""

    def __init__(self, ns: Namespace, dev: str, *, sent: bool = False) -> None:
        self._sent = sent
        with ns:
            self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self._sock.bind((dev, _ETH_P_ALL))
        self._sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)

    def recv(self, timeout: float = 1.0) -> Frame | None:
        """The next frame that is no neighbour discovery, or None."""
        self._sock.settimeout(timeout)
        while True:
            try:
                data, extra, _, (_, _, direction, _, _) = self._sock.recvmsg(1 << 17, 64)
            except (TimeoutError, BlockingIOError):
                return None
            status, _, _, _, _, tag, _ = struct.unpack("=IIIHHHH", extra[0][2][:20])
            kind, packet = data[12:14], data[14:]
            if kind == b"\x81\x00":  # tagged in the frame, and not beside it
                status, tag, kind, packet = status | _VLAN_VALID, struct.unpack(">H", packet[:2])[0], packet[2:4], packet[4:]
            ip = kind == b"\x08\x00" or kind == b"\x86\xdd" and packet[6] not in (0, 58)
            if ip and (direction == socket.PACKET_OUTGOING) == self._sent:
                return Frame(data[:6].hex(":"), data[6:12].hex(":"), tag if status & _VLAN_VALID else None,
                             bool(status & _CSUM_NOT_READY), packet)

    def drain(self, quiet: float = 0.2) -> list[Frame]:
        """All frames until it is quiet that long."""
        return list(iter(lambda: self.recv(quiet), None))

    def close(self) -> None:
        """Stops listening."""
        self._sock.close()


def finished(packet: bytes) -> bytes:
    """A UDP packet with the checksum that was left to the device, as a device finishes it."""
    at = 20 if packet[0] >> 4 == 4 else 40
    check = checksum(packet[at:]) or 0xFFFF
    return packet[:at + 6] + struct.pack(">H", check) + packet[at + 8:]


@dataclass(frozen=True)
class Fragment:
    """A fragment of a datagram: where its data belongs, and whether more follows."""

    ident: int
    offset: int
    more: bool
    tos: int
    ttl: int
    data: bytes


def fragment(packet: bytes) -> Fragment:
    """The fields of a fragment of IPv4, or of IPv6 with a fragment header right behind its own."""
    if packet[0] >> 4 == 4:
        total, ident, place = struct.unpack(">HHH", packet[2:8])
        return Fragment(ident, (place & 0x1FFF) * 8, bool(place & 0x2000), packet[1], packet[8], packet[20:total])
    if packet[6] != 44:
        raise ValueError("no fragment header")
    place, ident = struct.unpack(">HI", packet[42:48])
    return Fragment(ident, place & 0xFFF8, bool(place & 1), struct.unpack(">H", packet[:2])[0] >> 4 & 0xFF, packet[7],
                    packet[48:])


def reassembled(fragments: list[Fragment]) -> bytes | None:
    """What fragments of one datagram make together, or None when a part is missing."""
    data = b""
    for each in sorted(fragments, key=lambda one: one.offset):
        if each.offset != len(data) or each.ident != fragments[0].ident:
            return None
        data += each.data
    return None if not fragments or max(fragments, key=lambda one: one.offset).more else data
