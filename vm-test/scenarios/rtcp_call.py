# SPDX-License-Identifier: GPL-2.0-only
"""RTCP of calls, on its own port or that of RTP, plain or as SRTCP, is relayed by the kernel once and unchanged."""

from guest import rtp
from guest.phone import Conversation, Kernel, Phone, counted
from guest.srtp import AES_CM

MODULE = "rs"
RELEASE = ("26.0", "12.5")
TIMEOUT = 60
AEAD = "AEAD_AES_256_GCM"
ROUNDS = 2


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")
    # The C module cuts SRTCP off where the tag of SRTP is the shorter one (defect 18).
    uneven = "AES_CM_128_HMAC_SHA1_32" if t.module == "rs" else AES_CM
    for what, mux, feedback, caller, callee in (
            ("RTCP", False, False, (), ()), ("muxed RTCP", True, False, (), ()),
            ("SRTCP", False, False, (AES_CM,), (AEAD,)), ("muxed SRTCP", True, False, (AES_CM,), (AEAD,)),
            ("muxed RTCP to SRTCP with feedback", True, True, (), (uneven,))):
        t.step(what)
        call = Conversation(daemon, kernel, what, Phone(alice, 0xCA11, *caller, mux=mux, feedback=feedback),
                            Phone(bob, 0xCA22, *callee, mux=mux, feedback=feedback),
                            offer={"transport-protocol": f"RTP/{'S' if callee else ''}AVP{'F' if feedback else ''}"})
        call.start()
        # The first packet of each side has the daemon hand a port of its own to the module.
        for name in call.sides:
            exchange(t, call, name, reports(call, name)[:1])
        kernel.settled(daemon, *(each.rtcp_to for each in call.sides.values()))
        for _ in range(ROUNDS):
            for name, phone in call.sides.items():
                relayed(t, call, name, reports(call, name), feedback=False)
                relayed(t, call, name, [rtp.nack(phone.ssrc, call.other(name).ssrc),
                                        rtp.picture_loss(phone.ssrc, call.other(name).ssrc)],
                        feedback=feedback)
        call.talk("RTP beside it", 20)
        call.delete()


def reports(call, name):
    """Reports as a side sends them."""
    ssrc = call.sides[name].ssrc
    return [rtp.sender_report(ssrc), rtp.receiver_report(ssrc), rtp.receiver_report(ssrc) + rtp.bye(ssrc)]


def exchange(t, call, name, packets):
    """One side sends RTCP, the other gets it, decrypted, from where it sends its own to."""
    sender, receiver = call.sides[name], call.other(name)
    for packet in packets:
        sender.rtcp.send(sender.seal_rtcp(packet), sender.rtcp_to)
        datagram = receiver.rtcp.recv()
        t.true(f"RTCP of the {name} arrives", datagram)
        t.equal(f"RTCP of the {name}", receiver.open_rtcp(datagram.data), packet)
        t.equal(f"source of the {name}'s RTCP", datagram.source, receiver.rtcp_to)


def relayed(t, call, name, packets, *, feedback):
    """The kernel relays them and hands the daemon a copy, which it does not relay; but none of `feedback`."""
    kernel, sender, receiver = call.kernel, call.sides[name], call.other(name)
    before, up = kernel.target(sender.rtcp_to), kernel.passed_up()
    exchange(t, call, name, packets)
    t.silent(f"a second copy of the {name}'s RTCP", receiver.rtcp, 0.05)
    # The C module's look at feedback packets never finds one.
    copies = 0 if feedback and t.module == "rs" else len(packets)
    t.equal(f"RTCP of the {name} that userspace saw too", kernel.passed_up() - up, copies)
    after = kernel.target(sender.rtcp_to)
    for old, new in zip(before.outputs, after.outputs):
        if new.rtcp:
            gained = counted(new.stats) - counted(old.stats)
            t.equal(f"packets, bytes and errors of the {name}'s RTCP that the kernel sent",
                    (gained.packets, gained.bytes, gained.errors), (len(packets), sum(map(len, packets)), 0))
    t.equal(f"errors with the {name}'s RTCP", after.stats["errors"] - before.stats["errors"], 0)
