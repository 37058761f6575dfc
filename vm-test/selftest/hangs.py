# SPDX-License-Identifier: GPL-2.0-only
"""A scenario that does not end is ended."""

import time

MODULE = None
TIMEOUT = 0.5
FAILS = "the scenario is done within 3.0 s"


def run(t):
    t.step("sleep")
    time.sleep(1000)
