# SPDX-License-Identifier: GPL-2.0-only
"""Telephones with RTP or SRTP (keyed by SDES), calls between two through the daemon, and what the kernel has of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import daemon as ng
from . import nft, rtp, srtp, traffic
from .daemon import Bencoded, Daemon
from .errors import Failure
from .net import HOST, Address, Namespace, Peer
from .patience import eventually
from .proc import Listed, Table, local_text

_PORTS = "30000-39999"
FIRST = 10  # packets of each side before a call is in the kernel


def equal(what: str, got: object, expected: object) -> None:
    """Fails unless both are the same."""
    if got != expected:
        raise Failure(what, expected, got)


class Kernel:
    """What the module has of the daemon's calls: its targets, and how many packets went up to userspace all the same."""

    def __init__(self, table: Table, ns: Namespace = HOST) -> None:
        self.table = table
        self._ns = ns
        # Behind all rules of the daemon. RTP: version 2 in the first two bits, and no packet type of RTCP in the second byte.
        ns.run("nft", "-f", "-", stdin="table inet seen { counter up {}; counter rtp {}; "
                                       "chain up { type filter hook input priority 100; "
                                       f"udp dport {_PORTS} counter name up; "
                                       f"udp dport {_PORTS} @th,64,2 2 @th,72,8 != 194-223 counter name rtp; }}; }}\n")

    def passed_up(self, what: str = "up") -> int:
        """Packets to the daemon's ports that userspace has been given: all, or those of `rtp`."""
        return nft.counter("seen", what, ns=self._ns)

    def has(self, *locals_: Address) -> bool:
        """Whether each address has a target that sends somewhere."""
        with self._ns:
            listed = {each.local for each in self.table.targets() if any(output.dst for output in each.outputs)}
        return {local_text(*each) for each in locals_} <= listed

    def target(self, local: Address) -> Listed:
        """The target of a local address of the daemon."""
        with self._ns:
            return self.table.target(*local)

    def settled(self, daemon: Daemon, *locals_: Address) -> None:
        """Waits until the daemon has handed the streams of its local addresses to the module, and leaves them there."""
        def left() -> bool:
            daemon.quiet()
            return self.has(*locals_)

        eventually("the streams are in the kernel", lambda: self.has(*locals_) and left(), True)


class Phone:
    """One end of calls. With `suites` it speaks SRTP, offering them in that order, or taking the first that is offered.

    `mux`: RTCP on the port of RTP. `feedback`: a profile with RTCP feedback (AVPF). `parameters` of SDES, `attributes`: more
    lines of its session descriptions. `seq` is the first sequence number."""

    def __init__(self, peer: Peer, ssrc: int, *suites: str, family: int = 4, pts: Sequence[int] = (0,),
                 mux: bool = False, feedback: bool = False, parameters: tuple[str, ...] = (),
                 attributes: Sequence[str] = (), seq: int = 1) -> None:
        self.rtp = peer.udp(family=family)
        self.rtcp = self.rtp if mux else peer.udp(family=family)
        self.ssrc = ssrc
        self.pts = pts
        self.mux = mux
        self.profile = "AVPF" if feedback else "AVP"
        self.attributes = list(attributes)
        self.next = seq  # sequence number of the next packet, not cut to 16 bits
        self.to: Address = ("", 0)
        self.rtcp_to: Address = ("", 0)
        self.sender: srtp.Sender | None = None
        self.receiver: srtp.Receiver | None = None
        self._suites = suites
        self._parameters = parameters
        self._mine: list[srtp.Crypto] = []
        self.rekey()

    def rekey(self, *suites: str) -> None:
        """New keys, and other suites if any are given, for the next offer or answer."""
        self._suites = suites or self._suites
        self._mine = [srtp.Crypto.new(suite, n, self._parameters) for n, suite in enumerate(self._suites, 1)]

    def offer(self, direction: str = "sendrecv") -> str:
        """The session description of an offer."""
        return self._sdp(self._mine, direction)

    def answer(self, offer: str, direction: str = "sendrecv") -> str:
        """The session description that answers one; from here on it sends and receives as agreed."""
        mine: list[srtp.Crypto] = []
        if self._mine:
            theirs = {each.suite.name: each for each in reversed(srtp.cryptos(offer))}
            chosen = next((each for each in self._mine if each.suite.name in theirs), None)
            if chosen is None:
                raise Failure("a suite of the phone is offered", self._suites, offer)
            their = theirs[chosen.suite.name]
            mine = [srtp.Crypto(chosen.suite, chosen.key, their.tag, self._parameters)]
            self._agree(mine[0], their)
        self._reach(offer)
        return self._sdp(mine, direction)

    def accept(self, answer: str) -> None:
        """Takes the answer to its offer; from here on it sends and receives as agreed."""
        if self._mine:
            theirs = srtp.cryptos(answer)
            if not theirs:
                raise Failure("the answer has a key", "a=crypto:", answer)
            self._agree(next(each for each in self._mine if each.tag == theirs[0].tag), theirs[0])
        self._reach(answer)

    def packets(self, count: int, *, pt: int | None = None, size: int = 160) -> list[bytes]:
        """The next packets of its stream, in plain."""
        self.next += count
        first = self.next - count
        return rtp.stream(count, seq=first, timestamp=160 * first, ssrc=self.ssrc, pt=self.pts[0] if pt is None else pt,
                          size=size)

    def seal(self, packet: bytes) -> bytes:
        """A packet as it sends it."""
        return self.sender.rtp(packet) if self.sender else packet

    def open(self, packet: bytes) -> bytes:
        """A packet that it received, in plain."""
        return self.receiver.rtp(packet) if self.receiver else packet

    def seal_rtcp(self, packet: bytes) -> bytes:
        """An RTCP packet as it sends it."""
        return self.sender.rtcp(packet) if self.sender else packet

    def open_rtcp(self, packet: bytes) -> bytes:
        """An RTCP packet that it received, in plain."""
        return self.receiver.rtcp(packet) if self.receiver else packet

    def _sdp(self, cryptos: Sequence[srtp.Crypto], direction: str) -> str:
        lines = [*self.attributes, *(each.line() for each in cryptos)]
        if not self.mux:
            lines.append(f"a=rtcp:{self.rtcp.port}")
        return ng.sdp(*self.rtp.address, *lines, rtcp_mux=self.mux, pts=self.pts, direction=direction,
                      protocol=f"RTP/{'S' if cryptos else ''}{self.profile}")

    def _agree(self, mine: srtp.Crypto, theirs: srtp.Crypto) -> None:
        # Keys that stay keep their session: its rollover counters and its replay window.
        if self.sender is None or self.sender.crypto.key != mine.key:
            self.sender = srtp.Sender(mine)
        if self.receiver is None or self.receiver.crypto.key != theirs.key:
            self.receiver = srtp.Receiver(theirs)

    def _reach(self, sdp: str) -> None:
        self.to = ng.sdp_address(sdp)
        self.rtcp_to = ng.rtcp_address(sdp)


