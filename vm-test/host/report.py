# SPDX-License-Identifier: GPL-2.0-only
"""What the runner prints about each scenario."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from catalogue import Job

_SHOWN_LINES = 60
_lock = threading.Lock()


@dataclass
class Verdict:
    """How a scenario ended."""

    job: Job
    start: float = field(default_factory=time.monotonic)
    step: str = ""
    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    failures: list[dict[str, object]] = field(default_factory=list)
    output: str = ""
    seconds: float = 0
    told: bool = False  # whether the scenario itself said how it ended
    complaints: list[str] = field(default_factory=list)
    kernel_log: list[str] = field(default_factory=list)
    log_path: Path | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def settle(self) -> None:
        """A scenario that is there to fail passes when it failed as it should, and in no other way."""
        if wanted := self.job.fails:
            got = [str(failure["what"]) for failure in self.failures]
            self.failures = [] if sorted(got) == sorted(wanted) else [
                {"step": self.step, "what": "the runner finds this scenario failed", "expected": wanted, "got": got}]


def say(*lines: str) -> None:
    """Prints lines together, whatever other machines print at the same time."""
    with _lock:
        print(*lines, sep="\n", flush=True)


def show(verdict: Verdict) -> None:
    """Prints a verdict: one line when it passed, all that helps when it did not."""
    name = verdict.job.name
    notes = [f"       {note}" for note in verdict.notes]
    if verdict.passed:
        say(f"ok     {name} ({verdict.seconds:.1f} s)", *notes)
        return
    lines = [f"FAILED {name}: {verdict.job.summary}", *notes]
    for failure in verdict.failures:
        lines.append(f"  step      {failure.get('step') or 'none yet'}")
        for key in ("what", "expected", "got", "trace"):
            if value := failure.get(key):
                lines += _block(key, str(value))
        logs = failure.get("logs")
        if isinstance(logs, dict):
            for source, text in logs.items():
                lines += _tail(f"log of {source}", str(text).splitlines())
    lines += _tail("printed by the scenario", verdict.output.splitlines())
    lines += _tail("kernel log", verdict.kernel_log)
    if verdict.log_path:
        lines.append(f"  all of it in {verdict.log_path}")
    say(*lines)


def _block(title: str, text: str) -> list[str]:
    first, *rest = text.rstrip().splitlines() or [""]
    return [f"  {title:<9} {first}", *(f"            {line}" for line in rest)]


def _tail(title: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    shown = lines[-_SHOWN_LINES:]
    return [f"  {title} ({len(shown)} of {len(lines)} lines)", *(f"    | {line}" for line in shown)]
