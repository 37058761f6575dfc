# SPDX-License-Identifier: GPL-2.0-only
"""The unmodified rtpengine daemon, and a client of its ng protocol."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from . import service
from .errors import Failure
from .net import HOST, Address, Namespace, Udp
from .patience import patient

_QUIET = 0.2  # seconds without a line in its log after which the daemon is done with what it was given
_LEARNS_AFTER = 4.1  # seconds: it counts whole ones, and wants more than three
Bencoded = int | str | list["Bencoded"] | dict[str, "Bencoded"]


def encode(value: Bencoded) -> bytes:
    """A value in bencoding."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        raw = value.encode()
        return b"%d:%s" % (len(raw), raw)
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"


def decode(data: bytes) -> Bencoded:
    """The value that a bencoded text stands for."""
    return _decode(data, 0)[0]


def _decode(data: bytes, at: int) -> tuple[Bencoded, int]:
    kind = data[at:at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if kind in (b"l", b"d"):
        items: list[Bencoded] = []
        at += 1
        while data[at:at + 1] != b"e":
            item, at = _decode(data, at)
            items.append(item)
        if kind == b"l":
            return items, at + 1
        return dict(zip(map(str, items[::2]), items[1::2])), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end].decode(), end


def sdp(address: str, port: int, *attributes: str, rtcp_mux: bool = False, pts: Sequence[int] = (0, 8),
        protocol: str = "RTP/AVP", direction: str = "sendrecv") -> str:
    """A session description of one audio stream; `attributes` are further lines of it, `a=...`."""
    family = "IP6" if ":" in address else "IP4"
    lines = ["v=0", f"o=- 1 1 IN {family} {address}", "s=-", f"c=IN {family} {address}", "t=0 0",
             f"m=audio {port} {protocol} {' '.join(map(str, pts))}", f"a={direction}", *attributes]
    if rtcp_mux:
        lines.append("a=rtcp-mux")
    return "\r\n".join(lines) + "\r\n"


def sdp_address(text: str) -> Address:
    """Where the session description wants its audio sent."""
    address, port = "", 0
    for line in text.splitlines():
        if line.startswith("c="):
            address = line.split()[2]
        elif line.startswith("m="):
            port = int(line.split()[1])
    return address, port


def sections(text: str) -> list[str]:
    """A session description for each of its media, as if it had that one only."""
    session, *media = text.replace("\r", "").split("\nm=")
    return ["\r\n".join(f"{session}\nm={each}".strip().split("\n")) + "\r\n" for each in media]


def rtcp_address(text: str) -> Address:
    """Where the session description wants the RTCP of its audio sent."""
    address, port = sdp_address(text)
    if "a=rtcp-mux" in text.split():
        return address, port
    for line in text.splitlines():
        if line.startswith("a=rtcp:"):
            return address, int(line.removeprefix("a=rtcp:").split()[0])
    return address, port + 1


