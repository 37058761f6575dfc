# SPDX-License-Identifier: GPL-2.0-only
"""Prints where the instructions of a case go, of what the plugin counted: `windows.py --help` lists what it needs."""

from __future__ import annotations

import argparse
import bisect
import collections
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_PACKET = ("kernel", "user", "data lines", "code lines", "locked")
_LINE = 64
_KERNEL = 1 << 63


@dataclass
class Window:
    """What happened between two marks."""

    packets: list[tuple[int, ...]] = field(default_factory=list)
    """Of each packet what `_PACKET` says."""
    blocks: list[tuple[int, int]] = field(default_factory=list)
    """Where translated blocks begin, and how many instructions they executed."""
    data: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    """Lines of data: address, the instruction that touched it first, packets, reads, writes."""
    code: list[tuple[int, int]] = field(default_factory=list)
    """Lines of code: address, packets."""
    locks: list[tuple[int, int, int]] = field(default_factory=list)
    """Locked instructions: address, line of the machine's memory, times."""

    def on_lines(self, lines: set[int]) -> float:
        """Locked operations for a packet on these lines."""
        return sum(times for _, line, times in self.locks if line in lines) / len(self.packets)

    def figure(self, what: str) -> float:
        """The median of all packets: a tick of the clock, for example, does not count."""
        return statistics.median(packet[_PACKET.index(what)] for packet in self.packets)


def windows(lines: Iterable[str]) -> Iterator[Window]:
    """What the plugin wrote."""
    window = Window()
    for line in lines:
        kind, *words = line.split()
        if kind == "window":
            window = Window()
        elif kind == "packet":
            window.packets.append(tuple(map(int, words)))
        elif kind == "block":
            window.blocks.append((int(words[0], 16), int(words[2]) * int(words[3])))
        elif kind == "data":
            window.data.append((int(words[0], 16) * _LINE, int(words[1], 16), *map(int, words[2:])))  # type: ignore[arg-type]
        elif kind == "code":
            window.code.append((int(words[0], 16) * _LINE, int(words[2])))
        elif kind == "lock":
            window.locks.append((int(words[0], 16), int(words[1], 16), int(words[2])))
        elif kind == "end":
            yield window


class Symbols:
    """The kernel's functions, of /proc/kallsyms."""

    def __init__(self, text: str) -> None:
        found = sorted((int(words[0], 16), words[2], words[3].strip("[]") if len(words) > 3 else "")
                       for words in map(str.split, text.splitlines()))
        self._addresses = [each[0] for each in found]
        self._names = [each[1:] for each in found]

    def at(self, address: int) -> tuple[str, str]:
        """The function that an address is in, and its module, empty for the kernel itself."""
        if address < _KERNEL:
            return "user space", ""
        number = bisect.bisect_right(self._addresses, address) - 1
        return self._names[number] if number >= 0 else (f"{address:#x}", "")


def demangle(names: Iterable[str]) -> dict[str, str]:
    """Paths of Rust, without the hashes of crates."""
    mangled = sorted({name for name in names if name.startswith("_R")})
    in_root = Path(__file__).resolve().parents[2] / "scripts/in-root"
    done = subprocess.run((in_root, "c++filt", "-s", "rust"), input="\n".join(mangled) + "\n", text=True, stdout=subprocess.PIPE, check=True)
    return {name: re.sub(r"\[[0-9a-f]+\]|xt_rtpengine_rs::", "", plain) for name, plain in zip(mangled, done.stdout.splitlines())}


def by_function(window: Window, symbols: Symbols) -> dict[tuple[str, str], float]:
    """Instructions of each function for a packet."""
    found: dict[tuple[str, str], float] = collections.defaultdict(float)
    for address, count in window.blocks:
        found[symbols.at(address)] += count / len(window.packets)
    return found


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Lines of text: numbers first, words last."""
    cells = [[f"{cell:,.0f}" if isinstance(cell, (int, float)) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in (head, *cells)) for n in range(len(head))]
    for row in (head, *cells):
        yield "  ".join(cell.rjust(width) if n < len(head) - 1 else cell for n, (cell, width) in enumerate(zip(row, widths))).rstrip()


def report(names: Sequence[str], found: Sequence[Window], symbols: Symbols, count: int) -> Iterator[str]:
    """What is printed: the case, the last window, beside what it is compared with, the first one."""
    case = by_function(found[-1], symbols)
    floor = by_function(found[0], symbols) if len(found) > 1 else {}
    plain = demangle(name for name, _ in case)
    yield f"{names[-1]}, of {len(found[-1].packets)} packets" + (f"; beyond {names[0]}" if floor else "")
    yield ""
    yield from table((*names[::-1], "beyond" if floor else "", ""), (
        [*(window.figure(what) for window in reversed(found)), found[-1].figure(what) - found[0].figure(what) if floor else "", f"{title} for a packet"]
        for what, title in (("kernel", "instructions of the kernel"), ("user", "instructions of the sender"), ("data lines", "lines of data"),
                            ("code lines", "lines of code"), ("locked", "locked operations"))))
    modules: dict[str, float] = collections.defaultdict(float)
    for (_, module), instructions in case.items():
        modules[module] += instructions
    for (_, module), instructions in floor.items():
        modules[module] -= instructions
    yield ""
    yield from table(("instructions", "by module"), (
        (instructions, module or "the kernel itself") for module, instructions in sorted(modules.items(), key=lambda each: -each[1]) if instructions >= 1))
    rows = [(instructions - floor.get(function, 0), instructions, function) for function, instructions in case.items()]
    rows.sort(key=lambda row: (-row[0], row[2]))
    yield ""
    yield from table(("beyond" if floor else "instructions", "in all", "by function"), (
        (more, instructions, plain.get(name, name) + (f" [{module}]" if module else "")) for more, instructions, (name, module) in rows[:count]))
    locks: dict[tuple[str, str], int] = collections.defaultdict(int)
    for address, _, times in found[-1].locks:
        locks[symbols.at(address)] += times
    yield ""
    yield from table(("locked operations for 100 packets", "by function"), (
        (100 * times / len(found[-1].packets), plain.get(name, name) + (f" [{module}]" if module else ""))
        for (name, module), times in sorted(locks.items(), key=lambda each: -each[1]) if 100 * times >= len(found[-1].packets)))


def main() -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--functions", type=int, default=40, help="how many functions are printed")
    parser.add_argument("windows", type=Path, help="the names of the windows")
    parser.add_argument("symbols", type=Path, help="/proc/kallsyms of the guest")
    parser.add_argument("counted", type=Path, help="what the plugin counted")
    options = parser.parse_args()
    with options.counted.open() as file:
        found = list(windows(file))
    names = [each["case"] for each in json.loads(options.windows.read_text())]
    print(*report(names, found, Symbols(options.symbols.read_text()), options.functions), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
