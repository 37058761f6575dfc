# SPDX-License-Identifier: GPL-2.0-only
"""Network namespaces joined by veth pairs, and UDP sockets opened inside them."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import socket
import struct
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

from . import link, system
from .patience import patient

Address = tuple[str, int]

_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
SO_RCVBUFFORCE = 33
_IP_RECVTTL = 12
_IP_RECVTOS = 13
_IPV6_RECVHOPLIMIT = 51
_IPV6_HOPLIMIT = 52
_IPV6_RECVTCLASS = 66
_IPV6_TCLASS = 67


def command(*argv: str, ns: "Namespace | None" = None, stdin: str | None = None, check: bool = True,
            timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs a program, inside a namespace if one is given."""
    with ns or contextlib.nullcontext():
        result = subprocess.run(argv, input=stdin, text=True, capture_output=True, timeout=timeout, check=False)
    if check and result.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)} ended with {result.returncode}: {result.stdout}{result.stderr}")
    return result


_thread = threading.local()


class Namespace:
    """A network namespace: `HOST`, in which the virtual machine starts, or one of `Namespace.new`."""

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path

    @classmethod
    def new(cls, name: str) -> "Namespace":
        """Makes a namespace and starts it."""
        ns = cls.bare(name)
        ns.start()
        return ns

    @classmethod
    def bare(cls, name: str) -> "Namespace":
        """Makes a namespace that is still to be started."""
        path = Path("/run/netns", name)
        path.parent.mkdir(exist_ok=True)
        path.touch(exist_ok=False)
        with HOST:
            os.unshare(os.CLONE_NEWNET)
            system.bind_mount("/proc/thread-self/ns/net", str(path))
        return cls(name, str(path))

    def start(self) -> None:
        """Turns duplicate address detection off and brings the loopback up."""
        for key in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{key}.accept_dad", 0)
        with self:
            link.up("lo")

    def enter(self) -> None:
        """Moves the calling thread into the namespace."""
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(fd, os.CLONE_NEWNET)
        finally:
            os.close(fd)

    def __enter__(self) -> "Namespace":
        """`with ns:` what is opened inside belongs to the namespace."""
        stack = self._entered()
        stack.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        self.enter()
        return self

    def __exit__(self, *_: object) -> None:
        back = self._entered().pop()
        os.setns(back, os.CLONE_NEWNET)
        os.close(back)

    @staticmethod
    def _entered() -> list[int]:
        if not hasattr(_thread, "entered"):
            _thread.entered = []
        return _thread.entered

    def ip(self, *lines: str) -> None:
        """Runs `ip` commands, one a line, each without the word `ip`."""
        command("ip", "-batch", "-", ns=self, stdin="\n".join(lines) + "\n")

    def run(self, *argv: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Runs a program inside the namespace."""
        return command(*argv, ns=self, **options)  # type: ignore[arg-type]

    def sysctl(self, key: str, value: object) -> None:
        """Sets a network sysctl of the namespace, `net.ipv4.ip_forward` for example."""
        with self:
            path = Path("/proc/sys", *key.split("."))
            if self is HOST:
                with open(CHANGED, "a", encoding="ascii") as file:
                    file.write(f"{path} {path.read_text()}")
            path.write_text(str(value))

    def udp(self, address: str, port: int = 0, device: str | None = None) -> "Udp":
        """A UDP socket bound inside the namespace, to a device if one is named; port 0 picks a free one."""
        return Udp(self, address, port, device)

    def delete(self) -> None:
        """Removes the namespace; its devices go with it."""
        system.unmount(self.path)
        os.unlink(self.path)


HOST = Namespace("host", "/proc/1/ns/net")
CHANGED = Path("/run/vm-test-sysctls")  # what sysctls of HOST were before a scenario changed them


def reset() -> None:
    """Undoes what a scenario left in HOST: devices, addresses and routes that have none, rules, IPsec and sysctls."""
    lines = [f"link del {device.name}" for device in Path("/sys/class/net").iterdir() if device.name != "lo"]
    lines.append("address flush dev lo scope global")
    lines += [f"route flush type {kind}" for kind in ("unreachable", "blackhole", "prohibit")]
    lines += ["rule flush", "rule add pref 32766 lookup main", "xfrm policy flush", "xfrm state flush"]
    for family in ("-4", "-6"):
        subprocess.run(["ip", family, "-force", "-batch", "-"], input="\n".join(lines) + "\n", text=True,
                       capture_output=True, check=False)
    for line in reversed(CHANGED.read_text().splitlines()):
        path, value = line.split(" ", 1)
        if Path(path).exists():
            Path(path).write_text(value)


@dataclass
class Datagram:
    """A received datagram with what the IP header said."""

    data: bytes
    source: Address
    tos: int
    ttl: int


class Udp:
    """A UDP socket inside a namespace."""

    def __init__(self, ns: Namespace, address: str, port: int = 0, device: str | None = None) -> None:
        self.ns = ns
        self.family = 6 if ":" in address else 4
        with ns:
            self.sock = socket.socket(_FAMILIES[self.family], socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        if self.family == 4:
            self.sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
            self.sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTOS, 1)
        else:
            self.sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVHOPLIMIT, 1)
            self.sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVTCLASS, 1)
        self.sock.setblocking(False)
        if device:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        self.sock.bind((address, port))
        self.address: Address = self.sock.getsockname()[:2]

    @property
    def port(self) -> int:
        """The port the socket is bound to."""
        return self.address[1]

    def send(self, data: bytes, to: Address) -> None:
        """Sends one datagram."""
        try:
            self.sock.sendto(data, to)
        except BlockingIOError:
            select.select((), (self.sock,), ())
            self.sock.sendto(data, to)

    def recv(self, timeout: float = patient(2)) -> Datagram | None:
        """The next datagram, or None when none comes in time."""
        try:
            data, extra, _, source = self.sock.recvmsg(65536, 256)
        except BlockingIOError:
            came = timeout > 0 and select.select((self.sock,), (), (), timeout)[0]
            return self.recv(0) if came else None
        tos = ttl = -1
        for level, kind, value in extra:
            number = value[0] if len(value) == 1 else struct.unpack("=i", value[:4])[0]
            if (level, kind) in ((socket.IPPROTO_IP, socket.IP_TOS), (socket.IPPROTO_IPV6, _IPV6_TCLASS)):
                tos = number
            elif (level, kind) in ((socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IPV6, _IPV6_HOPLIMIT)):
                ttl = number
        return Datagram(data, source[:2], tos, ttl)

    def drain(self, quiet: float = 0.2) -> list[Datagram]:
        """Everything that has come or still comes, until it is quiet that long."""
        return list(iter(lambda: self.recv(quiet), None))

    def close(self) -> None:
        """Closes the socket."""
        self.sock.close()


@dataclass
class Peer:
    """A namespace with one link to a hub, by which it reaches everything."""

    ns: Namespace
    hub: Namespace
    dev: str
    mac: str
    v4: str
    v6: str
    hub_dev: str
    hub_mac: str
    hub4: str
    hub6: str

    def address(self, family: int) -> str:
        """The peer's own address, family 4 or 6."""
        return self.v4 if family == 4 else self.v6

    def hub_address(self, family: int) -> str:
        """The hub's address on the link to this peer."""
        return self.hub4 if family == 4 else self.hub6

    def udp(self, port: int = 0, family: int = 4) -> Udp:
        """A UDP socket on the peer's own address."""
        return self.ns.udp(self.address(family), port)


_links = itertools.count(1)


def _mac(ns: Namespace, dev: str) -> str:
    with ns, socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((dev, 0))
        return sock.getsockname()[4].hex(":")


def peer(name: str, hub: Namespace = HOST, mtu: int = 1500) -> Peer:
    """Makes a namespace and joins it to the hub: 10.N.0.2 and fd00:N::2, the hub's end .1 and ::1."""
    n = next(_links)
    ns = Namespace.new(name)
    dev, hub_dev = "eth0", f"v{n}"
    v4, hub4, v6, hub6 = f"10.{n}.0.2", f"10.{n}.0.1", f"fd00:{n}::2", f"fd00:{n}::1"
    with hub:
        link.veth(hub_dev, dev, ns.path, mtu)
        link.up(hub_dev)
        link.address(hub_dev, hub4, 24)
        link.address(hub_dev, hub6, 64)
    with ns:
        link.up(dev)
        link.address(dev, v4, 24)
        link.address(dev, v6, 64)
        link.default_route(hub4)
        link.default_route(hub6)
    return Peer(ns, hub, dev, _mac(ns, dev), v4, v6, hub_dev, _mac(hub, hub_dev), hub4, hub6)