class Daemon:
    """A running daemon of a release. `interfaces` are its `--interface` options: `10.1.0.1`, or `name/address`.

    It runs as the package's unit has it; `user` may be root. That of 12.5 takes the addresses that packets come from with the first
    ones, as later ones do, or, if it is `reluctant`, as it does unless told otherwise: with those that come later than 3 s after
    the last signalling. Only then are streams handed to the kernel.
    """

    NG: Address = ("127.0.0.1", 2223)
    _cookies = itertools.count(1)

    def __init__(self, *interfaces: str, table: int = 0, ns: Namespace = HOST, options: Sequence[str] = (), release: str = "26.0",
                 user: str = service.USER, reluctant: bool = False, capabilities: Sequence[int] = service.CAPABILITIES) -> None:
        self.table = table
        self.ns = ns
        self.release = release
        self.log_path = Path(f"/tmp/daemon-{next(self._cookies)}.log")
        self.log_path.write_bytes(b"")  # one of an earlier scenario may lie there
        self._user = user
        self._capabilities = capabilities
        self._reluctant = reluctant and release == "12.5"
        self._signalled = 0.0
        if release == "12.5" and not reluctant:
            options = ["--endpoint-learning=immediate", *options]
        self._argv = ["rtpengine", "--config-file=none", "-f", "-E", f"--table={table}", "--log-level=6",
                      f"--listen-ng={self.NG[0]}:{self.NG[1]}", "--port-min=30000", "--port-max=39999",
                      *(f"--interface={each}" for each in interfaces), *options]
        with ns:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.process = self.spawn()
        self._wait()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Starts such a daemon, and waits for nothing."""
        with self.ns, self.log_path.open("ab") as log:
            return service.start(self._argv, self.release, log, self._user, self._capabilities)

    def learns(self) -> None:
        """Waits until the daemon takes the addresses that packets come from."""
        if self._reluctant:
            time.sleep(max(0.0, self._signalled + _LEARNS_AFTER - time.monotonic()))

    def _wait(self) -> None:
        end = time.monotonic() + patient(180)
        while time.monotonic() < end and self.process.poll() is None:
            if (self._ask({"command": "ping"}, timeout=0.1) or {}).get("result") == "pong":
                return
        raise Failure("the rtpengine daemon starts", "an answer to ping", self.log()[-2000:])

    def _ask(self, command: dict[str, Bencoded], timeout: float) -> dict[str, Bencoded] | None:
        cookie = f"c{next(self._cookies)}"
        self._socket.settimeout(timeout)
        try:
            self._socket.sendto(cookie.encode() + b" " + encode(command), self.NG)
            while True:
                got, _, body = self._socket.recv(65536).partition(b" ")
                if got.decode() == cookie:
                    answer = decode(body)
                    assert isinstance(answer, dict)
                    return answer
        except (TimeoutError, ConnectionRefusedError):
            return None

    def ng(self, command: str, **values: Bencoded) -> dict[str, Bencoded]:
        """One ng command; `call_id` becomes `call-id`. An error or no answer fails the scenario."""
        message: dict[str, Bencoded] = {"command": command}
        message.update({name.replace("_", "-"): value for name, value in values.items()})
        answer = self._ask(message, timeout=patient(60))
        self._signalled = time.monotonic()
        if answer is None or answer.get("result") not in ("ok", "pong"):
            raise Failure(f"the daemon's answer to {command}", "result ok", answer)
        return answer

    def call(self, call_id: str, caller: Udp, callee: Udp, **flags: Bencoded) -> "Call":
        """Sets up a call: offer from the caller, answer from the callee. `flags` go into both commands."""
        return Call(self, call_id, caller, callee, flags)

    def query(self, call_id: str) -> dict[str, Bencoded]:
        """The daemon's view of a call with its counters."""
        return self.ng("query", call_id=call_id)

    def kill(self) -> None:
        """Ends the daemon with SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout: float = 20) -> None:
        """Ends the daemon in good order."""
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def quiet(self) -> None:
        """Waits until the daemon logs nothing any more: it may take streams out of the kernel and hand them over again, and says so."""
        end = time.monotonic() + patient(20)
        before: str | None = None
        while before != (now := self.log()):
            if time.monotonic() > end:
                raise Failure(f"a daemon that logs nothing for {patient(_QUIET):g} s", before, now)
            before = now
            time.sleep(patient(_QUIET))

    def log(self) -> str:
        """What the daemon has printed so far."""
        return self.log_path.read_text(errors="replace")


class Call:
    """A call through the daemon: each side sends to `caller_to` or `callee_to`."""

    def __init__(self, daemon: Daemon, call_id: str, caller: Udp, callee: Udp, flags: dict[str, Bencoded]) -> None:
        self.daemon = daemon
        self.call_id = call_id
        common: dict[str, Bencoded] = {"call_id": call_id, "from_tag": "caller", "ICE": "remove",
                                       "flags": ["trust-address"], **flags}
        offer = daemon.ng("offer", sdp=sdp(*caller.address), **common)
        answer = daemon.ng("answer", sdp=sdp(*callee.address), to_tag="callee", **common)
        self.callee_to = sdp_address(str(offer["sdp"]))
        self.caller_to = sdp_address(str(answer["sdp"]))

    def query(self) -> dict[str, Bencoded]:
        """The daemon's view of the call."""
        return self.daemon.query(self.call_id)

    def delete(self) -> dict[str, Bencoded]:
        """Ends the call; the answer holds its last counters."""
        return self.daemon.ng("delete", call_id=self.call_id, from_tag="caller")
