# SPDX-License-Identifier: GPL-2.0-only
"""What all calls count together is right 10 ms after the last packet, and once a command has ended calls; nothing is counted later."""

import os
import threading
import time
from pathlib import Path

from guest import nft, rtp
from guest.patience import counters_settle

SIZE = 160
PACKET = rtp.packet(payload=bytes(SIZE))
BYTES = len(PACKET)
ROUNDS = 20
# More than are collected at a time.
INTERFACES = 100
QUIET = "table ip quiet { chain pre { type filter hook prerouting priority -400; udp dport 9 drop; }; }\n"


def on(processor, act):
    """Does something on a processor, whose softirqs then handle what it sends."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})
    try:
        return act()
    finally:
        os.sched_setaffinity(0, allowed)


def figures(counters):
    """What a packet adds to: packets and bytes, in and out."""
    return tuple(counters.now(name) for name in ("in.packets", "in.bytes", "out.packets", "out.bytes"))


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0)
    nft.chain("ip")
    nft.native_rule(0, "ip")
    bob.ns.run("nft", "-f", "-", stdin=QUIET)
    local, output = (alice.hub4, 4000), ((bob.hub4, 4001), (bob.v4, 9))
    processors = sorted(os.sched_getaffinity(0))
    senders = {processor: alice.udp() for processor in processors}

    def send(processor, count, to=local):
        def act():
            for _ in range(count):
                senders[processor].send(PACKET, to)
        on(processor, act)

    def shared(control, count):
        """Whether interface and daemon have counted so many packets, each received and sent."""
        received = (count, count * BYTES)
        return [figures(control.iface_stats), figures(control.global_stats)] == [received * 2, (*received, 0, 0)]

    t.step("10 ms after the last packet, on each processor")
    control = table.add().ready(pages=32)
    target = control.add(local, output, rtp=1)
    for turn in range(1, ROUNDS + 1):
        threads = [threading.Thread(target=send, args=(processor, 50)) for processor in processors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = turn * 50 * len(processors)
        t.eventually("packets of the target", lambda count=count: target.stats["packets"] == count, True)
        counters_settle()
        t.true(f"interface and daemon have {count}", shared(control, count))

    def ends(what, make, end, count=10):
        """`end` ends the calls of a table while something waits, and has it all counted."""
        waited = 0
        for turn in range(ROUNDS):
            control, target, before = make()
            send(processors[turn % len(processors)], count)
            waited += control.global_stats.now("in.packets") < before + count
            end(control)
            t.equal(f"{what}: of the target", target.stats["packets"], count)
            t.true(f"{what}: interface and daemon", shared(control, before + count))
        t.note(f"{what}: it waited {waited} of {ROUNDS} times")
        t.true(f"{what}: some waited until then", waited > 0)

    t.step("when DEL_TARGET returns")

    def added():
        control.delete(local) if target_is_there else None
        counters_settle()
        return control, control.add(local, output, rtp=1), control.global_stats.now("in.packets")

    target_is_there = True

    def delete(control):
        nonlocal target_is_there
        control.delete(local)
        target_is_there = False

    ends("DEL_TARGET", added, delete)

    t.step("when kill and del return")
    control.close()
    table.kill()
    kept = []

    def made():
        control = table.add().ready()
        kept.append(control)
        return control, control.add(local, output, rtp=1), 0

    def killed(control):
        table.kill()
        control.close()

    def deleted(control):
        control.close()
        table.delete()

    ends("kill", made, killed)
    ends("del", made, deleted)

    t.step("a table comes and goes under traffic: nothing is lost, nothing is counted when it is gone")
    done = threading.Event()

    def traffic(processor):
        while not done.is_set():
            send(processor, 8)

    threads = [threading.Thread(target=traffic, args=(processor,)) for processor in processors]
    for thread in threads:
        thread.start()
    total = 0
    try:
        for _ in range(ROUNDS):
            control, target, _ = made()
            time.sleep(0.03)
            table.kill()
            packets = target.stats["packets"]
            total += packets
            t.equal("sent", target.outputs[0]["packets"], packets)
            t.true(f"interface and daemon have {packets}", shared(control, packets))
            control.memory.map[:] = bytes(control.memory.size)
            control.close()
        time.sleep(0.05)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    t.true("packets were relayed", total > ROUNDS)
    late = [control for control in kept[2 * ROUNDS:] if any(bytes(control.memory.map[:]))]
    t.equal("memory that was written when its table was gone", len(late), 0)

    t.step(f"{INTERFACES} interfaces")
    control = table.add().ready(pages=64)
    blocks, count = [], 4
    for number in range(INTERFACES):
        block = control.memory.counters("interface_stats_block")
        to = (alice.hub4, 5000 + number)
        target = control.target(to, rtp=1, iface_stats=block.addr)
        control.write(target.command)
        control.write(target.destination(0, *output, iface_stats=block.addr))
        blocks.append(block)
        for processor in processors:
            send(processor, count, to)
    counters_settle()
    each = count * len(processors)
    t.equal("each has its own", {figures(block) for block in blocks}, {(each, each * BYTES) * 2})
    t.equal("the daemon all", control.global_stats.now("in.packets"), INTERFACES * each)
    control.close()
    table.delete()
    t.equal("when it is deleted", {figures(block) for block in blocks}, {(each, each * BYTES) * 2})

    t.step("a processor that goes, and comes back")
    state = Path(f"/sys/devices/system/cpu/cpu{processors[-1]}/online")
    if len(processors) == 1 or not state.exists():
        return t.note("there is no processor that could go")
    control, target, _ = made()
    for turn in range(1, 4):
        send(processors[-1], 10)
        try:
            state.write_text("0")
            t.true("what it had counted", shared(control, 20 * turn - 10))
        finally:
            state.write_text("1")
        send(processors[-1], 10)
        counters_settle()
        t.true("what it counts", shared(control, 20 * turn))
    table.kill()
