# SPDX-License-Identifier: GPL-2.0-only
"""Calls between RTP and SRTP, keyed by SDES with each suite the daemon knows, run in the kernel and are decoded."""

from guest import srtp
from guest.phone import Conversation, Kernel, Phone

MODULE = "rs"
RELEASE = ("26.0", "12.5")
TIMEOUT = 90
COUNT = 100
# The daemon offers NULL_HMAC_SHA1_80 and _32 too, but jumps to address 0 with the first packet of either (26.0.1.26).
SUITES = [suite for suite in srtp.SUITES if not suite.startswith("NULL")]


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")
    for number, suite in enumerate(SUITES, 1):
        t.step(f"RTP to {suite} and back")
        call = Conversation(daemon, kernel, f"call-{number}", Phone(alice, 0xCA11), Phone(bob, 0xCA22, suite),
                            offer={"transport-protocol": "RTP/SAVP", "SDES": [f"only-{suite}"]})
        t.equal("the suite of both directions", [each.crypto.suite.name for each in
                                                 (call.sides["callee"].sender, call.sides["callee"].receiver)], [suite] * 2)
        call.start()
        call.talk(suite, COUNT)
        call.check_query(suite)
        call.delete()
    t.note(f"{len(SUITES)} suites, {COUNT} packets each way, all decoded, none seen by userspace")
