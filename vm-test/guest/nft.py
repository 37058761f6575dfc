# SPDX-License-Identifier: GPL-2.0-only
"""Rules that hand packets to the module, made over netlink: the nft tool knows neither of its entry points."""

from __future__ import annotations

import itertools
import os
import socket
import struct

from .net import HOST, Namespace

FAMILIES = {"inet": 1, "ip": 2, "netdev": 5, "ip6": 10}
HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4, "ingress": 5}
_DEVICE_HOOKS = {"ingress": 0, "egress": 1}

_NETLINK_NETFILTER = 12
_SUBSYSTEM = 10 << 8
_NEW_TABLE, _NEW_CHAIN, _NEW_RULE, _DEL_RULE, _DEL_TABLE, _GET_RULE, _NEW_OBJECT, _GET_OBJECT = 0, 3, 6, 8, 2, 7, 18, 19
_BATCH_BEGIN, _BATCH_END = 16, 17
_REQUEST, _ACK, _DUMP, _CREATE, _APPEND = 0x1, 0x4, 0x300, 0x400, 0x800
_NESTED = 0x8000
_sequence = itertools.count(1)


def attribute(kind: int, value: bytes | str | int | list[bytes]) -> bytes:
    """A netlink attribute: a list nests, a number is 32 bits in network order, text ends in NUL."""
    if isinstance(value, list):
        kind, value = kind | _NESTED, b"".join(value)
    elif isinstance(value, int):
        value = struct.pack(">I", value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


def message(kind: int, flags: int, family: int, body: bytes = b"", resource: int = 0) -> bytes:
    """A message of nfnetlink."""
    size = 20 + len(body)
    return struct.pack("=IHHII", size, kind, flags | _REQUEST, next(_sequence), 0) + \
        struct.pack(">BBH", family, 0, resource) + body


def open_netlink(ns: Namespace) -> socket.socket:
    """A socket for them."""
    with ns:
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    sock.bind((0, 0))
    sock.settimeout(10)
    return sock


def messages(data: bytes) -> list[tuple[int, bytes]]:
    """What was received: kinds, and what follows the header of netlink."""
    found = []
    while len(data) >= 16:
        size, kind = struct.unpack_from("=IH", data)
        found.append((kind, data[16:size]))
        data = data[(size + 3) & ~3:]
    return found


def change(ns: Namespace, *commands: tuple[int, int, int, bytes]) -> None:
    """One transaction of (command, flags, family, attributes); OSError when the kernel refuses it."""
    batch = message(_BATCH_BEGIN, 0, 0, resource=10)
    for command, flags, family, body in commands:
        batch += message(_SUBSYSTEM | command, flags | _ACK, family, body)
    batch += message(_BATCH_END, 0, 0, resource=10)
    with open_netlink(ns) as sock:
        sock.send(batch)
        for _ in commands:
            for kind, body in messages(sock.recv(65536)):
                code = -struct.unpack_from("=i", body)[0] if kind == 2 else 0
                if code:
                    raise OSError(code, os.strerror(code))


def chain(family: str = "inet", hook: str = "input", *, name: str = "vm", ns: Namespace = HOST,
          device: str | None = None, drops: bool = False, priority: int = 0) -> None:
    """Makes the table `name` and in it a base chain `name` on the hook; `device` for ingress; `drops` what no rule accepts."""
    number = FAMILIES[family]
    place = [attribute(1, (_DEVICE_HOOKS if family == "netdev" else HOOKS)[hook]), attribute(2, struct.pack(">i", priority))]
    if device:
        place.append(attribute(3, device))
    change(ns, (_NEW_TABLE, _CREATE, number, attribute(1, name)),
           (_NEW_CHAIN, _CREATE, number, attribute(1, name) + attribute(3, name) + attribute(4, place)
            + (attribute(5, 0) if drops else b"") + attribute(7, "filter")))


def rule(family: str, expression: str, data: list[bytes], *, name: str = "vm", ns: Namespace = HOST) -> None:
    """Appends a rule of one expression to the chain of `chain`."""
    inner = attribute(1, [attribute(1, expression), attribute(2, data)])
    body = attribute(1, name) + attribute(2, name) + attribute(4, [inner])
    change(ns, (_NEW_RULE, _CREATE | _APPEND, FAMILIES[family], body))


def native_rule(table: int, family: str = "inet", *, name: str = "vm", ns: Namespace = HOST,
                flags: tuple[int, ...] = ()) -> None:
    """A rule with the expression `rtpengine`; `flags` are further, empty attributes."""
    rule(family, "rtpengine", [attribute(1, struct.pack("=I", table)), *(attribute(flag, b"") for flag in flags)],
         name=name, ns=ns)


# Where the module can be entered before the input hook: family and hook.
EARLY = {"ip prerouting": ("ip", "prerouting"), "ip6 prerouting": ("ip6", "prerouting"), "inet prerouting": ("inet", "prerouting"),
         "netdev ingress": ("netdev", "ingress"), "inet ingress": ("inet", "ingress")}


class Early:
    """As a context, a rule for a table at a place of `EARLY`, of each of the devices where it is ingress."""

    def __init__(self, where: str, table: int = 0, *, devices: tuple[str, ...] = (), priority: int = 0, ns: Namespace = HOST,
                 flags: tuple[int, ...] = ()) -> None:
        self.family, self.hook = EARLY[where]
        self.ns = ns
        self.names = [f"early{n}" for n in range(len(devices) if self.hook == "ingress" else 1)]
        for name, device in zip(self.names, devices if self.hook == "ingress" else (None,)):
            chain(self.family, self.hook, name=name, ns=ns, device=device, priority=priority)
            native_rule(table, self.family, name=name, ns=ns, flags=flags)

    def __enter__(self) -> "Early":
        """The rules are there already."""
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.names:
            delete(self.family, name=name, ns=self.ns)


def count_input(ports: str, *, ns: Namespace = HOST) -> None:
    """Counts packets to such UDP ports at the input hook, before other rules: what IP has routed to the host."""
    ns.run("nft", "-f", "-", stdin="table inet seen { counter input {}; chain in { type filter hook input priority -10; "
                                   f"udp dport {ports} counter name input; }}; }}\n")


def at_input(ns: Namespace = HOST) -> int:
    """How many there were."""
    return counter("seen", "input", ns=ns)


def compat_rule(table: int, family: str = "ip", *, name: str = "vm", ns: Namespace = HOST, revision: int = 0,
                info: bytes | None = None) -> None:
    """A rule with the xtables target RTPENGINE by way of nft_compat."""
    data = struct.pack("=I", table) if info is None else info
    data += bytes(-len(data) % 8)
    rule(family, "target", [attribute(1, "RTPENGINE"), attribute(2, revision), attribute(3, data)], name=name, ns=ns)


def flush(family: str = "inet", *, name: str = "vm", ns: Namespace = HOST) -> None:
    """Deletes all rules of the chain."""
    change(ns, (_DEL_RULE, 0, FAMILIES[family], attribute(1, name) + attribute(2, name)))


def delete(family: str = "inet", *, name: str = "vm", ns: Namespace = HOST) -> None:
    """Deletes the table with all that is in it."""
    change(ns, (_DEL_TABLE, 0, FAMILIES[family], attribute(1, name)))


def flush_all(ns: Namespace = HOST) -> None:
    """Deletes all tables of all families."""
    change(ns, (_DEL_TABLE, 0, 0, b""))


def rules(family: str = "inet", *, name: str = "vm", of: str | None = None, ns: Namespace = HOST) -> list[bytes]:
    """The rules of the chain, or of another one of its table, as the kernel dumps them: the raw attributes of each."""
    with open_netlink(ns) as sock:
        sock.send(message(_SUBSYSTEM | _GET_RULE, _DUMP, FAMILIES[family], attribute(1, name) + attribute(2, of or name)))
        found: list[bytes] = []
        while True:
            for kind, body in messages(sock.recv(1 << 20)):
                if kind == 3:
                    return found
                if kind == _SUBSYSTEM | _NEW_RULE:
                    found.append(body[4:])
                elif kind == 2 and (code := -struct.unpack_from("=i", body)[0]):
                    raise OSError(code, os.strerror(code))


def counter(table: str, name: str, family: str = "inet", *, ns: Namespace = HOST) -> int:
    """How many packets a named counter has counted."""
    with open_netlink(ns) as sock:
        sock.send(message(_SUBSYSTEM | _GET_OBJECT, 0, FAMILIES[family],
                           attribute(1, table) + attribute(2, name) + attribute(3, 1)))
        for kind, body in messages(sock.recv(65536)):
            if kind == _SUBSYSTEM | _NEW_OBJECT:
                return int(struct.unpack(">Q", attributes(attributes(body[4:])[4])[2])[0])
            code = -struct.unpack_from("=i", body)[0]
            raise OSError(code, os.strerror(code))
    raise LookupError(name)


def attributes(data: bytes) -> dict[int, bytes]:
    """Netlink attributes by their number."""
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3FFF] = data[4:size]
        data = data[(size + 3) & ~3:]
    return found


def dumped_table(rule_attributes: bytes) -> int | None:
    """The table id in the dump of a native rule."""
    at = rule_attributes.find(b"rtpengine\0")
    if at < 0:
        return None
    at += 12  # the name and its padding
    _, outer = struct.unpack_from("=HH", rule_attributes, at)
    size, kind, number = struct.unpack_from("=HHI", rule_attributes, at + 4)
    return number if outer & 0x7FFF == 2 and (size, kind) == (8, 1) else None
