# SPDX-License-Identifier: GPL-2.0-only
"""A replace pattern is cut where the payload ends, and what follows in the packet is not touched (defect 6)."""

from guest import nft, rtp
from guest.srtp import AES_CM, Crypto, Receiver

TIMEOUT = 40
PATTERNS = 16
SIZES = (*range(0, 34), 159, 1001, 1399)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    sender, plain, sealed, local = alice.udp(), bob.udp(), bob.udp(), (alice.hub4, 4000)
    pts = tuple(range(96, 96 + PATTERNS))
    patterns = [bytes(range(0xA0, 0xA1 + n)) for n in range(PATTERNS)]
    rules = {f"pt_output[{n}].replace_pattern": each for n, each in enumerate(patterns)}
    rules |= {f"pt_output[{n}].replace_pattern_len": len(each) for n, each in enumerate(patterns)}
    crypto = Crypto.new(AES_CM)
    # Encrypted there is a tag behind the payload; the other output has the buffer of the received packet.
    target = control.add(local, ((bob.hub4, 5001), sealed.address, {**rules, **crypto.fields("encrypt")}),
                         ((bob.hub4, 5000), plain.address, rules), rtp=1, pts=pts, ssrcs=(0x1234_5678,))
    opened, seq = Receiver(crypto), 0
    for pt, pattern in zip(pts, patterns):
        t.step(f"a pattern of {len(pattern)}")
        for size in SIZES:
            seq += 1
            data = rtp.packet(seq=seq, pt=pt, payload=bytes([0x11]) * size, csrc=(1, 2) if size % 2 else ())
            expected = data[:len(data) - size] + (pattern * size)[:size]
            sender.send(data, local)
            t.equal(f"{size} bytes", (plain.recv() or t.fail("a packet")).data, expected)
            t.equal(f"{size} bytes, encrypted", opened.rtp((sealed.recv() or t.fail("a packet")).data), expected)
    t.equal("errors", target.stats["errors"], 0)
    t.figure("packets whose payload was replaced", 2 * seq)
