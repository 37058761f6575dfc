# SPDX-License-Identifier: GPL-2.0-only
"""Each mistake that is known in the C module, and each fault of the field, has a test with its number in its name."""

import functools
import re
import unittest
from pathlib import Path

import catalogue

_ROOT = Path(__file__).resolve().parents[2]
# Fields 26 (recording and player) and 37 (building on the machine) have no test.
_KNOWN = {"defect": set(range(1, 24)), "field": set(range(1, 39)) - {26, 37}}
_HEADINGS = {"defect": "Mistakes of the C module", "field": "Faults seen in the field"}
_RUST = ("crates/*/tests/**/*.rs", "crates/*/src/**/*.rs", "rtpctl/**/*.rs", "vm-test/tools/*/src/**/*.rs")
_RUST_TEST = re.compile(r"#\[test\]\s+fn (\w+)")
_PYTHON_TEST = re.compile(r"^    def test_(\w+)\(", re.MULTILINE)


def numbers(kind: str, name: str) -> set[int]:
    """The numbers in the name of a test: `defect_07_08_hostile_srtp` has two."""
    return {int(each) for found in re.findall(rf"\b{kind}((?:_\d\d)+)(?:_|\b)", name) for each in found.split("_")[1:]}


@functools.cache
def jobs(root: Path) -> list[catalogue.Job]:
    """What those two run."""
    return [job for kernel in ("stock", "debug") for job in catalogue.jobs(root / "vm-test/scenarios", [], kernel)]


def scenarios(root: Path, kind: str) -> set[int]:
    """The numbers that scenarios answer which `make test` or `make test-debug` runs: not those of a soak alone."""
    return {each for job in jobs(root) for each in numbers(kind, job.scenario)}


def functions(root: Path, kind: str) -> set[int]:
    """The numbers that tests of the host answer."""
    names = [name for pattern in _RUST for path in root.glob(pattern) for name in _RUST_TEST.findall(path.read_text())]
    names += [name for path in (root / "vm-test/host").glob("test_*.py") for name in _PYTHON_TEST.findall(path.read_text())]
    return {each for name in names for each in numbers(kind, name)}


def rows(text: str, heading: str) -> list[tuple[set[int], list[str]]]:
    """The table below a heading: the numbers in the first column of each row, and the tests that those behind the second name."""
    section = text.partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    found = re.findall(r"^\| ([\d, ]+) \|[^|]*\|(.*)\|$", section, re.MULTILINE)
    return [({int(each) for each in first.split(",")}, re.findall(r"`((?:[\w-]+/)*\w+(?:\.\w+)?)`", rest)) for first, rest in found]


def is_there(root: Path, test: str) -> bool:
    """Whether there is a scenario of that name, or a file of the sources whose path ends like that."""
    files = (*_RUST, "vm-test/host/test_*.py", "xt_rtpengine_rs/**/*.rs")
    return (root / f"vm-test/scenarios/{test}.py").exists() or any(
        path.as_posix().endswith(f"/{test}") for pattern in files for path in root.glob(pattern))


class Numbered(unittest.TestCase):
    """Names of tests."""

    def test_a_name_has_numbers(self) -> None:
        self.assertEqual(numbers("defect", "defect_07_08_hostile_srtp"), {7, 8})
        self.assertEqual(numbers("field", "field_27"), {27})
        self.assertEqual(numbers("field", "defect_07_08_hostile_srtp") | numbers("field", "relay_plain"), set())

    def test_a_row_has_numbers(self) -> None:
        text = "### This\n\n| no | what |\n| 7, 8 | one | `a` |\n| 9 | without a test | |\n\n### That\n| 10 | | `b` |\n"
        self.assertEqual(rows("\n" + text, "This"), [({7, 8}, ["a"]), ({9}, [])])

    def test_each_has_a_test(self) -> None:
        for kind, known in _KNOWN.items():
            with self.subTest(kind):
                self.assertEqual(sorted(known - scenarios(_ROOT, kind) - functions(_ROOT, kind)), [])

    def test_none_is_unknown(self) -> None:
        for kind, known in _KNOWN.items():
            with self.subTest(kind):
                self.assertEqual(sorted((scenarios(_ROOT, kind) | functions(_ROOT, kind)) - known), [])

    def test_the_tables_name_them(self) -> None:
        text = (_ROOT / "docs/testing.md").read_text()
        for kind, known in _KNOWN.items():
            with self.subTest(kind):
                table = rows(text, _HEADINGS[kind])
                self.assertEqual(sorted(each for numbers_, _ in table for each in numbers_), sorted(known))
                self.assertEqual([numbers_ for numbers_, tests in table if not tests], [])

    def test_what_the_tables_name_is_there(self) -> None:
        text = (_ROOT / "docs/testing.md").read_text()
        named = [test for heading in _HEADINGS.values() for _, tests in rows(text, heading) for test in tests]
        self.assertEqual([test for test in named if not is_there(_ROOT, test)], [])


if __name__ == "__main__":
    unittest.main()
