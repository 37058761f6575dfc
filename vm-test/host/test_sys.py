# SPDX-License-Identifier: GPL-2.0-only
"""What has to hold for the source of `xt_rtpengine_rs/sys/`, which cannot run on the host.

It imports nothing from above it but the crates that it shares with the host. Nothing is written through a pointer that came from a
shared reference. Only what was relayed, or has served its purpose, is freed as consumed."""

import re
import tempfile
import unittest
from pathlib import Path

import sources

_SYS = Path(__file__).resolve().parents[2] / "xt_rtpengine_rs/sys"
_SHARED = {"rtp_media", "rtp_wire", "udp_ip"}

# What makes a pointer that may be written through of one that may be read: `cast_mut()` behind a name, a call or parentheses, and others.
_MADE_WRITABLE = re.compile(r"(?:\((?:[^()]|\([^()]*\))*\)|[\w:]+(?:\([^()]*\))?)\s*\.cast_mut\(\)"
                            r"|\bas \*mut\b|\bNonNull::from(?:_ref)?\(|\bmem::transmute")
# Where that is sound: these came from C, from a caller of the kernel's, or from an owner.
_RAW = {
    "hook/nft.rs": ["(&raw const (*expression).data).cast_mut()"],
    "hook/packet.rs": ["state.cast_mut()"],
    "proc.rs": ["node.cast_mut()", "buffer.cast_mut()"],
    "rcu.rs": ["Arc::into_raw(object).cast_mut()"],
}
# A function that lends what may be written, and is lent what may be read alone.
_LENDS_MORE = re.compile(r"\bfn (\w+)[^{;(]*\(\s*&(?:'\w+ )?self\b[^{;]*->[^{;]*&(?:'\w+ )?mut\b")

# Who frees a buffer that was not dropped: what was taken apart, what was relayed, what is left of a list.
_CONSUMES = re.compile(r"^(?!void ).*(?:\b(?:consume_skb|rtpe_skb_consume)\(|\.consume\(\)).*$", re.MULTILINE)
_CONSUMERS = {
    "helpers/hook.c": ["consume_skb(clone);"],
    "helpers/packet.c": ["consume_skb(skb);"],
    "hook/packet.rs": ["self.skb.consume();"],
    "received.rs": ["self.skb.consume();"],
    "skb.rs": ["unsafe { bindings::rtpe_skb_consume(self.into_raw()) };", "skb.consume();"],
}
_WITHOUT_REASON = re.compile(r"\b(?:__)?kfree_skb(?:_list)?\(|\bdev_kfree_skb\w*\(")


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


def places(folder: Path, pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """What a pattern finds in the code of a folder's files, with single blanks."""
    found = {}
    for file in sorted([*folder.rglob("*.rs"), *folder.rglob("*.c"), *folder.rglob("*.h")]):
        matches = [" ".join(match[0].split()) for match in pattern.finditer(sources.code(file.read_text()))]
        if matches:
            found[str(file.relative_to(folder))] = matches
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

    def test_what_makes_pointers_writable_is_told(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "skb.rs").write_text(
                "fn data(&self) -> &mut [u8] {\n// x.cast_mut()\nlet at = self.head().as_ptr().cast_mut();\n"
                "let other = ptr::from_ref(self)\n    .cast_mut();\nlet third = self.head().as_ptr() as *mut u8;\n}\n"
                "fn lend<'a>(&'a self, n: u32) -> Option<&'a mut u8> { NonNull::from(&self.0).as_mut() }\n"
                "fn right(&mut self) -> &mut u8 { &mut self.0 }\nfn raw(&self) -> *mut u8 { self.0 }\n")
            self.assertEqual(places(Path(folder), _MADE_WRITABLE), {
                "skb.rs": ["as_ptr().cast_mut()", "ptr::from_ref(self) .cast_mut()", "as *mut", "NonNull::from("]})
            self.assertEqual([_LENDS_MORE.match(each)[1] for each in places(Path(folder), _LENDS_MORE)["skb.rs"]], ["data", "lend"])

    def test_field_28_nothing_is_written_through_shared_references(self) -> None:
        self.assertEqual(places(_SYS, _MADE_WRITABLE), _RAW)
        self.assertEqual(places(_SYS, _LENDS_MORE), {})

    def test_field_30_only_these_are_consumed(self) -> None:
        self.assertEqual(places(_SYS, _CONSUMES), _CONSUMERS)
        self.assertEqual(places(_SYS, _WITHOUT_REASON), {})


if __name__ == "__main__":
    unittest.main()
