# SPDX-License-Identifier: GPL-2.0-only
"""Programs of BPF on a device: one that gives what comes metadata, as XDP may, and one that drops what leaves with it."""

from __future__ import annotations

import ctypes
import os
import socket
import struct

from .net import Namespace
from .system import check

_BPF, _PROG_LOAD, _LINK_CREATE = 321, 5, 28
_SCHED_CLS, _XDP = 3, 6
_AT_XDP, _AT_EGRESS = 37, 47
_SKB_MODE = 2
_ADJUST_META = 54
_libc = ctypes.CDLL(None, use_errno=True)


def _instruction(code: int, to: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("=BBhi", code, source << 4 | to, offset, value)


_EXIT = _instruction(0x95)
# bpf_xdp_adjust_meta(context, -8); return XDP_PASS;
_GIVES_METADATA = _instruction(0xB7, 2, value=-8) + _instruction(0x85, value=_ADJUST_META) + _instruction(0xB7, 0, value=2) + _EXIT
# return context->data == context->data_meta ? TCX_PASS : TCX_DROP;
_DROPS_METADATA = b"".join((_instruction(0x61, 2, 1, 140), _instruction(0x61, 3, 1, 76), _instruction(0xB7, 0, value=0),
                            _instruction(0x1F, 3, 2), _instruction(0x15, 3, 0, 1, 0), _instruction(0xB7, 0, value=2), _EXIT))


def _call(command: int, attributes: bytes) -> int:
    fd = _libc.syscall(_BPF, command, attributes, len(attributes))
    check(fd, "bpf")
    return int(fd)


def _attached(kind: int, instructions: bytes, ns: Namespace, dev: str, place: int, flags: int) -> int:
    code, license_ = ctypes.create_string_buffer(instructions), ctypes.create_string_buffer(b"GPL")
    program = _call(_PROG_LOAD, struct.pack("=IIQQ", kind, len(instructions) // 8, ctypes.addressof(code),
                                            ctypes.addressof(license_)).ljust(72, b"\0"))
    with ns:
        link = _call(_LINK_CREATE, struct.pack("=IIII", program, socket.if_nametoindex(dev), place, flags))
    os.close(program)
    return link


def gives_metadata(ns: Namespace, dev: str) -> int:
    """Has XDP give what comes by a device eight bytes of metadata, until the returned file is closed."""
    return _attached(_XDP, _GIVES_METADATA, ns, dev, _AT_XDP, _SKB_MODE)


def drops_metadata(ns: Namespace, dev: str) -> int:
    """Drops what leaves by a device with metadata, until the returned file is closed."""
    return _attached(_SCHED_CLS, _DROPS_METADATA, ns, dev, _AT_EGRESS, 0)
