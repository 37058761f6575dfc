# SPDX-License-Identifier: GPL-2.0-only
"""SRTCP has the tag length of SRTCP: where RTP carries 4 bytes it carries 10, and nothing is missing or left over (defect 18)."""

from guest import nft, rtp
from guest.srtp import SUITES, Crypto, Receiver, Sender

SSRC = 0x1234_5678
INDEX = 4


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    sender, receiver = alice.udp(), bob.udp()
    # Parts of all lengths; the last of them are longer than any tag or index.
    compounds = [rtp.nack(SSRC, lost=n) + b"".join(rtp.rtcp(206, SSRC, bytes(4 * words), 1) for words in range(1, n))
                 for n in range(1, 9)]
    own = [suite for suite in SUITES.values() if suite.rtp_tag != suite.rtcp_tag and not suite.name.startswith("F8")]
    t.true("suites whose tags differ", own)
    for n, suite in enumerate(own):
        t.step(suite.name)
        crypto, source = Crypto.new(suite.name), (bob.hub4, 5000 + n)
        outward, inward = (alice.hub4, 4000 + 2 * n), (alice.hub4, 4001 + 2 * n)
        groups = {"media_output_idxs[0].rtcp_end_idx": 1, "rtcp_fb_fw": 1}
        out = control.add(outward, (source, receiver.address, crypto.fields("encrypt")), rtp=1, ssrcs=(SSRC,), **groups)
        control.add(inward, (source, receiver.address), rtp=1, ssrcs=(SSRC,), **groups, **crypto.fields("decrypt"))
        opened, libsrtp, packets = Receiver(crypto), Sender(crypto), rtp.stream(len(compounds), ssrc=SSRC)
        for media, report in zip(packets, compounds):  # the one between the other
            sender.send(report, outward)
            got = (receiver.recv() or t.fail("a packet")).data
            t.equal("bytes added to RTCP", len(got) - len(report), INDEX + suite.rtcp_tag)
            t.equal("what libsrtp makes of it", opened.rtcp(got), report)
            sender.send(media, outward)
            got = (receiver.recv() or t.fail("a packet")).data
            t.equal("bytes added to RTP", len(got) - len(media), suite.rtp_tag)
            t.equal("what libsrtp makes of it", opened.rtp(got), media)
            for sealed, plain in ((libsrtp.rtcp(report), report), (libsrtp.rtp(media), media)):
                sender.send(sealed, inward)
                t.equal("decrypted, whole and no more", (receiver.recv() or t.fail("a packet")).data, plain)
        t.equal("bytes counted as sent", out.outputs[0]["bytes"], sum(map(len, packets + compounds)))
