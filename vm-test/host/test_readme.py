# SPDX-License-Identifier: GPL-2.0-only
"""What README and docs tell users to do is what a scenario does."""

import ast
import unittest
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def constants(scenario: str) -> dict[str, object]:
    """The constants of a scenario, which is not run."""
    tree = ast.parse((_ROOT / f"vm-test/scenarios/{scenario}.py").read_text())
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value.value
    return found


class Readme(unittest.TestCase):
    """README of this checkout."""

    def setUp(self) -> None:
        self.words = " ".join((_ROOT / "README.md").read_text().split())

    def test_field_38_how_to_tell_who_relays_a_call(self) -> None:
        tried = constants("field_38_who_relays_a_call")
        for name in ("LISTED", "TOLD"):
            self.assertIn(f"`{tried[name]}`", self.words)
        self.assertIn("Their counters move even while the daemon relays", self.words)

    def test_field_23_what_to_do_after_a_lost_ruleset(self) -> None:
        tried = constants("field_23_stock_services")
        for name in ("RECOVERY", "RULE_ADD", "RESTART"):
            self.assertIn(tried[name], self.words)

    def test_how_the_daemon_of_testing_runs_on_debian_13(self) -> None:
        tried = constants("daemon_of_testing_on_debian_13")
        page = (_ROOT / "docs/daemon-26.0.md").read_text()
        self.assertIn(f"```\n{tried['OVERRIDE']}```\n", page)
        self.assertIn(f"--include=rtpengine-daemon testing {tried['FOLDER']}\n", page)


if __name__ == "__main__":
    unittest.main()
