# SPDX-License-Identifier: GPL-2.0-only
"""Memory of this process by its address: mapped, moved, replaced and taken away while the kernel has it pinned."""

from __future__ import annotations

import ctypes
import mmap
import os

from . import abi
from .abi import Struct
from .control import new
from .system import check

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = _libc.mremap.restype = ctypes.c_void_p
_FAILED = ctypes.c_void_p(-1).value
_FIXED, _MAY_MOVE = 0x10, 1
_READ_WRITE = mmap.PROT_READ | mmap.PROT_WRITE
SIZE = 8 * mmap.PAGESIZE


class Pages:
    """Eight pages: of nobody else, shared, or those of the file `fd`. They stay mapped until they are taken away."""

    def __init__(self, flags: int = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, fd: int = -1, protection: int = _READ_WRITE) -> None:
        self.fd = fd
        self.addr = self._map(None, flags, fd, protection)

    @staticmethod
    def _map(addr: int | None, flags: int, fd: int, protection: int = _READ_WRITE) -> int:
        found = _libc.mmap(ctypes.c_void_p(addr), ctypes.c_size_t(SIZE), protection, flags, fd, ctypes.c_long(0))
        if found == _FAILED:
            raise OSError(ctypes.get_errno(), "mmap")
        return int(found)

    def pin_command(self) -> Struct:
        """PIN_MEMORY of all of them."""
        return new("pin_memory", **{"pin_memory.addr": self.addr, "pin_memory.size": SIZE})

    def packets(self, offset: int) -> int:
        """The field `packets` of the `stream_stats` that lie there."""
        value = abi.read(ctypes.string_at(self.addr + offset, abi.SIZES["stream_stats"]), "stream_stats", "packets")
        assert isinstance(value, int)
        return value

    def fill(self, byte: int) -> None:
        """Writes that byte everywhere."""
        ctypes.memset(self.addr, byte, SIZE)

    def holds(self, byte: int) -> bool:
        """Whether that byte is everywhere."""
        return ctypes.string_at(self.addr, SIZE) == bytes([byte]) * SIZE

    def move(self) -> None:
        """Moves them to another address."""
        place = self._map(None, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1)
        found = _libc.mremap(ctypes.c_void_p(self.addr), ctypes.c_size_t(SIZE), ctypes.c_size_t(SIZE), _MAY_MOVE | 2,
                             ctypes.c_void_p(place))
        if found == _FAILED:
            raise OSError(ctypes.get_errno(), "mremap")
        self.addr = int(found)

    def replace(self) -> None:
        """Maps others at their place."""
        self._map(self.addr, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _FIXED, -1)

    def advise(self, advice: int) -> None:
        """Gives the kernel advice on them."""
        check(_libc.madvise(ctypes.c_void_p(self.addr), ctypes.c_size_t(SIZE), advice), "madvise")

    def protect(self, protection: int) -> None:
        """Changes what may be done with them."""
        check(_libc.mprotect(ctypes.c_void_p(self.addr), ctypes.c_size_t(SIZE), protection), "mprotect")

    def unmap(self) -> None:
        """Takes them out of the address space."""
        check(_libc.munmap(ctypes.c_void_p(self.addr), ctypes.c_size_t(SIZE)), "munmap")

    def punch(self) -> None:
        """Makes a hole of the file."""
        check(_libc.fallocate(self.fd, 3, ctypes.c_long(0), ctypes.c_long(SIZE)), "fallocate")

    def cut(self) -> None:
        """Cuts the file to nothing, and makes it as long as it was."""
        os.ftruncate(self.fd, 0)
        os.ftruncate(self.fd, SIZE)
