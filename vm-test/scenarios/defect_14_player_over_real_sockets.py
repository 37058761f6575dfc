# SPDX-License-Identifier: GPL-2.0-only
"""The module has no player and no ring sender: the daemon plays media itself, in its own namespace, from the right address (defect 14)."""

import math
import struct
import time
import wave

from guest import rtp
from guest.control import COMMANDS, new
from guest.phone import Kernel, complaints

TIMEOUT = 90
PLAYER = ("get_packet_stream", "play_stream_packet", "play_stream", "stop_stream", "free_packet_stream")
RETURN_A_VALUE = ("get_packet_stream", "play_stream")
FILE = "/tmp/tone.wav"
SECONDS = 1
CALLER, CALLEE = 0x0000_CA11, 0x0000_CA22


def tone():
    """A file with a tone."""
    with wave.open(FILE, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", int(12000 * math.sin(n / 3))) for n in range(8000 * SECONDS)))


def played(receiver):
    """What comes until it is quiet, by sequence number, with the sources. A daemon that is late may send out of turn."""
    got, end = [], time.monotonic() + 30
    while (data := receiver.recv(2 if got else 10)) and time.monotonic() < end:
        got.append(data)
    packets = [rtp.parse(each.data) for each in got]
    return sorted(packets, key=lambda each: (each.seq - packets[0].seq + 0x8000) & 0xFFFF), {each.source for each in got}


def run(t):
    tone()
    # The same addresses in the namespace of the virtual machine lead nowhere: who forgets the table's namespace is seen.
    relay = t.namespace("relay")
    alice, bob = t.peers("alice", "bob", hub=relay)
    t.host.ip(f"address add {alice.hub4}/32 dev lo", f"address add {alice.v4}/32 dev lo", f"address add {bob.v4}/32 dev lo")

    for what, options in (("the daemon as it is", ()), ("the daemon told to use the kernel's player", ("--kernel-player=8",))):
        t.step(what)
        daemon = t.daemon(f"pub4/{alice.hub4}", ns=relay, options=options)
        kernel = Kernel(t.table(0), ns=relay)
        a, b = alice.udp(), bob.udp()
        call = daemon.call("call", a, b)
        for udp, to, ssrc in ((a, call.caller_to, CALLER), (b, call.callee_to, CALLEE)) * 10:
            udp.send(rtp.packet(ssrc=ssrc), to)
            time.sleep(0.01)
        kernel.settled(daemon, call.caller_to, call.callee_to)
        a.drain()
        b.drain()
        with relay:
            status = t.table(0).status()
        t.equal("players in the kernel", (status["Players"], status["PStreams"]), (0, 0))
        for tag, receiver, other, source in (("caller", a, b, call.caller_to), ("callee", b, a, call.callee_to)):
            daemon.ng("play media", call_id=call.call_id, from_tag=tag, file=FILE)
            packets, sources = played(receiver)
            t.between(f"packets played to the {tag}", len(packets), 50 * SECONDS - 1, 50 * SECONDS + 1)
            t.equal("from the address that the call has there", sources, {source})
            first = packets[0]
            t.equal("one stream", {(each.ssrc, each.pt) for each in packets}, {(first.ssrc, 0)})
            t.equal("numbered", [each.seq - first.seq & 0xFFFF for each in packets], list(range(len(packets))))
            t.equal("timed", [each.timestamp - first.timestamp & 0xFFFF_FFFF for each in packets],
                    [160 * n for n in range(len(packets))])
            t.true("it is a tone", len({bytes(each.payload) for each in packets}) > 5 and len(first.payload) == 160)
            t.silent("nothing to the other", other, 0.2)
        # The daemon kept the streams to itself while it played: a packet makes it hand its own over again.
        a.send(rtp.packet(ssrc=CALLER), call.caller_to)
        t.true("the first packet afterwards", b.recv())
        kernel.settled(daemon, call.caller_to)
        t.relayed("the call goes on in the kernel", a, call.caller_to, b, rtp.stream(20, seq=100, ssrc=CALLER), source=call.callee_to)
        if not options:
            t.equal("complaints in the daemon's log", complaints(daemon.log()), [])
        daemon.stop()
        relay.run("nft", "delete", "table", "inet", "seen")

    t.step("the commands of the player and of the ring are refused, but for the first")
    with relay:
        t.table(1).add()
        control = t.table(1).control().init()
        before = t.table(1).status()
        control.write(new("init_play_streams"))
        for name in PLAYER:
            t.errno(name, "EBUSY" if name == "get_packet_stream" else "EOPNOTSUPP", control.read if name in RETURN_A_VALUE else control.write, new(name))
        t.errno("RING_BUFFER", "EINVAL", control.write, struct.pack("=I", len(COMMANDS) + 1) + bytes(64))
        t.equal("status", t.table(1).status(), before)
