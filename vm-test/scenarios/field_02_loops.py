# SPDX-License-Identifier: GPL-2.0-only
"""Packets that loop between targets of this host end: each round costs a hop, and the last one is counted as an error."""

import socket
import time
from pathlib import Path

from guest import nft, raw, rtp, xtables
from guest.patience import patient

TIMEOUT = 60
SOAK_TIMEOUT = 60

NOBODY = {4: "192.0.2.1", 6: "2001:db8:1::1"}
LOOPBACK = {4: "127.0.0.1", 6: "::1"}
IPV6_UNICAST_HOPS = 16
UDP_SEGMENT = 103


def hops(sock, family, count):
    if family == 4:
        sock.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, count)
    else:
        sock.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_UNICAST_HOPS, count)


def total(targets, field):
    return sum(target.stats[field] for target in targets)


def received_softirqs():
    line = next(line for line in Path("/proc/softirqs").read_text().splitlines() if "NET_RX:" in line)
    return sum(map(int, line.split()[1:]))


def ends(t, what, targets, received, errors):
    """What was sent comes to an end, after so many packets; the outputs have sent all but those that had no hop left."""
    end = time.monotonic() + patient(3)
    before = -1
    while (now := total(targets, "packets")) != before:
        t.true(f"{what}: it ends", time.monotonic() < end, f"{now} packets, and more")
        before = now
        time.sleep(0.05)
    outputs = [output for target in targets for output in target.outputs]
    t.equal(f"{what}: packets received, and errors", (now, total(targets, "errors")), (received, errors))
    t.equal(f"{what}: errors of the outputs", sum(output["errors"] for output in outputs), errors)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.sysctl(f"net.ipv4.conf.{alice.hub_dev}.accept_local", 1)
    port = 4000
    looping = []

    for family in (4, 6):
        lo, hub = LOOPBACK[family], alice.hub_address(family)

        t.step(f"IPv{family}: two targets that name each other")
        pair = [control.add((lo, port), ((lo, port + 1), (lo, port + 2)), rtp=1),
                control.add((lo, port + 2), ((lo, port + 3), (lo, port)), rtp=1)]
        t.host.udp(lo).send(rtp.packet(), (lo, port))
        ends(t, "two targets", pair, 64, 1)

        t.step(f"IPv{family}: two targets that name each other, and joined packets")
        sender = t.host.udp(lo)
        sender.sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 172)
        sender.send(b"".join(rtp.stream(4)), (lo, port))
        ends(t, "joined packets", pair, 64 + 4 * 64, 1 + 4)

        t.step(f"IPv{family}: a target that names itself")
        itself = [control.add((hub, port), ((hub, port + 1), (hub, port)), rtp=1)]
        alice.udp(family=family).send(rtp.packet(), (hub, port))
        ends(t, "one target", itself, 65, 1)

        t.step(f"IPv{family}: a target that names itself twice")
        twice = [control.add((hub, port + 4), *[((hub, port + 5), (hub, port + 4))] * 2, rtp=1)]
        sender = t.host.udp(hub)
        hops(sender, family, 6)
        sender.send(rtp.packet(), (hub, port + 4))
        ends(t, "one target, twice", twice, 2 ** 6 - 1, 2 ** 6)
        looping += pair + itself + twice

        t.step(f"IPv{family}: calls of this host's own sockets")
        receiver, sender = bob.udp(family=family), t.host.udp(lo)
        local, source = (lo, port + 6), (bob.hub_address(family), port + 7)
        target = control.add(local, (source, receiver.address), rtp=1)
        back = control.add(source, (local, sender.address), rtp=1)
        sent = 0
        for ttl, leaves in ((64, 63), (255, 64), (2, 1), (1, None)):
            hops(sender, family, ttl)
            sender.send(data := rtp.packet(ttl), local)
            got = receiver.recv(patient(1) if leaves else 0.1)
            t.equal(f"sent with {ttl} hops: arrives with", got and (got.data, got.source, got.ttl), leaves and (data, source, leaves))
            sent += 1 if leaves else 0
        t.equal("packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (sent, 1))
        hops(receiver, family, 1)
        receiver.send(data := rtp.packet(9), source)
        got = sender.recv()
        t.equal("from a neighbour: arrives with", got and (got.data, got.source, got.ttl), (data, local, 64))

        t.step(f"IPv{family}: packets from an address of this host that come by a device")
        local, source = (hub, port + 8), (bob.hub_address(family), port + 9)
        target = control.add(local, (source, receiver.address), rtp=1)
        limit = "ttl" if family == 4 else "hop_limit"
        for own, ttl, leaves in ((bob.hub_address(family), 10, 9), (hub, 255, 64), (bob.hub_address(family), 1, None),
                                 (alice.address(family), 1, 64)):
            raw.send(alice, raw.datagram(own, hub, 7000, port + 8, data := rtp.packet(ttl), **{limit: ttl}))
            got = receiver.recv(patient(1) if leaves else 0.1)
            t.equal(f"from {own} with {ttl} hops: arrives with", got and (got.data, got.ttl), leaves and (data, leaves))
        t.equal("packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (3, 1))
        port += 20

    nft.delete()
    t.host.run("modprobe", "-a", "iptable_filter", "ip6table_filter")
    for family in (4, 6):
        t.step(f"IPv{family}: two targets that name each other, and RTCP that goes on and is relayed after the walk through the rules")
        lo = LOOPBACK[family]
        copied = {"rtp": 1, "rtcp_fw": 1, "media_output_idxs[0].rtp_end_idx": 0, "media_output_idxs[0].rtcp_end_idx": 1}
        pair = [control.add((lo, port), ((lo, port + 1), (lo, port + 2)), **copied),
                control.add((lo, port + 2), ((lo, port + 3), (lo, port)), **copied)]
        xtables.replace(family, {"INPUT": [xtables.rtpengine(0)]})
        t.host.udp(lo).send(rtp.sender_report(1), (lo, port))
        ends(t, "RTCP", pair, 64, 1)
        xtables.replace(family, {})
        looping += pair
        port += 4

    # A VRF delivers to itself by its own device, which is no loopback device.
    hub = t.namespace("hub")
    dave = t.peer("dave", hub=hub)
    hub.ip("link add red type vrf table 100", "link set red up", f"link set {dave.hub_dev} master red",
           f"addr replace {dave.hub6}/64 dev {dave.hub_dev} nodad")
    with hub:
        vrf = t.table(0).add().ready()
    nft.chain(ns=hub)
    nft.native_rule(0, ns=hub)
    for family in (4, 6):
        for what, source in (("an address of the VRF", dave.hub_address(family)), ("an address of nobody", NOBODY[family])):
            t.step(f"IPv{family}: two targets of a VRF, whose outputs have {what}")
            own = dave.hub_address(family)
            pair = [vrf.add((own, port), ((source, port + 1), (own, port + 2)), rtp=1),
                    vrf.add((own, port + 2), ((source, port + 3), (own, port)), rtp=1)]
            dave.udp(family=family).send(rtp.packet(), (own, port))
            ends(t, what, pair, 65, 1)
            looping += pair
            port += 4

    t.step("nothing goes on")
    packets, softirqs = total(looping, "packets"), received_softirqs()
    seconds = t.sized(1, 40) / 4
    time.sleep(seconds)
    t.equal("packets of what looped", total(looping, "packets"), packets)
    rate = (received_softirqs() - softirqs) / seconds
    t.between("times a second that packets were received", rate, 0, 200)
