# SPDX-License-Identifier: GPL-2.0-only
"""A time of delivery that the sender asked its own queue for, and metadata of XDP, do not leave with what is relayed."""

import socket
import struct
import time

from guest import bpf, nft, rtp
from guest.patience import patient

KERNEL = "stock"
SO_TXTIME, SCM_TXTIME = 61, 61
CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_TAI = 0, 1, 11


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.run("tc", "qdisc", "replace", "dev", bob.hub_dev, "root", "fq")
    port = 4000
    for family in (4, 6):
        receiver, second = bob.udp(family=family), bob.udp(family=family)
        for clock in (CLOCK_MONOTONIC, CLOCK_TAI, CLOCK_REALTIME):
            for later in (3, 60):
                t.step(f"IPv{family}: clock {clock}, {later} s later")
                local, source = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
                target = control.add(local, (source, second.address), (source, receiver.address), rtp=1)
                sender = alice.udp(family=family)
                sender.sock.setsockopt(socket.SOL_SOCKET, SO_TXTIME, struct.pack("=iI", clock, 0))
                start = time.monotonic()
                when = time.clock_gettime_ns(clock) + later * 1_000_000_000
                sender.sock.sendmsg([data := rtp.packet(port)], [(socket.SOL_SOCKET, SCM_TXTIME, struct.pack("=Q", when))], 0, local)
                for each in (second, receiver):
                    got = each.recv(patient(1))
                    t.equal("arrives at once", got and (got.data, got.source), (data, source))
                t.true("in time", time.monotonic() - start < patient(2), time.monotonic() - start)
                t.equal("packets and errors", [(each["packets"], each["errors"]) for each in target.outputs], [(1, 0)] * 2)
                t.between("when the last packet came, in seconds before now", time.time() - target.stats["last_packet_us"] / 1e6, -1, patient(2))
                port += 2

    t.host.sysctl("net.ipv4.ip_forward", 1)
    t.host.sysctl("net.ipv6.conf.all.forwarding", 1)
    bpf.gives_metadata(t.host, alice.hub_dev)
    bpf.drops_metadata(t.host, bob.hub_dev)
    for family in (4, 6):
        t.step(f"IPv{family}: metadata of XDP")
        receiver, second, sender = bob.udp(family=family), bob.udp(family=family), alice.udp(family=family)
        sender.send(b"forwarded", receiver.address)
        t.silent("what is forwarded keeps it, and is dropped where it leaves", receiver, 0.1)
        local, source = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
        control.add(local, (source, second.address), (source, receiver.address), rtp=1)
        t.relayed("what is relayed has none", sender, local, receiver, rtp.stream(3), source=source)
        t.equal("copies have none", len(second.drain(0)), 3)
        port += 2
