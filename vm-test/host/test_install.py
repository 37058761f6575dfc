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
_FILES = ("etc/modprobe.d/xt_rtpengine_rs.conf", "usr/local/sbin/rtpctl", "usr/local/lib/systemd/system/rtpctl-apply.service",
          "usr/local/share/man/man1/rtpctl.1", "usr/local/share/bash-completion/completions/rtpctl",
          "usr/local/share/zsh/site-functions/_rtpctl", "usr/local/share/fish/vendor_completions.d/rtpctl.fish")
# In the place of rtpctl.
_TOOL = """#!/bin/sh
case $1 in
man-pages) mkdir -p "$2"; echo page >"$2/rtpctl.1" ;;
completions) echo "$2" ;;
esac
"""
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
        self.tool = self.to / "rtpctl"
        self.tool.write_text(_TOOL)
        self.tool.chmod(0o755)

    def run_script(self, name: str) -> None:
        """Runs one of the scripts for that machine."""
        environment = {**os.environ, "DESTDIR": str(self.to), "MODULE": str(self.module), "TOOL": str(self.tool), "HOME": str(self.to)}
        subprocess.run((_ROOT / "scripts" / name, _RELEASE), env=environment, check=True, capture_output=True)

    def files(self) -> set[str]:
        """What is there, but for the tables of depmod."""
        found = {str(path.relative_to(self.to)) for path in self.to.rglob("*") if path.is_file() and path not in (self.module, self.tool)}
        return {path for path in found if not _DEPMOD.fullmatch(path)}

    def test_install_and_uninstall(self) -> None:
        self.run_script("native-install")
        module = f"lib/modules/{_RELEASE}/updates/xt_rtpengine_rs.ko"
        self.assertEqual(self.files(), {module, *_FILES})
        self.assertEqual((self.to / module).read_bytes(), self.module.read_bytes())
        words = (_ROOT / "README.md").read_text()
        for file in self.files():
            self.assertIn(f"`/{file.replace(_RELEASE, 'RELEASE')}`", words)
        self.run_script("native-uninstall")
        self.assertEqual(self.files(), set())


if __name__ == "__main__":
    unittest.main()
