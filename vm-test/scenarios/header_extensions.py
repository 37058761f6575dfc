# SPDX-License-Identifier: GPL-2.0-only
"""An output keeps the header extensions it allows, and appends its MID."""

import struct

from guest import nft, rtp
from guest.rtp import ONE_BYTE, TWO_BYTE, elements


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    sender = alice.udp()
    ports = iter(range(4000, 5000, 2))

    def place(allowed=(), mid=None, **fields):
        """A target with an output that filters and one that leaves packets alone."""
        local, filtered, plain = (alice.hub4, next(ports)), bob.udp(), bob.udp()
        fields = {"extmap": 1, "num_extmap_filter": len(allowed), "extmap_filter": bytes(allowed), **fields}
        if mid:
            number, text = mid
            fields |= {"extmap_mid": number, "extmap_mid_len": len(text), "extmap_mid_str": text}
        control.add(local, ((bob.hub4, 5000), filtered.address, fields), ((bob.hub4, 5001), plain.address), rtp=1)

        def becomes(what, packet, expected):
            sender.send(packet, local)
            got = filtered.recv()
            t.equal(what, got and got.data, expected)
            got = plain.recv()
            t.equal(f"{what}: the other output's copy", got and got.data, packet)
        return becomes

    def packet(extension=None, **fields):
        return rtp.packet(extension=extension, payload=b"payload", **fields)

    t.step("filtering")
    becomes = place((1, 3, 200))
    a, b, c = (1, b"a"), (2, b"bbbb"), (3, b"c" * 16)
    becomes("no extension", packet(), packet())
    becomes("all allowed", packet(elements(a, c)), packet(elements(a, c)))
    becomes("one of three goes", packet(elements(a, b, c)), packet(elements(a, c)))
    becomes("padding goes", packet(elements(3, a, 5, b, 1, c, 8)), packet(elements(a, c)))
    becomes("nothing is left: the header goes", packet(elements(b)), packet())
    becomes("of nothing but padding", packet(elements(8)), packet())
    becomes("an empty one", packet((ONE_BYTE, b"")), packet())
    becomes("with CSRCs and the marker", packet(elements(b, a), csrc=(7, 8), marker=True),
            packet(elements(a), csrc=(7, 8), marker=True))
    becomes("id 15 ends the list", packet((ONE_BYTE, b"\x10a\xf0\0\x10b\0\0")), packet(elements(a)))
    t.step("the two-byte form")
    long, d = (200, b"d" * 40), (9, b"")
    becomes("filtered", packet(elements(long, d, b, a, profile=TWO_BYTE)), packet(elements(long, a, profile=TWO_BYTE)))
    becomes("with application bits", packet(elements(b, a, profile=0x100F)), packet(elements(a, profile=0x100F)))
    becomes("nothing is left", packet(elements(d, profile=TWO_BYTE)), packet())
    t.step("other profiles are left alone")
    for profile in (0x0000, 0xBEDF, 0x2000, 0xFFFF):
        becomes(f"profile {profile:#x}", packet((profile, b"anything")), packet((profile, b"anything")))

    t.step("a MID is appended")
    becomes = place((1,), mid=(4, b"audio"))
    mid = (4, b"audio")
    becomes("to no extension", packet(), packet(elements(mid)))
    becomes("to those that stay", packet(elements(a, b)), packet(elements(a, mid)))
    becomes("where none stays", packet(elements(b)), packet(elements(mid)))
    becomes("in the two-byte form", packet(elements(a, profile=TWO_BYTE)), packet(elements(a, mid, profile=TWO_BYTE)))
    becomes("behind CSRCs", packet(csrc=(1, 2, 3)), packet(elements(mid), csrc=(1, 2, 3)))
    t.step("a MID of a high id")
    becomes = place((1,), mid=(77, b"x" * 30))
    becomes("in a new header of the two-byte form", packet(), packet(elements((77, b"x" * 30), profile=TWO_BYTE)))

    t.step("with payload rules and rewriting, on the only output, over IPv6")
    receiver, local = bob.udp(family=6), (alice.hub6, next(ports))
    target = control.add(local, ((bob.hub6, 5000), receiver.address, {
        "extmap": 1, "num_extmap_filter": 1, "extmap_filter": b"\1", "extmap_mid": 4, "extmap_mid_len": 5,
        "extmap_mid_str": b"audio", "pt_output[0].replace_pattern": b"xyz", "pt_output[0].replace_pattern_len": 3,
        "ssrc_subst": 1, "ssrc_out[0]": struct.pack(">I", 5), "seq_offset[0]": 2}), rtp=1, ssrcs=(0x1234_5678,))
    sent = [rtp.packet(n, extension=elements(a, b), payload=bytes(7)) for n in range(20)]
    wanted = [rtp.packet(n + 2, ssrc=5, extension=elements(a, mid), payload=b"xyzxyzx") for n in range(20)]
    t.relayed("packets", alice.udp(family=6), local, receiver, sent, expected=wanted)
    t.equal("bytes as sent", target.outputs[0]["bytes"], sum(map(len, wanted)))
    t.equal("bytes as received", target.stats["bytes"], sum(map(len, sent)))
