# SPDX-License-Identifier: GPL-2.0-only
"""The daemon's timeout ends a call whose media stopped, and not one whose media the kernel alone relays, in the unit of each generation."""

import time

from guest.phone import Conversation, Kernel, Phone, complaints

RELEASE = ("26.0", "12.5")
SOAK_TIMEOUT = 120
SECONDS = 5
LATE = 4  # seconds: the daemon looks once a second, and has whole ones


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}", options=[f"--timeout={SECONDS}"])
    flows, stops = (Conversation(daemon, kernel, name, Phone(alice, 0xCA11), Phone(bob, 0xCA22)) for name in ("flows", "stops"))
    for call in (flows, stops):
        call.start()
    stops.talk("before it stops", 20)
    stopped = time.monotonic()

    t.step("one call flows, the media of the other stop")
    ended = None
    while time.monotonic() < stopped + 4 * SECONDS:
        there = sorted(daemon.ng("list")["calls"])
        now = round(time.monotonic() - stopped, 1)
        t.true(f"after {now} s: the call whose media flow is there", "flows" in there, there)
        flows.talk("all in the kernel", 5)
        if "stops" not in there and ended is None:
            ended = now
            t.equal("its targets are gone", [kernel.has(phone.to) for phone in stops.sides.values()], [False, False])
        time.sleep(0.3)
    t.true("the call whose media stopped is ended", ended, there)
    t.between("seconds after which it is", ended, SECONDS - 1, SECONDS + LATE)
    flows.check_query("at the end")

    t.step("the other stops, too")
    t.eventually("calls", lambda: daemon.ng("list")["calls"], [], timeout=SECONDS + LATE)
    t.eventually("targets", lambda: kernel.table.status()["Targets"], 0)
    t.equal("complaints", complaints(daemon.log()), [])
