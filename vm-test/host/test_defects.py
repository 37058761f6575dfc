# SPDX-License-Identifier: GPL-2.0-only
"""Each mistake that is known in the C module has a test with its number in its name."""

import re
import unittest
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_KNOWN = range(1, 24)
_NAME = re.compile(r"defect((?:_\d\d)+)_")


def numbers(name: str) -> set[int]:
    """The numbers in the name of a test: `defect_07_08_hostile_srtp` has two."""
    match = _NAME.match(name)
    return {int(each) for each in match[1].split("_")[1:]} if match else set()


def scenarios() -> set[int]:
    """The numbers that scenarios answer."""
    return {each for path in (_ROOT / "vm-test/scenarios").glob("*.py") for each in numbers(path.stem)}


def functions() -> set[int]:
    """The numbers that tests of the crates answer."""
    files = (*_ROOT.glob("crates/*/tests/**/*.rs"), *_ROOT.glob("crates/*/src/**/*.rs"), *_ROOT.glob("rtpctl/**/*.rs"))
    return {each for path in files for name in re.findall(r"#\[test\]\s+fn (\w+)", path.read_text()) for each in numbers(name)}


class Defects(unittest.TestCase):
    """Names of tests."""

    def test_a_name_has_numbers(self) -> None:
        self.assertEqual(numbers("defect_07_08_hostile_srtp"), {7, 8})
        self.assertEqual(numbers("relay_plain"), set())

    def test_each_has_a_test(self) -> None:
        self.assertEqual(sorted(set(_KNOWN) - scenarios() - functions()), [])

    def test_none_is_unknown(self) -> None:
        self.assertEqual(sorted((scenarios() | functions()) - set(_KNOWN)), [])

    def test_the_table_names_them(self) -> None:
        text = (_ROOT / "docs/testing.md").read_text()
        named = {each for name in re.findall(r"`(defect_\w+)`", text) for each in numbers(name)}
        self.assertEqual(named, set(_KNOWN))


if __name__ == "__main__":
    unittest.main()
