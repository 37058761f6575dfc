# SPDX-License-Identifier: GPL-2.0-only
"""Commands with one wrong value: each is refused, and the table stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .abi import Struct
from .control import Control
from .proc import Table
from .scenario import Scenario

ONES = 0xFFFF_FFFF


class Refusals:
    """Sends commands that have to be refused, and counts them."""

    def __init__(self, t: Scenario, table: Table, control: Control) -> None:
        self.count = 0
        self._t, self._table, self._control = t, table, control

    def _seen(self) -> tuple[str, dict[str, int]]:
        return self._table.list_text(), self._table.status()

    def check(self, kind: str, base: Struct, place: str, sets: Iterable[Mapping[str, object]], error: str) -> None:
        """`base` with each set of fields, below `place`, is refused with that error; list and status are as before."""
        before = self._seen()
        for fields in sets:
            command = base.copy()
            for name, value in fields.items():
                command[f"{place}.{name}"] = value
            self._t.errno(f"{kind} with {fields}", error, self._control.write, command)
            self._t.equal(f"list and status after {kind} with {fields}", self._seen(), before)
            self.count += 1
