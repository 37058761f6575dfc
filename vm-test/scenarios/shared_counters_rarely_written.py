# SPDX-License-Identifier: GPL-2.0-only
"""Memory that all calls share is written once for 64 packets, and at the latest after 10 ms."""

import socket
import time

from guest import nft, rtp

MACHINE = "icount"
KERNEL = "stock"
PACKETS = 64 * 6 * 20
NAMES = ("in.packets", "in.bytes", "out.packets", "out.bytes")
QUIET = "table ip quiet { chain pre { type filter hook prerouting priority -400; udp dport 9 drop; }; }\n"


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain("ip")
    nft.native_rule(0, "ip")
    bob.ns.run("nft", "-f", "-", stdin=QUIET)
    local = (alice.hub4, 4000)
    target = control.add(local, ((bob.hub4, 4001), (bob.v4, 9)), rtp=1)
    with alice.ns:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(local)
    data, memory = rtp.packet(), control.memory.map
    # The counters that a packet adds to, as they lie in memory: those of the daemon, and both directions of the interface.
    places = [block.offset + offset for block, offsets in ((control.global_stats, (0, 8)), (control.iface_stats, (0, 8, 24, 32)))
              for offset in offsets]

    def values():
        return [memory[place:place + 8] for place in places]

    t.step("as fast as they come")
    writes, before, last = 0, values(), time.perf_counter_ns()
    start, slowest = last, 0
    for _ in range(PACKETS):
        sender.send(data)
        now = values()
        if now != before:
            writes += sum(a != b for a, b in zip(before, now))
            before, time_now = now, time.perf_counter_ns()
            slowest, last = max(slowest, time_now - last), time_now
    took = time.perf_counter_ns() - start
    t.equal("packets", target.stats["packets"], PACKETS)
    t.note(f"{PACKETS} packets in {took / 1e6:.1f} ms: {writes} additions, one for {PACKETS / writes:.1f} packets; at most "
           f"{slowest / 1e6:.1f} ms between two times")
    # Besides what is full, the timer, which is set when the first packet is counted.
    most = PACKETS / 64 + len(places) * took / 4e6
    t.between("additions", writes, 1, most)
    t.between("ns between two times", slowest, 0, 10_000_000)

    t.step("one in a while")
    for _ in range(20):
        expected = control.global_stats["in.packets"] + 1
        start = time.perf_counter_ns()
        sender.send(data)
        while control.global_stats.now("in.packets") != expected:
            took = time.perf_counter_ns() - start
            if took > 20_000_000:
                break
            time.sleep(0.0005)
        t.between("ns until a packet is counted", took, 0, 10_000_000)
        time.sleep(0.0013)
