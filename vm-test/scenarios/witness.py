# SPDX-License-Identifier: GPL-2.0-only
"""The C module of Debian testing makes the same of generated targets with 100 packets each, but for what is meant."""

from guest import witness

MODULE = None
KERNEL = "stock"
TIMEOUT = 60
SOAK_TIMEOUT = 180
LONG_TIMEOUT = 720
TARGETS = {"test": 30, "soak": 1_000, "long": 4_000}


def run(t):
    witness.compare(t, "c", "26.0", t.sized(**TARGETS))
