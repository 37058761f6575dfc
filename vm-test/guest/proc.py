# SPDX-License-Identifier: GPL-2.0-only
"""Readers and writers of /proc/rtpengine: tables, their status and the targets they list."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from .abi import USUAL
from .control import Control
from .errors import Failure
from .net import Namespace

ROOT = Path("/proc/rtpengine")
_NUMBERS = re.compile(r"(\d+)\s+(bytes|packets|errors)")
_OUTPUT = re.compile(r"output #(\d+)(?:\s+\(media #(\d+)(, RTCP)?\)|( \(RTCP\))?$)")


def tables() -> list[int]:
    """The ids of the existing tables."""
    return [int(line) for line in (ROOT / "list").read_text().split()]


def text(command: str) -> None:
    """Writes a text command, such as `add 3\\n`, to /proc/rtpengine/control; OSError when it is refused."""
    with open(ROOT / "control", "wb", buffering=0) as file:
        file.write(command.encode())


@dataclass
class Output:
    """An output as `list` prints it."""

    number: int
    media: int
    rtcp: bool
    src: str = ""
    dst: str = ""
    stats: dict[str, int] = field(default_factory=dict)


@dataclass
class Listed:
    """A target as `list` prints it: `pts` counters of payload types, `options` words of its flags, `lines` the whole block."""

    local: str
    stats: dict[str, int] = field(default_factory=dict)
    pts: dict[int, dict[str, int]] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def parse_list(content: str) -> list[Listed]:
    """The targets in the text of `N/list`."""
    found: list[Listed] = []
    for line in content.splitlines():
        words = line.strip()
        if words.startswith("local "):
            found.append(Listed(words.split(None, 2)[2]))
        if not found:
            continue
        target = found[-1]
        target.lines.append(line)
        holder = target.outputs[-1] if target.outputs else target
        if match := _OUTPUT.search(words):
            target.outputs.append(Output(int(match[1]), int(match[2] or 0), bool(match[3] or match[4])))
        elif words.startswith("stats:"):
            holder.stats = {name: int(number) for number, name in _NUMBERS.findall(words)}
        elif match := re.match(r"RTP payload type +(\d+):", words):
            target.pts[int(match[1])] = {name: int(number) for number, name in _NUMBERS.findall(words)}
        elif words.startswith("options:"):
            target.options = words.removeprefix("options:").split()
        elif isinstance(holder, Output) and (match := re.match(r"(src|dst)\s+(?:inet[46]\s+)?(\S+)", words)):
            setattr(holder, match[1], match[2])
    return found


def parse_reasons(text: str) -> list[tuple[str, dict[str, tuple[int, int]]]]:
    """The blocks of `reasons`: `table N` or the local address, and of each event how often, and when last; `relayed` and `bytes` have no time."""
    found: list[tuple[str, dict[str, tuple[int, int]]]] = []
    for line in text.splitlines():
        if not line.startswith(" "):
            found.append((line.split()[-1] if line.startswith("local ") else line, {}))
        elif match := re.fullmatch(r"    relayed: (\d+) packets, (\d+) bytes", line):
            found[-1][1].update(relayed=(int(match[1]), 0), bytes=(int(match[2]), 0))
        elif match := re.fullmatch(r"    ([a-z-]+): (\d+), last (\d+)", line):
            found[-1][1][match[1]] = int(match[2]), int(match[3])
        else:
            raise Failure("a line of `reasons`", "its form", line)
    return found


class Table:
    """A table by its id: that of a namespace, or of the one that the thread is in. It is made by `add` and goes with the scenario."""

    def __init__(self, number: int, ns: Namespace | None = None) -> None:
        self.number = number
        self.path = ROOT / str(number)
        self._ns = ns or contextlib.nullcontext()

    def add(self) -> "Table":
        """Makes the table."""
        self._text("add")
        return self

    def delete(self) -> None:
        """Deletes the table; EBUSY while it is held."""
        self._text("del")

    def kill(self) -> None:
        """Removes the table even while it is held."""
        self._text("kill")

    def remove(self) -> None:
        """Kills the table; with the C module, which knows no `kill`, deletes it."""
        try:
            self.kill()
        except OSError:
            self.delete()

    def control(self, pages: int = 4, generation: str = USUAL, mapped: int = 0) -> Control:
        """Opens the control file, without INIT; `mapped` bytes of it are the memory where there are any."""
        with self._ns:
            return Control(self.number, pages, generation, mapped)

    def ready(self, pages: int = 4) -> Control:
        """Opens the control file, pins memory and sends INIT."""
        return self.control(pages).init()

    def status(self) -> dict[str, int | str]:
        """The `Name: value` lines of status: numbers, and the name of the interface."""
        with self._ns:
            content = (self.path / "status").read_text()
        lines = (line.partition(":") for line in content.splitlines())
        return {name.strip(): int(value) if value.strip().isdigit() else value.strip() for name, _, value in lines}

    def list_text(self) -> str:
        """The text of `list`."""
        with self._ns:
            return (self.path / "list").read_text()

    def reasons_text(self) -> str:
        """The text of `reasons`."""
        with self._ns:
            return (self.path / "reasons").read_text()

    def targets(self) -> list[Listed]:
        """The parsed targets of `list`."""
        return parse_list(self.list_text())

    def target(self, address: str, port: int) -> Listed:
        """The target with that local address."""
        wanted = local_text(address, port)
        for each in self.targets():
            if each.local == wanted:
                return each
        raise KeyError(f"no target {wanted} in table {self.number}")

    def _text(self, word: str) -> None:
        with self._ns:
            text(f"{word} {self.number}\n")


def local_text(address: str, port: int) -> str:
    """An address as `list` writes it: IPv6 in full words."""
    if ":" not in address:
        return f"{address}:{port}"
    import ipaddress

    words = ipaddress.IPv6Address(address).exploded.split(":")
    return f"[{':'.join(f'{int(word, 16):x}' for word in words)}]:{port}"
