# SPDX-License-Identifier: GPL-2.0-only
"""A scenario whose kernel panics fails, and the next ones run in a new machine."""

from pathlib import Path

MODULE = None
FAILS = ("the machine lives to the end of the scenario", "the kernel has nothing to complain of")


def run(t):
    t.step("panic")
    Path("/proc/sysrq-trigger").write_text("c")
