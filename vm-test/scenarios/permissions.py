# SPDX-License-Identifier: GPL-2.0-only
"""Who may do what with which file: every file of the tree, for users, capabilities, containers, and who was given a handle."""

import os
import socket

from guest import module, proc
from guest.actors import as_other, container_root, in_network, root_without, user
from guest.control import new
from guest.srtp import AES_CM, Crypto

MODULE = None
TIMEOUT = 40
FREE = 5
REDACTED = "<redacted>"
PARAMETER = "/sys/module/xt_rtpengine_rs/parameters/srtp_replay_window"


def opens(path, flags):
    return lambda: os.close(os.open(proc.ROOT / path, flags))


def writes(path, data=b"x"):
    """Opens a file for writing, and writes."""
    def do():
        fd = os.open(path, os.O_WRONLY)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)
    return do


def shown(path):
    """Whether a list shows keys."""
    return lambda: REDACTED if REDACTED in (proc.ROOT / path).read_text() else "keys"


def files():
    """What is tried: name -> attempt."""
    return {
        "control, to write": opens("control", os.O_WRONLY),
        "control, to read": opens("control", os.O_RDONLY),
        "add": lambda: proc.text(f"add {FREE}"),
        "del": lambda: proc.text(f"del {FREE}"),
        "list, to read": opens("list", os.O_RDONLY),
        "list, written": writes(proc.ROOT / "list"),
        "2/control": opens("2/control", os.O_RDWR),
        "2/control, to read": opens("2/control", os.O_RDONLY),
        "2/control, to write": opens("2/control", os.O_WRONLY),
        "2/status, to read": opens("2/status", os.O_RDONLY),
        "2/status, written": writes(proc.ROOT / "2/status"),
        "2/list, to read": shown("2/list"),
        "2/list, written": writes(proc.ROOT / "2/list"),
        "a new file": lambda: os.close(os.open(proc.ROOT / "2/new", os.O_WRONLY | os.O_CREAT)),
        "a parameter, written": writes(PARAMETER, b"64"),
    }


def row(control="", control_read="", change="", written="EINVAL", table="", listed="keys", parameter=""):
    """What is expected, in the order of `files`."""
    return [control, control_read, change, change, "", written, table, table, table, "", written, listed, written,
            None, parameter]


# The mode of a control file lets everybody write: who may open it is for the module to say. Nobody may read /control.
REFUSED = row("EPERM", "EACCES", "EPERM", "EACCES", "EPERM", REDACTED, "EACCES")


def elsewhere(expected):
    """The same in another network namespace, which has no table."""
    return ["ENOENT" if what.startswith("2/") else usual for what, usual in zip(files(), expected)]
# Whose mode bits or capabilities let them through, and who are no administrators of the network.
STOPPED = row("EPERM", "EPERM", "EPERM", "EINVAL", "EPERM", REDACTED, "")


