# SPDX-License-Identifier: GPL-2.0-only
"""A time of delivery that the sender asked its own queue for does not hold back what is relayed, nor is it taken for the arrival."""

import socket
import struct
import time

from guest import nft, rtp
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
