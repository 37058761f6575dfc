# SPDX-License-Identifier: GPL-2.0-only
"""Finds the stack frame of each function in a disassembly of llvm-objdump: `llvm-objdump -d ... | frames.py LIMIT` fails for larger ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

_FUNCTION = re.compile(r"[0-9a-f]+ <(.+)>:$")
_TAKEN = re.compile(r"\b(?:subq\s+\$(0x[0-9a-f]+)|addq\s+\$-(0x[0-9a-f]+)|leaq\s+-(0x[0-9a-f]+)\(%rsp\)), %rsp\b")
_PUSHED = re.compile(r"\bpushq\s+(%r\w+)")
_VARIES = re.compile(r"\bsubq\s+%\w+, %rsp\b")
# What a frame of no fixed size counts as: larger than any limit.
BOUNDLESS = 1 << 32


def frames(lines: Iterable[str]) -> dict[str, int]:
    """Bytes of stack that each function takes: the registers that it saves and the largest area it takes at once."""
    found: dict[str, int] = {}
    name, area, saved = "", 0, set[str]()
    for line in lines:
        if head := _FUNCTION.match(line):
            name, area, saved = head[1], 0, set()
        elif taken := _TAKEN.search(line):
            area = max(area, int(next(filter(None, taken.groups())), 16))
        elif pushed := _PUSHED.search(line):
            saved.add(pushed[1])
        elif _VARIES.search(line):
            area = BOUNDLESS
        if name:
            found[name] = max(found.get(name, 0), area + 8 * len(saved))
    return found


def main() -> int:
    """Exit code 1 when a frame is larger than the limit, or when there is no function at all."""
    limit = int(sys.argv[1])
    found = sorted(((size, name) for name, size in frames(sys.stdin).items()), reverse=True)
    large = [(size, name) for size, name in found if size > limit]
    for size, name in large:
        print(f"stack frame of {'no fixed size' if size >= BOUNDLESS else f'{size} bytes, more than {limit}'}: {name}", file=sys.stderr)
    if not found:
        print("no function is in the disassembly", file=sys.stderr)
    elif not large:
        print(f"largest stack frame of the module: {found[0][0]} bytes, {found[0][1]}", file=sys.stderr)
    return int(bool(large) or not found)


if __name__ == "__main__":
    sys.exit(main())
