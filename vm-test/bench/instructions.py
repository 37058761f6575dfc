# SPDX-License-Identifier: GPL-2.0-only
"""Instructions from one packet to the next in each case of cases.py, with our module and with the C modules."""

import json

from guest.bench import Bench, instructions
from guest.cases import GROUPS, Case

MODULE = ("rs", "c", "c12")
MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 300


def run(t):
    bench, found = Bench(t), {}
    wanted = t.case.split() or dict.fromkeys(name for names in GROUPS.values() for name in names)
    cases = [Case.named(name) for name in wanted]
    for case in {case.name: case for each in cases for case in ([each] if each.floor else [each.compared_with(), each])}.values():
        t.step(case.name)
        try:
            found[case.name] = instructions(bench, case)
        except Exception as problem:  # a C module may have no such thing
            if t.module == "rs":
                raise
            print(f"{case.name}: {problem}")
    t.keep("json", json.dumps(found, indent=1))
