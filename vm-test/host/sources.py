# SPDX-License-Identifier: GPL-2.0-only
"""What the checks read of the Rust sources: which files are part of a program or a library, and what a file takes from others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

# What is not code: comments, character literals with a quote or a brace, strings, and raw strings. Strings may hold any of the others.
_NO_CODE = re.compile(r'r(?P<hashes>#*)"(?:.|\n)*?"(?P=hashes)|"(?:\\.|[^"\\])*"|//[^\n]*|/\*(?:.|\n)*?\*/|\'(?:\\.|[^\'\\])\'', re.DOTALL)
_MODULE = re.compile(r'(?:#\[path = "(?P<path>[^"]+)"\]\s*(?:#\[[^\]]*\]\s*)*)?\bmod (?P<name>\w+)(?P<end>\s*[;{])')
_SELF_CONTAINED = ("lib.rs", "main.rs", "mod.rs")


def code(text: str) -> str:
    """The source without comments, and with empty strings, but for those in attributes."""
    def blank(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith(("//", "/*")):
            return " "
        in_path = found[0] == '"' and text[:match.start()].endswith("#[path = ")
        return found if in_path else '""'

    return _NO_CODE.sub(blank, text)


def modules(root: Path, *, is_root: bool = True) -> Iterator[Path]:
    """The files that a crate consists of whose root this is, in the order of their declarations."""
    yield root
    folder = root.parent if is_root or root.name in _SELF_CONTAINED else root.with_suffix("")
    for match in _MODULE.finditer(code(root.read_text())):
        if match["end"].strip() == "{":
            continue
        name, path = match["name"], match["path"]
        places = [root.parent / path] if path else [folder / f"{name}.rs", folder / name / "mod.rs"]
        for place in places:
            if place.exists():
                # A file that an attribute names has its modules beside itself.
                yield from modules(place.resolve(), is_root=bool(path))


def targets(package: Path) -> list[Path]:
    """The roots of all that cargo builds of the package in a folder."""
    manifest = tomllib.loads((package / "Cargo.toml").read_text())
    named = [package / each["path"] for kind in ("bin", "test", "bench", "example") for each in manifest.get(kind, ()) if "path" in each]
    found = [package / "src/lib.rs", package / "src/main.rs", package / "build.rs", *package.glob("src/bin/*.rs"), *named]
    about = manifest.get("package", {})
    for kind in ("tests", "benches", "examples"):
        if about.get(f"auto{kind}", True):
            found += [*package.glob(f"{kind}/*.rs"), *package.glob(f"{kind}/*/main.rs")]
    return [path for path in found if path.exists()]


def packages(root: Path) -> list[Path]:
    """The folders of the packages that `cargo test --workspace` and `scripts/fuzz` build."""
    members = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["members"]
    alone = [root / "fuzz"] if (root / "fuzz/Cargo.toml").exists() else []
    return [path for member in members for path in sorted(root.glob(member)) if (path / "Cargo.toml").exists()] + alone


def unreached(root: Path, also: Iterable[Path] = ()) -> list[str]:
    """Rust files that nothing compiles; `also` are roots of crates that are not cargo's."""
    built = {file.resolve() for package in packages(root) for target in targets(package) for file in modules(target)}
    built |= {file.resolve() for crate in also for file in modules(crate)}
    return sorted(str(path.relative_to(root)) for path in _rust_files(root) if path.resolve() not in built)


def _rust_files(root: Path) -> Iterator[Path]:
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and folder.name not in ("build", "target") and not folder.name.startswith("."):
            yield from sorted(folder.rglob("*.rs"))


def from_root(text: str, depth: int) -> set[str]:
    """The names that a file takes from the root of its crate; `depth` is how many modules the file lies below it."""
    found = set()
    plain = code(text)
    up = re.compile(rf"\b(?:crate|self::(?:super::){{{depth - 1}}}super|(?:super::){{{depth - 1}}}super)\s*::\s*")
    for match in up.finditer(plain):
        rest = plain[match.end():]
        found |= set(_heads(rest)) if rest.startswith("{") else set(re.findall(r"\A(?:\w+|\*)", rest))
    return found


def _heads(group: str) -> Iterator[str]:
    """The first name of each path in a group: `a` and `b` of `{a::{c, d}, b}`."""
    level, is_head = 0, True
    for word in re.findall(r"\w+|\*|[{},]|::", group):
        if word == "{":
            level += 1
        elif word == "}":
            level -= 1
        elif word == "," and level == 1:
            is_head = True
        elif level == 1 and is_head and word not in ("::", ","):
            yield word
            is_head = False
        if not level:
            return
