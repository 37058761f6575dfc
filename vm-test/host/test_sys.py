# SPDX-License-Identifier: GPL-2.0-only
"""`xt_rtpengine_rs/sys/` imports nothing from above it but the crates that it shares with the host."""

import tempfile
import unittest
from pathlib import Path

import sources

_SYS = Path(__file__).resolve().parents[2] / "xt_rtpengine_rs/sys"
_SHARED = {"rtp_media", "rtp_wire", "udp_ip"}


def depth(file: Path, folder: Path) -> int:
    """How many modules a file lies below the root of the crate, in which `folder` is a module."""
    parts = file.relative_to(folder.parent).with_suffix("").parts
    return len(parts) - (parts[-1] == "mod")


def imports(folder: Path) -> dict[str, list[str]]:
    """What files of a folder take from above it, shared crates aside."""
    found = {}
    for file in sorted(folder.rglob("*.rs")):
        names = sources.from_root(file.read_text(), depth(file, folder)) - _SHARED - {folder.name}
        if names:
            found[str(file.relative_to(folder))] = sorted(names)
    return found


class Sys(unittest.TestCase):
    """The folder as it is, and what an offence looks like."""

    def test_the_depth_of_a_file(self) -> None:
        self.assertEqual([depth(_SYS / name, _SYS) for name in ("mod.rs", "skb.rs", "hook/mod.rs", "hook/nft.rs")], [1, 2, 2, 3])

    def test_an_import_from_above_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            sys = Path(folder, "sys")
            (sys / "hook").mkdir(parents=True)
            (sys / "mod.rs").write_text("//! Not `crate::table`.\nmod hook;\nuse super::files;\n")
            (sys / "hook/nft.rs").write_text("use crate::{packet, rtp_media::decide, sys::skb};\nuse super::super::super::table::Tables;\n")
            self.assertEqual(imports(sys), {"mod.rs": ["files"], "hook/nft.rs": ["packet", "table"]})

    def test_nothing_from_above(self) -> None:
        self.assertEqual(imports(_SYS), {})


if __name__ == "__main__":
    unittest.main()
