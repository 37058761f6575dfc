# SPDX-License-Identifier: GPL-2.0-only
"""Sets up the cases of `make bench` and `make profile` (cases.py): two peers, a rule, a target and a stream of packets."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from . import abi, counting, nft, rtp
from .cases import Case
from .client import HABITS, order_outputs
from .control import PAGE, Control, Target
from .errors import Failure
from .net import Address
from .proc import Table
from .scenario import Scenario
from .srtp import Crypto, Sender

GENERATIONS = {"rs": "26.0", "c": "26.0", "c12": "12.5"}
_DROPS = """table inet firewall {
    chain input { type filter hook input priority -10; udp dport 4999 drop; };
}
"""
# The receiver's namespace drops what comes, before any socket costs anything.
_QUIET = """table inet quiet {
    chain prerouting { type filter hook prerouting priority -400; udp dport 9 drop; };
}
"""
_FLOWTABLE = """table inet fast {{
    flowtable f {{ hook ingress priority 0; devices = {{ {devices} }}; }};
    chain forward {{ type filter hook forward priority 0; meta l4proto udp flow add @f; }};
}}
"""
_CONNTRACK = """table inet tracked {
    chain input { type filter hook input priority -20; ct state invalid drop; };
}
"""
_SSRC = 0x1234_5678
LINE = 64
_ROUND, _ROUNDS = 20, 10


@dataclass
class Flow:
    """A case that is set up: a connected socket, and how to make packets for it."""

    case: Case
    sock: socket.socket
    sender: Sender | None = None
    target: Target | None = None
    sent: int = 0

    def packets(self, count: int) -> list[bytes]:
        """The next packets of the stream."""
        if self.case.rtcp:
            found = [rtp.nack(_SSRC)] * count
        else:
            found = rtp.stream(count, seq=1 + self.sent, timestamp=160 * self.sent, ssrc=_SSRC, size=self.case.size - 12)
        self.sent += count
        if self.sender:
            found = list(map(self.sender.rtcp if self.case.rtcp else self.sender.rtp, found))
        return found

    def shared_lines(self) -> list[int]:
        """The cache lines of the counters that all calls share, by their numbers in the machine; none where they are not told, of pages of a module."""
        if self.target is None:
            return []
        control, found = self.target.control, []
        with open("/proc/self/pagemap", "rb") as file:
            for counters in (control.global_stats, control.iface_stats):
                for address in range(counters.addr // LINE * LINE, counters.addr + abi.SIZES[counters.kind], LINE):
                    file.seek(address // PAGE * 8)
                    entry = int.from_bytes(file.read(8), "little")
                    if page := entry & (1 << 55) - 1:
                        found.append(page * (PAGE // LINE) + address % PAGE // LINE)
        return found

    def check(self) -> None:
        """All that was sent is relayed; Failure when it is not."""
        if self.target is None:
            return
        outputs = self.target.outputs[-1:] if self.case.rtcp else self.target.outputs
        got = [self.target.stats["packets"], self.target.stats["errors"], *(output["packets"] for output in outputs)]
        wanted = [self.sent, 0, *[self.sent] * len(outputs)]
        if got != wanted:
            raise Failure(f"{self.case.name}: packets, errors, packets of the outputs", wanted, got)


def _removed(table: Table) -> bool:
    """Whether it is: a packet may still hold it."""
    try:
        table.remove()
    except OSError:
        return False
    return True


def instructions(bench: "Bench", case: Case) -> int:
    """Instructions from one packet to the next, in rounds short enough for one without a tick of the kernel's clock."""
    size = max(1, _ROUND // case.outputs)
    with bench.flow(case) as flow:
        for packet in flow.packets(2 * _ROUND):
            flow.sock.send(packet)
        cost = counting.instructions(flow.sock.send, flow.packets(size * _ROUNDS), size)
        flow.check()
    return round(cost)


class Bench:
    """Two peers of the hub, and what is between them in a case."""

    def __init__(self, t: Scenario) -> None:
        self._t = t
        self._alice, self._bob = t.peers("alice", "bob")
        t.host.run("modprobe", "-a", "aesni_intel", "ghash_clmulni_intel", check=False)  # the C module's AES is slow without
        self._bob.ns.run("nft", "-f", "-", stdin=_QUIET)
        t.host.sysctl("net.ipv4.ip_forward", 1)
        t.host.sysctl("net.ipv6.conf.all.forwarding", 1)

    @contextlib.contextmanager
    def flow(self, case: Case) -> Iterator[Flow]:
        """A case, for as long as it takes; OSError when the module has no such thing."""
        if case.conntrack:
            self._nft(_CONNTRACK)
        try:
            if case.floor:
                yield self._floor(case)
            else:
                yield from self._relayed(case)
        finally:
            nft.flush_all()

    def _nft(self, text: str) -> None:
        self._t.host.run("nft", "-f", "-", stdin=text)

    def _socket(self, case: Case, to: Address) -> socket.socket:
        with self._alice.ns:
            sock = socket.socket(socket.AF_INET if case.family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        sock.connect(to)
        return sock

    def _floor(self, case: Case) -> Flow:
        if case.floor == "dropped":
            self._nft(_DROPS)
            return Flow(case, self._socket(case, (self._alice.hub_address(case.family), 4999)))
        if case.floor == "flowtable":
            self._nft(_FLOWTABLE.format(devices=f"{self._alice.hub_dev}, {self._bob.hub_dev}"))
        return Flow(case, self._socket(case, (self._bob.address(case.family), 9)))

    def _relayed(self, case: Case) -> Iterator[Flow]:
        generation = GENERATIONS[str(self._t.module)]
        table = self._t.table(0).add()
        control = table.control(64, generation, HABITS[generation].mapped).init()
        try:
            ciphers = str(table.status().get("Ciphers", ""))
            if case.suite and "library" in ciphers:
                raise Failure(f"{case.name}: drivers of the crypto API encrypt", "their names", ciphers)
            self._enter(case)
            fields, sender = {}, None
            if case.suite and case.is_encrypted:
                crypto = Crypto.new(case.suite)
                fields, sender = crypto.fields("decrypt"), Sender(crypto)
            target = self._add(control, case, fields)
            with self._socket(case, target.local) as sock:
                yield Flow(case, sock, sender, target)
        finally:
            nft.flush_all()
            if HABITS[generation].mapped:
                control.memory.release()
            control.close()
            self._t.eventually("the table goes", lambda: _removed(table), True)

    def _add(self, control: Control, case: Case, fields: dict[str, object]) -> Target:
        """The case's target, among others."""
        local = (self._alice.hub_address(case.family), 4000)
        ends = (self._bob.hub_address(case.family), 4001), (self._bob.address(case.family), 9)
        crypto = Crypto.new(case.suite).fields("encrypt") if case.suite and case.encrypts else {}
        outputs, flags, is_list = case.outputs, {}, HABITS[control.generation].is_list
        if case.rtcp:
            # Feedback is relayed, and not passed on as well.
            outputs, flags = 2, {"rtcp_fw": 1, "rtcp_fb_fw": 1, **({"rtcp": 1, "rtcp_mux": 1} if is_list else {})}
        target = control.target(local, outputs, (0,), (_SSRC,), rtp=1, **flags, **fields)
        if case.rtcp:
            order_outputs(target.command, 2, 1)
        if case.rtcp and not is_list:
            target.command["target.ssrc_media_idx"], target.command["target.pt_media_idx"] = [0], [0]
        reports = {} if is_list else {"rtcp": 1}
        destinations = [target.destination(number, *ends, **crypto, **(reports if case.rtcp and number else {})) for number in range(outputs)]
        first = [target.command.copy(), *(each.copy() for each in destinations)]
        for number in range(1, case.targets):
            other = (local[0], 5000 + number)
            target.command["target.local"] = other
            control.write(target.command)
            for each in destinations:
                each["destination.local"] = other
                control.write(each)
        for command in first:
            control.write(command)
        return target

    def _enter(self, case: Case) -> None:
        """The rule by which packets come to the module. 12.5 has the target alone."""
        family = "ip" if case.family == 4 else "ip6"
        entry = "xt" if case.entry == "input" and self._t.module == "c12" else case.entry
        if entry == "xt":
            nft.chain(family, name="filter")
            nft.compat_rule(0, family, name="filter")
        elif entry in ("input", "prerouting"):
            # Before connection tracking, which spares it.
            nft.chain("inet", entry, priority=-300 if entry == "prerouting" else 0)
            nft.native_rule(0)
        elif entry in ("ingress", "bypass"):
            nft.chain("netdev", "ingress", device=self._alice.hub_dev)
            nft.native_rule(0, "netdev", flags=(16,) if entry == "bypass" else ())
        else:
            raise ValueError(f"the entry {entry}")
