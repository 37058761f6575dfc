# SPDX-License-Identifier: GPL-2.0-only
"""Field 15: SSRCs that share the counters of an SRTP output, as those of a bundle do, arrive whole, and none of their indices is used twice."""

from guest import rtp
from guest.srtp import AES_CM, Crypto, Indices, Receiver

TIMEOUT = 40
SUITES = ((4, AES_CM), (6, "AEAD_AES_128_GCM"))
AUDIO, VIDEO = 0xCA22, 0xCA33
# The first indices of both: side by side, and where what is next of one is a round away by the other.
STARTS = ((0x1000, 0x1005), (0x1000, 0xFF00), (0xFFF0, 0x9000))
COUNT = 140
# What userspace has left in the counters of what is received: nothing, or what it had seen when the kernel took over.
RECEIVED = ("nothing", "the first packet")


class Bundle:
    """A target with two SSRCs, which takes RTP in plain; its output encrypts, and has one structure of counters for both."""

    def __init__(self, t, control, alice, bob, family, port, suite, starts):
        self.t, self.crypto = t, Crypto.new(suite)
        self.what = f"{suite}, IPv{family}, from {starts[0]:#x} and {starts[1]:#x}"
        self.next = dict(zip((AUDIO, VIDEO), starts))
        self.sender, self.receiver = alice.udp(family=family), bob.udp(family=family)
        self.local, source = (alice.hub_address(family), port), (bob.hub_address(family), port)
        self.target = control.target(self.local, ssrcs=(AUDIO, VIDEO), rtp=1)
        output = self.target.destination(0, source, self.receiver.address, **self.crypto.fields("encrypt"))
        output["destination.output.ssrc_stats[1]"] = output["destination.output.ssrc_stats[0]"]
        for command in (self.target.command, output):
            control.write(command)
        self.session, self.indices = Receiver(self.crypto), Indices(self.crypto)

    def packet(self, ssrc):
        self.next[ssrc] += 1
        return rtp.packet(self.next[ssrc] - 1, ssrc=ssrc)

    def talk(self, what, count, order=(AUDIO, VIDEO, VIDEO)):
        """Packets of both arrive, and a receiver opens each, as it follows the rollover counter of each SSRC."""
        plain = [self.packet(ssrc) for _ in range(count) for ssrc in order]
        for start in range(0, len(plain), 60):
            for data in plain[start:start + 60]:
                self.sender.send(data, self.local)
            for data in plain[start:start + 60]:
                got = (self.receiver.recv() or self.t.fail(f"{self.what}: {what}: a packet")).data
                self.t.equal(f"{self.what}: {what}: in plain", self.session.rtp(got), data)
                self.indices.rtp(got, range(8))
        self.t.equal(f"{self.what}: {what}: indices used twice", self.indices.twice(), [])

    def not_again(self, what, count=20):
        """What was sent of either SSRC is not sent again, with other bytes."""
        output = self.target.outputs[0]
        before = output["packets"], output["errors"]
        for ssrc, following in self.next.items():
            for seq in range(following - count, following):
                self.sender.send(rtp.packet(seq, ssrc=ssrc, payload=b"other"), self.local)
        self.t.eventually(f"{self.what}: {what}: sent and errors",
                          lambda: (output["packets"] - before[0], output["errors"] - before[1]), (0, 2 * count))
        self.t.silent(f"{self.what}: {what}", self.receiver, 0)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=64)
    t.rtpctl.ok("rule", "add", 0)
    port = 4000
    for family, suite in SUITES:
        for starts in STARTS:
            for received in RECEIVED:
                t.step(f"{suite}, from {starts[0]:#x} and {starts[1]:#x}, received before: {received}")
                bundle = Bundle(t, control, alice, bob, family, port, suite, starts)
                port += 2
                bundle.talk("the first packets", 2)
                if received != "nothing":
                    for stats, start in zip(bundle.target.ssrc_stats, starts):
                        stats["ext_seq"] = start
                bundle.talk("in turn", COUNT if received == "nothing" else 20)
                bundle.not_again("what was just sent")
                for n in range(3):
                    bundle.target.again()
                    bundle.not_again(f"what was sent before the target was added again, {n}")
                    bundle.talk(f"after the target was added again, {n}", 10, ((AUDIO, VIDEO), (VIDEO, AUDIO))[n % 2])
                t.equal(f"{bundle.what}: what the counters say", bundle.target.output_ssrcs[0][0]["ext_seq"],
                        max(bundle.next.values()) - 1)
                control.delete(bundle.local)
    t.figure("SSRCs that shared counters", 2 * len(SUITES) * len(STARTS) * len(RECEIVED))