@dataclass(frozen=True)
class Counted:
    """Packets, bytes and errors."""

    packets: int = 0
    bytes: int = 0
    errors: int = 0

    @classmethod
    def of(cls, packets: Sequence[bytes]) -> "Counted":
        """Those of some packets."""
        return cls(len(packets), sum(map(len, packets)))

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.packets + other.packets, self.bytes + other.bytes, self.errors + other.errors)

    def __sub__(self, other: "Counted") -> "Counted":
        return Counted(self.packets - other.packets, self.bytes - other.bytes, self.errors - other.errors)


Counters = dict[str, dict[str, Counted]]


def counted(stats: dict[str, int]) -> Counted:
    """Counters as the module lists them, or as the daemon's query has them."""
    return Counted(*(stats[key] for key in ("packets", "bytes", "errors")))


class Conversation:
    """A call between two phones. `offer` and `answer` are what goes into the daemon's commands beside the usual."""

    def __init__(self, daemon: Daemon, kernel: Kernel, call_id: str, caller: Phone, callee: Phone, *,
                 offer: dict[str, Bencoded] | None = None, answer: dict[str, Bencoded] | None = None) -> None:
        self.daemon = daemon
        self.kernel = kernel
        self.call_id = call_id
        self.sides = {"caller": caller, "callee": callee}
        self.expected: Counters = {}
        self.passes_srtp = False  # whether SRTP goes through as it is
        self._flags = offer or {}, answer or {}
        self.negotiate()

    def negotiate(self, direction: str = "sendrecv", answered: str = "sendrecv") -> None:
        """Offer and answer: the first, or a re-INVITE."""
        caller, callee = self.sides.values()
        common: dict[str, Bencoded] = {"call_id": self.call_id, "from_tag": "caller", "ICE": "remove",
                                       "flags": ["trust-address"]}
        offer, answer = ({**common, **flags} for flags in self._flags)
        offered = self.daemon.ng("offer", sdp=caller.offer(direction), **offer)
        reply = callee.answer(str(offered["sdp"]), answered)
        caller.accept(str(self.daemon.ng("answer", sdp=reply, to_tag="callee", **answer)["sdp"]))

    def start(self) -> None:
        """The first packets of both sides, after which the call is in the kernel: anew after a re-INVITE."""
        self.daemon.learns()
        before = self.counted()
        first = {name: phone.packets(FIRST) for name, phone in self.sides.items()}
        for name, (flow, _) in self._exchange(first).items():
            flow.check(f"the first packets of the {name}", ordered=False)
        self.kernel.settled(self.daemon, *(phone.to for phone in self.sides.values()))
        equal("packets and errors that the first packets add to the daemon's query",
              {(now.packets - then.packets, now.errors - then.errors) for name, side in self.counted().items()
               for now, then in zip(side.values(), before[name].values())}, {(FIRST, 0)})
        # The bytes of these depend on where each was relayed: the daemon counts what comes without SRTP and what leaves with
        # it, the module the other way round.
        self.expected = self.counted()

    def talk(self, what: str, packets: int | dict[str, list[bytes]]) -> None:
        """Sends packets both ways: both sides decode all of them, the kernel relays and counts all, userspace sees none."""
        if isinstance(packets, int):
            packets = {name: phone.packets(packets) for name, phone in self.sides.items()}
        before = {name: self._counters(phone) for name, phone in self.sides.items()}
        up = self.kernel.passed_up()
        for name, (flow, sealed) in self._exchange(packets).items():
            flow.check(f"{what}: the {name}'s packets", self.other(name).to)
            came, left = Counted.of(sealed), Counted.of(sealed if self.passes_srtp else flow.sent)
            phone = self.sides[name]
            eventually(f"{what}: packets, bytes and errors of the {name} that the kernel has counted, in and out",
                       lambda: [now - then for now, then in zip(self._counters(phone), before[name])],
                       [came, left])
            self.expected[name]["in"] += came
            self.expected[self._other_name(name)]["out"] += left
        equal(f"{what}: packets that userspace saw", self.kernel.passed_up() - up, 0)

    def check_query(self, what: str) -> None:
        """The daemon's counters are those of all that was sent, and its log has no complaint about the kernel."""
        eventually(f"{what}: packets, bytes and errors in the daemon's query", self.counted, self.expected)
        equal(f"{what}: whether the daemon says that the streams are in the kernel",
              {"kernelized" in each["flags"] for each in self._streams().values()}, {True})
        equal(f"{what}: complaints in the daemon's log", complaints(self.daemon.log()), [])

    def counted(self) -> Counters:
        """The daemon's counters of each side's RTP, in and out."""
        return {name: {key: counted(stream[stats]) for key, stats in (("in", "stats"), ("out", "stats_out"))}
                for name, stream in self._streams().items()}

    def delete(self) -> None:
        """Ends the call at once: its targets go."""
        self.daemon.ng("delete", call_id=self.call_id, from_tag="caller", delete_delay=0)
        eventually("targets of the call", lambda: any(self.kernel.has(phone.to) for phone in self.sides.values()), False)

    def _streams(self) -> dict[str, Any]:
        tags: Any = self.daemon.query(self.call_id)["tags"]
        return {name: tags[name]["medias"][0]["streams"][0] for name in self.sides}

    @staticmethod
    def _other_name(name: str) -> str:
        return "callee" if name == "caller" else "caller"

    def other(self, name: str) -> Phone:
        """The other side of the call."""
        return self.sides[self._other_name(name)]

    def _counters(self, phone: Phone) -> list["Counted"]:
        target = self.kernel.target(phone.to)
        return [counted(each.stats) for each in (target, target.outputs[0])]

    def _exchange(self, packets: dict[str, list[bytes]]) -> dict[str, tuple[traffic.Flow, list[bytes]]]:
        """Per side the flow in plain, and the packets as it sent them."""
        caller, callee = self.sides.values()
        sealed = {name: [self.sides[name].seal(each) for each in plain] for name, plain in packets.items()}
        flows = traffic.both_ways(caller.rtp, caller.to, callee.rtp, callee.to, sealed["caller"], sealed["callee"])
        result = {}
        for (name, plain), flow in zip(packets.items(), flows):
            result[name] = flow.opened(plain, self.other(name).open), flow.sent
        return result


def agree(daemon: Daemon, kernel: Kernel, call_id: str, *streams: tuple[str, int, Address]) -> None:
    """The daemon's query says of streams, each (tag, media, local address), what the table lists, and has them kernelized."""
    for tag, media, local in streams:
        def both() -> tuple[object, object]:
            tags: Any = daemon.query(call_id)["tags"]
            stream = tags[tag]["medias"][media]["streams"][0]
            return (counted(stream["stats"]), "kernelized" in stream["flags"]), (counted(kernel.target(local).stats), True)

        eventually(f"query and list agree on media {media} of the {tag}", lambda: len(set(both())), 1)


def complaints(log: str) -> list[str]:
    """Lines of the daemon's log about what the module refused it."""
    return [line for line in log.splitlines()
            if "kernel" in line.lower() and any(word in line for word in ("ERR", "WARN", "CRIT", "ailed"))]
