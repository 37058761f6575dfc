# SPDX-License-Identifier: GPL-2.0-only
"""Fields 32 and 34: neither namespaces, tables, pins nor processors of the host are in the cost of a command, or of a namespace's end."""

import os
import time
from pathlib import Path

from guest import net, nft, proc, rtp
from guest.control import PAGE, Memory

MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 90
NAMESPACES = 60
PINS = 2000
OUTPUTS = 32
EACH = 25
DELETED = 8


def percpu():
    """Memory of processors, in bytes."""
    return next(int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("Percpu:")) << 10


def kernel_work():
    """Instructions that kernel threads have executed: the clock advances by 1 ns with each."""
    total = 0
    for task in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(task / "exe"):
                continue
        except FileNotFoundError:  # a thread of the kernel has no program
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            continue
    return total


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=64)
    nft.chain()
    nft.native_rule(0)
    made = {}
    for family in (4, 6):
        made[family] = target = control.target((alice.hub_address(family), 4000), outputs=2, pts=tuple(range(32)), ssrcs=(1, 2, 3, 4),
                                               rtp=1)
        target.destination(0, (bob.hub_address(family), 4001), (bob.address(family), 9))
    delete = control.delete

    def commands(family):
        """Instructions of the commands for a target with 32 payload types, two outputs and four SSRCs: added and deleted."""
        target, output = made[family], made[family].destinations[0]
        clock, found = time.perf_counter_ns, []
        for n in range(EACH):
            target.command["target.local"] = output["destination.local"] = local = (alice.hub_address(family), 4000 + n)
            output["destination.num"] = 0
            first = bytes(output)
            output["destination.num"] = 1
            add, second = bytes(target.command), bytes(output)
            start = clock()
            os.write(control.fd, add)
            os.write(control.fd, first)
            os.write(control.fd, second)
            found.append(clock() - start)
            delete(local)
        return min(found)

    def tables():
        """Instructions for a table: made and deleted."""
        clock, found = time.perf_counter_ns, []
        for _ in range(EACH):
            start = clock()
            t.table(5).add()
            t.table(5).delete()
            found.append(clock() - start)
        return min(found)

    def ends():
        """Work of the kernel for the end of a namespace that has had no table: the least of several times, as other threads work, too."""
        found = []
        for _ in range(3):
            names = [net.Namespace.bare(f"short{n}") for n in range(DELETED)]
            time.sleep(0.3)
            before = kernel_work()
            for ns in names:
                ns.delete()
            time.sleep(0.6)
            found.append((kernel_work() - before) / DELETED)
        return min(found)

    def costs():
        """Those of the commands in each family, and of a table."""
        return {"a target over IPv4": commands(4), "a target over IPv6": commands(6), "a table": tables()}

    costs()
    t.step("a small host")
    few = costs()
    short = ends()

    t.step(f"{NAMESPACES} namespaces more")
    for n in range(NAMESPACES):
        net.Namespace.bare(f"ns{n}")
    many = costs()
    for (what, first), then in zip(few.items(), many.values()):
        t.note(f"{what}: {first} instructions, with {NAMESPACES} namespaces more {then}")
        t.between(f"cost of {what} with {NAMESPACES} namespaces more, of that without", then / first, 0.9, 1.02)

    t.step("tables of others")
    for n in range(64):
        if n not in (0, 5):
            t.table(n).add()
    beside = ends()
    t.note(f"the end of a namespace: {short:.0f} instructions of kernel threads, with {NAMESPACES} namespaces and 62 tables more {beside:.0f}")
    t.between("cost of a namespace's end beside tables of others, of that without", beside / short, 0.6, 1.25)
    for n in range(64):
        if n not in (0, 5):
            t.table(n).kill()

    t.step(f"{PINS} pins, of pages around those that are used")
    few = {family: commands(family) for family in made}
    memory = Memory(PINS)
    pin = memory.pin_command()
    pin["pin_memory.size"] = PAGE
    for n in range(PINS):
        pin["pin_memory.addr"] = memory.addr + n * PAGE
        control.write(pin)
    t.equal("pins", table.status()["Memory pins"], PINS + 1)
    for family, first in few.items():
        many = commands(family)
        t.note(f"a target over IPv{family}: {first} instructions, with {PINS} pins {many}")
        t.between(f"cost of a target over IPv{family} with {PINS} pins, of that with one", many / first, 0.9, 2)

    t.step("outputs take no memory of processors")
    target, output = made[4], made[4].destinations[0]
    output["destination.local"] = target.command["target.local"] = (alice.hub4, 4000)
    before, count = percpu(), 0
    target.command["target.num_destinations"] = OUTPUTS
    target.command["target.media_output_idxs[0].rtp_end_idx"] = OUTPUTS
    for n in range(150):
        target.command["target.local"] = output["destination.local"] = (alice.hub4, 6000 + n)
        control.write(target.command)
        for number in range(OUTPUTS):
            output["destination.num"] = number
            control.write(output)
            count += 1
    t.equal("targets", table.status()["Targets"], 150)
    receiver, sender = bob.udp(9), alice.udp()
    sender.send(rtp.packet(ssrc=1), (alice.hub4, 6000))
    t.equal("packets of one", len(receiver.drain()), OUTPUTS)
    grown = percpu() - before
    t.note(f"memory of processors for {count} outputs: {grown} bytes")
    t.between(f"growth of Percpu with {count} outputs", grown, -1 << 20, 64 << 10)
    t.equal("tables", proc.tables(), [0])
