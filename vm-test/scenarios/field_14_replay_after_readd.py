# SPDX-License-Identifier: GPL-2.0-only
"""Field 14: a target that is deleted and added again takes no recorded packet of an earlier round, and loses none that is genuine."""

import sys
import time

from guest import rtp
from guest.patience import patient
from guest.srtp import AES_CM, Crypto, Sender
from guest.traffic import Background

TIMEOUT = 30
SOAK_TIMEOUT = 300
SSRC = 0x1234_5678
LEAP = 0x6000
EACH = 20


class Stream:
    """A genuine stream through a target, and an attacker who has recorded all of it."""

    def __init__(self, t, control, alice, bob, family, suite):
        self.t, self.what = t, f"{suite}, IPv{family}"
        self.crypto = Crypto.new(suite)
        self.libsrtp = Sender(self.crypto)
        self.sender, self.attacker, self.receiver = alice.udp(family=family), alice.udp(family=family), bob.udp(family=family)
        self.local, self.source = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001)
        self.target = control.add(self.local, (self.source, self.receiver.address), rtp=1, ssrcs=(SSRC,), rtp_stats=1,
                                  **self.crypto.fields("decrypt"))
        self.next = 0
        self.recorded = {}  # what was sent, by its index
        self.plain = {}

    def packets(self, count):
        """The next ones, in plain, and sealed."""
        plain = rtp.stream(count, seq=self.next, ssrc=SSRC)
        sealed = [self.libsrtp.rtp(each) for each in plain]
        self.recorded.update(zip(range(self.next, self.next + count), sealed))
        self.next += count
        return plain, sealed

    def endless(self):
        """All that follows, sealed; `plain` tells what each was."""
        while True:
            (plain,), (sealed,) = self.packets(1)
            self.plain[sealed] = plain
            yield sealed

    def talk(self, what, count=EACH):
        plain, sealed = self.packets(count)
        self.t.relayed(f"{self.what}: {what}", self.sender, self.local, self.receiver, sealed, source=self.source, expected=plain)
        self.t.equal(f"{self.what}: highest index after {what}", self.highest(), self.next - 1)

    def highest(self):
        return self.target.ssrc_stats[0]["ext_seq"] & 0xFFFF_FFFF

    def reach(self, index):
        """Goes on to that index, in leaps that a receiver can follow."""
        while self.next + LEAP < index:
            self.next += LEAP
            self.talk(f"from {self.next:#x}", EACH // 2)
        self.next = index

    def replay(self, what, indices):
        """Sends recorded packets again: none may be relayed, or move the highest index back."""
        before = self.target.outputs[0]["packets"]
        for index in indices:
            self.attacker.send(self.recorded[index], self.local)
        self.t.silent(f"{self.what}: {what}", self.receiver, 0)
        self.t.equal(f"{self.what}: relayed of {what}", self.target.outputs[0]["packets"], before)
        self.t.equal(f"{self.what}: highest index after {what}", self.highest(), self.next - 1)

    def recent(self):
        """Sends recorded packets that may be late ones again, as far as anyone can tell: those that follow must not suffer."""
        for index in list(self.recorded)[-5:-1]:
            self.attacker.send(self.recorded[index], self.local)
        self.receiver.drain(patient(0.05))
        self.t.equal(f"{self.what}: highest index after recent packets", self.highest(), self.next - 1)

    def old(self):
        """An index of each round: those that the window cannot have forgotten are left out."""
        rounds = {index >> 16: index for index in self.recorded if index < self.next - 2048}
        return [*rounds.values(), 0, 3]


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    t.rtpctl.ok("rule", "add", 0)
    # Nobody answers for the port: what is passed is read, and thrown away.
    sockets = [t.host.udp(alice.hub_address(family), 4000) for family in (4, 6)]
    streams = [Stream(t, control, alice, bob, family, suite) for family, suite in ((4, AES_CM), (6, "AEAD_AES_128_GCM"))]
    for stream in streams:
        t.step(f"{stream.what}: three rounds, and recorded packets of the first after the target was added again")
        stream.talk("the first packets")
        stream.target.again()
        stream.recent()
        stream.talk("packets that follow in the first round")
        stream.reach(0x30000)
        stream.talk("the third round")
        stream.replay("old packets while the target stays", stream.old())
        stream.target.again()
        stream.replay("old packets after it was added again", stream.old())
        stream.talk("genuine packets that follow them")
        stream.target.again()
        stream.recent()
        stream.talk("genuine packets after one more")
        stream.replay("old packets behind them", stream.old())
        stream.talk("genuine packets at the end")

        t.step(f"{stream.what}: added again in the middle of a rollover")
        stream.reach(0x3FFFA)
        stream.talk("before it", 3)
        stream.target.again()
        stream.replay("old packets before the rollover", stream.old())
        stream.talk("the rollover", 10)
        stream.target.again()
        stream.replay("old packets after the rollover", stream.old())
        late, sealed = stream.packets(4)
        t.relayed(f"{stream.what}: late ones", stream.sender, stream.local, stream.receiver, [sealed[n] for n in (3, 0, 2, 1)],
                  source=stream.source, expected=[late[n] for n in (3, 0, 2, 1)])
        t.equal(f"{stream.what}: highest index after late ones", stream.highest(), stream.next - 1)

    t.step("added again many times under traffic, with an attacker who replays")
    times, genuine, passed = t.sized(10, 500), 0, 0
    sys.setswitchinterval(0.0001)
    for stream, userspace in zip(streams, sockets):
        userspace.drain(0)
        traffic = Background(stream.sender, stream.local, stream.receiver, stream.endless(), gap=0.001)
        old = [stream.recorded[index] for index in stream.old()]
        with traffic:
            for n in range(times):
                stream.target.again()
                for _ in range(4):
                    stream.attacker.send(old[n % len(old)], stream.local)
                    time.sleep(0.001)
        # What came while there was no target is userspace's.
        up = [each.data for each in userspace.drain(patient(0.1)) if each.source == stream.sender.address]
        t.equal(f"{stream.what}: genuine packets, each relayed once or passed once",
                sorted([*(each.data for each in traffic.flow.received), *(stream.plain[each] for each in up)]),
                sorted(stream.plain[each] for each in traffic.flow.sent))
        stream.talk("genuine packets at the very end")
        genuine += len(traffic.flow.sent)
        passed += len(up)
    t.figure("targets added again under traffic with a replaying attacker", 2 * times)
    t.figure("genuine packets meanwhile, none lost", genuine)
    t.note(f"{2 * times} times added again, {genuine} genuine packets: {genuine - passed} relayed, {passed} passed meanwhile, 0 lost")
