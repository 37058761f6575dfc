# SPDX-License-Identifier: GPL-2.0-only
"""RTCP beside RTP on one port: passed, relayed, or relayed and shown to userspace with a mark."""

import socket
import struct
import time

from guest import nft, rtp
from guest.net import Datagram

_SO_TIMESTAMP = 29


def stamped(udp, timeout=1.0):
    """The next datagram and the seconds of its time stamp."""
    udp.sock.settimeout(timeout)
    data, extra, _, source = udp.sock.recvmsg(65536, 256)
    udp.sock.setblocking(False)
    seconds = next(struct.unpack("=qq", value)[0] for level, kind, value in extra
                   if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMP))
    return Datagram(data, source[:2], 0, 0), seconds


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    nft.chain()
    nft.native_rule(0)
    report = rtp.sender_report()
    feedback = [rtp.nack(), rtp.picture_loss(), rtp.nack() + rtp.picture_loss()]
    mixed = [report + rtp.nack(), rtp.nack() + rtp.receiver_report(), rtp.bye(), rtp.receiver_report()]
    short = [rtp.rtcp(205, 1)[:7]]

    port = 4000
    for family in (4, 6):
        for flags, relays_reports, relays_feedback in (({}, False, False), ({"rtcp_fw": 1}, True, True),
                                                       ({"rtcp_fb_fw": 1}, False, True),
                                                       ({"rtcp_fw": 1, "rtcp_fb_fw": 1}, True, True)):
            port += 2
            t.step(f"IPv{family} with {', '.join(flags) or 'neither switch'}")
            local = (alice.hub_address(family), port)
            passed, media, reports = t.host.udp(*local), bob.udp(family=family), bob.udp(family=family)
            passed.sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMP, 1)
            sources = [(bob.hub_address(family), port + 1000 + n) for n in range(2)]
            target = control.target(local, outputs=2, rtp=1, **flags)
            target.command["target.media_output_idxs[0].rtp_end_idx"] = 1
            target.command["target.media_output_idxs[0].rtcp_start_idx"] = 1
            target.command["target.media_output_idxs[0].rtcp_end_idx"] = 2
            control.write(target.command)
            control.write(target.destination(0, sources[0], media.address))
            control.write(target.destination(1, sources[1], reports.address, rtcp=1))
            sender = alice.udp(family=family)

            counted = 0
            for name, packets, relays, only_feedback in (("reports", mixed, relays_reports, False),
                                                         ("feedback", feedback, relays_feedback, True)):
                for data in packets:
                    sender.send(data, local)
                got = [reports.recv() for _ in packets] if relays else []
                t.equal(f"{name} relayed", [each and each.data for each in got], packets if relays else [])
                t.equal(f"{name}: source", {each.source for each in got}, {sources[1]} if relays else set())
                goes_up = not relays or not (only_feedback and "rtcp_fb_fw" in flags)
                now = time.time()
                for data in packets if goes_up else []:
                    seen, seconds = stamped(passed)
                    t.equal(f"{name} passed on", (seen.data, seen.source), (data, sender.address))
                    if relays:
                        t.true(f"{name}: marked as relayed by a time stamp below zero", seconds < 0, seconds)
                    else:
                        t.between(f"{name}: time stamp", seconds, now - 60, now + 60)
                counted += len(packets) if relays else 0
                for what, udp in (("passed on", passed), ("among the RTP", media), ("relayed", reports)):
                    t.silent(f"{name}: nothing more {what}", udp, 0.01)
            t.equal("packets counted", target.stats["packets"], counted)
            t.equal("packets of the RTCP output", target.outputs[1]["packets"], counted)
            t.equal("packets of the RTP output", target.outputs[0]["packets"], 0)
            t.relayed("RTP beside", sender, local, media, rtp.stream(5), source=sources[0])
            t.equal("errors", target.stats["errors"], 0)

    t.step("payload types that look like RTCP, and RTCP too short to be")
    receiver, local = bob.udp(), (alice.hub4, 5000)
    passed = t.host.udp(*local)
    control.add(local, ((bob.hub4, 5000), receiver.address), rtp=1)
    sender = alice.udp()
    for kind, udp in ((193, receiver), (194, passed), (223, passed), (224, receiver)):
        data = bytes([0x80, kind]) + bytes(30)
        sender.send(data, local)
        t.equal(f"second byte {kind}", (udp.recv() or t.fail("a packet")).data, data)
    for data in short:
        sender.send(data, local)
        t.equal("7 bytes are opaque", (receiver.recv() or t.fail("a packet")).data, data)
    t.step("a part that overruns the compound is not feedback")
    local = (alice.hub4, 5002)
    passed = t.host.udp(*local)
    control.add(local, ((bob.hub4, 5002), receiver.address), rtp=1, rtcp_fb_fw=1)
    for data in (rtp.nack()[:-4], rtp.nack() + b"\x81\xcd\x00\x05" + bytes(8), rtp.nack() + bytes(2)):
        sender.send(data, local)
        t.equal("passed", (passed.recv() or t.fail("a packet")).data, data)
    t.silent("none relayed", receiver)
