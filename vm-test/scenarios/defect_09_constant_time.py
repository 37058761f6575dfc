# SPDX-License-Identifier: GPL-2.0-only
"""To refuse a tag takes as many instructions wherever it is wrong: time does not tell how much of a forged one was right (defect 9)."""

import operator
import statistics
import time

from guest import nft, rtp
from guest.srtp import Crypto, Sender

MACHINE = "icount"  # where a nanosecond is an instruction
KERNEL = "stock"
TIMEOUT = 60
SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")
SSRC = 0x1234_5678
ROUNDS = 100
# Nothing but the comparison differs; memcmp, which ends at the first byte that is wrong, makes 29.
MOST = 5


def spoiled(packet, places):
    """The packet with a wrong bit in each of the bytes."""
    changed = bytearray(packet)
    for at in places:
        changed[at] ^= 0x40
    return bytes(changed)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    sender, receiver = alice.udp(), bob.udp()
    for n, suite in enumerate(SUITES):
        crypto = Crypto.new(suite)
        userspace = t.host.udp(alice.hub4, 4000 + n)
        local, source = userspace.address, (bob.hub4, 5000 + n)
        target = control.add(local, (source, receiver.address), rtp=1, ssrcs=(SSRC,), rtcp_fb_fw=1,
                             **{"media_output_idxs[0].rtcp_end_idx": 1}, **crypto.fields("decrypt"))
        libsrtp = Sender(crypto)
        first, second = (libsrtp.rtp(each) for each in rtp.stream(2, seq=100, ssrc=SSRC))
        report, _ = libsrtp.rtcp(rtp.nack(SSRC)), libsrtp.rtcp(rtp.nack(SSRC))
        sender.send(first, local)
        t.true("a right one is relayed", receiver.recv())
        for what, packet, tag, behind in (("SRTP", second, 16 if crypto.suite.aead else crypto.suite.rtp_tag, 0),
                                          ("SRTCP", report, 16 if crypto.suite.aead else crypto.suite.rtcp_tag,
                                           4 if crypto.suite.aead else 0)):
            t.step(f"{what} of {suite}")
            end = len(packet) - behind
            kinds = {"first": [end - tag], "middle": [end - tag // 2 - 1], "last": [end - 1], "every": range(end - tag, end)}
            forged = {kind: spoiled(packet, places) for kind, places in kinds.items()}
            times = {kind: [] for kind in forged}
            before, place = target.stats["errors"], bytearray(len(packet))
            for turn in range(ROUNDS):
                order = list(forged.items())
                for kind, data in order[turn % 4:] + order[:turn % 4]:  # what comes first may find other memory than the rest
                    place[:] = data  # to copy from elsewhere may take more
                    start = time.perf_counter_ns()
                    sender.sock.sendto(place, local)
                    took = time.perf_counter_ns() - start
                    times[kind].append(took)  # to find the list takes as the hash of its name happens to be
                    t.equal("passed", (userspace.recv() or t.fail("a packet")).data, data)
            t.equal("all were errors", target.stats["errors"] - before, ROUNDS * len(forged))
            least = [min(turn) for turn in zip(*times.values())]  # it varies from turn to turn, and less within one
            more = {kind: statistics.median_low(map(operator.sub, each, least)) for kind, each in times.items()}
            t.note(f"{what} of {suite}, about {statistics.median_low(least)} instructions; more by the wrong byte: {more}")
            t.between("instructions that it makes a difference", max(more.values()) - min(more.values()), 0, MOST)
            sender.send(packet, local)
            t.true("the right one is relayed", receiver.recv())
        userspace.close()
    t.figure("forged tags whose refusal was timed", len(SUITES) * 2 * 4 * ROUNDS)
