# SPDX-License-Identifier: GPL-2.0-only
"""Loads and unloads the module under test: ours (`rs`), or the existing C module of generation 26.0 (`c`) or of 12.5 (`c12`)."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from . import system
from .net import command
from .patience import patient

NAMES = {"rs": "xt_rtpengine_rs", "c": "nft_rtpengine", "c12": "xt_RTPENGINE"}
_FILES = {"rs": Path("/usr/lib/modules", os.uname().release, "updates/xt_rtpengine_rs.ko"),
          "c": Path("/run/vm-test/c/nft_rtpengine.ko"), "c12": Path("/run/vm-test/c/xt_RTPENGINE.ko")}
_DEPENDS = b"\0depends="


def load(which: str, *parameters: str) -> None:
    """Loads a module with parameters such as `proc_mask=0x6`."""
    file = _FILES[which]
    depends = file.read_bytes().partition(_DEPENDS)[2].partition(b"\0")[0].decode().split(",")
    missing = [name for name in depends if name and not Path("/sys/module", name).exists()]
    if missing:
        command("modprobe", "-a", *missing)
    system.load_module(str(file), " ".join(parameters))


def loaded(which: str) -> bool:
    """Whether the module is loaded."""
    return Path("/sys/module", NAMES[which]).exists()


def references(which: str) -> int:
    """How often the module is in use: by open files, and by rules of all namespaces."""
    return int(Path("/sys/module", NAMES[which], "refcnt").read_text())


def unload(which: str) -> None:
    """Unloads the module; OSError when the kernel refuses."""
    system.unload_module(NAMES[which])


@contextlib.contextmanager
def witness(which: str = "c") -> Iterator[None]:
    """With a C module loaded, to be compared with: what the kernel complains of meanwhile is not ours."""
    _tell_kernel_log("witness begins")
    load(which)
    yield
    refused = unload_soon(which)
    _tell_kernel_log("witness ends")
    if refused:
        raise RuntimeError(f"the C module does not unload: {refused}")


def _tell_kernel_log(text: str) -> None:
    with open("/dev/kmsg", "wb", buffering=0) as file:
        file.write(f"vm-test: {text}\n".encode())


def unload_soon(which: str, timeout: float = 10) -> str | None:
    """Unloads the module as soon as what a scenario left is gone; the kernel's refusal when it never is."""
    end = time.monotonic() + patient(timeout)
    while loaded(which):
        try:
            unload(which)
        except OSError as error:
            if time.monotonic() > end:
                return f"{error} (references: {references(which)})"
            time.sleep(0.02)
    return None
