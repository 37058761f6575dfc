# SPDX-License-Identifier: GPL-2.0-only
"""Where the instructions of a case go, and which lines and locked operations there are: windows for the plugin, and the kernel's symbols."""

import json
from pathlib import Path

from guest.bench import Bench
from guest.cases import Case
from guest.counting import Marks

MODULE = ("rs", "c", "c12")
MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 200
WARM_UP, PACKETS = 100, 192


def run(t):
    marks, bench, windows, symbols = Marks(), Bench(t), [], ""
    cases = [Case.named(name) for name in t.case.split() or ["plain"]]
    if len(cases) == 1 and not cases[0].floor:
        cases.insert(0, cases[0].compared_with())
    for case in cases:
        t.step(case.name)
        try:
            with bench.flow(case) as flow:
                for packet in flow.packets(WARM_UP):
                    flow.sock.send(packet)
                marks.window(flow.sock.send, flow.packets(PACKETS))
                flow.check()
                windows.append({"case": case.name, "shared": flow.shared_lines()})
                symbols = symbols or Path("/proc/kallsyms").read_text()
        except OSError as problem:  # a module may have no such thing
            t.note(f"{case.name}: {problem}")
    t.keep("windows", json.dumps(windows))
    t.keep("symbols", "\n".join(line for line in symbols.splitlines() if line.split()[1] in "tTwW"))
