# SPDX-License-Identifier: GPL-2.0-only
"""README tells whether the module or the daemon relays a call: counters move either way, what the module says that it relayed does not."""

from guest import rtp, traffic
from guest.phone import FIRST, Kernel
from guest.rtpctl import text

KERNEL = "any"
TIMEOUT = 60
COUNT = 20
# As in README.
LISTED = "rtpctl stream list --table 0"
TOLD = "rtpctl stream reasons --table 0"


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0)
    kernel = Kernel(table)
    daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}")
    for family in (4, 6):
        word = "ip" if family == 4 else "ip6"
        a, b = alice.udp(family=family), bob.udp(family=family)
        call = daemon.call(f"call-{family}", a, b)
        local, seq = call.caller_to, 1

        def streams():
            return len(t.rtpctl.data(*LISTED.split()[1:])["streams"])

        def talk(what, count):
            nonlocal seq
            packets = [rtp.stream(count, seq=seq, timestamp=160 * seq, ssrc=ssrc) for ssrc in (0xCA11, 0xCA22)]
            seq += count
            for flow in traffic.both_ways(a, local, b, call.callee_to, *packets):
                flow.check(what, ordered=False)

        def counted():
            return table.target(*local).stats["packets"]

        def relayed():
            told = t.rtpctl.data(*TOLD.split()[1:], "--local", text(local))["streams"]
            return [each["relayed_packets"] for each in told]

        t.step(f"IPv{family}: the module relays: the counters of the call move, and what the module relayed")
        before = streams()
        talk("the first packets", FIRST)
        kernel.settled(daemon, local, call.callee_to)
        t.equal("streams of the call that are listed", streams() - before, 2)
        start, (first,) = counted(), relayed()
        talk("the call in the kernel", COUNT)
        t.eventually("packets counted, and relayed by the module", lambda: (counted() - start, relayed()), (COUNT, [first + COUNT]))

        t.step(f"IPv{family}: the daemon relays: the counters alone move")
        t.host.run("nft", "flush", "chain", word, "filter", "rtpengine_0")
        talk("the call in userspace", COUNT)
        t.eventually("packets counted, and relayed by the module", lambda: (counted() - start, relayed()), (2 * COUNT, [first + COUNT]))
        call.delete()
