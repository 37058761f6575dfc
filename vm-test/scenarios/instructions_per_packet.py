# SPDX-License-Identifier: GPL-2.0-only
"""A relayed packet costs at most 2 % more instructions than `make bench` found when it was last written down, in each of a few cases."""

import json
from pathlib import Path

from guest.bench import Bench, instructions
from guest.cases import Case

MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 60
SOAK_TIMEOUT = 60
BASELINE = Path("/run/vm-test/baseline.json")
CASES = ("plain", "plain-ip6", "plain-4out", "plain-xt", "plain-prerouting", "plain-ingress", "plain-1200b", "rtcp",
         "cm80-in", "cm80-out", "cm80-both", "gcm128-both", "cm80-both-1200b", "gcm128-both-1200b")
GROWTH = 1.02


def run(t):
    bench, floors = Bench(t), {}
    baseline = json.loads(BASELINE.read_text())["instructions"]["rs"]
    for case in map(Case.named, CASES):
        t.step(case.name)
        floor = case.compared_with()
        if floor.name not in floors:
            floors[floor.name] = instructions(bench, floor)
        cost = instructions(bench, case) - floors[floor.name]
        known = baseline[case.name] - baseline[floor.name]
        t.figure(f"instructions: {case.name}", cost)
        t.note(f"{case.name}: {cost} instructions beyond the floor of {floors[floor.name]}; written down {known}")
        t.between(f"{case.name}: instructions beyond the floor, of those written down", cost / known, 0, GROWTH)
