# SPDX-License-Identifier: GPL-2.0-only
"""The media of a payload type or an SSRC is one of eight or none, and a packet whose SSRC has no index touches none (defect 4)."""

from guest import nft, rtp
from guest.refusals import ONES, Refusals
from guest.srtp import AES_CM, Crypto, Receiver, Sender

WRONG = (8, 9, 255, 256, 0x8000_0000, ONES - 1)
SSRC = 0x1234_5678


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    receiver, source = bob.udp(), (bob.hub4, 4001)

    t.step("out of range")
    refusals = Refusals(t, table, control)
    pts = tuple(range(96, 128))
    target = control.target((alice.hub4, 4100), pts=pts, ssrcs=(1, 2, 3, 4))
    refusals.check("ADD_TARGET", target.command, "target", (
        {f"{field}[{n}]": media} for field, count in (("pt_media_idx", len(pts)), ("ssrc_media_idx", 4))
        for n in range(count) for media in WRONG), "EINVAL")
    # Those of payload types and SSRCs that are not given are not looked at.
    plain = control.target((alice.hub4, 4101), pts=(0,), ssrcs=(1,))
    plain.command["target.pt_media_idx[1]"] = 8

    t.step("each media that there is, and none")
    target.command["target.pt_media_idx"] = [n % 8 for n in range(31)] + [ONES]
    target.command["target.ssrc_media_idx"] = [0, 7, ONES, 3]
    control.write(target.command)
    control.write(target.destination(0, source, receiver.address))
    control.write(plain.command)

    t.step("without an SSRC there is no index: its packets are opened, measured, sealed and counted all the same")
    inward, outward = Crypto.new(AES_CM), Crypto.new(AES_CM)
    before = control.memory.counters("ssrc_stats")  # what an index of -1 would be in our memory
    bare = control.add((alice.hub4, 4200), (source, receiver.address, outward.fields("encrypt")), rtp=1, rtp_stats=1,
                       rtcp_fb_fw=1, **{"media_output_idxs[0].rtcp_end_idx": 1, "ssrc_media_idx": [ONES] * 4},
                       **inward.fields("decrypt"))
    sender, opened, sealed = alice.udp(), Receiver(outward), Sender(inward)
    packets = rtp.stream(50, ssrc=SSRC)
    for each in packets:
        sender.send(sealed.rtp(each), bare.local)
        t.equal("relayed", opened.rtp((receiver.recv() or t.fail("a packet")).data), each)
    for each in [rtp.nack(SSRC), rtp.picture_loss(SSRC)]:
        sender.send(sealed.rtcp(each), bare.local)
        t.equal("relayed", opened.rtcp((receiver.recv() or t.fail("a packet")).data), each)
    t.equal("counted", [bare.stats[key] for key in ("packets", "errors")], [len(packets) + 2, 0])
    t.equal("by the output", bare.outputs[0]["packets"], len(packets) + 2)
    t.equal("the payload type's", bare.pt_stats[0]["packets"], len(packets))
    t.true("counters before it", not any(before.raw()), before.raw())
    t.figure("commands refused for a media index", refusals.count)
