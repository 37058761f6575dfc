# SPDX-License-Identifier: GPL-2.0-only
"""Loads and unloads the module under test: ours (`rs`) or the existing C module (`c`)."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from .net import command

NAMES = {"rs": "xt_rtpengine_rs", "c": "nft_rtpengine"}
_C_FILE = Path("/run/vm-test/c/nft_rtpengine.ko")


def load(which: str, *parameters: str) -> None:
    """Loads a module with parameters such as `proc_mask=0x6`."""
    if which == "rs":
        command("modprobe", NAMES[which], *parameters)
        return
    depends = command("modinfo", "-F", "depends", str(_C_FILE)).stdout.strip()
    for name in filter(None, depends.split(",")):
        command("modprobe", name)
    command("insmod", str(_C_FILE), *parameters)


def loaded(which: str) -> bool:
    """Whether the module is loaded."""
    return Path("/sys/module", NAMES[which]).exists()


def unload(which: str) -> None:
    """Unloads the module; OSError-like RuntimeError when the kernel refuses."""
    command("rmmod", NAMES[which])


def unload_soon(which: str, timeout: float = 10) -> str | None:
    """Unloads the module as soon as what a scenario left is gone; the kernel's refusal when it never is."""
    end = time.monotonic() + timeout
    while loaded(which):
        result = subprocess.run(["rmmod", NAMES[which]], capture_output=True, text=True, check=False)
        if result.returncode != 0 and time.monotonic() > end:
            references = Path("/sys/module", NAMES[which], "refcnt").read_text().strip()
            return f"{result.stderr.strip()} (references: {references})"
        time.sleep(0.05)
    return None
