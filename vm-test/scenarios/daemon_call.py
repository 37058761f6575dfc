# SPDX-License-Identifier: GPL-2.0-only
"""The unmodified daemon has the kernel load the module; its calls run in it, survive its death, and a new daemon takes the table over."""

from pathlib import Path

from guest import module, proc, rtp, traffic
from guest.phone import Kernel, complaints

MODULE = None
RELEASE = ("26.0", "12.5")
TIMEOUT = 60
SOAK_TIMEOUT = 180
CALLER, CALLEE = 0x0000_CA11, 0x0000_CA22


def streams(query):
    """Counters of the RTP streams in a query: tag -> (packets and bytes received, packets and bytes sent)."""
    found = {}
    for tag, party in query["tags"].items():
        media = party["medias"][0]["streams"][0]
        found[tag] = tuple(media[key][name] for key in ("stats", "stats_out") for name in ("packets", "bytes")), media["flags"]
    return found


def run(t):
    alice, bob = t.peers("alice", "bob")
    table, count = t.table(0), t.fewer(t.sized(300, 3000))
    kernel = Kernel(table)

    t.step("the daemon starts as its unit has it, and there is no module")
    t.equal("the module is loaded", module.loaded("rs"), False)
    daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}", reluctant=True)
    t.equal("the daemon's rule had the kernel load the module", module.loaded("rs"), True)
    t.equal("interface", table.status()["Interface"], t.release)
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines())
    t.true("the daemon is not root", "0" not in status["Uid"].split(), status["Uid"])
    t.equal("its capabilities: CAP_NET_ADMIN and CAP_SYS_NICE", int(status["CapEff"], 16), 1 << 12 | 1 << 23)

    def warm(call, a, b):
        """Both sides have sent: the daemon hands the streams to the module."""
        packets = [rtp.stream(10, seq=1, ssrc=ssrc) for ssrc in (CALLER, CALLEE)]
        for flow in traffic.both_ways(a, call.caller_to, b, call.callee_to, *packets):
            flow.check("the first packets", ordered=False)
        kernel.settled(daemon, call.caller_to, call.callee_to)

    def talk(what, call, a, b, seq, number):
        before = kernel.passed_up()
        packets = [rtp.stream(number, seq=seq, ssrc=ssrc, timestamp=160 * seq) for ssrc in (CALLER, CALLEE)]
        for name, flow, source in zip(("caller to callee", "callee to caller"),
                                      traffic.both_ways(a, call.caller_to, b, call.callee_to, *packets),
                                      (call.callee_to, call.caller_to)):
            flow.check(f"{what}, {name}", source)
        t.equal(f"{what}: packets that userspace saw", kernel.passed_up() - before, 0)
        return sum(map(len, packets[0]))

    def listed(call):
        return [table.target(*each).stats for each in (call.caller_to, call.callee_to)]

    calls = {}
    for family in (4, 6):
        a, b = alice.udp(family=family), bob.udp(family=family)
        calls[family] = daemon.call(f"call-{family}", a, b), a, b
    daemon.learns()
    for family, (call, a, b) in calls.items():
        t.step(f"a call over IPv{family}: {count} packets each way")
        warm(call, a, b)
        before = listed(call), streams(call.query())
        size = talk(f"IPv{family}", call, a, b, 11, count)
        after = listed(call)
        for n, side in enumerate(("caller", "callee")):
            gained = {key: after[n][key] - before[0][n][key] for key in ("packets", "bytes", "errors")}
            t.equal(f"the kernel relayed all of the {side}'s", gained, {"packets": count, "bytes": size, "errors": 0})
        total = count + 10, size + 10 * 172
        t.eventually(f"query of the daemon after {count} packets", lambda: streams(call.query()), {
            tag: (total + total, ["RTP", "filled", "confirmed", "kernelized"]) for tag in ("caller", "callee")})
        t.note(f"IPv{family}: {count} packets each way, 0 lost, 0 seen by userspace")

    t.figure("packets that the module relayed of calls over IPv4 and IPv6, none lost", 4 * count)

    t.step("a call is deleted: its targets go, the other's stay")
    call, a, b = calls.pop(6)
    daemon.ng("delete", call_id=call.call_id, from_tag="caller", delete_delay=0)
    gone = [call.caller_to, call.callee_to]
    t.eventually("targets", lambda: [each for each in gone if kernel.has(each)], [])
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])

    t.step("the daemon is killed in mid-call: packets keep flowing")
    call, a, b = calls[4]
    pid = daemon.process.pid
    t.equal("the table's owner", table.status()["Control PID"], pid)
    before = listed(call)
    daemon.kill()
    talk("after the daemon's death", call, a, b, 11 + count, 300)
    t.equal("counted by the kernel", [each["packets"] for each in listed(call)],
            [each["packets"] + 300 for each in before])
    t.equal("tables", proc.tables(), [0])
    t.equal("the table's owner", table.status()["Control PID"], 0)

    t.step("a new daemon, which is root's, takes the table over")
    second = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}", user="root")
    t.equal("the table's owner", table.status()["Control PID"], second.process.pid)
    a, b = alice.udp(family=6), bob.udp(family=6)
    call = second.call("new", a, b)
    warm(call, a, b)
    talk("a new call", call, a, b, 11, 300)
    t.true("in the kernel", min(each["packets"] for each in listed(call)) >= 300, listed(call))
    t.equal("complaints in the daemon's log", complaints(second.log()), [])
    second.stop()

