# SPDX-License-Identifier: GPL-2.0-only
"""Adding and deleting targets with keys leaves the kernel's memory as it was."""

import time

from guest.abi import Struct
from guest.srtp import SUITES, Crypto
from guest.system import settled_memory

KERNEL = "stock"  # KASAN keeps freed memory for a while; there kmemleak looks for what is lost
SOAK_TIMEOUT = 300
ROUNDS = 100_000
WARM_UP = 2_000
# What else the kernel does may take memory, but not each time; what is lost is lost each time.
ATTEMPTS = 3


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    commands = []
    for n, suite in enumerate(SUITES):
        crypto = Crypto.new(suite)
        target = control.target((alice.hub4, 4000 + n), ssrcs=(1, 2), rtp=1, **crypto.fields("decrypt"))
        output = target.destination(0, (bob.hub4, 5000), (bob.v4, 5001), **crypto.fields("encrypt"))
        delete = Struct("rtpengine_command_del_target", cmd=9, local=target.local)
        commands.append((bytes(target.command), bytes(output), bytes(delete)))

    def rounds(count):
        for n in range(count):
            for command in commands[n % len(commands)]:
                control.write(command)

    rounds(WARM_UP)
    # Half of what the smallest object takes, a key of HMAC-SHA1, if one were lost with each round.
    most = ROUNDS * 64 // 2 // 1024
    for attempt in range(ATTEMPTS):
        before, start = settled_memory(), time.monotonic()
        rounds(ROUNDS)
        each = (time.monotonic() - start) * 1e6 / ROUNDS
        growth = settled_memory() - before
        t.note(f"{ROUNDS} rounds of {each:.0f} us: {growth:+} KiB, at most {most}")
        if growth <= most:
            return
    t.fail(f"the kernel's memory grows by {most} KiB at most, once in {ATTEMPTS} times", most, growth)
