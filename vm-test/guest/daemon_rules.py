# SPDX-License-Identifier: GPL-2.0-only
"""The rules that a daemon makes for its table, as each generation does: a chain of its own, to which one of the input hook jumps."""

from __future__ import annotations

import contextlib
import socket
import struct
from dataclasses import dataclass

from . import nft
from .net import HOST, Namespace
from .nft import attribute

_TABLE, _BASE = "filter", "INPUT"
_NEW_TABLE, _NEW_CHAIN, _DEL_CHAIN, _NEW_RULE, _DEL_RULE = 0, 3, 5, 6, 8
_CREATE, _APPEND = 0x400, 0x800
_JUMP = (-3 & 0xFFFF_FFFF).to_bytes(4, "big")
_L4PROTO = 16
# Attributes of the expression `rtpengine`.
_ID, _CREAT, _EXCL = 1, 2, 3


def _expression(name: str, *data: bytes) -> bytes:
    return attribute(1, [attribute(1, name), attribute(2, list(data))])


@dataclass(frozen=True)
class Rules:
    """The rules for a table: by the expression `rtpengine` or the compat target, with a comment or without.

    `creates`: the rule of the first family makes the table, which must not be there."""

    table: int
    families: tuple[str, ...]
    expression: bool
    comment: str | None
    creates: bool
    ns: Namespace = HOST

    @property
    def chain(self) -> str:
        """The daemon's own chain."""
        return f"rtpengine_{self.table}" if self.expression else "rtpengine"

    def add(self) -> None:
        """Adds them, a transaction for each family."""
        for family in self.families:
            base = attribute(3, _BASE) + attribute(4, [attribute(1, nft.HOOKS["input"]), attribute(2, 0)])
            chains = base + attribute(7, "filter"), attribute(3, self.chain)
            udp = [_expression("meta", attribute(1, 1), attribute(2, _L4PROTO)),
                   _expression("cmp", attribute(1, 1), attribute(2, 0), attribute(3, [attribute(1, bytes([socket.IPPROTO_UDP]))]))]
            verdict = attribute(2, [attribute(1, _JUMP), attribute(2, self.chain)])
            jump = _expression("immediate", attribute(1, 0), attribute(2, [verdict]))
            commands = [(_NEW_TABLE, _CREATE, attribute(1, _TABLE)),
                        *((_NEW_CHAIN, _CREATE, attribute(1, _TABLE) + chain) for chain in chains),
                        self._rule(_BASE, [*udp, _expression("counter"), jump], 0),
                        self._rule(self.chain, [self._hands_over(family), _expression("counter")], _APPEND)]
            if self.comment:
                text = self.comment.encode() + b"\0"
                commands.append(self._rule(self.chain, [], _APPEND, attribute(7, bytes([0, len(text)]) + text)))
            self._change(family, commands)

    def remove(self) -> None:
        """Removes those that it finds, as a daemon does before it adds some, and at its end."""
        for family in self.families:
            jumps: list[bytes] = []
            with contextlib.suppress(FileNotFoundError):
                jumps += (rule for rule in nft.rules(family, name=_TABLE, of=_BASE, ns=self.ns) if self.chain.encode() + b"\0" in rule)
            if jumps:
                self._change(family, [
                    *((_DEL_RULE, 0, attribute(1, _TABLE) + attribute(2, _BASE) + attribute(3, nft.attributes(jump)[3])) for jump in jumps),
                    (_DEL_RULE, 0, attribute(1, _TABLE) + attribute(2, self.chain)),
                    (_DEL_CHAIN, 0, attribute(1, _TABLE) + attribute(3, self.chain))])

    def found(self) -> list[int]:
        """How many rules each family has in the daemon's chain; none where there is no chain."""
        counts = []
        for family in self.families:
            with contextlib.suppress(FileNotFoundError):
                counts.append(len(nft.rules(family, name=_TABLE, of=self.chain, ns=self.ns)))
        return [count for count in counts if count]

    def _hands_over(self, family: str) -> bytes:
        number = struct.pack("=I", self.table)
        if not self.expression:
            return _expression("target", attribute(1, "RTPENGINE"), attribute(2, 0), attribute(3, number + bytes(4)))
        flags = (_CREAT, _EXCL) if self.creates and family == self.families[0] else ()
        return _expression("rtpengine", attribute(_ID, number), *(attribute(flag, b"") for flag in flags))

    @staticmethod
    def _rule(chain: str, expressions: list[bytes], place: int, more: bytes = b"") -> tuple[int, int, bytes]:
        return _NEW_RULE, _CREATE | place, attribute(1, _TABLE) + attribute(2, chain) + attribute(4, expressions) + more

    def _change(self, family: str, commands: list[tuple[int, int, bytes]]) -> None:
        nft.change(self.ns, *((number, flags, nft.FAMILIES[family], body) for number, flags, body in commands))
