# SPDX-License-Identifier: GPL-2.0-only
"""The output group of a packet: by MID, else by SSRC, else by payload type, else media 0."""

from guest import nft, rtp
from guest.rtp import elements

MID = 3
SSRCS = (0x0101_0101, 0x0202_0202, 0x0303_0303)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    outs = [bob.udp() for _ in range(6)]
    sender = alice.udp()

    def add(port, **fields):
        # Media 0 has no output, 1 has output 0, 2 has outputs 1 and 2, 3 has 3, 4 has 4, 5 has 5.
        target = control.target((alice.hub4, port), outputs=6, pts=(0, 8, 96), ssrcs=SSRCS, rtp=1, **fields)
        for media, (start, end) in enumerate([(0, 0), (0, 1), (1, 3), (3, 4), (4, 5), (5, 6)]):
            target.command[f"target.media_output_idxs[{media}].rtp_start_idx"] = start
            target.command[f"target.media_output_idxs[{media}].rtp_end_idx"] = end
        for n, mid in enumerate((b"", b"audio", b"v", b"x" * 16)):
            target.command[f"target.mid_output[{n}].mid"] = mid
            target.command[f"target.mid_output[{n}].len"] = len(mid)
        target.command["target.ssrc_media_idx"] = [4, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF]
        target.command["target.pt_media_idx"] = [5, 0xFFFF_FFFF, 1] + [0xFFFF_FFFF] * 29
        control.write(target.command)
        for n, out in enumerate(outs):
            control.write(target.destination(n, (bob.hub4, 7000 + n), out.address))
        return target

    def goes(what, target, packet, *media_outputs):
        sender.send(packet, target.local)
        for n in media_outputs:
            t.equal(f"{what}: output {n}", (outs[n].recv() or t.fail(f"{what}: output {n}", packet)).data, packet)
        for n, out in enumerate(outs):
            t.silent(f"{what}: output {n}", out, 0.02)

    t.step("by MID")
    target = add(4000, extmap=1, extmap_mid=MID)
    first, second = SSRCS[:2]
    goes("audio", target, rtp.packet(ssrc=first, extension=elements((MID, b"audio"))), 0)
    goes("v", target, rtp.packet(ssrc=first, extension=elements((MID, b"v"))), 1, 2)
    goes("the longest of one byte", target, rtp.packet(ssrc=second, extension=elements((MID, b"x" * 16))), 3)
    goes("behind others", target, rtp.packet(ssrc=first, extension=elements((1, b"abc"), (2, b"d"), (MID, b"v"))), 1, 2)
    goes("two-byte form", target, rtp.packet(ssrc=first, extension=elements((MID, b"audio"), profile=0x1000)), 0)
    goes("two-byte form with application bits", target,
         rtp.packet(ssrc=first, extension=elements((MID, b"v"), profile=0x100F)), 1, 2)
    t.step("a MID that leads nowhere")
    goes("of no media", target, rtp.packet(ssrc=first, extension=elements((MID, b"other"))), 4)
    goes("of another id", target, rtp.packet(ssrc=first, extension=elements((4, b"audio"))), 4)
    goes("of another profile", target, rtp.packet(ssrc=first, extension=elements((MID, b"audio"), profile=0x2000)), 4)
    goes("that overruns its extension", target,
         rtp.packet(ssrc=first, extension=(0xBEDE, bytes([MID << 4 | 4]) + b"aud")), 4)
    t.step("by SSRC")
    goes("with a media", target, rtp.packet(ssrc=first, pt=0), 4)
    t.step("by payload type")
    goes("with a media", target, rtp.packet(ssrc=second, pt=0), 5)
    goes("with another media", target, rtp.packet(ssrc=second, pt=96), 0)
    t.step("media 0")
    before = target.stats["packets"]
    goes("a payload type without a media", target, rtp.packet(ssrc=second, pt=8))
    goes("an unknown payload type", target, rtp.packet(ssrc=second, pt=100))
    t.equal("taken, though media 0 has no outputs", target.stats["packets"] - before, 2)
    t.equal("the unknown one is an error", target.stats["errors"], 1)

    t.step("without the switch the MID is not looked at")
    plain = add(4002, extmap_mid=MID)
    goes("audio", plain, rtp.packet(ssrc=first, extension=elements((MID, b"audio"))), 4)

    t.step("groups may share outputs")
    target = control.target((alice.hub4, 4004), outputs=2, pts=(0, 8), rtp=1)
    target.command["target.media_output_idxs[0].rtp_end_idx"] = 2
    target.command["target.media_output_idxs[7].rtp_start_idx"] = 1
    target.command["target.media_output_idxs[7].rtp_end_idx"] = 2
    target.command["target.pt_media_idx"] = [7] + [0xFFFF_FFFF] * 31
    control.write(target.command)
    for n in range(2):
        control.write(target.destination(n, (bob.hub4, 7100 + n), outs[n].address))
    goes("media 7", target, rtp.packet(pt=0), 1)
    goes("media 0", target, rtp.packet(pt=8), 0, 1)
