# SPDX-License-Identifier: GPL-2.0-only
"""Each file with tests is run by a runner; what a file imports."""

import re
import tempfile
import unittest
from pathlib import Path

import catalogue
import sources

_ROOT = Path(__file__).resolve().parents[2]
_MODULE = _ROOT / "xt_rtpengine_rs/main.rs"
# The kernel and the size of `make test`, `make soak` and `make test-debug`.
_RUNS = (("stock", "test"), ("stock", "soak"), ("debug", "test"))


def never_run(folder: Path) -> list[str]:
    """Scenarios of a folder, and of folders in it, that no run is of: `NAME@c` where it is the one with the C module."""
    all_ = {job.name for path in folder.rglob("*.py") for job in catalogue.jobs_of(path)}
    return sorted(all_ - {job.name for kernel, size in _RUNS for job in catalogue.jobs(folder, [], kernel, size)})


def undiscovered(root: Path) -> list[str]:
    """Python files with tests that `unittest discover` in vm-test/host does not find."""
    found = []
    for folder in (root / "vm-test", root / "scripts", root / ".ci"):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix in (".py", "") and "unittest.TestCase)" in path.read_text(errors="replace"):
                if path.parent != root / "vm-test/host" or not re.fullmatch(r"test_\w+\.py", path.name):
                    found.append(str(path.relative_to(root)))
    return sorted(found)


class Trees(unittest.TestCase):
    """Made-up checkouts."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        self.write("Cargo.toml", '[workspace]\nmembers = ["crates/one"]\n')
        self.write("crates/one/Cargo.toml", '[package]\nname = "one"\nautotests = false\n[[test]]\nname = "main"\npath = "tests/main.rs"\n')
        self.write("crates/one/src/lib.rs", '//! mod not_this;\npub mod inner;\n#[cfg(test)]\n#[path = "lib_tests.rs"]\nmod tests;\n')
        self.write("crates/one/src/inner.rs", "mod deep;\n")
        self.write("crates/one/src/inner/deep.rs", 'const A: &str = "mod no;";\n')
        self.write("crates/one/src/lib_tests.rs", "#[test]\nfn is_run() {}\n")
        self.write("crates/one/tests/main.rs", "mod common;\nmod first;\n")
        self.write("crates/one/tests/first.rs", "")
        self.write("crates/one/tests/common/mod.rs", "mod more;\n")
        self.write("crates/one/tests/common/more.rs", "")

    def write(self, name: str, text: str) -> None:
        """Adds a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_all_are_reached(self) -> None:
        self.assertEqual(sources.unreached(self.root), [])

    def test_a_test_that_is_not_declared(self) -> None:
        self.write("crates/one/tests/second.rs", "#[test]\nfn never() {}\n")
        self.write("crates/one/src/inner/tests.rs", "#[test]\nfn never() {}\n")
        self.assertEqual(sources.unreached(self.root), ["crates/one/src/inner/tests.rs", "crates/one/tests/second.rs"])

    def test_a_declaration_in_a_comment_is_none(self) -> None:
        self.write("crates/one/tests/main.rs", "mod common;\n// mod first;\n/* mod first; */\n")
        self.assertEqual(sources.unreached(self.root), ["crates/one/tests/first.rs"])

    def test_a_crate_that_is_no_member(self) -> None:
        self.write("crates/two/Cargo.toml", '[package]\nname = "two"\n')
        self.write("crates/two/src/lib.rs", "")
        self.assertEqual(sources.unreached(self.root), ["crates/two/src/lib.rs"])

    def test_cargo_finds_tests_itself_unless_told_not_to(self) -> None:
        self.write("crates/one/Cargo.toml", '[package]\nname = "one"\n')
        self.assertEqual(sources.unreached(self.root), [])
        self.write("crates/one/Cargo.toml", '[package]\nname = "one"\nautotests = false\n')
        self.assertIn("crates/one/tests/main.rs", sources.unreached(self.root))

    def test_the_module_is_not_cargos(self) -> None:
        self.write("module/main.rs", '#[path = "../crates/one/src/lib.rs"]\npub mod one;\nmod a;\n')
        self.write("module/a.rs", "")
        self.write("module/b.rs", "")
        self.assertEqual(sources.unreached(self.root, [self.root / "module/main.rs"]), ["module/b.rs"])

    def test_scenarios_that_no_run_is_of(self) -> None:
        text = '"""Shows a thing."""\nTIMEOUT = 5\ndef run(t):\n    pass\n'
        self.write("scenarios/usual.py", text.replace("TIMEOUT", 'MODULE = ("rs", "c")\nTIMEOUT'))
        self.write("scenarios/soaks.py", text.replace("TIMEOUT", "SOAK_TIMEOUT"))
        self.assertEqual(never_run(self.root / "scenarios"), [])
        self.write("scenarios/deeper/hidden.py", text)
        self.write("scenarios/debug_soak.py", text.replace("TIMEOUT", 'KERNEL = "debug"\nSOAK_TIMEOUT'))
        self.write("scenarios/debug_c.py", text.replace("TIMEOUT", 'KERNEL = "debug"\nMODULE = ("rs", "c")\nTIMEOUT'))
        self.assertEqual(never_run(self.root / "scenarios"), ["debug_c@c", "debug_soak", "hidden"])

    def test_python_that_is_not_discovered(self) -> None:
        text = "class A(unittest.TestCase):\n"
        for name in ("vm-test/host/test_a.py", "vm-test/host/tests_b.py", "vm-test/guest/test_c.py", "vm-test/host/more/test_d.py"):
            self.write(name, text)
        self.assertEqual(undiscovered(self.root), ["vm-test/guest/test_c.py", "vm-test/host/more/test_d.py", "vm-test/host/tests_b.py"])

    def test_names_from_the_root(self) -> None:
        text = ('//! crate::comment\nuse crate::table::{a, b};\nuse crate::{\n    one::{self, two},\n    three,\n};\nuse super::super::up::x;\n'
                'use super::beside;\nfn f() { crate::call() }\nconst S: &str = "crate::string";\n')
        self.assertEqual(sources.from_root(text, 2), {"table", "one", "three", "up", "call"})
        self.assertEqual(sources.from_root("use super::*;", 1), {"*"})


class Checkout(unittest.TestCase):
    """This one."""

    def test_each_rust_file_is_compiled(self) -> None:
        self.assertEqual(sources.unreached(_ROOT, [_MODULE]), [])

    def test_the_module_has_no_tests_of_its_own(self) -> None:
        for path in (_ROOT / "xt_rtpengine_rs").rglob("*.rs"):
            self.assertNotRegex(sources.code(path.read_text()), r"#\[(?:test|cfg\(test\))\]", path)

    def test_no_test_is_ignored(self) -> None:
        for package in sources.packages(_ROOT):
            for path in package.rglob("*.rs"):
                self.assertNotRegex(sources.code(path.read_text()), r"#\[ignore\b", path)

    def test_each_scenario_is_run(self) -> None:
        self.assertEqual(never_run(_ROOT / "vm-test/scenarios"), [])

    def test_each_python_test_is_discovered(self) -> None:
        self.assertEqual(undiscovered(_ROOT), [])


if __name__ == "__main__":
    unittest.main()
