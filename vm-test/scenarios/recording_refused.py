# SPDX-License-Identifier: GPL-2.0-only
"""A call that the daemon is to record by way of the kernel goes on in the kernel: it is not recorded, and the daemon says so."""

from pathlib import Path

from guest import rtp, traffic
from guest.phone import Kernel, complaints

TIMEOUT = 90
SPOOL = Path("/tmp/spool")
REFUSED = "to kernel recording interface: Operation not supported"
CALLER, CALLEE = 0x0000_CA11, 0x0000_CA22


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    SPOOL.mkdir()
    SPOOL.chmod(0o777)  # for whatever user the daemon becomes
    daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}", options=("--recording-method=proc", f"--recording-dir={SPOOL}"))

    for family, asked in ((4, "in the offer"), (6, "in mid-call")):
        t.step(f"IPv{family}: recording is asked for {asked}")
        a, b = alice.udp(family=family), bob.udp(family=family)
        call = daemon.call(f"call-{family}", a, b, **({"record_call": "yes"} if asked == "in the offer" else {}))
        seq = 1

        def talk(what, count, in_kernel=True):
            """Packets of both sides arrive, and userspace is given none."""
            nonlocal seq
            before = kernel.passed_up()
            packets = [rtp.stream(count, seq=seq, ssrc=ssrc, timestamp=160 * seq) for ssrc in (CALLER, CALLEE)]
            seq += count
            flows = traffic.both_ways(a, call.caller_to, b, call.callee_to, *packets)
            for flow, source in zip(flows, (call.callee_to, call.caller_to)):
                flow.check(f"IPv{family}: {what}", source, ordered=in_kernel)
            if in_kernel:
                t.equal(f"IPv{family}: {what}: packets that userspace saw", kernel.passed_up() - before, 0)

        talk("the first packets", 10, in_kernel=False)
        kernel.settled(daemon, call.caller_to, call.callee_to)
        talk("in the kernel", 50)
        if asked == "in mid-call":
            daemon.ng("start recording", call_id=call.call_id)
            talk("after recording was asked for", 10, in_kernel=False)
            kernel.settled(daemon, call.caller_to, call.callee_to)
            talk("in the kernel then", 50)
        for command in ("pause recording", "start recording", "stop recording"):
            daemon.ng(command, call_id=call.call_id)
            talk(f"after {command}", 10, in_kernel=False)
            kernel.settled(daemon, call.caller_to, call.callee_to)
            talk(f"in the kernel after {command}", 20)
        t.equal(f"IPv{family}: errors", [kernel.target(each).stats["errors"] for each in (call.caller_to, call.callee_to)], [0, 0])
        told = [line for line in complaints(daemon.log()) if f"[{call.call_id}]" in line]
        t.true(f"IPv{family}: the daemon says that the call is not recorded", any(f"call {REFUSED}" in line for line in told), told)
        t.equal(f"IPv{family}: other complaints in the daemon's log", [line for line in told if REFUSED not in line], [])
        call.delete()

    t.step("nothing was recorded, and the daemon goes on")
    t.equal("files of the table", sorted(each.name for each in t.table(0).path.iterdir()), ["control", "list", "reasons", "status"])
    t.equal("files of recordings", [each for each in SPOOL.rglob("*") if each.is_file()], [])
    daemon.ng("ping")
    daemon.stop()
    t.equal("it ends in good order", daemon.process.returncode, 0)
