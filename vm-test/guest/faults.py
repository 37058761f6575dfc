# SPDX-License-Identifier: GPL-2.0-only
"""Allocations that fail on purpose, and memory that the kernel has lost: on the debug kernel alone."""

from __future__ import annotations

import errno
import functools
import itertools
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from .errors import Failure

DEBUG = Path("/sys/kernel/debug")
# What can be made to fail: objects, and whole pages.
KINDS = ("failslab", "fail_page_alloc")
# Where modules lie: on the debug kernel there is no other than ours.
_PLACES = {"module": (0xFFFF_FFFF_A000_0000, 0xFFFF_FFFF_FF00_0000), "everywhere": (0, 0xFFFF_FFFF_FFFF_FFFF)}
_MANY = 1 << 30
# How old an object has to be for kmemleak to tell that it is lost, in seconds.
_LEAK_AGE = 5.5


@dataclass
class Outcome:
    """How something ended while an allocation failed: whether there was such an allocation, and the error, if any."""

    hit: bool
    error: OSError | None

    @property
    def name(self) -> str:
        """The name of the error, or "" where there was none."""
        return errno.errorcode.get(self.error.errno or 0, str(self.error)) if self.error else ""


class Faults:
    """Makes allocations fail that are asked for `within` the module, by itself or by what it calls, or within a function of the
    kernel, or everywhere.

    Settings are those of `/sys/kernel/debug/failslab` and `fail_page_alloc`; none is left behind.
    """

    def __init__(self, within: str = "module", **settings: object) -> None:
        start, end = _PLACES.get(within) or _functions(within)
        reject = _functions("kmemleak_alloc", "kmemleak_free", "kmemleak_scan_area", "kmemleak_vmalloc")
        self._settings = {"probability": 0, "times": _MANY, "interval": 1, "verbose": 0, "task-filter": "N",
                          "stacktrace-depth": 32, "require-start": start, "require-end": end,
                          # What kmemleak needs for itself.
                          "reject-start": reject[0], "reject-end": reject[1], "ignore-gfp-wait": "N",
                          "ignore-gfp-highmem": "N", "min-order": 0, "cache-filter": "N",
                          **{name.replace("_", "-"): value for name, value in settings.items()}}
        self._nth = -1

    def __enter__(self) -> "Faults":
        for kind in KINDS:
            for name, value in self._settings.items():
                if name != "probability" and (file := DEBUG / kind / name).exists():
                    file.write_text(str(value))
        self._nth = os.open("/proc/thread-self/fail-nth", os.O_RDWR | os.O_CLOEXEC)
        self.chance(self._settings["probability"])
        return self

    def __exit__(self, *_: object) -> None:
        self.chance(0)
        os.close(self._nth)

    def chance(self, percent: object, *kinds: str) -> None:
        """From now on that share of allocations fails, in softirq too; 0 ends it."""
        for kind in kinds or KINDS:
            (DEBUG / kind / "probability").write_text(str(percent))

    @property
    def injected(self) -> int:
        """How many allocations have failed so far."""
        return sum(_MANY - int((DEBUG / kind / "times").read_text()) for kind in KINDS)

    def nth(self, number: int, do: Callable[[], object]) -> Outcome:
        """Calls `do`, which has the allocation of that number fail."""
        error = None
        os.write(self._nth, b"%d" % number)
        try:
            do()
        except OSError as refused:
            error = refused
        finally:
            left = int(os.pread(self._nth, 16, 0))
            os.write(self._nth, b"0")
        return Outcome(left == 0, error)

    def each(self, what: str, do: Callable[[], object], undo: Callable[[], object], state: Callable[[], object],
             refusals: Iterable[str] = ("ENOMEM",)) -> tuple[int, int]:
        """Calls `do` with its first allocation failing, its second, and so on to the last; how many there were, and refusals.

        Either it succeeds all the same, or it is refused, changes nothing, and succeeds when it is called again. `undo` puts
        things back; `state` is what can be seen of them.
        """
        before = state()
        do()
        after = state()
        undo()
        refused = 0
        for number in itertools.count(1):
            _same(f"{what}: what is undone", state(), before)
            outcome = self.nth(number, do)
            if outcome.error:
                if not outcome.hit or outcome.name not in refusals:
                    raise Failure(f"{what}, allocation {number} fails", " or ".join(refusals), outcome.name)
                refused += 1
                _same(f"{what}, allocation {number} fails: what is left", state(), before)
                do()
            _same(f"{what}, allocation {number} fails: what is there in the end", state(), after)
            undo()
            if not outcome.hit:
                return number - 1, refused
        raise AssertionError


@functools.cache
def _functions(*names: str) -> tuple[int, int]:
    """Where functions of the kernel lie that come from one file of it."""
    code = _code()
    found = [place for place, (_, symbol) in enumerate(code) if symbol in names]
    start, last = code[found[0]][0], code[found[-1]][0]
    return start, next(address for address, _ in code[found[-1]:] if address > last)


@functools.cache
def _code() -> list[tuple[int, str]]:
    """All functions of the kernel, in the order in which they lie."""
    symbols = (line.split(None, 3) for line in Path("/proc/kallsyms").read_text().splitlines())
    return sorted((int(symbol[0], 16), symbol[2]) for symbol in symbols if symbol[1] in "tT" and len(symbol) == 3)


def _same(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise Failure(what, expected, got)


def forget_leaks() -> None:
    """What is lost by now is of no interest."""
    (DEBUG / "kmemleak").write_text("clear")


def leaks() -> str:
    """What the kernel has lost since `forget_leaks`, as kmemleak shows it: "" when it has lost nothing."""
    time.sleep(_LEAK_AGE)
    # An object that was being moved is found by the second search.
    for _ in range(2):
        (DEBUG / "kmemleak").write_text("scan")
    return (DEBUG / "kmemleak").read_text()
