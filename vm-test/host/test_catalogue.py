# SPDX-License-Identifier: GPL-2.0-only
"""How scenario files are found and read."""

import tempfile
import unittest
from pathlib import Path

import catalogue

_GOOD = '"""Shows a thing."""\nMODULE = ("rs", "c")\nTIMEOUT = 5\ndef run(t):\n    pass\n'


class Catalogue(unittest.TestCase):
    """Scenario files in a folder of their own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> None:
        """Adds a scenario file."""
        (self.folder / f"{name}.py").write_text(text)

    def names(self, *wanted: str) -> list[str]:
        """The names of the jobs."""
        return [job.name for job in catalogue.jobs(self.folder, list(wanted))]

    def test_a_scenario_is_for_a_kernel(self) -> None:
        self.write("both", _GOOD)
        self.write("debug", _GOOD.replace("TIMEOUT = 5", 'KERNEL = "debug"'))
        self.write("stock", _GOOD.replace("TIMEOUT = 5", 'KERNEL = "stock"'))
        names = {kernel: [job.name for job in catalogue.jobs(self.folder, [], kernel)] for kernel in ("debug", "stock", None)}
        self.assertEqual(names, {"debug": ["both", "debug"], "stock": ["both", "both@c", "stock", "stock@c"],
                                 None: ["both", "both@c", "debug", "debug@c", "stock", "stock@c"]})

    def test_a_larger_run_is_of_what_shows_more_there(self) -> None:
        self.write("usual", _GOOD)
        self.write("soaks", _GOOD.replace("TIMEOUT = 5", "TIMEOUT = 5\nSOAK_TIMEOUT = 50"))
        self.write("never_short", _GOOD.replace("TIMEOUT = 5", "SOAK_TIMEOUT = 9"))
        self.write("longer", _GOOD.replace("TIMEOUT = 5", "TIMEOUT = 5\nSOAK_TIMEOUT = 50\nLONG_TIMEOUT = 500"))
        timeouts = {size: {job.scenario: job.timeout / 6 for job in catalogue.jobs(self.folder, [], size=size)}
                    for size in catalogue.SIZES}
        self.assertEqual(timeouts, {"test": {"usual": 5, "soaks": 5, "longer": 5}, "soak": {"soaks": 50, "longer": 50, "never_short": 9},
                                    "long": {"soaks": 50, "longer": 500, "never_short": 9}})
        named = catalogue.jobs(self.folder, ["usual"], size="long")
        self.assertEqual([(job.name, job.timeout / 6) for job in named], [("usual", 5), ("usual@c", 5)])

    def test_last_ones_are_always_run(self) -> None:
        self.write("both", _GOOD)
        self.write("other", _GOOD)
        self.write("last", _GOOD.replace("TIMEOUT = 5", "LAST = True"))
        jobs = catalogue.jobs(self.folder, ["both@c"])
        self.assertEqual([(job.name, job.last) for job in jobs], [("both@c", False), ("last", True), ("last@c", True)])

    def test_one_job_for_each_module(self) -> None:
        self.write("both", _GOOD)
        self.assertEqual(self.names(), ["both", "both@c"])
        self.assertEqual(self.names("both"), ["both", "both@c"])
        self.assertEqual(self.names("both@c"), ["both@c"])
        self.write("old", _GOOD.replace('"c"', '"c12"'))
        self.assertEqual(self.names("old"), ["old", "old@c12"])
        self.assertEqual([job.name for job in catalogue.jobs(self.folder, ["old"], "debug")], ["old"])

    def test_one_job_for_each_release_of_the_daemon(self) -> None:
        self.write("calls", _GOOD.replace("TIMEOUT", 'RELEASE = ("26.0", "12.5")\nTIMEOUT'))
        self.assertEqual(self.names(), ["calls", "calls@12.5", "calls@c", "calls@c@12.5"])
        self.assertEqual([job.release for job in catalogue.jobs(self.folder, ["calls@12.5"])], ["12.5"])

    def test_one_job_for_each_machine(self) -> None:
        self.write("system", _GOOD.replace('("rs", "c")', 'None\nMACHINE = ("testing", "debian-13")'))
        self.assertEqual(self.names(), ["system@testing", "system@debian-13"])
        self.assertEqual(self.names("system@debian-13"), ["system@debian-13"])
        self.assertEqual([job.machine for job in catalogue.jobs(self.folder, ["system"])], ["testing", "debian-13"])
        self.assertEqual(catalogue.jobs(self.folder, [], "debug"), [])

    def test_an_unknown_name_lists_the_known(self) -> None:
        self.write("both", _GOOD)
        with self.assertRaisesRegex(catalogue.Invalid, "no scenario is named other; there are\n  both"):
            self.names("other")

    def test_what_a_scenario_must_have(self) -> None:
        for text in ("def run(t):\n    pass\n", '"""No function."""\n', _GOOD.replace("rs", "rust"),
                     _GOOD.replace("TIMEOUT", 'RELEASE = "12"\nTIMEOUT'), _GOOD.replace("TIMEOUT", 'MACHINE = ("plain", "fancy")\nTIMEOUT')):
            with self.subTest(text):
                self.write("bad", text)
                with self.assertRaises(catalogue.Invalid):
                    self.names()


if __name__ == "__main__":
    unittest.main()
