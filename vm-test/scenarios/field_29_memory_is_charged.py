# SPDX-License-Identifier: GPL-2.0-only
"""Field 29: pinned memory is charged to who pins it, bounded by `memory_limit`, and what commands allocate to the caller's group."""

import contextlib
import os
import time
from pathlib import Path

from guest import module, proc, system
from guest.control import Memory
from guest.srtp import AES_CM, Crypto

TIMEOUT = 40
PAGE = 4096
MIB = 1 << 20
PARAMETER = Path("/sys/module/xt_rtpengine_rs/parameters/memory_limit")
GROUP = Path("/tmp/cgroup")
TARGETS = 200
# What the crypto API allocates for a key, in one piece.
KEY = 1024


def pinned(pid="self"):
    """Bytes that the kernel has charged to a process as pinned."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmPin:"))
    return int(line.split()[1]) * 1024


def ciphers_count(t, table, alice, bob):
    """What the crypto API allocates for keys of RTP, and charges nobody for, counts towards `memory_limit`."""
    for number, suite in enumerate((AES_CM, "AEAD_AES_128_GCM")):
        t.step(f"keys of {suite} count")
        PARAMETER.write_text(str(4 << 30))
        table.add()
        control = table.ready(pages=256)
        if table.status()["Ciphers"].split(", ")[number] == "library":
            t.note(f"{suite}: there is no driver")
        else:
            crypto = Crypto.new(suite)
            first, second = (control.target((alice.hub4, port), outputs=1, ssrcs=(1,), rtp=1, **crypto.fields("decrypt"))
                             for port in (4000, 4002))
            PARAMETER.write_text(str(MIB + KEY // 2))
            t.errno("a target's key", "ENOMEM", control.write, first.command)
            PARAMETER.write_text(str(MIB + 2 * KEY))
            control.write(first.command)
            control.write(first.destination(0, (bob.hub4, 4001), (bob.v4, 4002), **crypto.fields("encrypt")))
            t.errno("a third key", "ENOMEM", control.write, second.command)
            control.delete((alice.hub4, 4000))

            def fits(command=second.command):
                with contextlib.suppress(OSError):
                    control.write(command)
                    return True
                return False
            t.eventually("what a deleted target had is given back", fits, True)
        table.kill()
        control.close()
    PARAMETER.write_text(str(4 << 30))


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()

    t.step("pinned pages are on the account of the process")
    before = pinned()
    control = table.ready(pages=40)
    t.equal("after the first pin", pinned() - before, 40 * PAGE)
    more = Memory(8)
    control.write(more.pin_command())
    t.equal("after the second one", pinned() - before, 48 * PAGE)
    wrong = more.pin_command()
    wrong["pin_memory.size"] = 1 << 20
    t.errno("more than is mapped", "EFAULT", control.write, wrong)
    t.equal("after a refused one", pinned() - before, 48 * PAGE)
    t.equal("the table's", table.status()["Memory"], 48 * PAGE)

    t.step("a child has an account of its own")
    told, tell = os.pipe()
    wait, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go)
        first = pinned()
        own = Memory(4)
        control.write(own.pin_command())
        os.write(tell, f"{first} {pinned()}".encode())
        os.read(wait, 1)
        os._exit(0)
    t.equal("of the child, before and after it pins", os.read(told, 64).split(), [b"0", b"%d" % (4 * PAGE)])
    t.equal("of the parent", pinned() - before, 48 * PAGE)
    t.equal("the table's", table.status()["Memory"], 52 * PAGE)
    os.close(go)
    os.waitpid(pid, 0)
    t.equal("the table's, when the child is gone", table.status()["Memory"], 52 * PAGE)

    t.step("the account ends with the table")
    table.kill()
    t.eventually("of the process", lambda: pinned() - before, 0)
    t.eventually("pages that stay pinned", system.pinned_pages, 0)
    control.close()

    t.step("a table is bounded, whoever pins, and however often the same pages")
    t.equal("the bound when nobody asks for another", int(PARAMETER.read_text()), 4 << 30)
    PARAMETER.write_text(str(2 * MIB))
    table.add()
    control = table.ready(pages=256)
    t.errno("half of it, and a page more", "ENOMEM", control.write, Memory(257).pin_command())
    t.equal("charged for a refused one", pinned() - before, MIB)
    half = Memory(128)
    control.write(half.pin_command())
    control.write(half.pin_command())
    for size in (1, 16, 1 << 20, 1 << 40):
        command = half.pin_command()
        command["pin_memory.size"] = size * PAGE
        t.errno(f"{size} pages more", "ENOMEM", control.write, command)
    t.equal("charged", pinned() - before, 2 * MIB)
    t.equal("the table's", table.status()["Memory"], 2 * MIB)
    other = t.table(1).add().ready(pages=512)
    t.errno("another table has a bound of its own", "ENOMEM", other.write, half.pin_command())
    PARAMETER.write_text(str(4 * MIB))
    control.write(half.pin_command())
    t.equal("with a higher bound", table.status()["Memory"], 2 * MIB + 128 * PAGE)
    for number in (0, 1):
        t.table(number).kill()
    control.close()
    other.close()
    t.eventually("of the process when both tables are gone", lambda: pinned() - before, 0)
    module.unload_soon("rs")
    module.load("rs", f"memory_limit={MIB}")
    table.add()
    t.errno("a bound given when the module is loaded", "ENOMEM", table.ready, 257)
    table.kill()

    ciphers_count(t, table, alice, bob)

    t.step("what commands allocate is charged to the caller's control group")
    GROUP.mkdir()
    try:
        system.mount("cgroup2", str(GROUP))
        (GROUP / "cgroup.subtree_control").write_text("+memory")
    except OSError as error:
        return t.note(f"no control groups of memory: {error}")
    group = GROUP / "caller"
    group.mkdir()
    PARAMETER.write_text(str(4 << 30))

    def charged():
        values = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return int(values["kernel"])

    table.add()
    control = table.ready(pages=64)
    crypto = Crypto.new(AES_CM)
    kinds = {}
    for what, port, fields in (("plain", 4000, lambda place: {}), ("SRTP", 6000, crypto.fields)):
        target = control.target((alice.hub4, port), outputs=2, ssrcs=(1,), rtp=1, **fields("decrypt"))
        kinds[what] = port, target.command, target.destination(0, (bob.hub4, 4001), (bob.v4, 4002), **fields("encrypt"))
    # What a table remembers of SRTP indices comes once, with the first output that encrypts: here, outside of the group.
    _, command, output = kinds["SRTP"]
    command["target.local"] = output["destination.local"] = (alice.hub4, 3998)
    control.write(command)
    control.write(output)
    control.delete((alice.hub4, 3998))
    ready, told = os.pipe()
    wait, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go)
        (group / "cgroup.procs").write_text(str(os.getpid()))
        found = []
        for port, command, output in kinds.values():
            first = charged()
            for n in range(TARGETS):
                command["target.local"] = output["destination.local"] = (alice.hub4, port + n)
                control.write(command)
                for number in (0, 1):
                    output["destination.num"] = number
                    control.write(output)
            found.append((charged() - first) // TARGETS)
        os.write(told, " ".join(map(str, found)).encode())
        os.read(wait, 1)
        os._exit(0)
    plain, encrypted = map(int, os.read(ready, 64).split())
    t.note(f"charged to the group for each target with two outputs: {plain} bytes, with SRTP {encrypted}")
    t.between("bytes charged for a target with two outputs", plain, 2000, 64_000)
    # What the crypto API allocates for a key of RTP is not among them (docs/threat-model.md).
    t.between("bytes charged for three contexts of SRTP, whose other keys are most of them", encrypted - plain, 1500, 16_000)
    t.equal("targets", table.status()["Targets"], 2 * TARGETS)
    os.close(go)
    os.waitpid(pid, 0)
    table.kill()
    control.close()
    time.sleep(0.05)
    t.equal("tables", proc.tables(), [])
