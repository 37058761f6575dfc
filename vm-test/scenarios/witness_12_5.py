# SPDX-License-Identifier: GPL-2.0-only
"""The C module of Debian 13 makes the same of generated targets in generation 12.5, but for what is meant."""

from guest import witness

MODULE = None
KERNEL = "stock"
TIMEOUT = 60
SOAK_TIMEOUT = 120
LONG_TIMEOUT = 720
TARGETS = {"test": 20, "soak": 500, "long": 4_000}


def run(t):
    witness.compare(t, "c12", "12.5", t.sized(**TARGETS))
