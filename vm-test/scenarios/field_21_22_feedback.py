# SPDX-License-Identifier: GPL-2.0-only
"""Fields 21 and 22: RTCP feedback that no output takes is passed; feedback about a media of a BUNDLE goes to the outputs of that media."""

import socket
import struct

from guest import rtp
from guest.patience import patient
from guest.srtp import AES_CM, Crypto, Sender

TIMEOUT = 30
SO_TIMESTAMP = 29
AUDIO, VIDEO, STRANGER = 0xA0D10, 0x71DE0, 0x5417A


def stamp(udp):
    """The next datagram, and the seconds of its time stamp."""
    udp.sock.settimeout(patient(2))
    data, extra, *_ = udp.sock.recvmsg(65536, 256)
    udp.sock.setblocking(False)
    return data, next(struct.unpack("=qq", value)[0] for level, kind, value in extra
                      if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMP))


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=32)
    t.rtpctl.ok("rule", "add", 0)
    port = 4000
    feedback = [rtp.nack(AUDIO, VIDEO), rtp.picture_loss(AUDIO, VIDEO)]

    for family in (4, 6):
        for flags in ({"rtcp_fb_fw": 1}, {"rtcp_fw": 1}, {"rtcp_fb_fw": 1, "rtcp_fw": 1}):
            for suite in (None, AES_CM, "AEAD_AES_128_GCM"):
                port += 2
                what = f"IPv{family}, {' and '.join(flags)}, {suite or 'plain'}"
                t.step(f"{what}: no output for RTCP")
                userspace, receiver, sender = t.host.udp(alice.hub_address(family), port), bob.udp(family=family), alice.udp(family=family)
                userspace.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMP, 1)
                crypto = Crypto.new(suite) if suite else None
                target = control.add(userspace.address, ((bob.hub_address(family), port), receiver.address), rtp=1, ssrcs=(AUDIO,),
                                     **flags, **(crypto.fields("decrypt") if crypto else {}))
                seal = Sender(crypto).rtcp if crypto else bytes
                for data in map(seal, feedback):
                    sender.send(data, userspace.address)
                    got, seconds = stamp(userspace)
                    t.equal(f"{what}: passed as it came", got, data)
                    t.true(f"{what}: not marked as relayed", seconds > 0, seconds)
                t.silent(f"{what}: nothing relayed", receiver, 0)
                t.equal(f"{what}: packets and errors", (target.stats["packets"], target.stats["errors"]), (0, 0))
                for udp in (userspace, receiver, sender):
                    udp.close()

    for family, suite in ((4, None), (6, None), (4, AES_CM), (6, "AEAD_AES_128_GCM")):
        what = f"IPv{family}, {suite or 'plain'}"
        t.step(f"{what}: two media on one port")
        port += 2
        local, sender = (alice.hub_address(family), port), alice.udp(family=family)
        userspace = t.host.udp(*local)
        receivers = [bob.udp(family=family) for _ in range(4)]  # RTP and RTCP of media 0, then of media 1
        crypto = Crypto.new(suite) if suite else None
        target = control.target(local, outputs=4, rtp=1, rtcp_fb_fw=1, ssrcs=(AUDIO, VIDEO),
                                **{"ssrc_media_idx[0]": 0, "ssrc_media_idx[1]": 1}, **(crypto.fields("decrypt") if crypto else {}))
        for media in (0, 1):
            for kind, start in (("rtp", 2 * media), ("rtcp", 2 * media + 1)):
                target.command[f"target.media_output_idxs[{media}].{kind}_start_idx"] = start
                target.command[f"target.media_output_idxs[{media}].{kind}_end_idx"] = start + 1
        control.write(target.command)
        for n, receiver in enumerate(receivers):
            control.write(target.destination(n, (bob.hub_address(family), 6000 + n), receiver.address, media_idx=n // 2, rtcp=n % 2))
        seal = Sender(crypto).rtcp if crypto else bytes

        def goes_to(name, data, number):
            sender.send(seal(data), local)
            got = receivers[number].recv()
            t.equal(f"{what}: {name}", got and (got.data, got.source), (data, (bob.hub_address(family), 6000 + number)))
            for other, receiver in enumerate((*receivers, userspace)):
                t.silent(f"{what}: {name} at {other}", receiver, 0)

        goes_to("picture loss from the SSRC of media 1", rtp.picture_loss(VIDEO, STRANGER), 3)
        goes_to("picture loss from the SSRC of media 0", rtp.picture_loss(AUDIO, VIDEO), 1)
        goes_to("picture loss of media 1, from an SSRC that is not listed", rtp.picture_loss(STRANGER, VIDEO), 3)
        goes_to("a NACK of media 1, from an SSRC that is not listed", rtp.nack(STRANGER, VIDEO), 3)
        goes_to("a NACK of media 0, from an SSRC that is not listed", rtp.nack(STRANGER, AUDIO), 1)
        goes_to("picture loss of SSRCs that are not listed", rtp.picture_loss(STRANGER, STRANGER + 1), 1)
        goes_to("both in one, of media 1", rtp.nack(STRANGER, VIDEO) + rtp.picture_loss(STRANGER, VIDEO), 3)
        t.equal(f"{what}: packets and errors", (target.stats["packets"], target.stats["errors"]), (7, 0))
        t.equal(f"{what}: packets of each output", [output["packets"] for output in target.outputs], [0, 3, 0, 4])
        for udp in (sender, userspace, *receivers):
            udp.close()
