# SPDX-License-Identifier: GPL-2.0-only
"""Judges the kernel log of a virtual machine, scenario by scenario."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STAMP = re.compile(r"^\[\s*\d+\.\d+\](?:\[\s*[TC]\d+\])? ?")
_BAD = re.compile(
    r"\bBUG\b|\bBUG:|WARNING:|\bOops\b|Kernel panic|general protection fault|KASAN|KCSAN|UBSAN|kmemleak|"
    r"unreferenced object|Call Trace|refcount_t|rust_kernel: panicked|possible recursive locking|"
    r"possible circular locking|suspicious RCU usage|inconsistent lock state|held lock freed|"
    r"sleeping function called|scheduling while atomic|rcu.*\bstall|soft lockup|hard LOCKUP|blocked for more than|"
    r"unable to handle|Poison overwritten|Redzone|Unable to unregister|waiting for \S+ to become free|"
    r"page allocation failure|still has .* references|stack guard|Objects remaining",
)
# What a healthy boot of the stock kernel prints, what loading a module from outside the kernel's tree prints, and what is told of a program
# that crashed.
_FINE = re.compile(
    r"^traps: .* ip:[0-9a-f]+ sp:|taints kernel|module verification failed|"
    r"kmemleak: (?:Kernel memory leak detector (?:initialized|disabled)|Automatic memory scanning thread started)|"
    r"Unprivileged eBPF|Spectre|Speculative|MDS:|MMIO Stale|RETBleed|Retbleed|SRBDS|TAA:|ITS:|VMSCAPE|TSA:",
)


def bare(line: str) -> str:
    """A line without its time stamp."""
    return _STAMP.sub("", line.rstrip("\r\n"))


def complaints(lines: Iterable[str]) -> list[str]:
    """The lines by which the kernel says that something went wrong, but for those while the C module was a witness."""
    found = []
    is_witness = False
    for line in map(bare, lines):
        if line.startswith("vm-test: witness "):
            is_witness = line == "vm-test: witness begins"
        elif not is_witness and _BAD.search(line) and not _FINE.search(line):
            found.append(line)
    return found


def section(log: str, name: str) -> tuple[list[str], bool]:
    """The lines between the marks of a scenario, the last time it ran, and whether the end mark is there.

    The empty name stands for the boot, all that comes before the first scenario.
    """
    found: list[str] = []
    inside, ended = not name, False
    for line in log.splitlines():
        text = bare(line)
        if text.startswith("vm-test: begin "):
            if not name:
                return found, True
            if text == f"vm-test: begin {name}":
                found, inside, ended = [], True, False
                continue
        if inside and text == f"vm-test: end {name}":
            inside, ended = False, True
        if inside:
            found.append(text)
    return found, ended
