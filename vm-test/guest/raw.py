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
_links: dict[str, socket.socket] = {}


def checksum(data: bytes, start: int = 0) -> int:
    """The Internet checksum."""
    if len(data) % 2:
        data += b"\0"
    total = start + sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def _pseudo(source: str, to: str, length: int) -> int:
    head = ipaddress.ip_address(source).packed + ipaddress.ip_address(to).packed + struct.pack(">HH", 17, length)
    return checksum(head) ^ 0xFFFF


def udp(source: str, to: str, sport: int, dport: int, payload: bytes, *, length: int | None = None,
        check: int | None = None) -> bytes:
    """A UDP header and payload. `length` and `check` replace the right values; check 0 means none."""
    claimed = 8 + len(payload) if length is None else length
    if check is None:
        bare = struct.pack(">HHHH", sport, dport, claimed, 0) + payload
        check = checksum(bare, _pseudo(source, to, claimed)) or 0xFFFF
    return struct.pack(">HHHH", sport, dport, claimed, check) + payload


def ipv4(source: str, to: str, payload: bytes, *, proto: int = 17, total: int | None = None, ttl: int = 64,
         tos: int = 0, ident: int = 1, fragment: int = 0x4000, options: bytes = b"", ihl: int | None = None,
         check: int | None = None) -> bytes:
    """An IPv4 header before a payload; `fragment` is flags and offset as on the wire (0x2000 more fragments)."""
    words = 5 + len(options) // 4 if ihl is None else ihl
    size = 20 + len(options) + len(payload) if total is None else total

    def head(value: int) -> bytes:
        return struct.pack(">BBHHHBBH4s4s", 0x40 | words, tos, size, ident, fragment, ttl, proto, value,
                           ipaddress.IPv4Address(source).packed, ipaddress.IPv4Address(to).packed) + options

    return head(checksum(head(0)) if check is None else check) + payload


def ipv6(source: str, to: str, payload: bytes, *, next_header: int = 17, length: int | None = None,
         hop_limit: int = 64, traffic_class: int = 0) -> bytes:
    """An IPv6 header before a payload, which may begin with extension headers of the caller's."""
    size = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28 | traffic_class << 20, size, next_header, hop_limit) + \
        ipaddress.IPv6Address(source).packed + ipaddress.IPv6Address(to).packed + payload


def datagram(source: str, to: str, sport: int, dport: int, payload: bytes, *, length: int | None = None,
             check: int | None = None, **ip: int) -> bytes:
    """A UDP datagram in IPv4 or IPv6, as the addresses say; what else is given goes to the IP header."""
    inner = udp(source, to, sport, dport, payload, length=length, check=check)
    return ipv6(source, to, inner, **ip) if ":" in to else ipv4(source, to, inner, **ip)  # type: ignore[arg-type]


def send(peer: Peer, packet: bytes) -> None:
    """Puts an IP packet on the peer's link, towards the hub; no device or stack vouches for its checksum."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    frame = bytes.fromhex(peer.hub_mac.replace(":", "") + peer.mac.replace(":", "")) + struct.pack(">H", kind)
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
    sound = sound and checksum(inner, _pseudo(source, to, length)) == 0
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
