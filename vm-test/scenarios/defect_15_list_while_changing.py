# SPDX-License-Identifier: GPL-2.0-only
"""Defect 15: lists that are read while targets and tables come and go have each that stays once, whole and in order."""

import os
import random
import socket
import traceback

from guest import nft, proc, rtp
from guest.control import new

TIMEOUT = 60
SOAK_TIMEOUT = 120
LISTS = 150
SOAK = 4
STAY = range(4000, 4600, 20)  # ports of targets that stay; those that come and go lie before, between and behind them
COME_AND_GO = [port for port in range(3980, 4640, 5) if port not in STAY]
TABLES = (0, 20, 41, 63)  # that stay


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    for number in TABLES[1:]:
        t.table(number).add()
    control = table.ready(pages=64)
    nft.chain()
    nft.native_rule(0)
    local, source, receiver, sender = alice.hub4, (bob.hub4, 4001), bob.udp(), alice.udp()
    # One target's commands serve for all that come and go.
    template = control.target((local, 1), rtp=1)
    output = template.destination(0, source, receiver.address)
    for port in STAY:
        control.add((local, port), (source, receiver.address), rtp=1)
    expected = blocks(table.list_text())
    t.equal("targets that stay", len(expected), len(STAY))
    lists = LISTS * t.sized(1, SOAK)
    chance = random.Random(15)

    def change(chance, there):
        """A target comes or goes."""
        port = chance.choice(COME_AND_GO)
        if port in there:
            control.write(new("del_target", local=(local, port)))
            there.discard(port)
            return
        template.command["target.local"] = output["destination.local"] = (local, port)
        control.write(template.command)
        if port % 2:  # some stay without their output
            control.write(output)
        there.add(port)

    def only_those_that_stay():
        for each in table.targets():
            port = int(each.local.rpartition(":")[2])
            if port not in STAY:
                control.delete((local, port))

    def change_tables(chance, there):
        number = chance.choice([n for n in range(64) if n not in TABLES])
        proc.text(f"{'kill' if number in there else 'add'} {number}")
        there ^= {number}

    t.step("targets come and go on one processor, the list is read on the other, in pieces of any size")
    found = 0
    with Changing(change) as changing:
        for n in range(lists):
            text = read("0/list", chance)
            got = blocks(text)
            t.equal(f"list {n}: no target is there twice", text.count("local inet4 "), len(got))
            t.equal(f"list {n}: the order", list(got), sorted(got))
            for name, block in expected.items():
                t.equal(f"list {n}: a target that stays", got.get(name), block)
            found += len(got) - len(expected)
            status = table.status()
            t.between("targets of status", status["Targets"], len(STAY), len(STAY) + len(COME_AND_GO))
    t.true("it came across some that come and go", found > lists, found)
    targets = changing.count
    only_those_that_stay()

    t.step("targets come and go on one processor, packets are relayed on the other")
    packets = 0
    with Changing(change) as changing:
        for port in list(STAY)[::3] * t.sized(1, SOAK):
            t.relayed(f"through a target that stays, {port}", sender, (local, port), receiver, rtp.stream(60), source=source)
            packets += 60
    targets += changing.count
    only_those_that_stay()
    counted = sum(each.stats["packets"] for each in table.targets())
    t.equal("packets counted by targets that stay", counted, packets)

    t.step("tables come and go on one processor, their list is read on the other")
    with Changing(change_tables) as changing:
        for n in range(lists):
            numbers = [int(line) for line in read("list", chance).split()]
            t.equal(f"list {n}: the order", numbers, sorted(set(numbers)))
            t.equal(f"list {n}: tables that stay", [each for each in numbers if each in TABLES], list(TABLES))
    t.note(f"{lists} lists of targets, {targets} changes meanwhile; {lists} of tables, {changing.count} changes; "
           f"{packets} packets relayed")
    t.figure("lists read while they changed", 2 * lists)
    t.figure("changes while lists were read or packets relayed", targets + changing.count)


def read(name, chance):
    """All of a file, in pieces of random sizes."""
    fd, pieces = os.open(proc.ROOT / name, os.O_RDONLY), []
    try:
        while piece := os.read(fd, chance.choice((1, 100, 300, 700, 4096, 16384))):
            pieces.append(piece)
    finally:
        os.close(fd)
    return b"".join(pieces).decode()


def blocks(text):
    """The block of each target by its first line."""
    return {block.split("\n", 1)[0]: block for block in text.split("\n\n") if block.strip()}


class Changing:
    """A process on the second processor that does something all the while; this one stays on the first."""

    def __init__(self, change):
        self.change, self.count = change, 0

    def __enter__(self):
        self.ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.go(theirs)
            except BaseException:  # noqa: BLE001: the log shows it
                traceback.print_exc()
            finally:
                os._exit(0)
        theirs.close()
        os.sched_setaffinity(0, {0})
        return self

    def go(self, theirs):
        os.sched_setaffinity(0, {1})
        theirs.setblocking(False)
        chance, there = random.Random(os.getpid()), set()
        while True:
            self.change(chance, there)
            self.count += 1
            try:
                theirs.recv(1)
                break
            except BlockingIOError:
                pass
        theirs.send(b"%d" % self.count)

    def __exit__(self, *_):
        self.ours.send(b"x")
        self.ours.settimeout(120)
        self.count = int(self.ours.recv(100) or 0)
        os.waitpid(self.pid, 0)
        os.sched_setaffinity(0, range(os.cpu_count()))
