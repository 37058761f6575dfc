# SPDX-License-Identifier: GPL-2.0-only
"""Devices above a link: a VLAN, a bridge, a MACVLAN or a bond, with addresses of their own."""

from __future__ import annotations

from .net import Peer
from .scenario import Scenario

NETS = {"vlan": 21, "bridge": 22, "macvlan": 23, "bond": 24}


def _commands(kind: str, dev: str) -> list[str]:
    """Those that put a device of a kind above `dev`."""
    if kind == "vlan":
        return [f"link add link {dev} name vlan type vlan id 5"]
    if kind == "macvlan":
        return [f"link add link {dev} name macvlan type macvlan mode bridge"]
    if kind == "bridge":
        return ["link add bridge type bridge", f"link set {dev} master bridge"]
    return ["link add bond type bond mode active-backup", f"link set {dev} down", f"link set {dev} master bond",
            f"link set {dev} up"]


def hub(kind: str, family: int) -> str:
    """The hub's address on the device of a kind, which has the kind's name; that of the peer ends in 2."""
    return f"10.0.{NETS[kind]}.1" if family == 4 else f"fd00:{NETS[kind]}::1"


def peer(t: Scenario, kind: str) -> tuple[Peer, str]:
    """A peer whose link has a device of a kind above it at the hub, and the peer's own device that leads there."""
    number = NETS[kind]
    made = t.peer(kind)
    t.host.ip(*_commands(kind, made.hub_dev), f"link set {kind} up", f"addr add 10.0.{number}.1/24 dev {kind}",
              f"addr add fd00:{number}::1/64 dev {kind} nodad")
    dev = made.dev
    if kind == "vlan":
        made.ns.ip(*_commands(kind, dev), "link set vlan up")
        dev = "vlan"
    made.ns.ip(f"addr add 10.0.{number}.2/24 dev {dev}", f"addr add fd00:{number}::2/64 dev {dev} nodad")
    return made, dev
