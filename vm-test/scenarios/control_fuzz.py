# SPDX-License-Identifier: GPL-2.0-only
"""Random, mutated and misplaced commands from several processes each end as they have to, and leave nothing behind."""

import json
import os
import random
import subprocess
import time

from guest import nft, proc, rtp
from guest.patience import DEBUG_KERNEL
from guest.system import settled_memory

TIMEOUT = 60
SOAK_TIMEOUT = 300
LONG_TIMEOUT = 3600
COMMANDS = {"test": 10_000, "soak": 200_000, "long": 5_000_000}
# The first has the same choices in every run. `control-fuzz --seed S --processes 1` does again what one worker did.
FIXED_SEED = 26
PROCESSES = 3
SHARED = 2
TABLES = range(PROCESSES + SHARED)
RELAYING = 63


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(RELAYING).add().ready(pages=16)
    nft.chain()
    nft.native_rule(RELAYING)
    local, source, receiver, sender = (alice.hub4, 6000), (bob.hub4, 6001), bob.udp(), alice.udp()
    control.add(local, (source, receiver.address), rtp=1)
    nft.chain(name="fuzz")

    count = t.sized(**COMMANDS)
    if DEBUG_KERNEL:
        # Locks take it three times as long when emulated processors wait for each other.
        os.sched_setaffinity(0, {0})
    else:
        t.step("warm up")
        fuzz(t, FIXED_SEED, min(count // 4, 10_000))
        before = settled_memory()
    total = 0
    for seed in (FIXED_SEED, random.randrange(1 << 48)):
        t.step(f"{count // 2} commands of seed {seed}")
        start = time.monotonic()
        report = fuzz(t, seed, count // 2)
        total += report["commands"]
        accepted = sum(each.get("accepted", 0) for each in report["outcomes"].values())
        t.note(f"seed {seed}: {report['commands']} commands, {accepted} accepted, {len(report['refusals'])} kinds of refusals, "
               f"{sum(report['operations'].values())} other operations, {time.monotonic() - start:.0f} s")
        t.relayed("the target beside", sender, local, receiver, rtp.stream(50), source=source)
    t.figure("hostile commands", total)

    t.step("what is left can be deleted")
    nft.delete(name="fuzz")
    for table in proc.tables():
        if table != RELAYING:
            t.table(table).delete()
    t.equal("tables", proc.tables(), [RELAYING])
    # The smallest thing that a command makes, lost with each of them, would take four times as much. The debug kernel keeps what was
    # freed for a while, and looks for what is lost by itself.
    if not DEBUG_KERNEL:
        t.between("growth of the kernel's memory in KiB", settled_memory() - before, -(1 << 20), 512 + total * 16 // 1024)

    t.step("a target relays as ever")
    t.table(0).add().ready().add((alice.hub4, 6002), (source, receiver.address), rtp=1)
    nft.native_rule(0)
    for to in (local, (alice.hub4, 6002)):
        t.relayed("byte for byte", sender, to, receiver, rtp.stream(100, seq=7), source=source)


def fuzz(t, seed, commands):
    """Runs the fuzzer while rules come and go."""
    arguments = ["--seed", seed, "--commands", commands, "--processes", PROCESSES, "--tables", SHARED]
    choices = random.Random(seed)
    with subprocess.Popen(["control-fuzz", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as program:
        while program.poll() is None:
            if choices.random() < 0.2:
                nft.flush(name="fuzz")
            else:
                nft.native_rule(choices.choice(TABLES), name="fuzz")
            time.sleep(0.1)
        output = program.stdout.read()
    t.equal(f"control-fuzz {' '.join(map(str, arguments))} ends well\n{output[-12_000:]}", program.returncode, 0)
    return json.loads(output.splitlines()[-1])
