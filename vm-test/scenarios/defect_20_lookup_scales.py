# SPDX-License-Identifier: GPL-2.0-only
"""Defect 20: with 50,000 targets in a table a packet finds its target, and one is added and deleted, at the cost it has with one."""

import socket
import time

from guest import nft, rtp

MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 300
PACKETS = 1000
TARGETS = 50_000


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=4)
    nft.chain("ip")
    nft.native_rule(0, "ip")
    # The receiver's namespace drops what comes, before any socket costs anything.
    bob.ns.run("nft", "-f", "-", stdin="table ip quiet { chain pre { type filter hook prerouting priority -400; udp dport 9 "
                                       "drop; }; }\n")
    sink, source = (bob.v4, 9), (bob.hub4, 4001)
    local = (alice.hub4, 4000)
    target = control.add(local, (source, sink), rtp=1)
    with alice.ns:
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(local)
    data = rtp.packet()

    def cost():
        """Instructions from one `send` to the next: the clock advances by 1 ns with each."""
        send, clock = sender.send, time.perf_counter_ns
        before, found = target.stats["packets"], []
        for _ in range(5):
            start = clock()
            for _ in range(PACKETS):
                send(data)
            found.append((clock() - start) / PACKETS)
        t.equal("packets relayed", target.stats["packets"] - before, 5 * PACKETS)
        return min(found)

    def change():
        """Instructions that adding a target and deleting it takes."""
        clock, other, found = time.perf_counter_ns, (alice.hub4, 3000), []
        command["target.local"] = output["destination.local"] = other
        delete = control.new("del_target", local=other)
        for _ in range(20):
            start = clock()
            control.write(command)
            control.write(output)
            control.write(delete)
            found.append(clock() - start)
        return min(found)

    command, output = target.command.copy(), target.destination(0, source, sink)
    t.step("one target")
    for _ in range(200):
        sender.send(data)
    one, change_one = cost(), change()
    t.step(f"{TARGETS} targets")
    addresses = alice.hub4, "10.99.0.1"
    for n in range(1, TARGETS):
        other = (addresses[n % 2], 5000 + n)
        command["target.local"] = other
        output["destination.local"] = other
        control.write(command)
        control.write(output)
    t.equal("targets", t.table(0).status()["Targets"], TARGETS)
    many, change_many = cost(), change()
    t.note(f"instructions from send to send: {one:.0f} with one target, {many:.0f} with {TARGETS}")
    t.between("the cost with many, of that with one", many / one, 0.97, 1.03)
    t.note(f"instructions to add and delete one: {change_one:.0f} with one target, {change_many:.0f} with {TARGETS}")
    t.between("adding and deleting with many, of that with one", change_many / change_one, 0.85, 1.15)
