# SPDX-License-Identifier: GPL-2.0-only
"""One publisher's RTP goes to many subscribers, in plain and with SRTP suites of their own, from one target of the kernel."""

import time

from guest import srtp
from guest.phone import FIRST, Kernel, Phone, agree, complaints, counted

MODULE = "rs"
TIMEOUT = 90
COUNT = 100
SUITES = (None, srtp.AES_CM, "AEAD_AES_256_GCM", None, "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AES_256_CM_HMAC_SHA1_80",
          None)


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")
    common = {"call_id": "stage", "ICE": "remove", "flags": ["trust-address"]}

    t.step(f"one publisher, {len(SUITES)} subscribers")
    publisher = Phone(alice, 0xCA11, srtp.AES_CM)
    publisher.accept(str(daemon.ng("publish", sdp=publisher.offer("sendonly"), from_tag="publisher", **common)["sdp"]))
    subscribers = []
    for number, suite in enumerate(SUITES):
        phone = Phone(bob, 0, *([suite] if suite else []))
        asked = daemon.ng("subscribe request", from_tag="publisher", to_tag=f"subscriber {number}",
                          **{**common, **({"transport-protocol": "RTP/SAVP", "SDES": [f"only-{suite}"]} if suite else
                                          {"transport-protocol": "RTP/AVP"})})
        daemon.ng("subscribe answer", sdp=phone.answer(str(asked["sdp"]), "recvonly"), to_tag=f"subscriber {number}", **common)
        subscribers.append(phone)
    publish(t, "first", publisher, subscribers, FIRST, sorted)
    kernel.settled(daemon, publisher.to)

    t.step(f"{COUNT} packets to all of them")
    talk(t, kernel, publisher, subscribers)

    t.step("two leave")
    for number in (1, 3):
        daemon.ng("unsubscribe", to_tag=f"subscriber {number}", **common)
    gone = [subscribers.pop(3), subscribers.pop(1)]
    publish(t, "first after two left", publisher, subscribers, FIRST, sorted)
    kernel.settled(daemon, publisher.to)
    talk(t, kernel, publisher, subscribers)
    for phone in gone:
        t.silent("packets for one that has left", phone.rtp, 0.05)
    agree(daemon, kernel, "stage", ("publisher", 0, publisher.to))
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])


def publish(t, what, publisher, subscribers, count, order=list):
    """Every subscriber gets all packets, in the order of `order`, decrypts them, and none twice."""
    packets = publisher.packets(count)
    sealed = [publisher.seal(each) for each in packets]
    for packet in sealed:
        publisher.rtp.send(packet, publisher.to)
        time.sleep(0.002)
    for number, phone in enumerate(subscribers):
        got = []
        while datagram := phone.rtp.recv(2 if len(got) < count else 0):
            got.append(datagram)
        t.equal(f"{what}: packets of subscriber {number}", order(phone.open(each.data) for each in got), packets)
        t.equal(f"{what}: their source", {each.source for each in got}, {phone.to})
    return packets, sealed


def talk(t, kernel, publisher, subscribers):
    """The same in the kernel: the target counts what came, each of its outputs what it sent; userspace sees nothing."""
    before, up = kernel.target(publisher.to), kernel.passed_up()
    packets, sealed = publish(t, "talk", publisher, subscribers, COUNT)
    t.equal("packets that userspace saw", kernel.passed_up() - up, 0)
    after = kernel.target(publisher.to)
    gained = counted(after.stats) - counted(before.stats)
    t.equal("packets, bytes and errors of the target", (gained.packets, gained.bytes, gained.errors),
            (COUNT, sum(map(len, sealed)), 0))
    outputs = [counted(new.stats) - counted(old.stats) for old, new in zip(before.outputs, after.outputs) if not new.rtcp]
    t.equal("packets, bytes and errors of its outputs", [(each.packets, each.bytes, each.errors) for each in outputs],
            [(COUNT, sum(map(len, packets)), 0)] * len(subscribers))
    t.equal("where they go", {each.dst for each in after.outputs if not each.rtcp},
            {"{}:{}".format(*each.rtp.address) for each in subscribers})
