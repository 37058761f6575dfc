# SPDX-License-Identifier: GPL-2.0-only
"""Packets a second with one and two processors that send and relay, by the clock on the wall: reported, not judged."""

import json
import os
import time

from guest.bench import Bench
from guest.cases import Case

MODULE = ("rs", "c", "c12")
KERNEL = "stock"
TIMEOUT = 120
SECONDS = 1.5
BURST = 200


def rate(processor, sock, packets):
    """Packets a second, sent by a child on one processor: what the pipe will say."""
    answer, mine = os.pipe()
    if os.fork() == 0:
        os.sched_setaffinity(0, {processor})
        count, begin = 0, time.monotonic()
        while time.monotonic() < begin + SECONDS:
            for packet in packets:
                sock.send(packet)
            count += len(packets)
        os.write(mine, str(round(count / (time.monotonic() - begin))).encode())
        os._exit(0)
    os.close(mine)
    return answer


def run(t):
    bench, found = Bench(t), {}
    for name in ("dropped", "routed", "plain", "cm80-out", "gcm128-out"):
        for processors in (1, 2):
            t.step(f"{name}, {processors}")
            with bench.flow(Case.named(name)) as flow:
                packets = flow.packets(BURST)
                answers = [rate(n, flow.sock, packets) for n in range(processors)]
                found[f"{name}: {processors}"] = sum(int(os.read(each, 64)) for each in answers)
    t.keep("json", json.dumps(found, indent=1))
