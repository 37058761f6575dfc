# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl adds a stream to the table of a running daemon, in the generation that it speaks; its call and the stream go on beside each other."""

from guest import rtp, traffic
from guest.phone import FIRST, Kernel, complaints
from guest.rtpctl import text

RELEASE = ("26.0", "12.5")
TIMEOUT = 60
COUNT = 50


def run(t):
    alice, bob = t.peers("alice", "bob")
    table, ctl = t.table(0), t.rtpctl
    kernel = Kernel(table)
    daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}")
    a, b = alice.udp(), bob.udp()
    call = daemon.call("call", a, b)

    t.step("what rtpctl says of the table")
    (told,) = ctl.data("table", "status", 0)["tables"]
    t.equal("interface", told["interface"], {"name": t.release, "by": "status"})
    t.equal("holder", (told["holder"], told["status"]["control_pid"]), ("rtpengine", daemon.process.pid))
    t.equal("version", ctl.ok("version").splitlines()[3], f"table 0     {t.release}")

    t.step("a stream beside the daemon")
    sender, receiver, local = alice.udp(), bob.udp(), (alice.hub4, 4000)
    ctl.ok("stream", "add", "-t", 0, "-l", text(local), "-p", 0, "--to", text(receiver.address))
    t.relayed("before the call is in the kernel", sender, local, receiver, rtp.stream(COUNT), source=local)

    t.step("the call goes to the kernel, too")
    seq = 1

    def talk(what, count, ordered=True):
        nonlocal seq
        packets = [rtp.stream(count, seq=seq, timestamp=160 * seq, ssrc=ssrc) for ssrc in (0xCA11, 0xCA22)]
        seq += count
        for flow in traffic.both_ways(a, call.caller_to, b, call.callee_to, *packets):
            flow.check(what, ordered=ordered)

    daemon.learns()
    talk("the first packets", FIRST, ordered=False)
    kernel.settled(daemon, call.caller_to, call.callee_to)
    before = kernel.passed_up()
    talk("in the kernel", COUNT)
    t.equal("packets that userspace saw", kernel.passed_up() - before, 0)
    listed = {one["local"]: one["received"]["packets"] for one in ctl.data("stream", "list", "-t", 0)["streams"]}
    t.equal("all that is listed", sorted(listed), sorted(map(text, (local, call.caller_to, call.callee_to))))
    t.equal("packets of the stream", listed[text(local)], COUNT)

    t.step("the daemon has gone, and the stream has not")
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])
    daemon.kill()
    t.relayed("after the daemon's death", sender, local, receiver, rtp.stream(COUNT), source=local)
    talk("the call, too", COUNT)
    ctl.ok("table", "del", 0)
    t.equal("tables", ctl.data("table", "list")["tables"], [])
