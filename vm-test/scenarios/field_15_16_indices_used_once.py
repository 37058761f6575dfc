# SPDX-License-Identifier: GPL-2.0-only
"""Fields 15 and 16: no index of SRTP or SRTCP is used twice under one key, however often targets are added again; it never wraps."""

import time

from guest import rtp
from guest.patience import patient
from guest.srtp import AES_CM, Crypto, Indices

TIMEOUT = 40
SOAK_TIMEOUT = 300
SUITES = ((4, AES_CM), (6, "AEAD_AES_128_GCM"))
RTCP = {"rtcp_fb_fw": 1, "media_output_idxs[0].rtcp_end_idx": 1}
LEAP = 0x6000
OTHERS = 20
PLACES = 65_536


class Leg:
    """A target that takes RTP in plain, and encrypts what it sends; its SSRCs have no counters unless it is given some."""

    def __init__(self, t, control, alice, bob, family, port, crypto, indices=None, ssrcs=()):
        self.t, self.control, self.crypto, self.what = t, control, crypto, f"{crypto.suite.name}, IPv{family}"
        self.indices = indices or Indices(crypto)
        self.sender, self.receiver = alice.udp(family=family), bob.udp(family=family)
        self.local, self.source = (alice.hub_address(family), port), (bob.hub_address(family), port)
        self.target = control.add(self.local, (self.source, self.receiver.address, crypto.fields("encrypt")), rtp=1, ssrcs=ssrcs,
                                  **RTCP)

    def rekey(self, crypto):
        """Adds it again with another key."""
        self.crypto = crypto
        for name, value in crypto.fields("encrypt").items():
            self.target.destinations[0][f"destination.output.{name}"] = value
        self.target.again()

    def exchange(self, packets):
        """Sends packets, and gives what arrives."""
        for data in packets:
            self.sender.send(data, self.local)
        return [(self.receiver.recv() or self.t.fail(f"{self.what}: a packet")).data for _ in packets]

    def rtp(self, what, ssrc, first, count=3):
        """Packets from an index on leave under just those indices."""
        plain = rtp.stream(count, seq=first, ssrc=ssrc)
        rounds = range((first + count) >> 16, -1, -1)
        got = [self.indices.rtp(each, rounds) for each in self.exchange(plain)]
        self.t.equal(f"{self.what}: indices of {what}", [index for index, _ in got], list(range(first, first + count)))
        self.t.equal(f"{self.what}: {what} in plain", [each for _, each in got], plain)

    def rtcp(self, what, ssrc, count=3):
        """Feedback leaves under indices that were not used before: gives them."""
        plain = [rtp.nack(ssrc, lost=n) for n in range(count)]
        got = [self.indices.rtcp(each) for each in self.exchange(plain)]
        self.t.equal(f"{self.what}: {what} in plain", [each for _, each in got], plain)
        return [index for index, _ in got]

    def not_again(self, what, ssrc, index):
        """A packet whose index was used is an error, whatever is in it; the stream goes on."""
        output = self.target.outputs[0]
        before = output["packets"], output["errors"]
        for payload in (b"\xd5" * 160, b"other"):
            self.sender.send(rtp.packet(index, ssrc=ssrc, payload=payload), self.local)
        self.t.eventually(f"{self.what}: {what} again, sent and errors",
                          lambda: (output["packets"] - before[0], output["errors"] - before[1]), (0, 2))
        self.t.silent(f"{self.what}: {what} again", self.receiver, 0)

    def none_twice(self, what):
        self.t.equal(f"{self.what}: indices used twice {what}", self.indices.twice(), [])


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=64)
    t.rtpctl.ok("rule", "add", 0)
    legs = [Leg(t, control, alice, bob, family, 4000, Crypto.new(suite)) for family, suite in SUITES]
    for leg in legs:
        t.step(f"{leg.what}: SRTCP goes on where it was")
        leg.rtcp("feedback", 1)
        leg.target.again()
        leg.rtcp("feedback after the target was added again", 1)
        leg.none_twice("for SRTCP")

        t.step(f"{leg.what}: so does the rollover counter")
        first = 0
        while first < 0x20000:
            leg.rtp("a stream", 1, first)
            first += LEAP
        leg.target.again()
        leg.not_again("a sequence number that was sent before the target was added again", 1, first - LEAP + 2)
        leg.rtp("a stream after the target was added again", 1, first)
        leg.not_again("a sequence number that was just sent", 1, first + 1)
        leg.none_twice("for SRTP")

        t.step(f"{leg.what}: as many SSRCs as a call with simulcast has")
        for start in range(0xFFFE, 0x30000, LEAP):
            for ssrc in range(100, 100 + OTHERS):
                leg.rtp("SSRCs in turn, and their rollover", ssrc, start)
            leg.target.again()
        leg.none_twice("with many SSRCs")

        t.step(f"{leg.what}: another key for a while")
        key = leg.crypto
        leg.indices, known = Indices(Crypto.new(key.suite.name)), leg.indices
        leg.rekey(leg.indices.crypto)
        leg.rtp("a stream under another key", 7, 3)
        leg.rtcp("feedback under another key", 1)
        leg.none_twice("under another key")
        leg.rekey(key)
        leg.indices = known
        leg.rtp("a stream under the key from before", 1, first + 3)
        leg.rtcp("feedback under the key from before", 1)
        leg.none_twice("under the key from before")

        t.step(f"{leg.what}: two targets with one key")
        family = 6 if ":" in leg.local[0] else 4
        other = Leg(t, control, alice, bob, family, 4002, key, leg.indices)
        for _ in range(2):
            leg.rtcp("feedback of one target", 1)
            other.rtcp("feedback of the other target", 1)
        control.delete(leg.local)
        other.rtcp("feedback of the other target when it is alone", 1)
        leg.none_twice("with two targets")
        control.delete(other.local)

        t.step(f"{leg.what}: one target with two outputs under one key")
        both, receivers = Indices(Crypto.new(key.suite.name)), [bob.udp(family=family) for _ in range(2)]
        local = (other.local[0], 4008)
        control.add(local, *[(leg.source, receiver.address, both.crypto.fields("encrypt")) for receiver in receivers], rtp=1,
                    rtcp_fb_fw=1, **{"media_output_idxs[0].rtcp_end_idx": 2})
        packets, feedback = rtp.stream(3, seq=5, ssrc=1), [rtp.nack(1, lost=n) for n in range(3)]
        for data in packets + feedback:
            leg.sender.send(data, local)
        got = [[(receiver.recv() or t.fail(f"{leg.what}: a packet of each output")).data for _ in range(6)] for receiver in receivers]
        t.equal(f"{leg.what}: RTP of both", got[0][:3], got[1][:3])
        t.equal(f"{leg.what}: RTP of both in plain", [both.rtp(each)[1] for each in got[0][:3]], packets)
        t.equal(f"{leg.what}: RTCP of both in plain", [[both.rtcp(each)[1] for each in one[3:]] for one in got], [feedback] * 2)
        t.equal(f"{leg.what}: indices used twice by two outputs", both.twice(), [])
        control.delete(local)

        t.step(f"{leg.what}: counters in shared memory that know less than the table")
        counted = Leg(t, control, alice, bob, family, 4004, key, leg.indices, ssrcs=(1,))
        counted.rtcp("feedback with new counters", 1)
        stats = counted.target.output_ssrcs[0][0]
        t.true(f"{leg.what}: what the counters say of SRTCP", stats["rtcp_seq"] > max(
            index for _, kind, index in leg.indices.used if kind == "RTCP"), stats["rtcp_seq"])
        counted.rtp("a stream with new counters", 1, first + 6)
        counted.not_again("a sequence number that was just sent, with counters", 1, first + 7)
        counted.target.again()
        counted.not_again("a sequence number that was sent before, with counters", 1, first + 8)
        counted.rtp("a stream that goes on", 1, first + 9)
        counted.none_twice("with new counters")
        t.equal(f"{leg.what}: what the counters say of SRTP", stats["ext_seq"], first + 11)
        control.delete(counted.local)

    t.step("indices end, and none begins again")
    for family, suite in SUITES:
        crypto = Crypto.new(suite)
        leg = Leg(t, control, alice, bob, family, 4006, crypto, ssrcs=(1,))
        stats, output = leg.target.output_ssrcs[0][0], leg.target.outputs[0]

        def ends(what, packets, opened, last):
            """All packets up to the last index leave, the others are errors."""
            before = output["packets"], output["errors"]
            for data in packets:
                leg.sender.send(data, leg.local)
            got = [opened(each.data)[0] for each in leg.receiver.drain(patient(0.1))]
            t.equal(f"{leg.what}: {what}", got, [*range(last + 1 - len(got), last + 1)])
            sent, errors = output["packets"] - before[0], output["errors"] - before[1]
            t.equal(f"{leg.what}: {what}, sent and errors", (sent, errors), (len(got), len(packets) - len(got)))
            return len(got)

        stats["ext_seq"] = 0xFFFF_FFF7
        sent = ends("the last indices of SRTP", rtp.stream(16, seq=0xFFF8, ssrc=1),
                    lambda data: leg.indices.rtp(data, (0xFFFF, 0)), 0xFFFF_FFFF)
        t.equal(f"{leg.what}: packets before the end", sent, 8)
        stats["rtcp_seq"] = 0x7FFF_FFFC
        sent = ends("the last indices of SRTCP", [rtp.nack(1, lost=n) for n in range(8)], leg.indices.rtcp, 0x7FFF_FFFF)
        t.between(f"{leg.what}: feedback before the end", sent, 3, 4)
        leg.target.again()
        for what, packets, opened, last in (
                ("SRTP after it was added again", rtp.stream(4, seq=0, ssrc=1), lambda data: leg.indices.rtp(data, (0xFFFF, 0)), -1),
                ("SRTCP after it was added again", [rtp.nack(1)] * 2, leg.indices.rtcp, -1)):
            t.equal(f"{leg.what}: sent of {what}", ends(what, packets, opened, last), 0)
        leg.none_twice("at the end")
        control.delete(leg.local)

    times = t.sized(5, 1000)
    t.step(f"added again {times} times under traffic")
    for family, suite in SUITES:
        leg = Leg(t, control, alice, bob, family, 4010, Crypto.new(suite))
        for n in range(times):
            leg.target.again()
            leg.rtp("a stream", 1, n * LEAP // 4, 2)
            leg.rtcp("feedback", 1 + n % 3, 2)
        leg.none_twice("over all")
    t.figure("indices of SRTP and SRTCP, with targets added again, none used twice", 2 * 4 * times)
    if t.size == "test":
        return

    t.step(f"the memory of a table has {PLACES} places")
    leg = Leg(t, control, alice, bob, 4, 4020, Crypto.new(AES_CM))
    output = leg.target.outputs[0]
    for ssrc in range(PLACES + 100):
        leg.sender.send(rtp.packet(ssrc=1000 + ssrc), leg.local)
        if ssrc % 64 == 0:
            leg.receiver.drain(0)
    leg.receiver.drain()
    t.between("SSRCs that are refused when it is full", output["errors"], 100, 100 + 64)
    t.equal("all others are sent", output["packets"], PLACES + 100 - output["errors"])

    t.step("an output that found no place has one as soon as there is one")
    other = Leg(t, control, alice, bob, 4, 4022, Crypto.new(AES_CM))
    stats = other.target.outputs[0]
    for n in range(4):
        other.sender.send(rtp.packet(n, ssrc=1), other.local)
    t.eventually("sent and errors while it is full", lambda: (stats["packets"], stats["errors"]), (0, 4))
    control.delete(leg.local)
    # A target goes a while after it was deleted.
    time.sleep(patient(1))
    other.rtp("what comes when the other target is gone", 1, 4)
    t.equal("errors then", stats["errors"], 4)
