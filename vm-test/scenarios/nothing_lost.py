# SPDX-License-Identifier: GPL-2.0-only
"""After all that a machine has run, kmemleak finds nothing lost, and lockdep has not given up."""

from guest import faults
from guest.system import lockdep_watches

MODULE = None
KERNEL = "debug"
LAST = True
TIMEOUT = 60


def run(t):
    t.step("scan")
    t.equal("lost memory", faults.leaks(), "")

    t.step("lockdep")
    t.equal("it goes on", lockdep_watches(), True)
