# SPDX-License-Identifier: GPL-2.0-only
"""The daemon is killed at every step of a call, and at any moment between: what runs goes on, and a new one takes over."""

import threading
import time

from guest import daemon as ng
from guest import module, nft, proc, rtp, traffic
from guest.errors import Failure
from guest.phone import Kernel, complaints

RELEASE = ("26.0", "12.5")
TIMEOUT = 60
SOAK_TIMEOUT = 240
LONG_TIMEOUT = 2400
MOMENTS = {"test": 1, "soak": 6, "long": 60}  # while a call is set up, and as many while the daemon starts
SPAN = 0.3  # seconds after which a call is set up on an idle machine


class Setup:
    """A call, step by step."""

    def __init__(self, kernel, daemon, a, b, number):
        self.kernel, self.daemon, self.a, self.b = kernel, daemon, a, b
        self.common = {"call_id": f"call-{number}", "from_tag": "caller", "ICE": "remove", "flags": ["trust-address"]}
        self.caller_to = self.callee_to = None
        self.seq = 0

    def offer(self):
        answer = self.daemon.ng("offer", sdp=ng.sdp(*self.a.address), **self.common)
        self.callee_to = ng.sdp_address(str(answer["sdp"]))

    def answer(self):
        answer = self.daemon.ng("answer", sdp=ng.sdp(*self.b.address), to_tag="callee", **self.common)
        self.caller_to = ng.sdp_address(str(answer["sdp"]))

    def one_side(self):
        self.a.send(rtp.packet(1, ssrc=1), self.caller_to)

    def first_packets(self):
        packets = [rtp.stream(10, seq=self.seq, ssrc=ssrc) for ssrc in (1, 2)]
        traffic.both_ways(self.a, self.caller_to, self.b, self.callee_to, *packets)
        self.seq += 10

    def in_kernel(self):
        self.first_packets()
        self.kernel.settled(self.daemon, self.caller_to, self.callee_to)

    def talk(self, what, count=50):
        """The kernel relays, whether the daemon lives or not."""
        self.a.drain(0)
        self.b.drain(0)
        packets = [rtp.stream(count, seq=self.seq, ssrc=ssrc) for ssrc in (1, 2)]
        self.seq += count
        for flow in traffic.both_ways(self.a, self.caller_to, self.b, self.callee_to, *packets):
            flow.check(what)
        return 2 * count

    def delete(self):
        self.daemon.ng("delete", delete_delay=0, **{name: self.common[name] for name in ("call_id", "from_tag")})

    STEPS = (offer, answer, one_side, first_packets, in_kernel, offer, answer, in_kernel, delete)

    def all(self):
        for step in self.STEPS:
            step(self)


def run(t):
    alice, bob = t.peers("alice", "bob")
    table, numbers = t.table(0), iter(range(10_000))
    kernel = Kernel(table)
    interfaces = f"pub4/{alice.hub4}",
    moments = t.sized(**MOMENTS)
    killed = relayed = 0

    def setup(daemon):
        return Setup(kernel, daemon, alice.udp(), bob.udp(), next(numbers))

    def kill(daemon, what):
        """Ends the daemon, and looks at what it leaves."""
        nonlocal killed
        daemon.kill()
        killed += 1
        status = table.status()
        t.equal(f"killed {what}: the table stays, nobody's", (proc.tables(), status["Control PID"]), ([0], 0))
        t.equal(f"killed {what}: the list has all targets", len(table.targets()), status["Targets"])

    def successor(what):
        daemon = t.daemon(*interfaces)
        t.equal(f"{what}: the table is the new one's", table.status()["Control PID"], daemon.process.pid)
        t.equal(f"{what}: complaints in its log", complaints(daemon.log()), [])
        return daemon

    daemon = successor("the first daemon")
    for last, step in enumerate(Setup.STEPS):
        if t.size == "test" and step not in (Setup.in_kernel, Setup.delete):
            continue
        what = f"after {step.__name__}, step {last + 1}"
        t.step(f"killed {what}")
        call = setup(daemon)
        for each in Setup.STEPS[:last + 1]:
            each(call)
        if step is Setup.in_kernel:
            relayed += call.talk(f"before it is killed {what}")
        kill(daemon, what)
        if step is Setup.in_kernel:
            relayed += call.talk(f"killed {what}")
        daemon = successor(what)

    for n in range(moments):
        after = SPAN * (n + 1) / moments
        t.step(f"killed {after * 1000:.0f} ms after a call began")
        call = setup(daemon)
        threading.Thread(target=quietly, args=(call.all,), daemon=True).start()
        time.sleep(after)
        kill(daemon, f"after {after:.2f} s")
        daemon = successor(f"after {after:.2f} s")

    daemon.kill()
    start = time.monotonic()
    daemon = successor("to measure how long it takes")
    takes = time.monotonic() - start
    for n in range(moments):
        after = takes * (n + 1) / (moments + 1)
        t.step(f"killed {after * 1000:.0f} ms after it was started")
        daemon.kill()
        with daemon.spawn() as starting:
            time.sleep(after)
            starting.kill()
        killed += 2
        for number in proc.tables():
            t.equal("its owner is gone", t.table(number).status()["Control PID"], 0)
        daemon = successor(f"killed while starting, after {after:.2f} s")

    t.step("the last one does its work, and the module is unloaded")
    call = setup(daemon)
    call.offer()
    call.answer()
    call.in_kernel()
    before = kernel.passed_up()
    relayed += call.talk("a call", 200)
    t.equal("packets that userspace saw", kernel.passed_up() - before, 0)
    daemon.stop()
    nft.flush_all()
    for number in proc.tables():
        t.table(number).kill()
    t.eventually("the module unloads", lambda: module.unload_soon("rs", 5), None, timeout=20)
    module.load("rs")
    t.equal("tables of the module loaded anew", proc.tables(), [])
    t.figure("daemons killed", killed)
    t.figure("packets relayed by the module of calls whose daemon was killed", relayed)


def quietly(do):
    """A step that the daemon's death interrupts is of no interest."""
    try:
        do()
    except (Failure, OSError):
        pass
