# SPDX-License-Identifier: GPL-2.0-only
"""The runner fails a scenario in which a check does not hold."""

MODULE = None
FAILS = "one is two"


def run(t):
    t.step("a check that cannot hold")
    t.equal("one is two", 1, 2)
