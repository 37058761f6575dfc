# SPDX-License-Identifier: GPL-2.0-only
"""Only an administrator of the initial user namespace, or the named owner, works with tables (defect 11)."""

import ctypes
import errno
import os
import traceback

from guest import module, nft, proc
from guest.control import new
from guest.net import HOST, Namespace

MODULE = None
_CLONE_NEWUSER = 0x1000_0000
CAP_NET_ADMIN = 12


def attempt(do):
    """The name of the error that `do` is refused with, or "" when it succeeds."""
    try:
        do()
    except OSError as error:
        return errno.errorcode[error.errno]
    return ""


def as_other(t, enter, attempts):
    """What becomes of each attempt in a process that `enter` makes somebody else; names of errors."""
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            enter()
            os.write(send, "\n".join(attempt(each) for each in attempts).encode() + b"\n.")
        except BaseException:  # noqa: BLE001: the parent shows it
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(send)
    with open(receive, "rb") as file:
        got = file.read().decode().splitlines()
    os.waitpid(pid, 0)
    t.equal("the other process came to its end", got[-1:], ["."])
    return got[:-1]


def user(uid, gid):
    """Becomes an ordinary user."""
    def enter():
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    return enter


def namespace_root():
    """Becomes root of a new user namespace and a new network namespace, as any user may."""
    user(1000, 1000)()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, so that the maps can be written
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", "0 1000 1"), ("gid_map", "0 1000 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    if libc.unshare(os.CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare of the network")


def root_of_user_namespace_only():
    """Root of a new user namespace who keeps user id 0 of the initial one."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER | os.CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


SELF = Namespace("self", "/proc/self/ns/net")


def opens(path, flags=os.O_RDWR):
    return lambda: os.close(os.open(proc.ROOT / path, flags))


def run(t):
    module.load("rs")
    table = t.table(2).add()
    nft.chain()
    files = [opens("control", os.O_WRONLY), opens("2/control"), opens("2/control", os.O_RDONLY), lambda: proc.text("add 5"),
             lambda: proc.text("del 2"), lambda: proc.text("kill 2")]
    reading = [lambda: (proc.ROOT / "list").read_text(), lambda: table.status(), lambda: table.list_text()]

    t.step("an ordinary user reads and does no more")
    t.equal("control files", as_other(t, user(1000, 1000), files), ["EACCES"] * 6)
    t.equal("readable files", as_other(t, user(1000, 1000), reading), [""] * 3)

    t.step("root of a user namespace of an ordinary user")
    t.equal("control files", as_other(t, namespace_root, files), ["EACCES"] * 6)
    # The last names a table that is not there: it will never match.
    rules = [lambda: nft.chain(ns=SELF), lambda: nft.native_rule(2, ns=SELF), lambda: nft.native_rule(5, ns=SELF)]
    t.equal("a rule that names a table", as_other(t, namespace_root, rules), ["", "ENOENT", ""])

    t.step("root of the initial namespace's user id 0, in a user namespace")
    got = as_other(t, root_of_user_namespace_only, files)
    t.true("control files", set(got) <= {"EACCES", "EPERM"}, got)
    t.equal("a rule that names a table", as_other(t, root_of_user_namespace_only, rules), ["", "ENOENT", ""])
    t.equal("tables", proc.tables(), [2])

    t.step("a handle that an administrator opened serves whom it was given to")
    control = table.control()
    t.equal("a command, refused for what it says", as_other(t, user(1000, 1000), [lambda: control.write(new("del_target"))]),
            ["ENOENT"])
    control.close()

    t.step("the owner that proc_uid and proc_gid name")
    nft.delete()
    table.delete()
    module.unload("rs")
    for parameter, owner, stranger in (("proc_uid=1000", user(1000, 2000), user(2000, 1000)),
                                       ("proc_gid=1001", user(2000, 1001), user(1001, 2000))):
        module.load("rs", parameter)
        table = t.table(2).add()
        t.equal(f"{parameter}: the owner", as_other(t, owner, [opens("2/control"), lambda: proc.text("add 5"),
                                                              lambda: proc.text("del 5")]), ["", "", ""])
        t.equal(f"{parameter}: a stranger", as_other(t, stranger, files), ["EACCES"] * 6)
        t.equal(f"{parameter}: root", attempt(opens("2/control")), "")
        table.delete()
        module.unload("rs")
