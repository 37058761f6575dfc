# SPDX-License-Identifier: GPL-2.0-only
"""What a target takes: bytes of the kernel's memory, and instructions to add and to delete it, alone and among 50,000."""

import json
import time
from pathlib import Path

from guest.bench import GENERATIONS
from guest.cases import SUITES
from guest.client import HABITS
from guest.srtp import Crypto

MODULE = ("rs", "c", "c12")
MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 300
MANY, COUNTED, TRIES = 50_000, 1_000, 20
KINDS = {"slab": "SUnreclaim", "vmalloc": "VmallocUsed", "per-CPU": "Percpu"}
CASES = {"plain": (None, 1), "plain-4out": (None, 4), "cm80-both": ("cm80", 1), "gcm128-both": ("gcm128", 1)}


def memory():
    """Bytes by kind."""
    time.sleep(0.5)
    Path("/proc/sys/vm/stat_refresh").read_text()
    values = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return {kind: int(values[name].split()[0]) * 1024 for kind, name in KINDS.items()}


def run(t):
    alice, bob = t.peers("alice", "bob")
    generation = GENERATIONS[t.module]
    found = {}
    for case, (suite, outputs) in CASES.items():
        t.step(case)
        table = t.table(0).add()
        control = table.control(64, generation, HABITS[generation].mapped).init()
        fields = Crypto.new(SUITES[suite]).fields("decrypt") if suite else {}
        target = control.target((alice.hub4, 4000), outputs, (0,), (0x1234_5678,), rtp=1, **fields)
        ends = (bob.hub4, 4001), (bob.v4, 9)
        destinations = [target.destination(n, *ends, **(Crypto.new(SUITES[suite]).fields("encrypt") if suite else {})) for n in range(outputs)]

        def add(number):
            """Instructions of the commands that add it."""
            local, spent = (alice.hub4, 4000 + number), 0
            target.command["target.local"] = local
            for each in destinations:
                each["destination.local"] = local
            for command in map(bytes, (target.command, *destinations)):
                start = time.perf_counter_ns()
                control.write(command)
                spent += time.perf_counter_ns() - start
            return spent

        def delete(number):
            command = bytes(control.new("del_target", local=(alice.hub4, 4000 + number)))
            start = time.perf_counter_ns()
            control.write(command)
            return time.perf_counter_ns() - start

        def costs(first):
            pairs = [(add(first + n), delete(first + n)) for n in range(TRIES)]
            return [min(each) for each in zip(*pairs)]

        costs(0)
        figures = found.setdefault(case, {})
        figures["add"], figures["delete"] = costs(0)
        before = memory()
        for number in range(COUNTED):
            add(number)
        for kind, value in memory().items():
            figures[kind] = (value - before[kind]) // COUNTED
        if case == "plain":
            for number in range(COUNTED, MANY):
                add(number)
            figures["add among 50,000"], figures["delete among 50,000"] = costs(MANY)
        if HABITS[generation].mapped:
            control.memory.release()
        control.close()
        table.remove()
    t.keep("json", json.dumps(found, indent=1))
