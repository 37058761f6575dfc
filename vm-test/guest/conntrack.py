# SPDX-License-Identifier: GPL-2.0-only
"""The entries of connection tracking, as the kernel lists them."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

from .net import HOST, Address, Namespace
from .nft import attributes, message, messages, open_netlink

_GET = 1 << 8 | 1
_NEW = 1 << 8
_DUMP = 0x300
_CONFIRMED, _SEEN_REPLY = 0x8, 0x2
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


@dataclass(frozen=True)
class Entry:
    """A connection of UDP: as its first packet came, and as what comes back has to be."""

    ident: int
    source: Address
    to: Address
    back: Address
    """Where what comes back is from."""
    confirmed: bool
    replied: bool


def entries(family: int, *, ns: Namespace = HOST) -> list[Entry]:
    """All connections of UDP."""
    found: list[Entry] = []
    with open_netlink(ns) as sock:
        sock.send(message(_GET, _DUMP, _FAMILIES[family]))
        while True:
            for kind, body in messages(sock.recv(1 << 20)):
                if kind == 3:
                    return found
                if kind == 2 and (code := -struct.unpack_from("=i", body)[0]):
                    raise OSError(code, os.strerror(code))
                if kind == _NEW:
                    entry = attributes(body[4:])
                    one, other = (_tuple(family, entry[number]) for number in (1, 2))
                    status = struct.unpack(">I", entry[3])[0]
                    if one and other:
                        found.append(Entry(struct.unpack(">I", entry[12])[0], *one, other[0], bool(status & _CONFIRMED),
                                           bool(status & _SEEN_REPLY)))


def _tuple(family: int, data: bytes) -> tuple[Address, Address] | None:
    parts = attributes(data)
    ip, proto = attributes(parts[1]), attributes(parts[2])
    if proto[1][0] != socket.IPPROTO_UDP:
        return None
    source, to = (socket.inet_ntop(_FAMILIES[family], ip[number]) for number in ((1, 2) if family == 4 else (3, 4)))
    sport, dport = (struct.unpack(">H", proto[number][:2])[0] for number in (2, 3))
    return (source, sport), (to, dport)
