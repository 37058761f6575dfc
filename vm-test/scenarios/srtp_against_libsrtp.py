# SPDX-License-Identifier: GPL-2.0-only
"""What the module decrypts is what libsrtp encrypted, and what it encrypts is what libsrtp would send, byte for byte."""

from guest import rtp
from guest.srtp import SUITES, Crypto, Sender

TIMEOUT = 60
COUNT = 550
SSRC = 0x1234_5678


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    t.rtpctl.ok("rule", "add", 0)
    suites = [suite for suite in SUITES if not suite.startswith("F8")]  # which libsrtp lacks
    for n, suite in enumerate(suites):
        t.step(suite)
        crypto = Crypto.new(suite)
        receiver, sender = bob.udp(), alice.udp()
        source = (bob.hub4, 5000 + n)
        inward, outward = (alice.hub4, 4000 + 2 * n), (alice.hub4, 4001 + 2 * n)
        groups = {"media_output_idxs[0].rtcp_end_idx": 1, "rtcp_fb_fw": 1}
        control.add(inward, (source, receiver.address), rtp=1, ssrcs=(SSRC,), **groups, **crypto.fields("decrypt"))
        out = control.add(outward, (source, receiver.address, crypto.fields("encrypt")), rtp=1, ssrcs=(SSRC,), **groups)
        out.output_ssrcs[0][0]["rtcp_seq"] = 1  # where libsrtp starts
        # Over a rollover, with gaps, and payloads of all lengths.
        packets = [rtp.packet(seq=0xFF00 + step & 0xFFFF, ssrc=SSRC, payload=bytes([step & 0xFF]) * (step % 200))
                   for step in range(COUNT) if step % 50]
        feedback = [rtp.nack(SSRC, lost=lost) for lost in range(COUNT // 10)]
        libsrtp = Sender(crypto)
        sealed = [libsrtp.rtp(each) for each in packets]
        sealed_feedback = [libsrtp.rtcp(each) for each in feedback]
        for what, local, sent, expected in (
                ("decrypted", inward, sealed, packets), ("encrypted", outward, packets, sealed),
                ("SRTCP decrypted", inward, sealed_feedback, feedback), ("SRTCP encrypted", outward, feedback, sealed_feedback)):
            t.relayed(f"{suite} {what}", sender, local, receiver, sent, source=source, expected=expected)
        receiver.close()
        sender.close()
    t.note(f"{len(suites) * 2 * (len(packets) + len(feedback))} packets")
