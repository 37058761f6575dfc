# SPDX-License-Identifier: GPL-2.0-only
"""A call is put on hold and resumed: media stop and go on in the kernel as the parties agree, and SRTP stays in step."""

from guest import srtp
from guest.phone import Conversation, Kernel, Phone, complaints

MODULE = "rs"
TIMEOUT = 90
COUNT = 100


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")
    caller, callee = Phone(alice, 0xCA11), Phone(bob, 0xCA22, srtp.AES_CM, seq=0xFFFF - 3 * COUNT)
    call = Conversation(daemon, kernel, "held", caller, callee, offer={"transport-protocol": "RTP/SAVP"})
    call.start()
    call.talk("before", COUNT)
    call.check_query("before")
    for direction, answered, heard in (("sendonly", "recvonly", ("caller",)), ("inactive", "inactive", ())):
        t.step(f"on hold: {direction}")
        call.negotiate(direction, answered)
        for name, phone in call.sides.items():
            packets = phone.packets(20)
            for packet in packets:
                phone.rtp.send(phone.seal(packet), phone.to)
            other = call.other(name)
            got = [other.open(each.data) for each in other.rtp.drain(0.5)]
            t.equal(f"what is heard of the {name}", got, packets if name in heard else [])
        t.note([(each.local, each.options, [o.dst for o in each.outputs]) for each in t.table(0).targets()])

        t.step(f"resumed after {direction}")
        call.negotiate()
        call.start()
        call.talk(f"after {direction}", COUNT)
    t.equal("the callee's numbers rolled over", callee.next >> 16, 1)
    call.check_query("at the end")
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])
