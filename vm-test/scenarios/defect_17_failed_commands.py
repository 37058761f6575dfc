# SPDX-License-Identifier: GPL-2.0-only
"""Defect 17: each allocation of each command is made to fail: it changes nothing, loses nothing, and then succeeds."""

import contextlib
import os

from guest import faults, nft, proc, rtp, system
from guest.control import Memory, new
from guest.srtp import SUITES, Crypto

KERNEL = "debug"
# One of each way to encrypt; with others only lengths differ.
FEW = ("AEAD_AES_256_GCM", "AES_192_CM_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32", "NULL_HMAC_SHA1_80")
GROWING = 70  # targets with which the hash has grown from its first size
REFUSALS = 50


def run(t):
    alice, bob = t.peers("alice", "bob")
    local, source = (alice.hub4, 4000), (bob.hub4, 4001)
    pinned = system.pinned_pages()
    faults.forget_leaks()
    injected, refused = {}, {}

    def each(kind, what, *arguments, within="module", refusals=("ENOMEM",)):
        with faults.Faults(within) as failing:
            hits, refusals_seen = failing.each(f"{kind}, {what}", *arguments, refusals)
            injected[kind] = injected.get(kind, 0) + hits
            refused[kind] = refused.get(kind, 0) + refusals_seen

    t.step("text commands")
    table = t.table(0)
    each("text", "add", table.add, table.delete, tree)
    table.add()
    each("text", "del", table.delete, table.add, tree)
    each("text", "kill", table.kill, table.add, tree)

    t.step("INIT and PIN_MEMORY")
    control = table.control(pages=32)
    held = [control.fd]

    def again():
        table.kill()
        for fd in held:
            os.close(fd)
        held.clear()
        table.add()
        control.fd = os.open(table.path / "control", os.O_RDWR)
        held.append(control.fd)

    def state():
        return tree(), table.status(), table.list_text()

    command = control.memory.pin_command()
    each("PIN_MEMORY", "32 pages", lambda: control.write(command), again, state, refusals=("ENOMEM", "EFAULT"))
    untouched = Memory(pages=64)
    fresh = untouched.pin_command()

    def forgotten():
        again()
        untouched.map.madvise(4)  # MADV_DONTNEED: its pages have to be made anew

    each("PIN_MEMORY", "64 pages that are not there yet", lambda: control.write(fresh), forgotten, state,
         refusals=("ENOMEM", "EFAULT"))
    control.write(command)
    first = control.init_command()

    def uninitialised():
        again()
        control.write(command)

    each("INIT", "the first", lambda: control.write(first), uninitialised, state)
    control.write(first)

    t.step("ADD_TARGET")
    keys = {suite: Crypto.new(suite) for suite in (SUITES if t.size != "test" else FEW)}
    targets = {"plain": control.target(local, rtp=1),
               "with payload types and SSRCs": control.target(local, pts=(0, 8, 96), ssrcs=(1, 2), rtp=1, rtp_stats=1),
               "without outputs": control.target(local, outputs=0, non_forwarding=1),
               "with 32 outputs": control.target(local, outputs=32),
               **{suite: control.target(local, rtp=1, **crypto.fields("decrypt")) for suite, crypto in keys.items()}}
    delete = new("del_target", local=local)
    for what, target in targets.items():
        each("ADD_TARGET", what, lambda: control.write(target.command), lambda: control.write(delete), state)

    t.step("ADD_DESTINATION")
    ssrcs = targets["with payload types and SSRCs"]
    two, six = control.target(local, outputs=2), control.target((alice.hub6, 4000))
    outputs = {"the only one": (targets["plain"], source, (bob.v4, 9), {}),
               "the first of two": (two, source, (bob.v4, 9), {}),
               "over IPv6": (six, (bob.hub6, 4001), (bob.v6, 9), {}),
               "with SSRCs and extensions": (ssrcs, source, (bob.v4, 9), {"ssrc_subst": 1, "extmap": 1}),
               **{suite: (targets["plain"], source, (bob.v4, 9), crypto.fields("encrypt")) for suite, crypto in keys.items()}}
    for what, (target, from_, to, fields) in outputs.items():
        output, gone = target.destination(0, from_, to, **fields), new("del_target", local=target.local)

        def without():
            control.write(gone)
            control.write(target.command)

        control.write(target.command)
        each("ADD_DESTINATION", what, lambda: control.write(output), without, state)
        control.write(gone)

    t.step("ADD_DESTINATION, when the hash of the targets has to grow and nobody grows it meanwhile")
    target = targets["plain"]
    output = target.destination(0, source, (bob.v4, 9))
    with alone():
        for n in range(GROWING):
            target.command["target.local"] = output["destination.local"] = (alice.hub4, 5000 + n)
            control.write(target.command)
            with faults.Faults() as failing:
                for number in range(1, 1000):
                    before = table.status()["Targets"]
                    outcome = failing.nth(number, lambda: control.write(output))
                    if outcome.error:
                        t.equal(f"target {n}, allocation {number} fails", outcome.name, "ENOMEM")
                        t.equal("targets", table.status()["Targets"], before)
                        refused["ADD_DESTINATION"] += 1
                    else:
                        break
                injected["ADD_DESTINATION"] += failing.injected
    t.equal("targets", len(table.targets()), GROWING)
    for n in range(GROWING):
        control.delete((alice.hub4, 5000 + n))

    t.step("DEL_TARGET")
    target.command["target.local"] = output["destination.local"] = local

    def published():
        control.write(target.command)
        control.write(output)

    control.write(target.command)
    each("DEL_TARGET", "incomplete", lambda: control.write(delete), lambda: control.write(target.command), state)
    control.write(output)
    each("DEL_TARGET", "complete", lambda: control.write(delete), published, state)

    t.step("files are opened and read")
    for n, crypto in enumerate(keys.values()):
        control.add((alice.hub4, 6000 + 2 * n), (source, (bob.v4, 9), crypto.fields("encrypt")), rtp=1,
                    **crypto.fields("decrypt"))
    for name in ("list", "0/status", "0/list"):
        whole = read(name)
        each("read", name, lambda: checked(t, name, whole), lambda: None, state, within="everywhere")
        each("read", f"{name}, from where it was sought to", lambda: checked(t, name, whole, 10), lambda: None, state,
             within="everywhere")
    for name in ("control", "0/control"):
        each("open", name, lambda: os.close(os.open(proc.ROOT / name, os.O_WRONLY)), lambda: None, state, within="everywhere")

    t.step("commands that are refused for what they say")
    control.delete(local)
    broadcast = target.destination(0, source, ("255.255.255.255", 9))
    foreign, late = target.command.copy(), targets["with payload types and SSRCs"].command.copy()
    foreign["target.stats"] = 8
    late["target.ssrc_stats[1]"] = 8
    for n in range(REFUSALS):
        for what, error, refusal in (("a pointer", "EFAULT", foreign), ("the last pointer", "EFAULT", late)):
            t.errno(what, error, control.write, refusal)
        control.write(target.command)
        t.errno("broadcast", "EACCES", control.write, broadcast)
        t.errno("twice", "EEXIST", control.write, target.command)
        t.errno("memory of nobody", "EFAULT", control.write, new("pin_memory", **{"pin_memory.addr": 4096, "pin_memory.size": 4096}))
        t.errno("a second INIT", "EBUSY", control.write, first)
        control.delete(local)

    t.step("nothing is lost, and packets are relayed")
    nft.chain()
    nft.native_rule(0)
    receiver = bob.udp()
    control.add(local, (source, receiver.address), rtp=1)
    t.relayed("packets", alice.udp(), local, receiver, rtp.stream(10), source=source)
    t.equal("kmemleak", faults.leaks(), "")
    nft.flush()
    table.kill()
    os.close(control.fd)
    t.eventually("pinned pages", system.pinned_pages, pinned)
    t.equal("tables", proc.tables(), [])
    for kind in injected:
        t.note(f"{kind}: {injected[kind]} allocations made to fail, {refused[kind]} refusals")
    t.true("each kind of command met faults", all(injected[kind] for kind in injected if kind not in ("INIT", "DEL_TARGET")), injected)
    t.figure("allocations of commands made to fail", sum(injected.values()))
    t.figure("objects lost", 0)


def tree():
    return proc.tables(), sorted(os.listdir(proc.ROOT)), [sorted(os.listdir(proc.ROOT / str(n))) for n in proc.tables()]


def read(name, at=0):
    """A file of the tree, in pieces, from a place in it: without allocations of Python's that matter."""
    fd = os.open(proc.ROOT / name, os.O_RDONLY)
    try:
        os.lseek(fd, at, os.SEEK_SET)
        return b"".join(iter(lambda: os.read(fd, 2000), b""))
    finally:
        os.close(fd)


def checked(t, name, whole, at=0):
    """Reads a file: what it says is right, but that session keys, which are made for the reader, may be missing."""
    for line, expected in zip(read(name, at).splitlines(), whole[at:].splitlines(), strict=True):
        if line != expected and not (b"session" in line and line.endswith(b"<redacted>")):
            t.fail(f"a line of {name}", expected, line)


@contextlib.contextmanager
def alone():
    """Keeps its processor for itself: work that the kernel defers on it waits."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, cpus)
