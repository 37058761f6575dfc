# SPDX-License-Identifier: GPL-2.0-only
"""A browser's end of a call: aiortc's peer connection, with ICE, DTLS-SRTP and BUNDLE, in the namespace of a peer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import aiortc
import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from . import daemon as ng
from .errors import Failure
from .net import Address, Peer
from .patience import patient

T = TypeVar("T")
# Flags of an offer. Were the daemon the client of DTLS towards who offers, or who answers, several of its threads might begin it at
# once: the browser refuses the second, and the daemon crashes when it ends the call (26.0.1.26).
DTLS_SERVER: dict[str, ng.Bencoded] = {"DTLS": "passive", "DTLS-reverse": "passive"}
# Flags of an offer or answer to a browser, and of one to a telephone.
TO_BROWSER: dict[str, ng.Bencoded] = {"ICE": "force", "transport-protocol": "UDP/TLS/RTP/SAVPF", "rtcp-mux": ["require"]}
TO_PHONE: dict[str, ng.Bencoded] = {"ICE": "remove", "transport-protocol": "RTP/AVP", "rtcp-mux": ["demux"]}
# What ICE and DTLS do is in the scenario's output.
logging.basicConfig(format="%(relativeCreated)d %(name)s %(message)s")
for _each in ("aioice.ice", "aiortc.rtcdtlstransport"):
    logging.getLogger(_each).setLevel(logging.DEBUG)
_CODECS = {"audio": ("PCMU", 8000, 160), "video": ("VP8", 90000, 3000)}


class _Track(MediaStreamTrack):
    """Encoded frames that a scenario gives it, one packet each."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        self._count = 0

    async def recv(self) -> av.Packet:
        _, clock, step = _CODECS[self.kind]
        packet = av.Packet(await self.frames.get())
        packet.pts = self._count * step
        packet.time_base = Fraction(1, clock)
        self._count += 1
        await asyncio.sleep(0.002)
        return packet


class Browser:
    """A peer connection that sends and receives the given kinds of media, PCMU and VP8.

    `received[kind]` is what came, decrypted: payloads in the order of their arrival, and `mids[kind]` the MIDs in their header
    extensions. `frames[kind]` counts what was decoded."""

    def __init__(self, peer: Peer, *kinds: str) -> None:
        self.peer = peer
        self.to: Address = ("", 0)
        self.kinds = kinds or ("audio",)
        self.received: dict[str, list[bytes]] = {kind: [] for kind in self.kinds}
        self.frames = {kind: 0 for kind in self.kinds}
        self.mids: dict[str, set[str]] = {kind: set() for kind in self.kinds}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._do(self._open())

    def offer(self, direction: str = "sendrecv") -> str:
        """The session description of an offer; `direction` is not used."""
        return self._do(self._describe(self._pc.createOffer))

    def answer(self, offer: str, direction: str = "sendrecv") -> str:
        """The session description that answers one."""
        self._take(offer, "offer")
        return self._do(self._describe(self._pc.createAnswer))

    def accept(self, answer: str) -> None:
        """Takes the answer to its offer."""
        self._take(answer, "answer")

    def connected(self, timeout: float = 60) -> None:
        """Waits until ICE and DTLS are done."""
        async def wait() -> str:
            for _ in range(int(patient(timeout) * 20)):
                if self._pc.connectionState in ("connected", "failed"):
                    break
                await asyncio.sleep(0.05)
            return str(self._pc.connectionState)

        if (state := self._do(wait(), patient(timeout) + 5)) != "connected":
            raise Failure("ICE and DTLS of the browser", "connected", state)

    def send(self, kind: str, frames: Sequence[bytes]) -> None:
        """Sends encoded frames, each of which fits one packet."""
        async def put() -> None:
            for frame in frames:
                await self._tracks[kind].frames.put(frame)

        self._do(put())

    def profile(self) -> str:
        """The name of the SRTP profile that DTLS agreed on."""
        return str(self._pc.getSenders()[0].transport._ssl.get_selected_srtp_profile().decode())

    def close(self) -> None:
        """Ends the connection."""
        self._do(self._pc.close())

    def _run(self) -> None:
        self.peer.ns.enter()
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _do(self, work: Coroutine[Any, Any, T], timeout: float = patient(60)) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def mid(self, kind: str) -> str:
        """The MID of a kind of media."""
        return next(str(each.mid) for each in self._pc.getTransceivers() if each.kind == kind)

    async def _open(self) -> None:
        self._pc = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        self._pc.on("track", self._remote_track)
        self._tracks = {kind: _Track(kind) for kind in self.kinds}
        for kind, track in self._tracks.items():
            self._pc.addTrack(track)

    async def _describe(self, create: Any) -> str:
        self._choose_codecs()
        await self._pc.setLocalDescription(await create())
        return str(self._pc.localDescription.sdp)

    def _choose_codecs(self) -> None:
        for transceiver in self._pc.getTransceivers():
            name = _CODECS[transceiver.kind][0]
            every = aiortc.RTCRtpSender.getCapabilities(transceiver.kind).codecs
            transceiver.setCodecPreferences([each for each in every if each.mimeType.endswith(f"/{name}")])

    def _take(self, sdp: str, kind: str) -> None:
        self.to = ng.sdp_address(ng.sections(sdp)[0])
        self._do(self._pc.setRemoteDescription(aiortc.RTCSessionDescription(sdp, kind)))

    def _remote_track(self, track: MediaStreamTrack) -> None:
        receiver = next(each for each in self._pc.getReceivers() if each.track is track)
        handle = receiver._handle_rtp_packet

        async def record(packet: Any, *arguments: Any, **named: Any) -> None:
            self.received[track.kind].append(bytes(packet.payload))
            self.mids[track.kind].add(packet.extensions.mid)
            await handle(packet, *arguments, **named)

        async def count() -> None:
            with contextlib.suppress(MediaStreamError):
                while True:
                    await track.recv()
                    self.frames[track.kind] += 1

        receiver._handle_rtp_packet = record
        asyncio.ensure_future(count())


def vp8(count: int) -> list[bytes]:
    """Frames of a small film, encoded."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base, encoder.bit_rate = Fraction(1, 30), 100_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    frames = []
    for n in range(count):
        picture = av.VideoFrame(64, 48, "yuv420p")
        for plane, value in zip(picture.planes, (16 + n * 7 % 200, 128, 128)):
            plane.update(bytes([value]) * plane.buffer_size)
        picture.pts = n
        frames += [bytes(packet) for packet in encoder.encode(picture)]
    return frames


def vp8_frame(payload: bytes) -> bytes:
    """The frame in a packet that has all of it: what follows the payload descriptor (RFC 7741, section 4.2)."""
    length = 1
    if payload[0] & 0x80:
        length, extension = 2, payload[1]
        if extension & 0x80:  # a picture ID of 7 or 15 bits
            length += 2 if payload[2] & 0x80 else 1
        length += bool(extension & 0x40) + bool(extension & 0x30)
    return payload[length:]