def run(t):
    module.load("rs")
    alice, bob = t.peers("alice", "bob")
    table = t.table(2).add()
    control = table.ready()
    crypto = Crypto.new(AES_CM)
    control.add((alice.hub4, 4000), ((bob.hub4, 4001), (bob.v4, 4002)), rtp=1, ssrcs=(1,), **crypto.fields("decrypt"))

    def who(name, enter, expected):
        t.step(name)
        attempts = files()
        for (what, _), got, wanted in zip(attempts.items(), as_other(t, enter, list(attempts.values())), expected):
            if wanted is None:
                t.true(f"{what}: refused", got in ("EACCES", "EPERM", "ENOENT"), got)
            else:
                t.equal(what, got, wanted)
        t.equal("tables", proc.tables(), [2])

    administrator = row()
    who("root", None, administrator)
    who("root in another network namespace", in_network(alice.ns), elsewhere(administrator))
    who("an ordinary user", user(), REFUSED)
    for capability in ("CAP_SYS_ADMIN", "CAP_NET_RAW", "CAP_FOWNER", "CAP_SYS_PTRACE"):
        who(f"a user with {capability}", user(1000, 1000, capability), REFUSED)
    who("a user with CAP_NET_ADMIN", user(1000, 1000, "CAP_NET_ADMIN"),
        row(control_read="EACCES", written="EACCES", parameter="EACCES"))
    who("a user with CAP_NET_ADMIN and CAP_DAC_OVERRIDE", user(1000, 1000, "CAP_NET_ADMIN", "CAP_DAC_OVERRIDE"), administrator)
    who("a user with CAP_DAC_OVERRIDE", user(1000, 1000, "CAP_DAC_OVERRIDE"), STOPPED)
    who("a user with CAP_DAC_READ_SEARCH", user(1000, 1000, "CAP_DAC_READ_SEARCH"),
        [{"control, to read": "EPERM", "2/control, to read": "EPERM"}.get(name, usual) for name, usual in zip(files(), REFUSED)])
    who("root without CAP_NET_ADMIN, as of a container", root_without("CAP_NET_ADMIN"), STOPPED)
    who("root without any capability", root_without(), row("EPERM", "EACCES", "EPERM", "EACCES", "EPERM", REDACTED, ""))
    who("root of a user namespace, with a network of its own", container_root(), elsewhere(REFUSED))
    who("root of a user namespace, in the network of the host", container_root(own_network=False), REFUSED)
    who("user 0 as root of a user namespace", container_root(of=0), elsewhere(STOPPED))
    who("user 0 as root of a user namespace, in the network of the host", container_root(own_network=False, of=0), STOPPED)

    t.step("a handle that an administrator opened serves whom it was given to")
    command = new("del_target")
    handle = table.control()
    t.equal("inherited: a command, refused for what it says alone",
            as_other(t, user(), [lambda: control.write(command), lambda: handle.write(command)]), ["ENOENT"] * 2)
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], [handle.fd])

    def received():
        _, fds, _, _ = socket.recv_fds(there, 1, 1)
        os.write(fds[0], bytes(command))

    t.equal("passed to root of a container", as_other(t, container_root(), [received]), ["ENOENT"])
    with open(proc.ROOT / "2/list") as listing:
        t.true("a list that an administrator opened", crypto.key[:16].hex() in as_other(t, user(), [listing.read])[0])
    for file in (handle, control, here, there):
        file.close()

    t.step("the owner that proc_uid and proc_gid name works with tables, and sees no keys")
    table.delete()
    module.unload("rs")
    owner = row(control_read="EACCES", written="EACCES", listed=REDACTED, parameter="EACCES")
    for parameter, named, stranger in (("proc_uid=1000", user(1000, 2000), user(2000, 1000)),
                                       ("proc_gid=1001", user(2000, 1001), user(1001, 2000))):
        module.load("rs", parameter)
        table = t.table(2).add()
        control = table.ready()
        control.add((alice.hub4, 4000), ((bob.hub4, 4001), (bob.v4, 4002)), rtp=1, ssrcs=(1,), **crypto.fields("decrypt"))
        who(f"{parameter}: the owner", named, owner)
        who(f"{parameter}: a stranger", stranger, REFUSED)
        who(f"{parameter}: root", None, administrator)
        control.close()
        table.delete()
        module.unload("rs")

    t.step("proc_mask takes away what others may read")
    module.load("rs", "proc_mask=7")
    table = t.table(2).add()
    reading = [opens(path, os.O_RDONLY) for path in ("list", "2/status", "2/list")]
    t.equal("a user", as_other(t, user(), reading), ["EACCES"] * 3)
    t.equal("root of a container", as_other(t, container_root(own_network=False), reading), ["EACCES"] * 3)
    t.equal("root of one with a network of its own", as_other(t, container_root(), reading), ["EACCES"] * 3)
    t.equal("root", as_other(t, None, reading), [""] * 3)
    table.delete()
    module.unload("rs")
