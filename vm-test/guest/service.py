# SPDX-License-Identifier: GPL-2.0-only
"""The daemon as the package's unit starts it: in the root file system of its Debian, as its user, with its capabilities."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from . import system

ROOTS = {"12.5": "/srv/debian-13", "26.0": "/"}
USER = "rtpengine"
# CAP_NET_ADMIN and CAP_SYS_NICE: AmbientCapabilities of rtpengine-daemon.service.
CAPABILITIES = 12, 23
_SHARED = "dev", "proc", "sys", "run", "tmp"


def start(argv: Sequence[str], release: str, output: IO[bytes] | int, user: str = USER,
          capabilities: Sequence[int] = CAPABILITIES) -> subprocess.Popen[bytes]:
    """Starts a program of the release's Debian as a user: one other than root has the capabilities of the unit, or these."""
    root = ROOTS[release]
    uid, gid = _ids(root, user)
    if root != "/":
        _share(root)

    def enter() -> None:
        if root != "/":
            os.chroot(root)
            os.chdir("/")
        if uid:
            system.become(uid, gid, capabilities, ambient=True)

    return subprocess.Popen(argv, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=enter)


def _ids(root: str, user: str) -> tuple[int, int]:
    """The numbers of a user and of its group; they are not the same in each Debian."""
    for line in Path(root, "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == user:
            return int(uid), int(gid)
    raise LookupError(f"no user {user} in {root}")


def _share(root: str) -> None:
    """Shows the machine's devices, processes and temporary files there; later scenarios find them."""
    for name in _SHARED:
        place = os.path.join(root, name)
        if not os.path.ismount(place):
            system.bind_mount(f"/{name}", place)
