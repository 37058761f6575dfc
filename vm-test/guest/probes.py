# SPDX-License-Identifier: GPL-2.0-only
"""How often functions of the kernel are called: kprobes, where the kernel has them."""

from __future__ import annotations

from pathlib import Path

from .net import command

_ROOT = Path("/sys/kernel/tracing")
_GROUP = "vm_test"


class Probes:
    """`with Probes("ip_output") as probes:` meanwhile `probes.calls()` has how often each was called, or is None without kprobes."""

    def __init__(self, *functions: str) -> None:
        self._functions = functions
        self._there = False

    def __enter__(self) -> "Probes":
        if not (_ROOT / "trace").exists():
            command("mount", "-t", "tracefs", "tracefs", str(_ROOT), check=False)
        self._there = (_ROOT / "kprobe_events").exists()
        if self._there:
            (_ROOT / "kprobe_events").write_text("".join(f"p:{_GROUP}/{name} {name}\n" for name in self._functions))
            (_ROOT / "events" / _GROUP / "enable").write_text("1")
        return self

    def __exit__(self, *_: object) -> None:
        if self._there:
            (_ROOT / "events" / _GROUP / "enable").write_text("0")
            (_ROOT / "kprobe_events").write_text("")  # which has none from then on

    def calls(self) -> dict[str, int] | None:
        """Calls of each function so far."""
        if not self._there:
            return None
        lines = (line.split() for line in (_ROOT / "kprobe_profile").read_text().splitlines())
        hits = {line[0]: int(line[1]) for line in lines}
        return {function: hits[function] for function in self._functions}
