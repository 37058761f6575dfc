# SPDX-License-Identifier: GPL-2.0-only
"""`make install` leaves what README says and nothing else, and `make uninstall` takes it away."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_RELEASE = "7.3.0-test"
# What is there if cargo has built it.
_TOOL = ("usr/local/sbin/rtpctl", "usr/local/lib/systemd/system/rtpctl-apply.service")
_DEPMOD = re.compile(r"lib/modules/[^/]+/modules\.[\w.]+")


class Install(unittest.TestCase):
    """A machine without a kernel."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.to = Path(folder.name)
        (self.to / "lib/modules" / _RELEASE).mkdir(parents=True)
        self.module = self.to / "built.ko"
        self.module.write_bytes(b"not one")

    def run_script(self, name: str) -> None:
        """Runs one of the scripts for that machine."""
        environment = {**os.environ, "DESTDIR": str(self.to), "MODULE": str(self.module), "HOME": str(self.to)}
        subprocess.run((_ROOT / "scripts" / name, _RELEASE), env=environment, check=True, capture_output=True)

    def files(self) -> set[str]:
        """What is there, but for the tables of depmod, and what is there if cargo has built it."""
        found = {str(path.relative_to(self.to)) for path in self.to.rglob("*") if path.is_file() and path != self.module}
        return {path for path in found if not _DEPMOD.fullmatch(path)} - set(_TOOL)

    def test_install_and_uninstall(self) -> None:
        self.run_script("native-install")
        module = f"lib/modules/{_RELEASE}/updates/xt_rtpengine_rs.ko"
        self.assertEqual(self.files(), {module, "etc/modprobe.d/xt_rtpengine_rs.conf"})
        self.assertEqual((self.to / module).read_bytes(), self.module.read_bytes())
        words = (_ROOT / "README.md").read_text()
        for file in (*self.files(), *_TOOL):
            self.assertIn(f"`/{file.replace(_RELEASE, 'RELEASE')}`", words)
        self.run_script("native-uninstall")
        self.assertEqual(self.files(), set())


if __name__ == "__main__":
    unittest.main()
