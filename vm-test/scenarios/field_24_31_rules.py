# SPDX-License-Identifier: GPL-2.0-only
"""Fields 24 and 31: no rule keeps a table from `del`, whoever made it, only an open control file does; any table id in a rule is judged."""

import os

from guest import nft, proc, rtp
from guest.phone import Conversation, Kernel, Phone, complaints

TIMEOUT = 60
BEYOND = (64, 65, 127, 128, 255, 256, 1 << 16, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFC0, 0xFFFF_FFFF)


def by_another(t, *makes):
    """Another process does it, and ends."""
    pid = os.fork()
    if pid == 0:
        try:
            for make in makes:
                make()
            os._exit(0)
        finally:
            os._exit(1)
    t.equal("the other process makes its rules", os.waitpid(pid, 0)[1], 0)


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    ends = [(alice.udp(family=family), t.host.udp(alice.hub_address(family), 4000), bob.udp(family=family),
             (bob.hub_address(family), 4001)) for family in (4, 6)]

    def xtables(number):
        """A rule of x_tables for each family."""
        for word in ("ip", "ip6"):
            nft.compat_rule(number, word, name="filter")

    def chains():
        for word in ("ip", "ip6"):
            nft.chain(word, name="filter")

    def no_xtables():
        for word in ("ip", "ip6"):
            nft.delete(word, name="filter")

    def serves(what, control):
        for sender, userspace, receiver, source in ends:
            control.add(userspace.address, (source, receiver.address), rtp=1)
            t.relayed(what, sender, userspace.address, receiver, rtp.stream(3), source=source)

    for what, make, end in (
            ("the expression", lambda: (nft.chain(), nft.native_rule(0)), nft.delete),
            ("the xtables target", lambda: (chains(), xtables(0)), no_xtables),
            ("rtpctl", lambda: t.rtpctl.ok("rule", "add", 0), lambda: t.rtpctl.ok("rule", "del", 0)),
            ("rtpctl and the xtables target", lambda: t.rtpctl.ok("rule", "add", 0, "--via", "target"),
             lambda: t.rtpctl.ok("rule", "del", 0))):
        t.step(f"rules of another process: {what}")
        by_another(t, make)
        control = table.ready()
        serves(f"{what}: relayed", control)
        t.errno(f"{what}: held open", "EBUSY", table.delete)
        with open(proc.ROOT / "0/status"), open(proc.ROOT / "0/list"):
            control.close()
            table.delete()
        t.equal(f"{what}: tables", proc.tables(), [])
        for sender, userspace, *_ in ends:
            t.relayed(f"{what}: passed without the table", sender, userspace.address, userspace, rtp.stream(3), source=sender.address)
        control = table.add().ready()
        serves(f"{what}: relayed by a new table", control)
        control.close()
        end()
        table.delete()
        table.add()

    t.step("an open control file is a reason, whoever opened it, and whatever it is open for")
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_TRUNC):
        fd = os.open(proc.ROOT / "0/control", flags)
        again = os.dup(fd)
        t.errno("held", "EBUSY", table.delete)
        os.close(fd)
        t.errno("held by a copy", "EBUSY", table.delete)
        os.close(again)
    gone, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        table.control()
        os.read(gone, 1)
        os._exit(0)
    t.eventually("handles", lambda: table.status()["Refcount"] > 0, True)
    t.errno("held by another process", "EBUSY", table.delete)
    os.close(told)
    os.waitpid(pid, 0)
    table.delete()

    t.step("rules name tables by all the numbers that there are")
    nft.chain()
    chains()
    for number in BEYOND:
        t.errno(f"the expression, table {number}", "ERANGE", nft.native_rule, number)
        for word in ("ip", "ip6"):
            t.errno(f"the xtables target, {word}, table {number}", "ERANGE", lambda: nft.compat_rule(number, word, name="filter"))
    for number in (0, 62, 63):
        nft.native_rule(number)
        xtables(number)
    for number in (62, 63):
        serves(f"table {number}", t.table(number).add().ready())
        t.table(number).kill()
    nft.delete()
    no_xtables()

    t.step("a daemon that manages no rules, beside a script that does: each start has the kernel")
    by_another(t, lambda: (nft.chain(), nft.native_rule(0)),
               lambda: (chains(), xtables(0)))
    kernel = Kernel(table)
    for n, end in enumerate(("kill", "stop")):
        daemon = t.daemon(f"pub4/{alice.hub4}", options=["--nftables-chain="])
        t.equal(f"start {n}: complaints", complaints(daemon.log()), [])
        t.equal(f"start {n}: the table is the daemon's", table.status()["Control PID"], daemon.process.pid)
        call = Conversation(daemon, kernel, f"call-{n}", Phone(alice, 0xCA11), Phone(bob, 0xCA22))
        call.start()
        call.talk(f"start {n}", 20)
        getattr(daemon, end)()
        t.equal(f"start {n}: tables after its end", proc.tables(), [] if end == "stop" else [0])
        t.equal(f"start {n}: complaints at its end", complaints(daemon.log()), [])
