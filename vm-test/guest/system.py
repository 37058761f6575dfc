# SPDX-License-Identifier: GPL-2.0-only
"""System calls that Python has no function for: where the processor is emulated, to start a program costs much more."""

from __future__ import annotations

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_FINIT_MODULE, _DELETE_MODULE = 313, 176
_MS_BIND, _MNT_DETACH = 4096, 2


def bind_mount(source: str, target: str) -> None:
    """Shows `source` at `target`."""
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), None, _MS_BIND, None), target)


def unmount(target: str) -> None:
    """Undoes it, as soon as nobody uses the target."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), target)


def load_module(file: str, parameters: str) -> None:
    """Loads a kernel module whose dependencies are loaded."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.syscall(_FINIT_MODULE, fd, os.fsencode(parameters), 0), file)
    finally:
        os.close(fd)


def unload_module(name: str) -> None:
    """Unloads a kernel module; OSError when it is in use."""
    _check(_libc.syscall(_DELETE_MODULE, os.fsencode(name), os.O_NONBLOCK), name)


def _check(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
