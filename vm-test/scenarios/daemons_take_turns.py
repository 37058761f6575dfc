# SPDX-License-Identifier: GPL-2.0-only
"""Daemons of two generations take turns on one table, after an end in good order and after kill -9 of the one before."""

from guest import proc
from guest.phone import Conversation, Kernel, Phone, complaints
from guest.srtp import AES_CM

TIMEOUT = 60
COUNT = 100
TURNS = ("12.5", "stop"), ("26.0", "kill"), ("12.5", "kill"), ("26.0", "stop")


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0)
    kernel = Kernel(table)
    for release, end in TURNS:
        t.step(f"the daemon of {release}, which ends by {end}")
        daemon = t.daemon(f"pub4/{alice.hub4}", release=release)
        status = table.status()
        t.equal("interface, owner and targets", [status[name] for name in ("Interface", "Control PID", "Targets")],
                [release, daemon.process.pid, 0])
        call = Conversation(daemon, kernel, f"{release} {end}", Phone(alice, 0xCA11), Phone(bob, 0xCA22, AES_CM),
                            offer={"transport-protocol": "RTP/SAVP"})
        call.start()
        call.talk("a call", COUNT)
        call.check_query("a call")
        getattr(daemon, end)()
        t.equal("complaints", complaints(daemon.log()), [])
        t.equal("tables that it leaves", proc.tables(), [] if end == "stop" else [0])
        if end == "kill":
            call.talk("after its death", COUNT)
            t.equal("interface of what it leaves", table.status()["Interface"], release)
