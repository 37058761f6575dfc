# SPDX-License-Identifier: GPL-2.0-only
"""However many rules root of a container makes, what others do with rules and tables costs the same."""

import os
import signal
import time

from guest import nft, proc
from guest.actors import SELF, container_root

MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 60
SOAK_TIMEOUT = 180
PROCESSES, SOAK_PROCESSES = 60, 1200
RULES = 63
EACH = 20


def batch(count):
    """Adds rules that name tables 0 to `count` to a chain that no packet comes to."""
    commands = []
    for number in range(count):
        inner = nft.attribute(1, [nft.attribute(1, "rtpengine"), nft.attribute(2, [nft.attribute(1, number.to_bytes(4, "little"))])])
        commands.append((6, 0xC00, 1, nft.attribute(1, "vm") + nft.attribute(2, "aside") + nft.attribute(4, [inner])))
    return commands


def run(t):
    table = t.table(63).add()
    nft.chain()

    def cost():
        """Instructions that a rule, and a table, take the host."""
        times = []
        for _ in range(EACH):
            start = time.perf_counter_ns()
            nft.native_rule(63)
            middle = time.perf_counter_ns()
            nft.flush()
            t.table(5).add()
            table.status()
            t.table(5).delete()
            times.append((middle - start, time.perf_counter_ns() - middle))
        return [sorted(each)[EACH // 2] for each in zip(*times)]

    cost()
    before = cost()
    processes = t.sized(PROCESSES, SOAK_PROCESSES)
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        container_root()()
        nft.chain(ns=SELF)
        nft.change(SELF, (3, 0x400, 1, nft.attribute(1, "vm") + nft.attribute(3, "aside")))
        commands = batch(RULES)
        for _ in range(processes):  # each is another maker
            each = os.fork()
            if each == 0:
                try:
                    nft.change(SELF, *commands)
                except OSError as error:
                    os.write(told, f"{error.errno} ".encode())
                os._exit(0)
            os.waitpid(each, 0)
        os.write(told, b"done")
        signal.pause()
    t.equal("its rules", os.read(ready, 4), b"done")
    t.step("the host's rules and tables")
    after = cost()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for what, first, then in zip(("a rule", "a table"), before, after):
        t.note(f"{what}: {first} instructions, with {processes * RULES} rules of a container {then}")
        t.between(f"instructions for {what}, in percent of before", 100 * then // first, 0, 105)
    t.figure("rules of a container beside the host's", processes * RULES)
    t.eventually("they go with their namespace", lambda: proc.tables(), [63])
    nft.native_rule(63)
