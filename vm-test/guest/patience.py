# SPDX-License-Identifier: GPL-2.0-only
"""How long to wait for what has to come: a debug kernel takes several times as long as the stock one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from .errors import Failure

DEBUG_KERNEL = Path("/sys/kernel/debug/kmemleak").exists()
_FACTOR = 6 if DEBUG_KERNEL else 1


def patient(seconds: float) -> float:
    """The time in which something has to come, given what the stock kernel needs."""
    return seconds * _FACTOR


def eventually(what: str, get: Callable[[], object], expected: object, timeout: float = 5) -> None:
    """Fails unless `get()` becomes `expected` in time."""
    end = time.monotonic() + patient(timeout)
    while (got := get()) != expected:
        if time.monotonic() > end:
            raise Failure(f"{what} within {patient(timeout):g} s", expected, got)
        time.sleep(0.05)


def counters_settle() -> None:
    """Waits until counters that all calls share are right: processors have brought theirs after 10 ms, if they have run since."""
    time.sleep(patient(0.012))
    processors = os.sched_getaffinity(0)
    if len(processors) > 1:
        for processor in processors:
            os.sched_setaffinity(0, {processor})
        os.sched_setaffinity(0, processors)
