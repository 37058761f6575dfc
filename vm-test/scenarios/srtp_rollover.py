# SPDX-License-Identifier: GPL-2.0-only
"""Sequence numbers roll over, twice and with late packets, in a call between two SRTP legs in the kernel."""

from guest.phone import FIRST, Conversation, Kernel, Phone
from guest.srtp import AES_CM

MODULE = "rs"
TIMEOUT = 60
LEAP = 0x5000


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")
    caller = Phone(alice, 0xCA11, "AEAD_AES_128_GCM", seq=0xFFFF - FIRST - 50)
    callee = Phone(bob, 0xCA22, AES_CM, seq=0xFFFF - FIRST - 50)
    call = Conversation(daemon, kernel, "long", caller, callee, offer={"SDES": [f"only-{AES_CM}"]})
    call.start()

    t.step("the first rollover")
    call.talk("the first rollover", 100)
    t.equal("rolled over", [phone.next >> 16 for phone in (caller, callee)], [1, 1])

    t.step("on to the second one, in leaps")
    for seq in (0x10000 + LEAP, 0x10000 + 2 * LEAP, 0x1FFF0):
        for phone in (caller, callee):
            phone.next = seq
        call.talk(f"from {seq:#x}", 10)

    t.step("the second rollover, with packets that come late")
    call.talk("the second rollover", {name: late(phone.packets(40)) for name, phone in call.sides.items()})
    call.talk("after it", 50)
    t.equal("rolled over twice", [phone.next >> 16 for phone in (caller, callee)], [2, 2])
    call.check_query("the whole call")


def late(packets):
    """Each fourth packet comes three later; so does the last one before the rollover."""
    order = sorted(range(len(packets)), key=lambda n: n + (3.5 if n % 4 == 1 else 0))
    return [packets[n] for n in order]
