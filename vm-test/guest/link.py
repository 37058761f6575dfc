# SPDX-License-Identifier: GPL-2.0-only
"""Links, addresses and routes of the namespace that the thread is in, made over netlink, as `ip` does."""

from __future__ import annotations

import os
import socket
import struct

_NEW_LINK, _NEW_ADDRESS, _NEW_ROUTE, _ERROR = 16, 20, 24, 2
_DEL_LINK, _DEL_ADDRESS, _DEL_ROUTE = 17, 21, 25
_NEW_NEIGHBOUR, _DEL_NEIGHBOUR, _GET_NEIGHBOUR = 28, 29, 30
_REQUEST, _ACK, _REPLACE, _EXCLUSIVE, _CREATE = 0x1, 0x4, 0x100, 0x200, 0x400
NEIGHBOUR_STATES = {"incomplete": 0x1, "reachable": 0x2, "stale": 0x4, "delay": 0x8, "probe": 0x10, "failed": 0x20, "noarp": 0x40,
                    "permanent": 0x80}
_NEW = bytes(16)  # the head of a message about a link that there is not yet
_UP = 1
_NO_DUPLICATE_DETECTION = 2
_MAIN_TABLE, _BOOT, _UNICAST = 254, 3, 1


def up(dev: str) -> None:
    """Brings a link up."""
    _change(_NEW_LINK, 0, struct.pack("=HHiII", 0, 0, socket.if_nametoindex(dev), _UP, _UP))


def veth(dev: str, other: str, netns: str, mtu: int) -> None:
    """Makes a pair of links: `dev` here, `other` in the namespace of the file `netns`."""
    fd = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
    try:
        far = _NEW + _attribute(3, other) + _attribute(4, mtu) + _attribute(28, fd)
        info = _attribute(1, "veth") + _attribute(2, _attribute(1, far))
        _change(_NEW_LINK, _CREATE | _EXCLUSIVE,
                _NEW + _attribute(3, dev) + _attribute(4, mtu) + _attribute(18, info))
    finally:
        os.close(fd)


def address(dev: str, own: str, prefix: int) -> None:
    """Gives a link an address, without duplicate address detection."""
    family, ip = _packed(own)
    head = struct.pack("=BBBBi", family, prefix, _NO_DUPLICATE_DETECTION, 0, socket.if_nametoindex(dev))
    _change(_NEW_ADDRESS, _CREATE | _EXCLUSIVE, head + _attribute(1, ip) + _attribute(2, ip))


def delete(dev: str) -> None:
    """Removes a link, and with it the other end of a pair."""
    _change(_DEL_LINK, 0, struct.pack("=HHiII", 0, 0, socket.if_nametoindex(dev), 0, 0))


def delete_address(dev: str, own: str, prefix: int) -> None:
    """Takes an address from a link."""
    family, ip = _packed(own)
    _change(_DEL_ADDRESS, 0, struct.pack("=BBBBi", family, prefix, 0, 0, socket.if_nametoindex(dev)) + _attribute(2, ip))


def default_route(gateway: str) -> None:
    """Makes everything else leave by way of `gateway`."""
    family, ip = _packed(gateway)
    head = struct.pack("=BBBBBBBBI", family, 0, 0, 0, _MAIN_TABLE, _BOOT, 0, _UNICAST, 0)
    _change(_NEW_ROUTE, _CREATE | _EXCLUSIVE, head + _attribute(5, ip))


def route(to: str, gateway: str) -> None:
    """Makes what is for the address `to` leave by way of `gateway`, instead of any other way that it had."""
    family, ip = _packed(to)
    head = struct.pack("=BBBBBBBBI", family, len(ip) * 8, 0, 0, _MAIN_TABLE, _BOOT, 0, _UNICAST, 0)
    _change(_NEW_ROUTE, _CREATE | _REPLACE, head + _attribute(1, ip) + _attribute(5, _packed(gateway)[1]))


def delete_route(to: str) -> None:
    """Forgets the way to the address `to`."""
    family, ip = _packed(to)
    head = struct.pack("=BBBBBBBBI", family, len(ip) * 8, 0, 0, _MAIN_TABLE, 0, 0, 0, 0)
    _change(_DEL_ROUTE, 0, head + _attribute(1, ip))


def neighbour(dev: str, ip: str, state: str, mac: str | None = None) -> None:
    """Puts the neighbour `ip` into a state; without `mac` it keeps the address that it has."""
    _change(_NEW_NEIGHBOUR, _CREATE | _REPLACE, _neighbour(dev, ip, NEIGHBOUR_STATES[state])
            + (_attribute(2, bytes.fromhex(mac.replace(":", ""))) if mac else b""))


def forget_neighbour(dev: str, ip: str) -> None:
    """Removes the entry of the neighbour `ip`, if there is one."""
    try:
        _change(_DEL_NEIGHBOUR, 0, _neighbour(dev, ip))
    except FileNotFoundError:
        pass


def neighbour_state(dev: str, ip: str) -> str:
    """The state of the neighbour `ip`; `none` without an entry."""
    try:
        answer = _change(_GET_NEIGHBOUR, 0, _neighbour(dev, ip))
    except FileNotFoundError:
        return "none"
    state = struct.unpack_from("=H", answer, 16 + 8)[0]
    return next((name for name, bit in NEIGHBOUR_STATES.items() if state == bit), "none")


def _neighbour(dev: str, ip: str, state: int = 0) -> bytes:
    family, to = _packed(ip)
    return struct.pack("=BxxxiHBB", family, socket.if_nametoindex(dev), state, 0, 0) + _attribute(1, to)


def _packed(ip: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return family, socket.inet_pton(family, ip)


def _attribute(kind: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        value = struct.pack("=I", value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


def _change(kind: int, flags: int, body: bytes) -> bytes:
    """Sends one message, and returns the answer; OSError when the kernel refuses it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.settimeout(60)
        sock.send(struct.pack("=IHHII", 16 + len(body), kind, flags | _REQUEST | _ACK, 1, 0) + body)
        answer = sock.recv(65536)
    if struct.unpack_from("=H", answer, 4)[0] == _ERROR and (code := -struct.unpack_from("=i", answer, 16)[0]):
        raise OSError(code, os.strerror(code))
    return answer
