# SPDX-License-Identifier: GPL-2.0-only
"""Things done by somebody else: an ordinary user, one with single capabilities, root of a container."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from .net import Namespace
from .scenario import Scenario
from .system import become, check, keep_capabilities

USER = 1000
CAPABILITIES = {"CAP_DAC_OVERRIDE": 1, "CAP_DAC_READ_SEARCH": 2, "CAP_FOWNER": 3, "CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13,
                "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21}
# The network namespace of the process that uses it.
SELF = Namespace("self", "/proc/self/ns/net")

_CLONE_NEWUSER = 0x1000_0000
_PR_SET_DUMPABLE = 4
_ALL = (1 << 41) - 1
_libc = ctypes.CDLL(None, use_errno=True)


def user(uid: int = USER, gid: int = USER, *capabilities: str) -> Callable[[], None]:
    """Becomes an ordinary user, with these capabilities."""
    def enter() -> None:
        become(uid, gid, [CAPABILITIES[each] for each in capabilities])
    return enter


def root_without(*capabilities: str) -> Callable[[], None]:
    """Stays root, without these capabilities; without any when none is named."""
    return lambda: keep_capabilities(_ALL & ~sum(1 << CAPABILITIES[each] for each in capabilities) if capabilities else 0)


def _new_user_namespace(inside: int, flags: int) -> None:
    outside = os.getuid()
    _libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # so that the maps can be written
    check(_libc.unshare(_CLONE_NEWUSER), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{inside} {outside} 1"), ("gid_map", f"{inside} {outside} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    if flags:
        check(_libc.unshare(flags), "unshare of the network")


def container_root(*, own_network: bool = True, of: int = USER) -> Callable[[], None]:
    """Becomes root of a new user namespace, as any user may: by default of an ordinary user, with a network of its own."""
    def enter() -> None:
        if of:
            user(of, of)()
        _new_user_namespace(0, os.CLONE_NEWNET if own_network else 0)
    return enter


def in_network(ns: Namespace) -> Callable[[], None]:
    """Stays root, in another network namespace."""
    return ns.enter


def attempt(do: Callable[[], Any]) -> str:
    """The name of the error that `do` is refused with; without one what it returns, or ""."""
    try:
        result = do()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return result if isinstance(result, str) else ""


def as_other(t: Scenario, enter: Callable[[], None] | None, attempts: Sequence[Callable[[], Any]]) -> list[str]:
    """What becomes of each attempt in a process that `enter` makes somebody else."""
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if enter:
                enter()
            os.write(send, json.dumps([attempt(each) for each in attempts]).encode())
        except BaseException:  # noqa: BLE001: the parent shows it
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(send)
    with open(receive, "rb") as file:
        got = file.read()
    os.waitpid(pid, 0)
    t.true("the other process came to its end", got)
    found = json.loads(got)
    assert isinstance(found, list)
    return found
