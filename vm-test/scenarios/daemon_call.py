# SPDX-License-Identifier: GPL-2.0-only
"""The unmodified daemon's calls run through the module, survive its death, and a new daemon takes the table over."""

from guest import proc, rtp, traffic
from guest.phone import Kernel, complaints

TIMEOUT = 180
COUNT = 3000
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
    table, count = t.table(0), t.fewer(COUNT)
    kernel = Kernel(table)

    daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}")

    def warm(call, a, b):
        """Both sides have sent: the daemon hands the streams to the module."""
        packets = [rtp.stream(10, seq=1, ssrc=ssrc) for ssrc in (CALLER, CALLEE)]
        for flow in traffic.both_ways(a, call.caller_to, b, call.callee_to, *packets):
            flow.check("the first packets", ordered=False)
        kernel.settled(call.caller_to, call.callee_to)

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
        t.step(f"a call over IPv{family}: {count} packets each way")
        a, b = alice.udp(family=family), bob.udp(family=family)
        call = daemon.call(f"call-{family}", a, b)
        calls[family] = call, a, b
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
    talk("after the daemon's death", call, a, b, 11 + count, 500)
    t.equal("counted by the kernel", [each["packets"] for each in listed(call)],
            [each["packets"] + 500 for each in before])
    t.equal("tables", proc.tables(), [0])
    t.equal("the table's owner", table.status()["Control PID"], 0)

    t.step("a new daemon takes the table over")
    second = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}")
    t.equal("the table's owner", table.status()["Control PID"], second.process.pid)
    a, b = alice.udp(family=6), bob.udp(family=6)
    call = second.call("new", a, b)
    warm(call, a, b)
    talk("a new call", call, a, b, 11, 300)
    t.true("in the kernel", min(each["packets"] for each in listed(call)) >= 300, listed(call))
    t.equal("complaints in the daemon's log", complaints(second.log()), [])
    second.stop()

