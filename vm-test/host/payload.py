# SPDX-License-Identifier: GPL-2.0-only
"""What a run brings into the virtual machine: a disk with a tar archive, which the machine unpacks over its root."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

# A machine that was kept finds a disk of the size that it knows.
SIZE = 64 << 20
_HERE = Path(__file__).resolve().parent.parent


def write(to: Path, scenarios: Path, files: Sequence[tuple[Path, str]]) -> None:
    """Writes the archive: the guest library, the scenarios, and `files` as (source, place in the guest)."""
    with tarfile.open(to, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in (*sorted((_HERE / "guest").glob("*.py")), *sorted((_HERE / "guest").glob("*.tsv"))):
            _add(tar, path, f"run/vm-test/guest/{path.name}")
        for path in sorted(scenarios.glob("*.py")):
            _add(tar, path, f"run/vm-test/scenarios/{path.name}")
        for source, place in files:
            _add(tar, source, place)
    if to.stat().st_size > SIZE:
        raise ValueError(f"{to} does not fit a disk of {SIZE} bytes: enlarge SIZE in payload.py")
    os.truncate(to, SIZE)


def _add(tar: tarfile.TarFile, source: Path, place: str) -> None:
    tar.add(source, place, filter=_as_root)


def _as_root(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    return info
