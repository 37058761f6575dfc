# SPDX-License-Identifier: GPL-2.0-only
"""Sends packets through the module and compares what arrives, byte for byte."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from .errors import Failure
from .net import Address, Datagram, Udp
from .patience import patient

_BURST = 32


@dataclass
class Flow:
    """What was sent and what came out at the other end."""

    sent: list[bytes] = field(default_factory=list)
    received: list[Datagram] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """How many fewer came than were sent."""
        return len(self.sent) - len(self.received)

    def opened(self, sent: Sequence[bytes], open_: Callable[[bytes], bytes]) -> "Flow":
        """The same flow of encrypted packets as its two ends see it: `sent` before, what came decrypted, as it came."""
        return Flow(list(sent), [replace(each, data=open_(each.data)) for each in self.received])

    def check(self, what: str, source: Address | None = None, expected: Sequence[bytes] | None = None, *,
              ordered: bool = True) -> None:
        """Fails unless everything came, once, unchanged, from the address `source`, and in order if that is asked."""
        wanted = self.sent if expected is None else expected
        received = self.received
        if not ordered:
            wanted, received = sorted(wanted), sorted(received, key=lambda datagram: datagram.data)
        for n, (datagram, want) in enumerate(zip(received, wanted)):
            if datagram.data != want:
                raise Failure(f"{what}: packet {n} of {len(wanted)} unchanged", want, datagram.data)
            if source and datagram.source != source:
                raise Failure(f"{what}: source of packet {n}", source, datagram.source)
        if len(received) != len(wanted):
            raise Failure(f"{what}: number of packets that arrive", len(wanted), len(received))


def flow(sender: Udp, to: Address, receiver: Udp, packets: Sequence[bytes], *, quiet: float = patient(1)) -> Flow:
    """Sends packets in bursts and receives until all came, or none came for `quiet` seconds."""
    result = Flow(list(packets))
    for start in range(0, len(packets), _BURST):
        for data in packets[start:start + _BURST]:
            sender.send(data, to)
        while len(result.received) < start + _BURST and (datagram := receiver.recv(0)):
            result.received.append(datagram)
    while len(result.received) < len(packets) and (datagram := receiver.recv(quiet)):
        result.received.append(datagram)
    while datagram := receiver.recv(0):
        result.received.append(datagram)
    return result


def both_ways(a: Udp, a_to: Address, b: Udp, b_to: Address, a_packets: Sequence[bytes],
              b_packets: Sequence[bytes], *, quiet: float = patient(2)) -> tuple[Flow, Flow]:
    """A call: `a` sends to `a_to` and `b` receives it, and the other way round, taking turns."""
    from_a, from_b = Flow(list(a_packets)), Flow(list(b_packets))
    for n in range(max(len(a_packets), len(b_packets))):
        if n < len(a_packets):
            a.send(a_packets[n], a_to)
        if n < len(b_packets):
            b.send(b_packets[n], b_to)
        if n % _BURST == _BURST - 1:
            _take(b, from_a, 0)
            _take(a, from_b, 0)
    _take(b, from_a, quiet)
    _take(a, from_b, quiet)
    return from_a, from_b


def _take(receiver: Udp, into: Flow, quiet: float) -> None:
    while len(into.received) < len(into.sent) and (datagram := receiver.recv(quiet)):
        into.received.append(datagram)


class Background:
    """Traffic that goes on while something else is done: `with Background(...) as b: ...; b.flow`."""

    def __init__(self, sender: Udp, to: Address, receiver: Udp, packets: Iterable[bytes], gap: float = 0.002) -> None:
        self.flow = Flow()
        self._arguments = (sender, to, packets, gap)
        self._receiver = receiver
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True),
                         threading.Thread(target=self._receive, daemon=True)]

    def _send(self) -> None:
        sender, to, packets, gap = self._arguments
        for data in packets:
            if self._stop.is_set():
                return
            sender.send(data, to)
            self.flow.sent.append(data)
            time.sleep(gap)

    def _receive(self) -> None:
        while not self._stop.is_set():
            if datagram := self._receiver.recv(0.05):
                self.flow.received.append(datagram)

    def __enter__(self) -> "Background":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.flow.received += self._receiver.drain()
