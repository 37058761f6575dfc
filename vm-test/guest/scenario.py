# SPDX-License-Identifier: GPL-2.0-only
"""`t`, what a scenario's `run(t)` is given: steps, checks, and shortcuts to the rest of the library."""

from __future__ import annotations

import base64
import errno
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from . import rtpctl, system
from .daemon import Daemon
from .errors import Failure
from .net import HOST, Address, Namespace, Peer, Udp, peer
from .patience import eventually, patient
from .proc import Table
from .traffic import Flow, flow


class Scenario:
    """The running scenario."""

    def __init__(self, name: str, module: str | None, report: Callable[..., None], size: str = "test",
                 release: str = "26.0", case: str = "") -> None:
        self.name = name
        self.module = module
        self.release = release
        self.size = size
        self.case = case
        """What `make bench` and `make profile` were asked for."""
        self.host = HOST
        self.rtpctl = rtpctl
        self._report = report
        self._daemons: list[Daemon] = []

    def sized(self, test: int, soak: int, long: int | None = None) -> int:
        """How much to try in a run of this size."""
        return {"test": test, "soak": soak, "long": long or soak}[self.size]

    def fewer(self, count: int) -> int:
        """As many packets, or as many fewer on a debug kernel as each takes longer there."""
        return int(count / patient(1))

    def step(self, what: str) -> None:
        """Names what is done next; a failure tells the step it happened in."""
        self._report("step", what)

    def note(self, text: object) -> None:
        """A line for the scenario's log, such as a measurement."""
        self._report("note", str(text))

    def figure(self, what: str, value: int) -> None:
        """A number for the page of figures, such as the packets that were tried."""
        self._report("figure", what, value)

    def keep(self, name: str, text: str) -> None:
        """A file for the folder of the run."""
        self._report("file", name, base64.b64encode(zlib.compress(text.encode())).decode())

    def fail(self, what: str, expected: object = None, got: object = None) -> None:
        """Ends the scenario as failed."""
        raise Failure(what, expected, got)

    def equal(self, what: str, got: object, expected: object) -> None:
        """`got` is `expected`."""
        if got != expected:
            raise Failure(what, expected, got)

    def true(self, what: str, holds: object, got: object = None) -> None:
        """Something holds."""
        if not holds:
            raise Failure(what, True, holds if got is None else got)

    def between(self, what: str, got: float, low: float, high: float) -> None:
        """A number within bounds, both included."""
        if not low <= got <= high:
            raise Failure(what, f"{low} to {high}", got)

    def errno(self, what: str, expected: str, do: Callable[..., Any], *arguments: Any) -> None:
        """`do(*arguments)` is refused with the error of that name: `t.errno("no table", "ENOENT", table.delete)`."""
        try:
            do(*arguments)
        except OSError as error:
            if error.errno != getattr(errno, expected):  # one number may have two names
                raise Failure(what, expected, errno.errorcode.get(error.errno or 0, str(error))) from error
            return
        raise Failure(what, expected, "no error")

    def eventually(self, what: str, get: Callable[[], object], expected: object, timeout: float = 5) -> None:
        """`get()` becomes `expected` in time."""
        eventually(what, get, expected, timeout)

    def fragments(self, seconds: int) -> None:
        """Has the host forget what is incomplete of a datagram after that time. Returns when it has forgotten what another
        scenario left, which would be taken for a part of a datagram with the same addresses and identification."""
        for key in ("ipv4.ipfrag_time", "ipv6.ip6frag_time"):
            self.host.sysctl(f"net.{key}", seconds)
        self.eventually("incomplete datagrams", system.incomplete_datagrams, 0, timeout=40)

    def namespace(self, name: str) -> Namespace:
        """A new network namespace."""
        return Namespace.new(name)

    def peer(self, name: str, hub: Namespace = HOST, mtu: int = 1500) -> Peer:
        """A new namespace with a link to the hub."""
        return peer(name, hub, mtu)

    def peers(self, *names: str, hub: Namespace = HOST) -> list[Peer]:
        """Several of them."""
        return [peer(name, hub) for name in names]

    def table(self, number: int = 0, ns: Namespace | None = None) -> Table:
        """A table by its id, not made yet: that of a namespace, or of the one that the thread is in."""
        return Table(number, ns)

    def daemon(self, *interfaces: str, **options: Any) -> Daemon:
        """Starts the rtpengine daemon, of the job's release unless told otherwise; its log is shown when the scenario fails."""
        daemon = Daemon(*interfaces, **{"release": self.release, **options})
        self._daemons.append(daemon)
        return daemon

    def shows(self, daemon: Daemon) -> Daemon:
        """The log of a daemon that something else has started is shown, too, when the scenario fails."""
        self._daemons.append(daemon)
        return daemon

    def relayed(self, what: str, sender: Udp, to: Address, receiver: Udp, packets: Sequence[bytes], *,
                source: Address | None = None, expected: Sequence[bytes] | None = None) -> Flow:
        """Sends packets and fails unless the receiver gets all of them, in order and byte for byte."""
        result = flow(sender, to, receiver, packets)
        result.check(what, source, expected)
        return result

    def silent(self, what: str, receiver: Udp, quiet: float = 0.3) -> None:
        """Nothing arrives at the receiver."""
        if datagram := receiver.recv(quiet):
            raise Failure(what, "nothing arrives", f"{datagram.data!r} from {datagram.source}")

    def logs(self) -> dict[str, str]:
        """What programs of the scenario have printed, for the report of a failure."""
        return {f"daemon {n}": daemon.log() for n, daemon in enumerate(self._daemons, 1)}
