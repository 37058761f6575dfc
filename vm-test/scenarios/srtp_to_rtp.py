# SPDX-License-Identifier: GPL-2.0-only
"""A caller with SRTP talks to one with RTP, also unencrypted or unauthenticated SRTP; forged packets reach nobody."""

from guest.phone import Conversation, Kernel, Phone
from guest.srtp import AES_CM

MODULE = "rs"
RELEASE = ("26.0", "12.5")
TIMEOUT = 60
SOAK_TIMEOUT = 180


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel, count = Kernel(t.table(0)), t.fewer(t.sized(300, 3000))
    daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}")
    for number, (family, parameters) in enumerate(((4, ()), (6, ()), (4, ("UNENCRYPTED_SRTP",)),
                                                   (4, ("UNAUTHENTICATED_SRTP",))), 1):
        what = f"{AES_CM} {' '.join(parameters)} over IPv{family}"
        t.step(f"{what} to RTP and back")
        caller = Phone(alice, 0xCA11, AES_CM, family=family, parameters=parameters)
        callee = Phone(bob, 0xCA22, family=family)
        call = Conversation(daemon, kernel, f"call-{number}", caller, callee, offer={"transport-protocol": "RTP/AVP"})
        call.start()
        call.talk(what, min(count, 300) if parameters else count)
        call.check_query(what)
        if "UNAUTHENTICATED_SRTP" not in parameters:
            forged(t, kernel, call)
            call.talk(f"{what}, after forged packets", 20)
        call.delete()
    t.figure("packets that the module decrypted or encrypted over IPv4 and IPv6, none lost", 4 * count)


def forged(t, kernel, call):
    """Packets with a wrong tag, a changed payload or a changed timestamp are counted as errors and not relayed."""
    caller, callee = call.sides.values()
    before, up = kernel.target(caller.to), kernel.passed_up()
    packets = [bytearray(caller.sender.rtp(each)) for each in caller.packets(3)]
    for packet, at in zip(packets, (-1, 20, 7)):
        packet[at] ^= 1
        caller.rtp.send(bytes(packet), caller.to)
    t.silent("forged packets at the callee", callee.rtp)
    # The module counts each, and so does the daemon, to which it hands them.
    t.eventually("packets and errors counted for forged packets", lambda: [
        kernel.target(caller.to).stats[key] - before.stats[key] for key in ("packets", "errors")], [0, 6])
    t.equal("forged packets handed to userspace", kernel.passed_up() - up, 3)
    # The sequence numbers that they took are used again.
    caller.next -= 3
    caller.sender = type(caller.sender)(caller.sender.crypto)
