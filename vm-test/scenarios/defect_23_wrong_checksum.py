# SPDX-License-Identifier: GPL-2.0-only
"""A datagram with a wrong UDP checksum is never relayed with a right one: its receiver would take what is corrupt (defect 23)."""

import os

from guest import nft, raw, rtp
from guest.srtp import AES_CM, Crypto

TIMEOUT = 40


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    tried = 0
    for family in (4, 6):
        src, source = alice.address(family), (bob.hub_address(family), 5000)
        receivers = [bob.udp(family=family) for _ in range(2)]
        encrypted = Crypto.new(AES_CM).fields("encrypt")
        for what, port, fields in (("RTP", 4000, {"rtp": 1}), ("any bytes", 4002, {})):
            t.step(f"IPv{family}: {what}")
            local = (alice.hub_address(family), port)
            # To one output as it came, to the other changed: both would get a fresh checksum.
            target = control.add(local, (source, receivers[0].address), (source, receivers[1].address, encrypted), **fields)
            passed = t.host.udp(*local)
            good = raw.datagram(src, local[0], 9, local[1], rtp.packet())
            header = len(good) - len(rtp.packet()) - 8
            bad = []
            for bit in range(8 * header, 8 * len(good), 5):
                # A datagram of another length, or for another port, is another matter.
                if header + 2 <= bit // 8 < header + 6:
                    continue
                changed = bytearray(good)
                changed[bit // 8] ^= 0x80 >> bit % 8
                bad.append(bytes(changed))
            bad += [raw.datagram(src, local[0], 9, local[1], rtp.packet(), check=wrong) for wrong in (1, 0x1234, 0xFFFE)]
            if family == 6:
                bad.append(raw.datagram(src, local[0], 9, local[1], rtp.packet(), check=0))  # RFC 8200, 8.1
            for each in bad:
                raw.send(alice, each)
            for receiver in receivers:
                t.silent("relayed", receiver, 0.1)
            t.silent("the socket does not take them either", passed, 0.05)
            t.equal("counted", [target.stats[key] for key in ("packets", "bytes", "errors")], [0, 0, 0])
            raw.send(alice, good)
            t.equal("a right one", (receivers[0].recv() or t.fail("a packet")).data, rtp.packet())
            t.true("a right one, encrypted", receivers[1].recv())
            if family == 4:
                raw.send(alice, raw.datagram(src, local[0], 9, local[1], rtp.packet(), check=0))
                t.equal("one without", (receivers[0].recv() or t.fail("a packet")).data, rtp.packet())
                receivers[1].drain()
            tried += len(bad)
            passed.close()
    t.step("damaged in many places at once")
    local, receiver = (alice.hub4, 4000), receivers[0]
    good = raw.datagram(alice.v4, local[0], 9, local[1], rtp.packet(payload=bytes(160)))
    for _ in range(100):
        bad = bytearray(good)
        for n in range(len(good) - 160, len(good)):
            bad[n] ^= os.urandom(1)[0] or 1
        if sum(int.from_bytes(bad[n:n + 2], "big") for n in range(len(good) - 160, len(good), 2)) % 0xFFFF:
            raw.send(alice, bytes(bad))
            tried += 1
    t.silent("relayed", receiver, 0.1)
    t.figure("datagrams with a wrong checksum", tried)
