# SPDX-License-Identifier: GPL-2.0-only
"""Two SRTP legs with keys and suites of their own talk in the kernel; re-INVITEs change keys and suites in mid-call."""

from guest.phone import Conversation, Kernel, Phone
from guest.srtp import AES_CM

MODULE = "rs"
RELEASE = ("26.0", "12.5")
TIMEOUT = 60
COUNT = 200


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")

    t.step("each leg with a suite of its own")
    caller, callee = Phone(alice, 0xCA11, AES_CM), Phone(bob, 0xCA22, "AEAD_AES_256_GCM")
    call = Conversation(daemon, kernel, "rekeyed", caller, callee)
    call.start()
    call.talk("two suites", COUNT)
    call.check_query("two suites")

    t.step("a re-INVITE with new keys on both legs")
    old = caller.sender, callee.sender
    caller.rekey()
    callee.rekey()
    call.negotiate()
    t.true("keys are new", all(a.crypto.key != b.crypto.key for a, b in zip(old, (caller.sender, callee.sender))))
    call.start()
    call.talk("new keys", COUNT)
    call.check_query("new keys")
    stale(t, kernel, call, old[0])

    t.step("a re-INVITE with new suites")
    caller.rekey("AES_CM_128_HMAC_SHA1_32")
    callee.rekey("AES_192_CM_HMAC_SHA1_80")
    call.negotiate()
    call.start()
    call.talk("new suites", COUNT)
    call.check_query("new suites")
    call.delete()

    t.step("both sides take the same suite: the daemon hands the keys on, and SRTP goes through as it is")
    call = Conversation(daemon, kernel, "handed on", Phone(alice, 0xCA11, AES_CM), Phone(bob, 0xCA22, AES_CM))
    call.passes_srtp = True
    caller, callee = call.sides.values()
    t.equal("keys that the two receive with", [callee.receiver.crypto.key, caller.receiver.crypto.key],
            [caller.sender.crypto.key, callee.sender.crypto.key])
    call.start()
    call.talk("handed on", COUNT)
    call.check_query("handed on")


def stale(t, kernel, call, sender):
    """What is encrypted with the keys from before is not relayed."""
    caller, callee = call.sides.values()
    before = kernel.target(caller.to)
    caller.rtp.send(sender.rtp(caller.packets(1)[0]), caller.to)
    t.silent("a packet with the old key", callee.rtp)
    # The module counts it, and so does the daemon, to which it hands it.
    t.eventually("packets and errors counted for it", lambda: [
        kernel.target(caller.to).stats[key] - before.stats[key] for key in ("packets", "errors")], [0, 2])
