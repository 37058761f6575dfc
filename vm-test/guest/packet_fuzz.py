# SPDX-License-Identifier: GPL-2.0-only
"""The program packet-fuzz, given targets and the sockets round them: it sends hostile packets and checks what becomes of each."""

from __future__ import annotations

import json
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .control import Control, Target
from .errors import Failure
from .net import HOST, Peer, Udp

PORT = 5000  # of the peers that send
_SOL_PACKET, _VNET_HDR = 263, 15
_SNDBUFFORCE = 32


def _stack() -> str:
    """What the stack says that it lost, in reassembly or for want of room before any hook, and what the module says."""
    lines = [" ".join(line.split()) for file in ("snmp6", "snmp") for line in Path("/proc/net", file).read_text().splitlines()
             if "Reasm" in line or line.startswith(("Ip:", "Udp:"))]
    lines += Path("/proc/rtpengine/0/reasons").read_text().splitlines()
    return f"{lines}, {Path('/proc/net/softnet_stat').read_text().splitlines()}"


@dataclass
class Place:
    """A target and what is known of it."""

    name: str
    target: Target
    plan: dict[str, object]
    reaches: tuple[str, ...] = ()


@dataclass
class Fuzz:
    """Targets that packets from `alice` go through to `bob`, while valid ones go from `carol` to `bob`."""

    control: Control
    alice: Peer
    bob: Peer
    carol: Peer
    seed: int
    places: list[Place] = field(default_factory=list)
    streams: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._senders = {(peer.dev, peer.ns.name, family): self._udp(peer.udp(PORT, family))
                         for peer in (self.alice, self.carol) for family in (4, 6)}
        self._receivers = {family: self._udp(self.bob.udp(family=family)) for family in (4, 6)}
        with self.alice.ns:
            self._link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._link.bind((self.alice.dev, 0))
        self._link.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
        self._link.setsockopt(socket.SOL_SOCKET, _SNDBUFFORCE, 64 << 20)
        self._keep(self._link)
        self._program: subprocess.Popen[str] | None = None

    def _keep(self, sock: socket.socket) -> socket.socket:
        sock.setblocking(False)
        self._sockets.append(sock)
        return sock

    def _udp(self, udp: Udp) -> Udp:
        self._keep(udp.sock)
        return udp

    def _place(self, name: str, family: int, peer: Peer, receiver: Udp, port: int, outputs: list[dict[str, object]],
               share: int, carries: bool, **fields: object) -> Place:
        local = (peer.hub_address(family), port)
        if "src_mismatch" in fields:
            fields["expected_src"] = (peer.address(family), PORT)
        pts = fields.pop("pts", (0, 8, 96))
        shared = fields.pop("shared_counters", False)
        target = self.control.target(local, len(outputs), pts, fields.pop("ssrcs", ()), **fields)  # type: ignore[arg-type]
        self.control.write(target.command)
        destinations = [target.destination(n, (self.bob.hub_address(family), 10000 + 100 * len(self.places) + n),
                                           receiver.address, **each) for n, each in enumerate(outputs)]
        for each in destinations:
            if shared:
                each["destination.output.ssrc_stats[1]"] = each["destination.output.ssrc_stats[0]"]
            self.control.write(each)
        sender = self._senders[peer.dev, peer.ns.name, family]
        return Place(name, target, {
            "name": name, "target": bytes(target.command).hex(), "outputs": [bytes(each).hex() for each in destinations],
            "payload_types": list(pts), "source": sender.address, "passed": self._udp(HOST.udp(*local)).sock.fileno(),  # type: ignore[call-overload]
            "receiver": receiver.sock.fileno(), "sender": sender.sock.fileno(), "carries": carries, "share": share})

    def add(self, name: str, family: int, outputs: list[dict[str, object]], reaches: tuple[str, ...], *, share: int = 64,
            carries: bool = True, **fields: object) -> None:
        """A target for hostile packets; `reaches` are the ends that some of them have to come to."""
        name = f"{name}, IPv{family}"
        place = self._place(name, family, self.alice, self._receivers[family], 4000 + len(self.places), outputs, share,
                            carries, **fields)
        place.reaches = reaches
        self.places.append(place)

    def stream(self, name: str, family: int, size: int, outputs: list[dict[str, object]], **fields: object) -> None:
        """A target for valid packets."""
        receiver = self._udp(self.bob.udp(family=family))
        place = self._place(f"{name}, IPv{family}", family, self.carol, receiver, 3000 + len(self.streams), outputs, 1, True,
                            **fields)
        place.plan["size"] = size
        self.streams.append(place)

    def start(self) -> None:
        """Starts the program."""
        addresses = (self.alice.hub_mac + self.alice.mac).replace(":", "")
        plan = {"seed": self.seed, "link": self._link.fileno(), "ethernet": addresses,
                "places": [each.plan for each in self.places], "streams": [each.plan for each in self.streams]}
        self._program = subprocess.Popen(["packet-fuzz"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         pass_fds=[sock.fileno() for sock in self._sockets])
        self._say(plan)

    def _say(self, what: object) -> None:
        assert self._program and self._program.stdin
        self._program.stdin.write(json.dumps(what) + "\n")
        self._program.stdin.flush()

    def round(self, hostile: int, *, offload: bool = True, joined: bool = False) -> dict[str, dict[str, dict[str, int]]]:
        """Sends that many hostile datagrams, and checks them; the figures of all rounds so far."""
        self._say({"hostile": hostile, "offload": offload, "joined": joined})
        assert self._program and self._program.stdout
        line = self._program.stdout.readline()
        if not line:
            raise Failure("packet-fuzz goes on", "figures", f"it ended with {self._program.wait()}")
        figures = json.loads(line)
        if "failure" in figures:
            raise Failure("what becomes of each packet is known", "as the model has it", f"{figures['failure'][:20_000]}; {_stack()}")
        return figures
