# SPDX-License-Identifier: GPL-2.0-only
"""A tone in G.711 goes through the module from one network namespace to another, from ffmpeg to ffmpeg."""

import array
import shlex
import signal
import subprocess
import time
from pathlib import Path

from guest.net import HOST

SECONDS = 3
RATE = 8000
TONE = 440
RTP = 4000
AT_BOB = 5004
TIMEOUT = 180

SESSION = """v=0
o=- 0 0 IN IP4 {address}
s=tone
c=IN IP4 {address}
t=0 0
m=audio {port} RTP/AVP 0
"""
PICTURE = """
  alice                    relay                    bob
  ffmpeg sends  ------->   the module   ------->    ffmpeg receives
  {alice:<15}          {hub4}:{rtp}            {bob}:{port}
"""


class Shell:
    """Runs commands in a namespace, and shows them as they are typed, with what they print."""

    def __init__(self, t, name, ns, work):
        self.t = t
        self.name = name
        self.ns = ns
        self.work = work

    def show(self, command):
        self.t.note(f"{self.name}# {command}")

    def run(self, command):
        self.show(command)
        result = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                preexec_fn=self.ns.enter, cwd=self.work, check=False)
        for line in result.stdout.rstrip().splitlines():
            self.t.note(f"  {line}")
        self.t.equal(f"exit code of {command}", result.returncode, 0)
        return result.stdout

    def start(self, command):
        self.show(f"{command} &")
        return subprocess.Popen(shlex.split(command), preexec_fn=self.ns.enter, cwd=self.work,
                                stdin=subprocess.DEVNULL)


def listening(ns, port):
    with ns:
        return f":{port:04X} " in Path("/proc/thread-self/net/udp").read_text()


def samples(path):
    """The decoded samples of a WAV file, the header left out."""
    data = Path(path).read_bytes()
    return array.array("h", data[data.index(b"data") + 8:])


def frequency(wave):
    """The frequency of a tone, by how often it changes its sign."""
    changes = sum(1 for a, b in zip(wave, wave[1:]) if (a < 0) != (b < 0))
    return changes * RATE / (2 * len(wave))


def run(t):
    alice, bob = t.peers("alice", "bob")
    work = Path("/tmp/demo")
    work.mkdir()
    (work / "bob.sdp").write_text(SESSION.format(address=bob.v4, port=AT_BOB))
    relay = Shell(t, "relay", HOST, work)
    t.note(PICTURE.format(alice=alice.v4, hub4=alice.hub4, bob=bob.v4, rtp=RTP, port=AT_BOB))

    t.step("a table, a rule and a stream")
    relay.run("rtpctl table add 0")
    relay.run("rtpctl rule add 0")
    relay.run(f"rtpctl stream add --table 0 --local {alice.hub4}:{RTP} --to {bob.v4}:{AT_BOB} --payload-type 0")
    relay.run(f"rtpctl stream add --table 0 --local {alice.hub4}:{RTP + 1} --to {bob.v4}:{AT_BOB + 1}")

    t.step("bob listens")
    quiet = "ffmpeg -loglevel fatal -nostdin"
    receiver = Shell(t, "bob", bob.ns, work).start(
        f"{quiet} -protocol_whitelist file,udp,rtp -i bob.sdp -c copy -f mulaw received.ul")
    t.eventually("bob listens", lambda: listening(bob.ns, AT_BOB), True, timeout=60)

    t.step("alice sends")
    sender = Shell(t, "alice", alice.ns, work).start(
        f"{quiet} -re -f lavfi -i sine=frequency={TONE}:sample_rate={RATE}:duration={SECONDS},asetnsamples=160 "
        f"-c:a pcm_mulaw -map 0:a -f tee '[f=mulaw]sent.ul|[f=rtp]rtp://{alice.hub4}:{RTP}'")
    t.equal("exit code of alice's ffmpeg", sender.wait(), 0)
    time.sleep(1)
    receiver.send_signal(signal.SIGINT)
    receiver.wait()

    t.step("what the relay says")
    relay.run("rtpctl table list")
    relay.run("rtpctl stream list --table 0")
    relay.run("cat /proc/rtpengine/0/list")

    t.step("what arrived is what was sent")
    for name in ("sent", "received"):
        subprocess.run([*quiet.split(), "-f", "mulaw", "-ar", str(RATE), "-ac", "1", "-i", work / f"{name}.ul",
                        work / f"{name}.wav"], check=True)
    sent, received = (work / "sent.ul").read_bytes(), (work / "received.ul").read_bytes()
    t.equal("bytes of G.711 sent", len(sent), SECONDS * RATE)
    t.equal("bytes of G.711 received", received, sent)
    wave = samples(work / "received.wav")
    t.equal("decoded samples", wave, samples(work / "sent.wav"))
    t.between("frequency of the received tone", frequency(wave), TONE - 1, TONE + 1)
    counted = t.table(0).target(alice.hub4, RTP).stats
    t.equal("packets that the module counted", counted["packets"], SECONDS * RATE // 160)
    t.equal("errors that the module counted", counted["errors"], 0)
    t.note(f"\nWhat arrived is what was sent: {counted['packets']} RTP packets through the kernel, {len(received)} bytes of "
           f"G.711 alike byte for byte, decoded to a tone of {frequency(wave):.0f} Hz.")
