# SPDX-License-Identifier: GPL-2.0-only
"""Packets that the kernel frees, as its trace points tell it: those that were dropped with why and where, and those that were not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .net import command

_ROOT = Path("/sys/kernel/tracing")
_EVENTS = ("kfree_skb", "consume_skb")
_LINE = re.compile(r": (kfree_skb|consume_skb): skbaddr=\S+ .*?location=(.*?)(?: reason: (\w+))?$")


@dataclass(frozen=True)
class Freed:
    """A packet that was freed: `reason` when it was dropped, and the place in the kernel."""

    reason: str | None
    location: str


class Tracing:
    """`with Tracing() as tracing:` meanwhile `freed()` has what was freed since it was last asked."""

    def __enter__(self) -> "Tracing":
        if not (_ROOT / "trace").exists():
            command("mount", "-t", "tracefs", "tracefs", str(_ROOT))
        self._enable(True)
        self.freed()
        return self

    def __exit__(self, *_: object) -> None:
        self._enable(False)

    def freed(self, where: str = "[xt_rtpengine_rs]") -> list[Freed]:
        """The packets that were freed in a place of that name."""
        lines = (_ROOT / "trace").read_text().splitlines()
        (_ROOT / "trace").write_text("")
        matches = (_LINE.search(line) for line in lines)
        return [Freed(match[3], match[2]) for match in matches if match and where in match[2]]

    @staticmethod
    def _enable(on: bool) -> None:
        for event in _EVENTS:
            (_ROOT / "events/skb" / event / "enable").write_text("1" if on else "0")
