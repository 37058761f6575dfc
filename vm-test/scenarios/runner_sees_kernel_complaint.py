# SPDX-License-Identifier: GPL-2.0-only
"""The runner fails a scenario in which the kernel complains."""

from pathlib import Path

MODULE = None
FAILS = "the kernel has nothing to complain of"


def run(t):
    t.step("a line in the kernel's log as a bug leaves it")
    Path("/dev/kmsg").write_text("WARNING: CPU: 0 PID: 1 at a line that a scenario wrote\n")
