# SPDX-License-Identifier: GPL-2.0-only
"""After all that a machine has run, kmemleak finds nothing lost, and lockdep has not given up."""

import re
import time
from pathlib import Path

MODULE = None
KERNEL = "debug"
LAST = True
TIMEOUT = 60

KMEMLEAK = Path("/sys/kernel/debug/kmemleak")
# kmemleak leaves alone what is younger than this, in seconds.
YOUNG = 5


def run(t):
    t.step("scan")
    time.sleep(YOUNG + 1)
    # What is lost is told when a second scan finds that nothing has come to refer to it.
    for _ in range(2):
        KMEMLEAK.write_text("scan")
    t.equal("lost memory", KMEMLEAK.read_text(), "")

    t.step("lockdep, which ends itself with its first report or when it runs out of room")
    statistics = Path("/proc/lockdep_stats").read_text()
    t.true("debug_locks", re.search(r"debug_locks:\s+1$", statistics, re.MULTILINE), statistics)
