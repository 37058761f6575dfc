# SPDX-License-Identifier: GPL-2.0-only
"""Where the instructions of one case go: windows for the plugin, and the kernel's symbols."""

from pathlib import Path

from guest.bench import Bench
from guest.cases import Case
from guest.counting import Marks

MODULE = ("rs", "c", "c12")
MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 120
WARM_UP, PACKETS = 100, 200


def run(t):
    case, marks, bench = Case.named(t.case or "plain"), Marks(), Bench(t)
    windows = [case] if case.floor else [case.compared_with(), case]
    symbols = ""
    for each in windows:
        t.step(each.name)
        with bench.flow(each) as flow:
            for packet in flow.packets(WARM_UP):
                flow.sock.send(packet)
            marks.window(flow.sock.send, flow.packets(PACKETS))
            flow.check()
        symbols = symbols or Path("/proc/kallsyms").read_text()
    t.keep("windows", "\n".join(each.name for each in windows))
    t.keep("symbols", "\n".join(line for line in symbols.splitlines() if line.split()[1] in "tTwW"))
