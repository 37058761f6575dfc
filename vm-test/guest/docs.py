# SPDX-License-Identifier: GPL-2.0-only
"""What the docs tell users to type, and what they say is printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PAGES = Path("/run/vm-test/docs")


@dataclass(frozen=True)
class Command:
    """A command of a page, under the heading that it stands under."""

    heading: str
    line: str
    printed: str


def commands(page: str) -> list[Command]:
    """The commands in the console blocks of a page, in their order."""
    heading, found = "", []
    for part in re.split(r"^(## [^\n]*\n|```console\n.*?^```\n)", (_PAGES / page).read_text(), flags=re.MULTILINE | re.DOTALL):
        if part.startswith("## "):
            heading = part[3:].strip()
        elif part.startswith("```console\n"):
            for command in re.split(r"^# ", part.removeprefix("```console\n").removesuffix("```\n"), flags=re.MULTILINE)[1:]:
                line, _, printed = command.partition("\n")
                found.append(Command(heading, line, printed))
    return found


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page that are in that language."""
    return re.findall(rf"^```{language}\n(.*?)^```\n", (_PAGES / page).read_text(), flags=re.MULTILINE | re.DOTALL)
