# SPDX-License-Identifier: GPL-2.0-only
"""Structures of the control file and of shared memory, by name, from the table of their layout."""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from .net import Address

_SCALARS = {1: "B", 2: "H", 4: "I", 8: "Q"}
_PART = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Field:
    """Where a field lies; `bit` is set for a flag, `width` for other bit fields."""

    offset: int
    size: int
    count: int
    bit: int | None
    kind: str


@functools.cache
def _load(generation: str) -> tuple[dict[str, dict[str, Field]], dict[str, int]]:
    fields: dict[str, dict[str, Field]] = {}
    sizes: dict[str, int] = {}
    for line in (Path(__file__).parent / f"layout-{generation}.tsv").read_text().splitlines()[1:]:
        struct_name, name, offset, size, bit, kind = (line.split("\t") + [""] * 6)[:6]
        if name == "(total)":
            sizes[struct_name] = int(size)
            continue
        base, count = re.fullmatch(r"(\w+)(?:\[(\d*)\])?", name).groups()  # type: ignore[union-attr]
        fields.setdefault(struct_name, {})[base] = Field(
            int(offset), int(size), int(count or 0), int(bit) if bit else None, kind.removeprefix("struct "))
    return fields, sizes


# The generations of the interface, oldest first, and the one that is meant where none is named.
GENERATIONS = ("12.5", "13.5", "14.0", "26.0", "26.1", "26.3")
USUAL = "26.0"
SIZES = _load(USUAL)[1]


def size_of(struct_name: str, generation: str = USUAL) -> int:
    """The size of a structure."""
    return _load(generation)[1][struct_name]


def has(struct_name: str, field: str, generation: str) -> bool:
    """Whether the structure of a generation has a field."""
    return field in _load(generation)[0].get(struct_name, {})


@functools.cache
def numbers(struct_name: str) -> tuple[str, ...]:
    """The paths of all numbers in a structure, those of structures within it, too."""
    found: list[str] = []
    for name, field in _load(USUAL)[0][struct_name].items():
        if field.size in _SCALARS and not field.count:
            found.append(name)
        else:
            found += [f"{name}.{each}" for each in numbers(field.kind) if field.kind in SIZES]
    return tuple(found)


# The two members of a media's MID are given for the first element only; the group has the stride.
_GROUPS = {("rtpengine_target_info", "mid_output"): ("mid", "len")}


@functools.cache
def locate(struct_name: str, path: str, generation: str = USUAL) -> Field:
    """The field that a path such as `target.ssrc[1]` or `target.mid_output[2].len` names."""
    fields, offset = _load(generation)[0], 0
    parts = path.split(".")
    while parts:
        match = _PART.fullmatch(parts.pop(0))
        if not match or match[1] not in fields.get(struct_name, {}):
            raise KeyError(f"{struct_name} has no {path}")
        found = fields[struct_name][match[1]]
        at, size = found.offset, found.size
        if match[2] is not None:
            size //= found.count
            at += int(match[2]) * size
        if members := _GROUPS.get((struct_name, match[1])):
            if not parts or parts[0] not in members:
                raise KeyError(f"{path}: one of {members} belongs after {match[1]}")
            member = fields[struct_name][parts.pop(0)]
            return replace(member, offset=offset + member.offset + int(match[2] or 0) * size)
        if not parts:
            return replace(found, offset=offset + at, size=size, count=0 if match[2] is not None else found.count)
        offset += at
        struct_name = found.kind
    raise KeyError(path)


def address(to: Address | None) -> bytes:
    """An `re_address`: None gives one that is all zero."""
    if to is None:
        return bytes(SIZES["re_address"])
    ip = ipaddress.ip_address(to[0])
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    return struct.pack("=i16sH2x", family, ip.packed, to[1])


class Struct:
    """The bytes of a structure, whose fields are read and set by path: `s["target.local"] = ("10.0.0.1", 5000)`."""

    def __init__(self, name: str, generation: str = USUAL, /, **values: object) -> None:
        self.name, self.generation = name, generation
        self.data = bytearray(size_of(name, generation))
        for path, value in values.items():
            self[path] = value

    def __setitem__(self, path: str, value: object) -> None:
        field = locate(self.name, path, self.generation)
        if field.kind == "re_address" and not isinstance(value, (bytes, bytearray)):
            value = address(value)  # type: ignore[arg-type]
        if isinstance(value, (list, tuple)):
            for n, each in enumerate(value):
                self[f"{path}[{n}]"] = each
        elif isinstance(value, (bytes, bytearray)):
            if len(value) > field.size:
                raise ValueError(f"{path} holds {field.size} bytes, not {len(value)}")
            self.data[field.offset:field.offset + len(value)] = value
        elif field.bit is not None:
            unit = int.from_bytes(self.data[field.offset:field.offset + field.size], "little")
            unit = unit & ~(1 << field.bit) | bool(value) << field.bit
            self.data[field.offset:field.offset + field.size] = unit.to_bytes(field.size, "little")
        else:
            mask = (1 << field.size * 8) - 1
            self.data[field.offset:field.offset + field.size] = (int(value) & mask).to_bytes(  # type: ignore[call-overload]
                field.size, "little")

    def __getitem__(self, path: str) -> int | bytes:
        return read(self.data, self.name, path, self.generation)

    def __bytes__(self) -> bytes:
        return bytes(self.data)

    def copy(self) -> "Struct":
        """A copy, to change one field of."""
        other = Struct(self.name, self.generation)
        other.data[:] = self.data
        return other


def read(data: bytes | bytearray | memoryview, struct_name: str, path: str, generation: str = USUAL) -> int | bytes:
    """A field of a structure that lies in `data`: a number, or bytes for what is neither number nor flag."""
    field = locate(struct_name, path, generation)
    raw = bytes(data[field.offset:field.offset + field.size])
    if field.bit is not None:
        return int.from_bytes(raw, "little") >> field.bit & 1
    if field.count or field.size not in _SCALARS:
        return raw
    return struct.unpack(f"={_SCALARS[field.size]}", raw)[0]
