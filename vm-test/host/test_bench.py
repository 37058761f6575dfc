# SPDX-License-Identifier: GPL-2.0-only
"""Tests of the cases of `make bench`, of what is read of the plugin's windows, and of the page that is made of its results."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

import bench
import windows
from guest.cases import GROUPS, LINES, Case

_ROOT = Path(__file__).resolve().parents[2]
_WINDOW = """window 2
packet 100 20 5 6 1
packet 300 20 7 6 3
block ffffffff81000010 9 3 4
block 400000 4 2 5
data 3fffffe042000000 ffffffff81000012 2 3 1
code 3fffffe040400000 ffffffff81000010 2 4 0
lock ffffffff81000012 abc 3
lock ffffffff81000012 abd 1
end
"""


class Cases(unittest.TestCase):
    """Names."""

    def test_names(self) -> None:
        """Words add up, in any order."""
        case = Case.named("ip6-gcm128-both-1200b-4out-50k")
        self.assertEqual((case.family, case.suite, case.is_encrypted, case.encrypts, case.size, case.outputs, case.targets),
                         (6, "AEAD_AES_128_GCM", True, True, 1200, 4, 50_000))
        self.assertEqual(case.compared_with().name, "dropped-ip6-1200b")
        with self.assertRaises(ValueError):
            Case.named("plain-5")

    def test_groups(self) -> None:
        """Each case that is tried is one."""
        for name in (*LINES, *(name for names in GROUPS.values() for name in names)):
            self.assertEqual(Case.named(name).name, name)


class Windows(unittest.TestCase):
    """What the plugin writes."""

    def test_figures(self) -> None:
        """Medians, functions, locked operations by their line."""
        (window,) = windows.windows(_WINDOW.splitlines())
        self.assertEqual((window.figure("kernel"), window.figure("data lines")), (200, 6))
        symbols = windows.Symbols("ffffffff81000000 T one\nffffffff81000010 t two\t[some]")
        self.assertEqual(windows.by_function(window, symbols), {("two", "some"): 6, ("user space", ""): 5})
        self.assertEqual(window.on_lines({0xABC}), 1.5)


class Page(unittest.TestCase):
    """docs/performance.md."""

    def test_costs(self) -> None:
        """A case is compared with the same packets, and with the calls that it has to make."""
        self.assertEqual(bench.beyond({"dropped-1200b": 10, "dropped": 1, "plain-1200b": 30}, "plain-1200b"), 20)
        costs = {"costs": {"172": {"AES-CM": 1, "AES-GCM": 10, "HMAC-SHA1": 100}}}
        self.assertEqual([bench.bare(costs, name) for name in ("plain", "cm80-in", "cm80-both", "gcm128-both")], [0, 101, 202, 20])

    def test_baseline(self) -> None:
        """Its tables are those of the figures that are written down, which have each case that `make test` compares."""
        known = json.loads((_ROOT / "vm-test/bench/baseline.json").read_text())["instructions"]["rs"]
        self.assertEqual(subprocess.run((sys.executable, _ROOT / "scripts/performance", "--check"), check=False).returncode, 0)
        source = (_ROOT / "vm-test/scenarios/instructions_per_packet.py").read_text()
        cases: dict[str, tuple[str, ...]] = {}
        exec(source[source.index("CASES = "):source.index("GROWTH")], cases)
        for name in cases["CASES"]:
            self.assertIsNotNone(bench.beyond(known, name), name)


if __name__ == "__main__":
    unittest.main()
