# SPDX-License-Identifier: GPL-2.0-only
"""A call is put on hold and resumed: media stop and go on in the kernel as the parties agree, and SRTP stays in step."""

from guest import srtp
from guest.phone import FIRST, Conversation, Counted, Kernel, Phone, complaints, counted
from guest.proc import local_text

MODULE = "rs"
RELEASE = ("26.0", "12.5")
TIMEOUT = 90
COUNT = 100


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")
    caller, callee = Phone(alice, 0xCA11), Phone(bob, 0xCA22, srtp.AES_CM, seq=0xFFFF - 4 * COUNT)
    call = Conversation(daemon, kernel, "held", caller, callee, offer={"transport-protocol": "RTP/SAVP"})
    call.start()
    call.talk("before", COUNT)
    call.check_query("before")
    for direction, answered, heard in (("sendonly", "recvonly", ("caller",)), ("inactive", "inactive", ())):
        t.step(f"on hold: {direction}")
        call.negotiate(direction, answered)
        for name in call.sides:
            heard_of(t, call, name, name in heard)

        t.step(f"resumed after {direction}")
        call.negotiate()
        call.start()
        call.talk(f"after {direction}", COUNT)
    t.equal("the callee's numbers rolled over", callee.next >> 16, 1)
    call.check_query("at the end")
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])


def heard_of(t, call, name, heard):
    """After the first packets of a side the kernel takes all of it, and relays it or not."""
    phone, other = call.sides[name], call.other(name)

    def say(count):
        packets = phone.packets(count)
        sealed = [phone.seal(each) for each in packets]
        for packet in sealed:
            phone.rtp.send(packet, phone.to)
        came = [each for _ in packets if heard and (each := other.rtp.recv())] + other.rtp.drain(0.2)
        t.equal(f"what is heard of the {name}", sorted(other.open(each.data) for each in came), packets if heard else [])
        return sealed

    say(FIRST)
    t.eventually(f"the kernel has the stream of the {name}, to send it on or to drop it",
                 lambda: call.kernel.has(phone.to) or drops(call.kernel, phone), True)
    call.daemon.quiet()
    before, up = call.kernel.target(phone.to), call.kernel.passed_up()
    sealed = say(COUNT)
    after = call.kernel.target(phone.to)
    t.equal(f"packets, bytes and errors of the {name} that the kernel took",
            counted(after.stats) - counted(before.stats), Counted(COUNT, sum(map(len, sealed))))
    t.equal("those that userspace saw", call.kernel.passed_up() - up, 0)
    sent = [counted(new.stats) - counted(old.stats) for old, new in zip(before.outputs, after.outputs) if not new.rtcp]
    t.equal("packets that the kernel sent on", [each.packets for each in sent], [COUNT] if heard else [])


def drops(kernel, phone):
    """Whether a stream that nobody is to hear is in the kernel without outputs, as 12.5 has it."""
    return any(each.local == local_text(*phone.to) and "blackhole" in each.options for each in kernel.table.targets())
