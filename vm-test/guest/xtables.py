# SPDX-License-Identifier: GPL-2.0-only
"""Rules of iptables-legacy, put into the kernel as the tool does it, which knows no target RTPENGINE."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .net import HOST, Namespace
from .system import check, unload_module

# The chains that a table has of itself, each with its hook.
_TABLES = {"filter": {"INPUT": 1, "FORWARD": 2, "OUTPUT": 3}, "raw": {"PREROUTING": 0, "OUTPUT": 3},
           "mangle": {"PREROUTING": 0, "INPUT": 1, "FORWARD": 2, "OUTPUT": 3, "POSTROUTING": 4}}
_HOOKS = 5
_REPLACE, _INFO, _ENTRIES = 64, 64, 65
_VERDICTS = {"DROP": -1, "ACCEPT": -2, "RETURN": -5}
_UDP = 17
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class _Family:
    number: int
    level: int
    ip: int
    """Size of what a rule says of addresses and devices."""
    protocol: int
    """Where its protocol is in that."""
    flags: int
    """Where its flags are in that."""
    names: str


_FAMILIES = {4: _Family(socket.AF_INET, socket.IPPROTO_IP, 84, 80, 82, "/proc/net/ip_tables_names"),
             6: _Family(socket.AF_INET6, socket.IPPROTO_IPV6, 136, 128, 131, "/proc/net/ip6_tables_names")}


@dataclass(frozen=True)
class Rule:
    """A rule for UDP. `target` is a verdict, a chain, or an extension with its data."""

    target: str
    data: bytes = b""
    revision: int = 0
    sport: int | None = None
    dport: int | None = None


def rtpengine(table: int, **match: int) -> Rule:
    """Hands packets to the module."""
    return Rule("RTPENGINE", struct.pack("=I", table), **match)  # type: ignore[arg-type]


def tee(gateway: str, **match: int) -> Rule:
    """Sends a copy by way of `gateway`."""
    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    return Rule("TEE", socket.inet_pton(family, gateway).ljust(16, b"\0") + bytes(16) + bytes(8), 1, **match)  # type: ignore[arg-type]


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


def _extension(name: str, data: bytes, revision: int = 0) -> bytes:
    data = _aligned(data)
    return struct.pack("=H29sB", 32 + len(data), name.encode(), revision) + data


def _entry(family: _Family, matches: bytes, target: bytes, udp: bool) -> bytes:
    ip = bytearray(family.ip)
    if udp:
        struct.pack_into("=H", ip, family.protocol, _UDP)
        ip[family.flags] = 1 if family.level == socket.IPPROTO_IPV6 else 0
    size = (family.ip + 12 + 7 & ~7) + 16
    at = size + len(matches)
    head = bytes(ip) + struct.pack("=IHHI", 0, at, at + len(target), 0)
    return head.ljust(size, b"\0") + matches + target


def _rule(family: _Family, rule: Rule, chains: dict[str, int]) -> bytes:
    matches = b""
    if rule.sport is not None or rule.dport is not None:
        ports = [edge for port in (rule.sport, rule.dport) for edge in ((0, 0xFFFF) if port is None else (port, port))]
        matches = _extension("udp", struct.pack("=4HB", *ports, 0))
    if rule.target in _VERDICTS or rule.target in chains:
        target = _extension("", struct.pack("=i", _VERDICTS.get(rule.target, chains.get(rule.target, 0))))
    else:
        target = _extension(rule.target, rule.data, rule.revision)
    return _entry(family, matches, target, True)


def _policy(family: _Family, verdict: str) -> bytes:
    return _entry(family, b"", _extension("", struct.pack("=i", _VERDICTS[verdict])), False)


def _error(family: _Family, name: str) -> bytes:
    return _entry(family, b"", _extension("ERROR", name.encode().ljust(30, b"\0")), False)


def _built(family: _Family, table: str, chains: dict[str, Sequence[Rule]],
           offsets: dict[str, int]) -> tuple[list[bytes], dict[str, int], dict[str, int]]:
    """All entries, and where each chain begins, and its policy."""
    entries: list[bytes] = []
    starts, ends = {}, {}
    built_in = _TABLES[table]
    for name in (*built_in, *(name for name in chains if name not in built_in)):
        if name not in built_in:
            entries.append(_error(family, name))
        starts[name] = sum(map(len, entries))
        entries += [_rule(family, rule, offsets) for rule in chains.get(name, ())]
        ends[name] = sum(map(len, entries))
        entries.append(_policy(family, "ACCEPT" if name in built_in else "RETURN"))
    return [*entries, _error(family, "ERROR")], starts, ends


class _Socket:
    """The socket that takes the options of iptables."""

    def __init__(self, family: _Family, ns: Namespace) -> None:
        self._family = family
        with ns:
            self._sock = socket.socket(family.number, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def get(self, option: int, value: bytes) -> bytes:
        buffer, length = ctypes.create_string_buffer(value, len(value)), ctypes.c_uint32(len(value))
        check(_libc.getsockopt(self._sock.fileno(), self._family.level, option, buffer, ctypes.byref(length)), "getsockopt")
        return buffer.raw

    def set(self, option: int, value: bytes) -> None:
        check(_libc.setsockopt(self._sock.fileno(), self._family.level, option, value, len(value)), "setsockopt")

    def info(self, table: str) -> tuple[int, int]:
        """How many entries a table has, and of how many bytes."""
        count, size = struct.unpack_from("=II", self.get(_INFO, table.encode().ljust(84, b"\0")), 76)
        return count, size

    def close(self) -> None:
        self._sock.close()


def replace(family: int, chains: dict[str, Sequence[Rule]], *, table: str = "filter", ns: Namespace = HOST) -> None:
    """Makes these the rules of a table: of its own chains, and of chains of other names. OSError when refused."""
    which, built_in = _FAMILIES[family], _TABLES[table]
    placeholder = dict.fromkeys((name for name in chains if name not in built_in), 0)
    _, starts, _ = _built(which, table, chains, placeholder)
    entries, starts, ends = _built(which, table, chains, {name: starts[name] for name in placeholder})
    sock = _Socket(which, ns)
    try:
        number, _ = sock.info(table)
        counters = ctypes.create_string_buffer(16 * number)
        hooks = [0] * _HOOKS, [0] * _HOOKS
        for name, hook in built_in.items():
            hooks[0][hook], hooks[1][hook] = starts[name], ends[name]
        head = struct.pack("=32sIII5I5II", table.encode(), sum(1 << hook for hook in built_in.values()), len(entries),
                           sum(map(len, entries)), *hooks[0], *hooks[1], number)
        sock.set(_REPLACE, _aligned(head) + struct.pack("=Q", ctypes.addressof(counters)) + b"".join(entries))
    finally:
        sock.close()


def packets(family: int, chains: dict[str, Sequence[Rule]], chain: str, number: int, *, table: str = "filter",
            ns: Namespace = HOST) -> int:
    """How many packets a rule of `replace(family, chains)` has seen; the number behind the last rule is the policy."""
    which = _FAMILIES[family]
    _, starts, _ = _built(which, table, chains, dict.fromkeys(chains, 0))
    sock = _Socket(which, ns)
    try:
        _, size = sock.info(table)
        data = sock.get(_ENTRIES, _aligned(struct.pack("=32sI", table.encode(), size)) + bytes(size))[40:]
    finally:
        sock.close()
    at = starts[chain]
    for _ in range(number):
        at += int(struct.unpack_from("=H", data, at + which.ip + 6)[0])
    return int(struct.unpack_from("=Q", data, at + (which.ip + 12 + 7 & ~7))[0])


def reset() -> None:
    """Removes what rules there are, and the tables: whoever looks for iptables-legacy sees none."""
    for family, which in _FAMILIES.items():
        names = Path(which.names)
        for table in set(names.read_text().split() if names.exists() else ()) & set(_TABLES):
            replace(family, {}, table=table)
            module = f"{'ip6' if family == 6 else 'ip'}table_{table}"
            if Path("/sys/module", module, "refcnt").exists():  # the debug kernel has them built in
                unload_module(module)
