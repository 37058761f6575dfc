# SPDX-License-Identifier: GPL-2.0-only
"""The kernel relays the audio of an SRTP call, the daemon the DTMF events in the same stream, or blocks them if told to."""

import struct
import time

from guest import rtp, srtp
from guest.phone import Conversation, Kernel, Phone, complaints

MODULE = "rs"
TIMEOUT = 90
PT = 101
ATTRIBUTES = [f"a=rtpmap:{PT} telephone-event/8000", f"a=fmtp:{PT} 0-15"]


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")
    caller = Phone(alice, 0xCA11, pts=(0, PT), attributes=ATTRIBUTES)
    callee = Phone(bob, 0xCA22, srtp.AES_CM, pts=(0, PT), attributes=ATTRIBUTES)
    call = Conversation(daemon, kernel, "digits", caller, callee, offer={"transport-protocol": "RTP/SAVP"})
    call.start()

    t.step("digits are pressed on both sides")
    events = press(t, call, "0123456789*#")
    t.true("events are left to the daemon", all("PT-filter" in kernel.target(each.to).options and PT not in
                                                kernel.target(each.to).pts for each in call.sides.values()))
    t.eventually("packets and errors in the daemon's query",
                 lambda: [(each["in"].packets, each["out"].packets, each["in"].errors) for each in call.counted().values()],
                 [(phone.next - 1, call.other(name).next - 1, 0) for name, phone in call.sides.items()])

    t.step("events are blocked, audio is not")
    daemon.ng("block DTMF", call_id="digits")
    press(t, call, "42", blocked=True)
    daemon.ng("unblock DTMF", call_id="digits")
    press(t, call, "42")
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])
    t.note(f"{events} packets with events each way")


def press(t, call, digits, *, blocked=False):
    """Audio with digits: the other side decodes all of it, userspace sees the events alone, the kernel counts the audio."""
    for name, phone in call.sides.items():
        packets, target, up = dial(phone, digits), call.kernel.target(phone.to), call.kernel.passed_up()
        for packet in packets:
            phone.rtp.send(phone.seal(packet), phone.to)
            time.sleep(0.003)
        audio = [each for each in packets if rtp.parse(each).pt != PT]
        got = [call.other(name).open(each.data) for each in call.other(name).rtp.drain(0.5)]
        # Two paths: an event may be overtaken by the audio after it.
        t.equal(f"packets of the {name}", sorted(got, key=number), audio if blocked else packets)
        t.equal(f"packets of the {name} that userspace saw", call.kernel.passed_up() - up, len(packets) - len(audio))
        t.equal(f"audio of the {name} that was counted",
                call.kernel.target(phone.to).pts[0]["packets"] - target.pts[0]["packets"], len(audio))
    return len(packets) - len(audio)


def number(packet):
    """The sequence number."""
    return rtp.parse(packet).seq


def dial(phone, digits):
    """Audio with digits in it: each is an event of 7 packets, three of them its end (RFC 4733), all with one timestamp."""
    packets = phone.packets(5)
    for digit in digits:
        start = 160 * phone.next
        for n in range(7):
            event = struct.pack(">BBH", "0123456789*#".index(digit), (0x80 if n > 3 else 0) | 10, 160 * min(n + 1, 5))
            packets.append(rtp.packet(phone.next, start, phone.ssrc, PT, event, marker=n == 0))
            phone.next += 1
        packets += phone.packets(3)
    return packets
