# SPDX-License-Identifier: GPL-2.0-only
"""Whose tables a thread sees and a handle changes: those of its own namespace, and those of the file that was opened, whoever has it."""

import ctypes
import json
import os
import socket
import threading

from guest import link, nft, proc, rtp
from guest.actors import attempt
from guest.control import Control

TIMEOUT = 40
_SYS_EXIT = 60


def in_thread(do):
    """What a thread of its own returns."""
    found = []
    thread = threading.Thread(target=lambda: found.append(do()))
    thread.start()
    thread.join()
    return found[0]


def without_first_thread(do):
    """What `do` returns in a process whose first thread has ended."""
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        leader = os.getpid()

        def rest():
            try:
                while "Z (zombie)" not in open(f"/proc/{leader}/status").read():
                    pass
                os.write(send, json.dumps(do()).encode())
            except BaseException as error:  # noqa: BLE001: the parent shows it
                os.write(send, json.dumps(repr(error)).encode())
            finally:
                os._exit(0)

        threading.Thread(target=rest).start()
        ctypes.CDLL(None).syscall(_SYS_EXIT, 0)  # this thread alone
    os.close(send)
    with open(receive, "rb") as file:
        got = file.read()
    os.waitpid(pid, 0)
    return json.loads(got)


def run(t):
    other = t.namespace("other")
    alice, bob = t.peers("alice", "bob")
    carol, dave = t.peers("carol", "dave", hub=other)
    here, there = t.table(0).add(), t.table(1, other).add()

    def inside():
        other.enter()
        return proc.tables()

    def adds(number):
        def do():
            other.enter()
            proc.text(f"add {number}")
            control = Control(number).init()
            control.add((carol.hub4, 4000 + number), ((dave.hub4, 4001), (dave.v4, 9)), rtp=1)
            return proc.tables()
        return do

    t.step("a thread in another namespace than its process")
    t.equal("tables of the thread", in_thread(inside), [1])
    t.equal("tables of the process", proc.tables(), [0])
    t.equal("a table that the thread adds", in_thread(adds(2)), [1, 2])
    t.equal("tables of the process", proc.tables(), [0])
    t.equal("the target that it adds", t.table(2, other).status()["Targets"], 1)
    t.equal("where the link leads", os.readlink("/proc/rtpengine"), "thread-self/net/rtpengine")

    t.step("a process whose first thread has ended")
    t.equal("tables in the namespace of the process", without_first_thread(proc.tables), [0])
    t.equal("tables in another", without_first_thread(inside), [1, 2])
    t.equal("a table that it adds there", without_first_thread(adds(3)), [1, 2, 3])
    t.equal("the target that it adds", t.table(3, other).status()["Targets"], 1)
    t.equal("what rtpctl shows there", [each["id"] for each in t.rtpctl.data("table", "list", ns=other)["tables"]], [1, 2, 3])

    t.step("files that were opened here, used by a process that is there")
    nft.chain()
    nft.native_rule(0)
    control, receiver = here.ready(), bob.udp()
    text = os.open(proc.ROOT / "control", os.O_WRONLY)
    status, listing, ids = (open(proc.ROOT / path) for path in ("0/status", "0/list", "list"))
    target = control.target((alice.hub4, 4000), rtp=1)
    output = target.destination(0, (bob.hub4, 4001), receiver.address)
    left, right = socket.socketpair()

    def foreign(which):
        """A process there that was given the descriptors with a message uses them."""
        receive, send = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                other.enter()
                os.setsid()
                for fd in (control.fd, text, status.fileno(), listing.fileno(), ids.fileno()):
                    os.close(fd)
                _, fds, _, _ = socket.recv_fds(right, 1, 5)
                os.write(send, json.dumps([attempt(lambda: do(fds)) for do in which]).encode())
            finally:
                os._exit(0)
        socket.send_fds(left, [b"x"], [control.fd, text, status.fileno(), listing.fileno(), ids.fileno()])
        os.close(send)
        with open(receive, "rb") as file:
            got = file.read()
        os.waitpid(pid, 0)
        return json.loads(got)

    def write(number, data):
        return lambda fds: os.write(fds[number], bytes(data)) and ""

    def read(number):
        return lambda fds: os.pread(fds[number], 1 << 16, 0).decode()

    t.equal("commands", foreign([write(0, target.command), write(0, output), write(1, b"add 9"), write(1, b"add 1"),
                                 lambda _: str(proc.tables())]), ["", "", "", "", "[1, 2, 3]"])
    t.equal("tables here", proc.tables(), [0, 1, 9])
    t.relayed("relayed here", alice.udp(), (alice.hub4, 4000), receiver, rtp.stream(5), source=(bob.hub4, 4001))
    got = foreign([read(2), read(3), read(4), write(1, b"kill 1"), write(1, b"kill 9")])
    t.true("status", "Targets" in got[0], got[0])
    t.true("list", f"local inet4 {alice.hub4}:4000" in got[1], got[1])
    t.equal("ids", got[2], "0\n1\n9\n")
    t.equal("kill", got[3:], ["", ""])
    t.equal("tables here and there", (proc.tables(), in_thread(inside)), ([0], [1, 2, 3]))

    t.step("a thread that opens a file there and writes here")
    with other:
        theirs, words = there.ready(), os.open(proc.ROOT / "control", os.O_WRONLY)
        seen = open(proc.ROOT / "1/status"), open(proc.ROOT / "1/list"), open(proc.ROOT / "list")
    os.write(words, b"add 4")
    far = dave.udp()
    theirs.add((carol.hub4, 4100), ((dave.hub4, 4101), far.address), rtp=1)
    nft.chain(ns=other)
    nft.native_rule(1, ns=other)
    t.relayed("relayed there", carol.udp(), (carol.hub4, 4100), far, rtp.stream(5), source=(dave.hub4, 4101))
    t.equal("tables here and there", (proc.tables(), in_thread(inside)), ([0], [1, 2, 3, 4]))

    t.step("a namespace goes although tables, targets, handles, rules and cached routes of it are there")
    outside = t.host.name, "gone0"
    link.veth(outside[1], "eth9", other.path, 1500)
    t.true("its device", os.path.exists(f"/sys/class/net/{outside[1]}"))
    far.close()
    for peer in (carol, dave):
        peer.ns.delete()
    other.delete()
    t.eventually("the devices of the namespace are gone", lambda: os.path.exists(f"/sys/class/net/{outside[1]}"), False, timeout=20)
    for what, do in (("a command", lambda: theirs.delete((carol.hub4, 4100))), ("INIT", lambda: theirs.write(theirs.init_command())),
                     ("memory", lambda: theirs.write(theirs.memory.pin_command())), ("a text command", lambda: os.write(words, b"add 5")),
                     ("del", lambda: os.write(words, b"del 1")), ("kill", lambda: os.write(words, b"kill 1"))):
        t.errno(f"{what} by a handle of a namespace that is gone", "ENOENT", do)
    status, *rest = [attempt(file.read) for file in seen]
    t.true("status of a table that is gone", status == "" or "Targets:     0\n" in status, status)
    t.equal("list and ids of a namespace that is gone", rest, ["", ""])
    t.equal("tables here", proc.tables(), [0])
    t.relayed("relayed here", alice.udp(), (alice.hub4, 4000), receiver, rtp.stream(5), source=(bob.hub4, 4001))
