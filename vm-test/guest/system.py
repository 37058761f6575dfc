# SPDX-License-Identifier: GPL-2.0-only
"""System calls that Python has no function for: where the processor is emulated, to start a program costs much more."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import re
import struct
import time
from collections.abc import Iterable
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
_FINIT_MODULE, _DELETE_MODULE = 313, 176
_USERFAULTFD, _UFFD_API, _UFFDIO_API, _UFFDIO_REGISTER = 323, 0xAA, 0xC018_AA3F, 0xC020_AA00
_MS_BIND, _MNT_DETACH = 4096, 2
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2
_CAPABILITY_VERSION_3 = 0x2008_0522


def bind_mount(source: str, target: str) -> None:
    """Shows `source` at `target`."""
    check(_libc.mount(os.fsencode(source), os.fsencode(target), None, _MS_BIND, None), target)


def mount(kind: str, target: str) -> None:
    """Mounts a new file system of that kind."""
    check(_libc.mount(b"none", os.fsencode(target), os.fsencode(kind), 0, None), target)


def unmount(target: str) -> None:
    """Undoes it, as soon as nobody uses the target."""
    check(_libc.umount2(os.fsencode(target), _MNT_DETACH), target)


def counters_of_ip() -> dict[str, int]:
    """Those of the thread's namespace, by name, those of IPv6 with it in their names; none of UDP over IPv4."""
    found: dict[str, str] = {}
    for file in ("snmp", "netstat"):
        lines = Path("/proc/thread-self/net", file).read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            if names.startswith(("Ip:", "IpExt:", "TcpExt:")):
                found |= dict(zip(names.split()[1:], values.split()[1:]))
    found |= dict(line.split() for line in Path("/proc/thread-self/net/snmp6").read_text().splitlines())
    return {name: int(value) for name, value in found.items()}


def incomplete_datagrams() -> int:
    """How many datagrams of both families wait for further fragments, in the caller's namespace."""
    lines = Path("/proc/thread-self/net/sockstat").read_text() + Path("/proc/thread-self/net/sockstat6").read_text()
    return sum(int(line.split()[2]) for line in lines.splitlines() if line.startswith("FRAG"))


def load_module(file: str, parameters: str) -> None:
    """Loads a kernel module whose dependencies are loaded."""
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        check(_libc.syscall(_FINIT_MODULE, fd, os.fsencode(parameters), 0), file)
    finally:
        os.close(fd)


def unload_module(name: str) -> None:
    """Unloads a kernel module; OSError when it is in use."""
    check(_libc.syscall(_DELETE_MODULE, os.fsencode(name), os.O_NONBLOCK), name)


def keep_capabilities(permitted: int, inheritable: int = 0) -> None:
    """Keeps these capabilities, as bits of their numbers, and no other."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    sets = [each >> shift & 0xFFFF_FFFF for shift in (0, 32) for each in (permitted, permitted, inheritable)]
    check(_libc.capset(header, struct.pack("=6I", *sets)), "capset")


def become(uid: int, gid: int, capabilities: Iterable[int] = (), *, ambient: bool = False) -> None:
    """Becomes an ordinary user with these capabilities; `ambient` ones are kept by the programs that it starts."""
    bits = sum(1 << each for each in capabilities)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    check(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS")
    os.setresuid(uid, uid, uid)
    keep_capabilities(bits, bits if ambient else 0)
    for each in capabilities if ambient else ():
        check(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, each, 0, 0), "PR_CAP_AMBIENT_RAISE")


class MissingMemory:
    """Memory of this process without pages, which nobody provides: who reads or writes it waits until he is killed."""

    def __init__(self) -> None:
        self.map = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._keep = ctypes.c_char.from_buffer(self.map)
        fd = _libc.syscall(_USERFAULTFD, os.O_CLOEXEC)
        check(fd, "userfaultfd")
        interface = bytearray(struct.pack("=QQQ", _UFFD_API, 0, 0))
        fcntl.ioctl(fd, _UFFDIO_API, interface)
        area = bytearray(struct.pack("=QQQQ", ctypes.addressof(self._keep), mmap.PAGESIZE, 1, 0))
        fcntl.ioctl(fd, _UFFDIO_REGISTER, area)


def pinned_pages() -> int:
    """How many pages of processes are pinned."""
    Path("/proc/sys/vm/stat_refresh").read_text()
    values = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    return int(values["nr_foll_pin_acquired"]) - int(values["nr_foll_pin_released"])


def settled_memory() -> int:
    """The kernel's memory, of slab, vmalloc and processors, in KiB, once what was deleted has been reclaimed."""
    time.sleep(1)
    values = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return sum(int(values[name].split()[0]) for name in ("SUnreclaim", "VmallocUsed", "Percpu"))


def lockdep_watches() -> bool:
    """Whether lockdep goes on: it ends itself with its first report, or when it runs out of room."""
    return re.search(r"debug_locks:\s+1$", Path("/proc/lockdep_stats").read_text(), re.MULTILINE) is not None


def check(result: int, what: str) -> None:
    """OSError, with the error that libc left, for the result of a call that failed."""
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
