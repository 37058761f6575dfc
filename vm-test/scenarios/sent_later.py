# SPDX-License-Identifier: GPL-2.0-only
"""What is sent after the walk through the rules of iptables-legacy is counted when it is known, and nothing of it is left behind."""

import contextlib
import os
import socket
import threading

from guest import rtp, xtables
from guest.xtables import Rule

SOURCE = 5000
REPORTS = [rtp.sender_report(0x1234_5678 + n) for n in range(5)]


class Flood:
    """RTCP, without a pause."""

    def __init__(self, sender, local):
        self.sender, self.local, self.stopped = sender, local, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.is_set():
            with contextlib.suppress(OSError):  # the way there may be gone
                self.sender.send(REPORTS[0], self.local)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def copying(control, local, source, to):
    """A target whose RTCP is relayed, and goes on."""
    return control.add(local, (source, to), rtp=1, rtcp_fw=1, **{"media_output_idxs[0].rtp_end_idx": 0,
                                                                 "media_output_idxs[0].rtcp_end_idx": 1})


def run(t):
    alice, bob = t.peers("alice", "bob")
    t.host.run("modprobe", "-a", "iptable_filter", "ip6table_filter")
    os.sched_setaffinity(0, {0})  # what is sent later is in order for each processor
    control = t.table(0).add().ready(pages=8)
    for family in (4, 6):
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), SOURCE)
        receiver, sender, passed = bob.udp(family=family), alice.udp(family=family), t.host.udp(*local)
        target = copying(control, local, source, receiver.address)
        expected = [0, 0, 0, 0]

        def counted(what, *more, target=target, expected=expected):
            """Packets, bytes and errors of the output, and errors of the target."""
            expected[:] = [old + new for old, new in zip(expected, more)]
            output = target.outputs[0]
            t.equal(what, [*(output[key] for key in ("packets", "bytes", "errors")), target.stats["errors"]], expected)

        t.step(f"IPv{family}: what was sent")
        xtables.replace(family, {"INPUT": [xtables.rtpengine(0)]})
        t.relayed("RTCP", sender, local, receiver, REPORTS, source=source)
        t.equal("userspace has it, too", [one.data for one in passed.drain(0.05)], REPORTS)
        counted("counters", 5, sum(map(len, REPORTS)), 0, 0)

        t.step(f"IPv{family}: what a rule for the way out dropped")
        xtables.replace(family, {"INPUT": [xtables.rtpengine(0)], "OUTPUT": [Rule("DROP", sport=SOURCE)]})
        for report in REPORTS:
            sender.send(report, local)
        t.equal("userspace has it", [one.data for one in passed.drain(0.05)], REPORTS)
        t.silent("what was dropped", receiver, 0)
        counted("counters", 0, 0, 5, 5)

        t.step(f"IPv{family}: what has no route")
        t.host.ip(f"route add unreachable {bob.address(family)}")
        sender.send(REPORTS[0], local)
        t.equal("userspace has it", [one.data for one in passed.drain(0.05)], REPORTS[:1])
        counted("counters", 0, 0, 1, 1)
        t.host.ip(f"route del unreachable {bob.address(family)}")

        t.step(f"IPv{family}: targets come and go meanwhile")
        xtables.replace(family, {"INPUT": [xtables.rtpengine(0)]})
        with Flood(sender, local):
            for _ in range(t.sized(20, 200, 1000)):
                control.delete(local)
                target = copying(control, local, source, receiver.address)
        sender.send(REPORTS[1], local)
        t.eventually("the last one arrives", lambda: REPORTS[1] in [one.data for one in receiver.drain(0.05)], True)
        xtables.replace(family, {})
        passed.close()

    os.sched_setaffinity(0, range(os.cpu_count()))
    for n in range(t.sized(3, 20, 100)):
        t.step(f"namespaces end meanwhile, round {n}")
        hub = t.namespace(f"hub{n}")
        caller, callee = t.peers(f"caller{n}", f"callee{n}", hub=hub)
        with hub:
            control = t.table(1).add().ready()
        for family in (4, 6):
            xtables.replace(family, {"INPUT": [xtables.rtpengine(1)]}, ns=hub)
            copying(control, (caller.hub_address(family), 4000), (callee.hub_address(family), SOURCE),
                    (callee.address(family), 9))
        control.close()
        sender = caller.udp()
        with Flood(sender, (caller.hub4, 4000)):
            hub.delete()
            with caller.ns:
                t.eventually("its links go with it", lambda: caller.dev in dict(map(reversed, socket.if_nameindex())), False, 10)
        sender.close()
