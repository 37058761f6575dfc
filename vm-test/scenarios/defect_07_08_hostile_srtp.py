# SPDX-License-Identifier: GPL-2.0-only
"""SRTP that is forged, changed or sent again is never relayed, and the stream that follows is not disturbed."""

from pathlib import Path

from guest import rtp
from guest.srtp import Crypto, Sender

TIMEOUT = 30
SSRC = 0x1234_5678
SUITES = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AES_256_CM_HMAC_SHA1_80", "NULL_HMAC_SHA1_80",
          "AEAD_AES_128_GCM", "AEAD_AES_256_GCM")


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    Path("/sys/module/xt_rtpengine_rs/parameters/srtp_replay_window").write_text("64")
    t.rtpctl.ok("rule", "add", 0)
    for n, suite in enumerate(SUITES):
        crypto = Crypto.new(suite)
        sender, receiver = alice.udp(), bob.udp()
        # What the module passes comes out here, as userspace would see it.
        userspace = t.host.udp(alice.hub4, 4000 + n)
        source = (bob.hub4, 5000 + n)
        target = control.add(userspace.address, (source, receiver.address), rtp=1, ssrcs=(SSRC,), rtcp_fb_fw=1, rtp_stats=1,
                             **{"media_output_idxs[0].rtcp_end_idx": 1}, **crypto.fields("decrypt"))
        good, forger = Sender(crypto), Sender(Crypto.new(suite))
        packets = rtp.stream(400, seq=0xFF80, ssrc=SSRC)
        sealed = [good.rtp(each) for each in packets]
        errors = 0

        def relayed(what, start, end):
            t.relayed(f"{suite}: {what}", sender, userspace.address, receiver, sealed[start:end], source=source,
                      expected=packets[start:end])
            t.equal(f"{suite}: errors after {what}", target.stats["errors"], errors)

        def passed(what, bad):
            """Each goes to userspace as it came, and is an error."""
            nonlocal errors
            errors += len(bad)
            t.relayed(f"{suite}: {what}", sender, userspace.address, userspace, bad)
            t.equal(f"{suite}: errors after {what}", target.stats["errors"], errors)
            t.equal(f"{suite}: packets of the target after {what}", target.stats["packets"], sent)

        def dropped(what, again):
            nonlocal errors
            errors += len(again)
            for each in again:
                sender.send(each, userspace.address)
            t.eventually(f"{suite}: errors after {what}", lambda: target.stats["errors"], errors)
            t.equal(f"{suite}: packets of the target after {what}", target.stats["packets"], sent)

        t.step(f"{suite}: replays")
        sent = 0
        relayed("the first", 0, 100)
        sent = 100
        dropped("replays of the last 64", sealed[36:100])
        passed("those from before", sealed[20:36])
        relayed("those that follow", 100, 110)
        sent = 110

        t.step(f"{suite}: forged packets, some far ahead")
        high = target.ssrc_stats[0]["ext_seq"]
        ahead, behind = ([forger.rtp(rtp.packet(seq=seq, ssrc=SSRC)) for seq in numbers]
                         for numbers in ((0xFFFF, 0x10, 0x3000, 0x7F00), (0x9000, 0xEFFF, 0xFF90)))
        passed("forged ones ahead", ahead)
        passed("forged ones that look old, or received before", behind)
        t.equal(f"{suite}: highest sequence number after forged packets", target.ssrc_stats[0]["ext_seq"], high)
        relayed("those that follow", 110, 130)
        sent = 130

        t.step(f"{suite}: changed bits")
        victim = sealed[130]
        bits = [*range(16, 64), *range(96, 128, 3), *range(len(victim) * 8 - 32, len(victim) * 8)]
        passed("changed bits", [flipped(victim, bit) for bit in bits])
        passed("too short ones", [victim[:length] for length in (12, 13, 15)])
        relayed("the packet itself and those that follow", 130, 200)
        sent = 200

        t.step(f"{suite}: late ones within the window, and beyond it")
        relayed("a gap of 100", 300, 301)
        sent = 301 - 100
        relayed("63 behind", 237, 238)
        sent += 1
        dropped("it again", [sealed[237]])
        passed("64 behind, and more", [sealed[236], sealed[200]])
        relayed("those that follow", 301, 400)
        sent += 99

        t.step(f"{suite}: SRTCP")
        feedback = [rtp.nack(SSRC, lost=lost) for lost in range(20)]
        sealed_feedback = [good.rtcp(each) for each in feedback]
        t.relayed(f"{suite}: feedback", sender, userspace.address, receiver, sealed_feedback[:10], expected=feedback[:10])
        sent += 10
        dropped("feedback again", sealed_feedback[:10])
        passed("forged feedback", [forger.rtcp(rtp.nack(SSRC, lost=lost)) for lost in range(23)][20:])
        victim = sealed_feedback[10]
        passed("changed feedback", [flipped(victim, bit) for bit in (35, 70, 8 * len(victim) - 20, 8 * len(victim) - 96)])
        t.relayed(f"{suite}: feedback that follows", sender, userspace.address, receiver, sealed_feedback[10:],
                  expected=feedback[10:])
        for udp in (sender, receiver, userspace):
            udp.close()


def flipped(packet, bit):
    """The packet with one bit changed."""
    changed = bytearray(packet)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)
