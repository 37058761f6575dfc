# SPDX-License-Identifier: GPL-2.0-only
"""Hostile packets of every kind become the same with rules at prerouting and at ingress beside the one at the input hook."""

import importlib.util
from pathlib import Path

TIMEOUT = 120
SOAK_TIMEOUT = 360


def run(t):
    spec = importlib.util.spec_from_file_location("packet_fuzz", Path(__file__).with_name("packet_fuzz.py"))
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)
    # What ingress leaves comes to prerouting, and what that leaves to the input hook.
    fuzz.run(t, early=("inet prerouting", "netdev ingress"))
