# SPDX-License-Identifier: GPL-2.0-only
"""Field 15: a packet that is on its way while its target is deleted and added again shares no index with one that the new target sends."""

import struct
import threading
import time

from guest import rtp
from guest.patience import patient
from guest.srtp import AES_CM, Crypto, Indices

KERNEL = "stock"  # on the debug kernel a packet has left all outputs before its target is added again
TIMEOUT = 60
SSRC = 0x1234_5678
# A packet takes long from the first output to the last: each encrypts so much.
OUTPUTS, LARGE = 32, 60_000
ATTEMPTS, WANTED = 20, 3
CASES = ((4, AES_CM, "the same counters"), (6, "AEAD_AES_128_GCM", "other counters"), (4, AES_CM, "no counters"))


class Relay:
    """A target with many outputs, each with a key of its own."""

    def __init__(self, t, control, alice, bob, family, suite, counters, port):
        self.t, self.control, self.counters, self.what = t, control, counters, f"{suite}, IPv{family}, {counters}"
        self.senders, self.receiver = [alice.udp(family=family) for _ in range(2)], bob.udp(family=family)
        self.local = (alice.hub_address(family), port)
        # The host knows the way to it from now on: as many bytes would not wait for that.
        self.receiver.send(b"", (bob.hub_address(family), 9))
        cryptos = [Crypto.new(suite) for _ in range(OUTPUTS)]
        sources = [(bob.hub_address(family), port + n) for n in range(OUTPUTS)]
        self.indices = {source: Indices(crypto) for source, crypto in zip(sources, cryptos)}
        outputs = [(source, self.receiver.address, crypto.fields("encrypt")) for source, crypto in zip(sources, cryptos)]
        self.target = control.add(self.local, *outputs, rtp=1, rtcp_fb_fw=1, ssrcs=() if counters == "no counters" else (SSRC,),
                                  **{"media_output_idxs[0].rtcp_end_idx": OUTPUTS})

    def counted(self, *names):
        """What each output has counted of these."""
        return [sum(output[name] for name in names) for output in self.target.outputs]

    def again(self):
        """Deletes the target and adds it again, with other counters of its SSRCs where that is asked."""
        if self.counters == "other counters":
            for destination in self.target.destinations:
                destination["destination.output.ssrc_stats[0]"] = self.control.memory.counters("ssrc_stats").addr
        self.target.again()

    def overtake(self, large, small):
        """Sends `large`, and `small` by the target that is added again meanwhile. Gives how many outputs `large` had not come to then."""
        before, done = self.counted("packets"), [count + 2 for count in self.counted("packets", "errors")]
        thread = threading.Thread(target=self.senders[0].send, args=(large, self.local))
        thread.start()
        deadline = time.monotonic() + patient(5)
        while self.target.outputs[0]["packets"] == before[0] and time.monotonic() < deadline:
            pass
        self.again()
        left = sum(now == then for now, then in zip(self.counted("packets"), before))
        self.senders[1].send(small, self.local)
        thread.join()
        self.t.eventually(f"{self.what}: both packets at each output", lambda: self.counted("packets", "errors"), done, patient(10))
        return left

    def check(self, what, opened, each):
        """Each output has sent `each` packets, under as many indices."""
        count = {source: 0 for source in self.indices}
        came = [self.receiver.recv() or self.t.fail(f"{self.what}: a packet, {what}") for _ in range(OUTPUTS * each)]
        for datagram in came + self.receiver.drain(patient(0.1)):
            opened(self.indices[datagram.source], datagram.data)
            count[datagram.source] += 1
        self.t.equal(f"{self.what}: packets of each output, {what}", set(count.values()), {each})
        twice = [found for indices in self.indices.values() for found in indices.twice()]
        self.t.equal(f"{self.what}: indices used twice, {what}", twice, [])


def run(t):
    alice, bob = (t.peer(name, mtu=65535) for name in ("alice", "bob"))
    control = t.table(0).add().ready(pages=256)
    t.rtpctl.ok("rule", "add", 0)
    overtaken = 0
    for number, (family, suite, counters) in enumerate(CASES):
        relay = Relay(t, control, alice, bob, family, suite, counters, 4000 + 100 * number)
        feedback = struct.pack(">I", SSRC) + bytes(LARGE)
        for kind, make, opened, each in (
                # Two packets of one sequence number: one of them is sent, whoever comes first.
                ("RTP", lambda n: [rtp.packet(n, ssrc=SSRC, payload=bytes(size)) for size in (LARGE, 20)], Indices.rtp, 1),
                ("RTCP", lambda n: (rtp.rtcp(205, SSRC, feedback, 1), rtp.nack(SSRC, lost=n)), Indices.rtcp, 2)):
            t.step(f"{relay.what}: {kind}")
            found = 0
            for attempt in range(ATTEMPTS):
                left = relay.overtake(*make(attempt))
                relay.check(f"{kind} {attempt}, {left} of its outputs after the target was added again", opened, each)
                found += left > 0
                if found == WANTED:
                    break
            t.note(f"{relay.what}, {kind}: {found} of {attempt + 1} packets were on their way")
            t.equal(f"{relay.what}: packets that were on their way, {kind}", found, WANTED)
            overtaken += found
    t.figure("packets on their way while their target was added again", overtaken)
