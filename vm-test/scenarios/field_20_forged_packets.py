# SPDX-License-Identifier: GPL-2.0-only
"""Field 20: a forged packet is hashed once: it costs about what the authentication of a genuine one does."""

import socket
import time

from guest import nft, rtp
from guest.srtp import Crypto, Sender

MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 60
PACKETS = 150
SIZE = 1200
SSRC = 0x1234_5678
GCM = "AEAD_AES_128_GCM"
SUITES = ("NULL_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_80", GCM)
LEAP = 0x6000


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    nft.chain()
    nft.native_rule(0)
    # What is passed ends behind our rule, what is relayed ends where it arrives, before any socket costs anything.
    t.host.run("nft", "-f", "-", stdin="table inet behind { chain in { type filter hook input priority 100; udp dport 4000-4999 drop; }; }\n")
    bob.ns.run("nft", "-f", "-", stdin="table inet quiet { chain pre { type filter hook prerouting priority -400; udp dport 9 "
                                       "drop; }; }\n")
    for family, kind in ((4, socket.AF_INET), (6, socket.AF_INET6)):
        with alice.ns:
            sender = socket.socket(kind, socket.SOCK_DGRAM)
        of_family(t, control, sender, alice.hub_address(family), (bob.hub_address(family), 5000), (bob.address(family), 9), family)


def of_family(t, control, sender, local, source, sink, family):
    """What forged packets cost in one family."""

    def cost(to, packets):
        """Instructions from one `send` to the next: the clock advances by 1 ns with each. The least of what half as many take."""
        sender.connect(to)
        clock, found = time.perf_counter_ns, []
        for half in (packets[:len(packets) // 2], packets[len(packets) // 2:]):
            start = clock()
            for data in half:
                sender.send(data)
            found.append((clock() - start) / len(half))
        return min(found)

    payload = bytes(SIZE)
    plain = control.add((local, 4000), (source, sink), rtp=1, ssrcs=(SSRC,))
    packets = [rtp.packet(seq=n, ssrc=SSRC, payload=payload) for n in range(PACKETS)]
    cost(plain.local, packets)
    relayed = cost(plain.local, packets)
    passed = cost(plain.local, [rtp.packet(seq=n, ssrc=1, payload=payload) for n in range(PACKETS)])
    t.note(f"IPv{family}: instructions: {relayed:.0f} to relay a packet in plain, {passed:.0f} to pass one")
    genuine = {}
    for n, suite in enumerate(SUITES):
        t.step(f"IPv{family}: {suite}")
        crypto = Crypto.new(suite)
        target = control.add((local, 4100 + n), (source, sink), rtp=1, ssrcs=(SSRC,), **crypto.fields("decrypt"))
        good, forger = Sender(crypto), Sender(Crypto.new(suite))
        # In the third round, where the rollover counter leaves the most to guess.
        first = 0
        while first < 0x30000:
            cost(target.local, [good.rtp(rtp.packet(seq=first + k, ssrc=SSRC)) for k in range(2)])
            first += LEAP
        stream = [good.rtp(rtp.packet(seq=first + k, ssrc=SSRC, payload=payload)) for k in range(PACKETS)]
        genuine[suite] = cost(target.local, stream) - relayed
        t.equal(f"IPv{family}, {suite}: errors of genuine packets", target.stats["errors"], 0)
        for what, start in (("just ahead", first + PACKETS), ("far ahead", first + 0x3000)):
            forged = [forger.rtp(rtp.packet(seq=start + k, ssrc=SSRC, payload=payload)) for k in range(PACKETS)]
            before = target.stats["errors"]
            forged = cost(target.local, forged) - passed
            t.equal(f"IPv{family}, {suite}: errors of forged packets", target.stats["errors"] - before, PACKETS)
            # AES-GCM is decrypted as it is hashed, or, where there is doubt, only hashed.
            hashed = genuine[GCM if suite == GCM else "NULL_HMAC_SHA1_80"]
            t.note(f"IPv{family}, {suite}: {genuine[suite]:.0f} to open a genuine packet, {forged:.0f} to refuse one that is forged, {what}")
            t.between(f"IPv{family}, {suite}: cost of a forged packet {what}, of that of authentication", forged / hashed, 0.5, 1.7)
