# SPDX-License-Identifier: GPL-2.0-only
"""How a scenario fails: what was checked, what was expected, what came."""

from __future__ import annotations


class Failure(Exception):
    """A check that did not hold."""

    def __init__(self, what: str, expected: object = None, got: object = None) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.got = got


_MOST_CHARACTERS = 2_000


def show(value: object) -> str:
    """A value as the report prints it: bytes in hex, text as it is, others cut where they are long."""
    if isinstance(value, (bytes, bytearray)):
        return f"{len(value)} bytes {bytes(value).hex(' ', 4)}"
    if isinstance(value, str):
        return value
    text = repr(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} ... ({len(text)} characters)"
