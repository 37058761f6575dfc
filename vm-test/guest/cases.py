# SPDX-License-Identifier: GPL-2.0-only
"""The cases of `make bench` and `make profile`. The name of one is made of words in any order, `gcm128-both-1200b-ip6` for example; as a program,
this tells whether names are such, or with --lines those of LINES."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

SUITES = {"cm80": "AES_CM_128_HMAC_SHA1_80", "cm32": "AES_CM_128_HMAC_SHA1_32", "cm192": "AES_192_CM_HMAC_SHA1_80",
          "cm256": "AES_256_CM_HMAC_SHA1_80", "f8": "F8_128_HMAC_SHA1_80", "null": "NULL_HMAC_SHA1_80",
          "gcm128": "AEAD_AES_128_GCM", "gcm256": "AEAD_AES_256_GCM"}
# What a case may be compared with, which no module has a part in.
FLOORS = ("dropped", "routed", "flowtable")
# By what rule packets come to the module: see bench.py.
ENTRIES = ("input", "xt", "prerouting", "ingress", "bypass")
_EACH = tuple(f"{suite}-{way}" for suite in SUITES for way in ("in", "out", "both"))
# What `make bench` tries, by the title of its table.
GROUPS: dict[str, tuple[str, ...]] = {
    "floors": ("dropped", "dropped-ip6", "dropped-60b", "dropped-1200b", "dropped-rtcp", "dropped-ct", "routed", "routed-ip6", "routed-1200b",
               "routed-ct", "flowtable", "flowtable-ip6"),
    "plain": ("plain", "plain-4out", "plain-32out", "plain-ip6", "plain-4out-ip6", "plain-60b", "plain-1200b", "plain-4out-1200b", "plain-ct", "rtcp", "rtcp-ip6"),
    "entries": ("plain-xt", "plain-prerouting", "plain-ingress", "plain-prerouting-ip6", "plain-ingress-ip6", "plain-prerouting-ct", "plain-ingress-ct",
                "plain-bypass", "plain-bypass-ip6",
                "cm80-both-prerouting", "cm80-both-ingress"),
    "suites": _EACH,
    "SRTP otherwise": ("cm80-both-ip6", "gcm128-both-ip6", "cm80-both-60b", "gcm128-both-60b", "cm80-both-4out", "gcm128-both-4out",
                       "rtcp-cm80-both", "rtcp-gcm128-both"),
    "video": ("plain-1200b", "cm80-in-1200b", "cm80-out-1200b", "cm80-both-1200b", "gcm128-in-1200b", "gcm128-out-1200b", "gcm128-both-1200b",
              "cm256-both-1200b", "gcm256-both-1200b"),
    "many targets": ("plain-10k", "plain-50k", "cm80-both-50k"),
}
# What is also told of lines and locked operations.
LINES = ("dropped", "routed", "flowtable", "plain", "plain-4out", "plain-ip6", "plain-prerouting", "plain-ingress", "cm80-in", "cm80-out", "cm80-both",
         "gcm128-both", "plain-50k")


@dataclass(frozen=True)
class Case:
    """What is sent, and what becomes of it."""

    name: str
    family: int = 4
    outputs: int = 1
    suite: str | None = None
    is_encrypted: bool = False
    encrypts: bool = False
    size: int = 172
    """Bytes of RTP, header included, before encryption."""
    rtcp: bool = False
    targets: int = 1
    entry: str = "input"
    conntrack: bool = False
    floor: str = ""

    @classmethod
    def named(cls, name: str) -> "Case":
        """By its name; ValueError for a word that there is not."""
        case = cls(name)
        for word in name.split("-"):
            case = replace(case, **_meaning(word))
        return case

    def compared_with(self) -> "Case":
        """The same packets, dropped at the input hook."""
        words = ["dropped"] + (["ip6"] if self.family == 6 else []) + ([f"{self.size}b"] if self.size != 172 else [])
        words += (["rtcp"] if self.rtcp else []) + (["ct"] if self.conntrack else [])
        return Case.named("-".join(words))


def _meaning(word: str) -> dict[str, object]:
    """What a word says of a case."""
    if word in SUITES:
        return {"suite": SUITES[word]}
    if word in FLOORS:
        return {"floor": word}
    if word in ENTRIES:
        return {"entry": word}
    for end, name, factor in (("b", "size", 1), ("k", "targets", 1000), ("out", "outputs", 1)):
        if word.endswith(end) and (number := word.removesuffix(end)).isdigit():
            return {name: int(number) * factor}
    words: dict[str, dict[str, object]] = {
        "plain": {}, "in": {"is_encrypted": True}, "out": {"encrypts": True}, "both": {"is_encrypted": True, "encrypts": True},
        "ip6": {"family": 6}, "rtcp": {"rtcp": True}, "ct": {"conntrack": True}}
    if word not in words:
        raise ValueError(f"no case has the word {word!r}: there are {', '.join((*words, *SUITES, *FLOORS, *ENTRIES))}, "
                         "<bytes>b, <thousands of targets>k, <outputs>out")
    return words[word]


if __name__ == "__main__":
    if sys.argv[1:] == ["--lines"]:
        print(*LINES)
        sys.exit()
    try:
        for argument in sys.argv[1:]:
            Case.named(argument)
    except ValueError as problem:
        sys.exit(str(problem))
