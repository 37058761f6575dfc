# SPDX-License-Identifier: GPL-2.0-only
"""`rtpctl trace` prints what becomes of each packet, of one stream or of all, and leaves nothing in tracefs."""

import json
import signal
import subprocess
from pathlib import Path

from guest import nft, rtp
from guest.rtpctl import text

KERNEL = "stock"  # the debug kernel has no tracepoints
TRACEFS = Path("/sys/kernel/tracing")


class Trace:
    """`rtpctl trace --json` in the background: it listens when this returns."""

    def __init__(self, t, *options, ns=None):
        argv = ["rtpctl", "trace", "--json", *map(str, options)]
        if ns:
            argv += ["--netns", str(ns.path).rsplit("/", 1)[-1]]
        self._t, self._process = t, subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self._folder = TRACEFS / f"instances/rtpctl-{self._process.pid}"
        t.eventually("the tracepoints", self._is_on, "1")

    def _is_on(self):
        try:
            return (self._folder / "events/rtpengine/enable").read_text().strip()
        except OSError as error:
            return str(error)

    def end(self, how=None):
        """What it printed until it ended by itself, or by a signal."""
        if how:
            self._process.send_signal(how)
        printed = self._process.communicate(timeout=60)[0]
        self._t.equal("exit code", self._process.returncode, 0)
        self._t.equal("what is left in tracefs", self._folder.exists(), False)
        return [json.loads(line) for line in printed.splitlines()]


def run(t):
    if not (TRACEFS / "instances").exists():
        t.host.run("mount", "-t", "tracefs", "tracefs", str(TRACEFS))
    alice, bob = t.peers("alice", "bob")
    ctl, control = t.rtpctl, t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    local, other, none = ((alice.hub4, port) for port in (4000, 4002, 4004))
    receiver, sender = bob.udp(), alice.udp()
    control.add(local, ((bob.hub4, 5000), receiver.address), rtp=1, rtp_only=1, stun=1)
    control.add(other, ((bob.hub4, 5002), ("203.0.113.9", 5000)), rtp=1)
    packet = rtp.packet(7, payload=bytes(160))

    def sent():
        sender.send(packet, local)
        sender.send(rtp.stun(), local)
        sender.send(b"\xff" * 20, local)
        sender.send(packet, other)
        sender.send(packet, none)

    def data():
        return [datagram.data for datagram in receiver.drain()]

    def told(events, *names):
        return [tuple(event.get(name) for name in names) for event in events]

    t.step("all packets")
    trace = Trace(t, "--count", 6)
    sent()
    events = trace.end()
    ends = text(sender.address), text(local)
    t.equal("what becomes of them", told(events, "event", "source", "destination", "reason", "bytes", "protocol"), [
        ("decision", *ends, "relayed", 172, "rtp"),
        ("decision", *ends, "stun", len(rtp.stun()), "stun"),
        ("decision", *ends, "not-rtp", 20, "other"),
        ("decision", ends[0], text(other), "relayed", 172, "rtp"),
        ("unsent", text((bob.hub4, 5002)), "203.0.113.9:5000", "no-route", None, None),
        ("decision", ends[0], text(none), "no-target", 172, None)])
    t.equal("the RTP header", told(events[:1], "payload_type", "sequence", "ssrc"), [(0, 7, 0x1234_5678)])
    times = [event["uptime_us"] for event in events]
    t.equal("in the order of time", times, sorted(times))
    t.equal("relayed", data(), [packet])

    t.step("of one stream, until it is interrupted")
    trace = Trace(t, "--local", text(other))
    sent()
    t.eventually("relayed", data, [packet])
    t.equal("of the other stream", told(trace.end(signal.SIGINT), "event", "reason"), [("decision", "relayed"), ("unsent", "no-route")])
    trace = Trace(t, "--unrelayed", "--local", text(local), "--count", 2)
    sent()
    t.equal("not relayed", told(trace.end(), "reason"), [("stun",), ("not-rtp",)])
    trace = Trace(t, "--reason", "no-target", "--reason", "no-route", "--count", 2)
    sent()
    t.equal("by reason", told(trace.end(), "reason"), [("no-route",), ("no-target",)])

    t.step("another namespace's packets are not shown")
    elsewhere = t.namespace("elsewhere")
    trace = Trace(t, "--seconds", 2, ns=elsewhere)
    sent()
    t.equal("seen from there", trace.end(), [])

    t.step("what one leaves that is killed, the next one takes away")
    with subprocess.Popen(["rtpctl", "trace"], stdout=subprocess.DEVNULL) as killed:
        left = TRACEFS / f"instances/rtpctl-{killed.pid}"
        t.eventually("it is there", left.exists, True)
        killed.kill()
    t.equal("left", left.exists(), True)
    t.equal("printed", ctl.ok("trace", "--seconds", 1), "")
    t.equal("taken away", left.exists(), False)
    t.true("an unknown reason", "no packet becomes `dropped`" in ctl.refused("trace", "--reason", "dropped"))
