# SPDX-License-Identifier: GPL-2.0-only
"""Puts together what the scenarios of vm-test/bench measured, and prints it as tables: `bench.py --help` lists what it needs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import windows

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from guest.cases import GROUPS, Case  # noqa: E402

MODULES = {"rs": "ours", "c": "C 26.0", "c12": "C 12.5"}
_LINES = {"data lines": "lines of data", "code lines": "lines of code"}
Results = dict[str, Any]


def collect(folders: Iterable[Path]) -> Results:
    """What is in the folders of runs: measured by a scenario, of a module, of a case."""
    found: Results = {}
    for folder in folders:
        for file in sorted(folder.glob("*.json")):
            scenario, _, module = file.stem.partition("@")
            if scenario in ("instructions", "targets", "throughput"):
                found.setdefault(scenario, {})[module or "rs"] = json.loads(file.read_text())
            elif scenario == "crypto":
                found[scenario] = json.loads(file.read_text())
        for file in sorted(folder.glob("profile*.counted")):
            module = file.stem.partition("@")[2] or "rs"
            found.setdefault("lines", {})[module] = _lines(file, file.with_suffix(".windows"))
    return found


def _lines(counted: Path, about: Path) -> dict[str, dict[str, float | None]]:
    """By case: lines, and locked operations, of which on memory that calls share."""
    named = json.loads(about.read_text())
    with counted.open() as file:
        return {each["case"]: {
            **{what: int(window.figure(what)) for what in _LINES},
            "locked": round(sum(packet[4] for packet in window.packets) / len(window.packets), 2),
            "locked, shared": round(window.on_lines(set(each["shared"])), 2) if each["shared"] else None} for each, window in zip(named, windows.windows(file))}


def beyond(figures: dict[str, int], name: str) -> int | None:
    """Instructions of a case beyond those of the same packets that are dropped."""
    floor = Case.named(name).compared_with().name
    return figures[name] - figures[floor] if name in figures and floor in figures else None


def bare(crypto: Results, name: str) -> int:
    """Instructions of the bare calls of ciphers and HMAC that a case has to make; those of 128-bit keys."""
    case = Case.named(name)
    costs = crypto["costs"].get(str(case.size))
    if not costs or not case.suite:
        return 0
    once = costs["AES-GCM"] if "GCM" in case.suite else costs["AES-CM"] + costs["HMAC-SHA1"]
    return int(once * (case.is_encrypted + case.encrypts))


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1) -> Iterator[str]:
    """A table of Markdown, whose first columns are words; nothing without rows."""
    lines = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if lines:
        yield from (f"### {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * words}{'---:|' * (len(head) - words)}", *lines, "")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if isinstance(value, float) else str(value)


def _share(one: int | None, other: int | None) -> float | None:
    return one / other if one is not None and other else None


def tables(results: Results) -> Iterator[str]:
    """All that there is."""
    counted = results.get("instructions", {})
    ours, theirs = counted.get("rs", {}), counted.get("c", {})
    listed = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "asked for": tuple(name for name in ours if name not in listed and not Case.named(name).floor)}
    yield from table("Instructions of a packet that no module has a part in, from one `send` to the next",
                     ("case", "in all", "beyond dropped"), ((name, ours[name], beyond(ours, name)) for name in GROUPS["floors"] if name in ours))
    for title, names in groups.items():
        if title in ("floors", "video"):
            continue
        of_all = title == "entries"
        yield from table(f"Instructions of a packet beyond dropped: {title}",
                         ("case", *MODULES.values(), "ours of C 26.0", *(("ours in all", "beyond routed") if of_all else ())),
                         ((name, *(beyond(counted.get(module, {}), name) for module in MODULES), _share(beyond(ours, name), beyond(theirs, name)),
                           *((ours.get(name), _beyond_routed(ours, name)) if of_all else ()))
                          for name in names if name in ours or name in theirs))
    crypto = results.get("crypto")
    if crypto:
        yield from table("Instructions of the bare calls, with 128-bit keys, over RTP of so many bytes", ("RTP", *next(iter(crypto["costs"].values()))),
                         ((f"{size} bytes", *costs.values()) for size, costs in crypto["costs"].items()))
        rows = []
        for name in GROUPS["video"]:
            if name in ours and name in theirs and "256" not in name.partition("-")[0]:
                least, one, other = bare(crypto, name), beyond(ours, name) or 0, beyond(theirs, name) or 0
                rows.append((name, one, other, least, one - least, other - least, _share(one - least, other - least)))
        yield from table("1,200 bytes: instructions beyond dropped, and beyond the bare calls",
                         ("case", "ours", "C 26.0", "bare calls", "ours beyond", "C 26.0 beyond", "ours of C 26.0"), rows)
    lines = results.get("lines", {})
    yield from table("Cache lines and locked operations of a packet, in all",
                     ("case", "module", *_LINES.values(), "locked operations", "of those on counters that all calls share"),
                     ((name, MODULES[module], *figures.values()) for module in MODULES for name, figures in lines.get(module, {}).items()), words=2)
    targets = results.get("targets", {})
    kinds = ("slab", "vmalloc", "per-CPU")
    yield from table("A target: bytes, and instructions of its commands",
                     ("case", "module", *kinds, "add", "delete", "add among 50,000", "delete among 50,000"),
                     ((name, MODULES[module], *(figures.get(what) for what in (*kinds, "add", "delete", "add among 50,000", "delete among 50,000")))
                      for module in MODULES for name, figures in targets.get(module, {}).items()), words=2)
    rates = results.get("throughput", {})
    names = dict.fromkeys(name for each in rates.values() for name in each)
    yield from table("Packets a second by the clock on the wall, not judged", ("case: processors", *(MODULES[module] for module in rates)),
                     ((name, *(each.get(name) for each in rates.values())) for name in names))


def _beyond_routed(figures: dict[str, int], name: str) -> int | None:
    routed = "routed-ip6" if Case.named(name).family == 6 else "routed-ct" if Case.named(name).conntrack else "routed"
    return figures[name] - figures[routed] if name in figures and routed in figures else None


def main() -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where the results go")
    parser.add_argument("folders", type=Path, nargs="+", help="of runs")
    options = parser.parse_args()
    results = collect(options.folders)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    print("\n".join(tables(results)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
