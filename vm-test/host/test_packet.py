# SPDX-License-Identifier: GPL-2.0-only
"""What the source says of targets, and of a packet's way to one, which no test of the host can run.

What a packet reads of a target lies together; what is only listed, master keys with it, lies elsewhere. The id of a table, which a rule of
anybody names, does not lead beyond the tables ahead of its check. What commands allocate is on the account of who sends them."""

import re
import unittest
from pathlib import Path

import sources

_MODULE = Path(__file__).resolve().parents[2] / "xt_rtpengine_rs"
_STRUCT = re.compile(r"\bstruct (\w+)(?:<[^>]*>)? \{([^}]*)\}")
_FIELD = re.compile(r"(\w+): ([^\n]+),\n")
# The decoded commands, which have the master keys, and what is decoded of one.
_DECODED = re.compile(r"\brtp_wire::(?:Target|Output)\b|\b(?:Listed)?Srtp\b")


def fields(text: str) -> list[tuple[str, str, str]]:
    """The fields of a source's structures: structure, name, type."""
    return [(struct[1], *field.groups()) for struct in _STRUCT.finditer(sources.code(text)) for field in _FIELD.finditer(struct[2])]


class Packet(unittest.TestCase):
    """The module's source. Sizes are asserted by the compiler (`table/mod.rs`)."""

    def test_fields_are_told(self) -> None:
        text = "/// A: B,\npub(crate) struct One<T> {\n    pub(crate) a: KBox<rtp_wire::Target>,\n    b: [u8; 2],\n}\n"
        self.assertEqual(fields(text), [("One", "a", "KBox<rtp_wire::Target>"), ("One", "b", "[u8; 2]")])

    def test_field_33_commands_lie_elsewhere(self) -> None:
        found = {each for path in (_MODULE / "table").rglob("*.rs") for each in fields(path.read_text()) if _DECODED.search(each[2])}
        self.assertEqual(found, {("ListedTarget", "decrypt", "Option<KBox<ListedSrtp>>"), ("ListedOutput", "encrypt", "Option<KBox<ListedSrtp>>")})
        listed = {each for path in (_MODULE / "table").rglob("*.rs") for each in fields(path.read_text()) if re.search("Listed(Target|Output)", each[2])}
        self.assertEqual(listed, {("Target", "listed", "KBox<ListedTarget>"), ("Output", "listed", "KBox<ListedOutput>")})

    def test_field_33_packets_do_not_read_what_is_listed(self) -> None:
        readers = [path.name for path in (_MODULE / "packet").rglob("*.rs") if ".listed" in sources.code(path.read_text())]
        self.assertEqual(readers, [])

    def test_field_29_what_commands_allocate_is_charged_to_the_caller(self) -> None:
        free = {str(path.relative_to(_MODULE)) for path in _MODULE.rglob("*.rs") if re.search(r"\bGFP_KERNEL\b", sources.code(path.read_text()))}
        self.assertEqual(free, {"main.rs"})  # while the module is loaded

    def test_field_31_ids_of_rules_do_not_lead_ahead_of_their_check(self) -> None:
        tables = sources.code((_MODULE / "table/tables.rs").read_text())
        finds = re.search(r"\bfn find\b.*?\n    \}", tables, re.DOTALL)[0]
        self.assertRegex(finds, r"let id = nospec::index::<MAX_TABLES>\([^;]*\)\?;\s*self\.slots\.get\(id\)")
        self.assertEqual(len(re.findall(r"\.slots\b", tables)), 3)  # here, by an administrator's id, and all of them in turn
        nospec = sources.code((_MODULE / "sys/nospec.rs").read_text())
        self.assertRegex(nospec, r"asm!\([^;]*inout\(reg\) index[^;]*\) \};\s*Some\(index & const \{ SIZE\.wrapping_sub\(1\) \}\)")


if __name__ == "__main__":
    unittest.main()
