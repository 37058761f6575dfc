# SPDX-License-Identifier: GPL-2.0-only
"""README tells whether the module or the daemon relays a call: counters move either way, those of a rule behind the module's do not."""

import re

from guest import rtp, traffic
from guest.phone import FIRST, Kernel

KERNEL = "any"
TIMEOUT = 60
COUNT = 20
# As in README, for port 30000 over IPv4.
LISTED = "rtpctl stream list --table 0"
ADDS = "nft add rule ip filter INPUT udp dport 30000 counter"
LISTS = "nft list chain ip filter INPUT"


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

        def words(command):
            return command.replace(" ip ", f" {word} ").replace("30000", str(local[1])).split()

        def streams():
            return len(t.rtpctl.data(*words(LISTED)[1:])["streams"])

        def talk(what, count):
            nonlocal seq
            packets = [rtp.stream(count, seq=seq, timestamp=160 * seq, ssrc=ssrc) for ssrc in (0xCA11, 0xCA22)]
            seq += count
            for flow in traffic.both_ways(a, local, b, call.callee_to, *packets):
                flow.check(what, ordered=False)

        def counted():
            return table.target(*local).stats["packets"]

        def beyond():
            (rule,) = re.findall(rf"udp dport {local[1]} counter packets (\d+)", t.host.run(*words(LISTS)).stdout)
            return int(rule)

        t.step(f"IPv{family}: the module relays: the counters of the call move, those of the rule do not")
        before = streams()
        talk("the first packets", FIRST)
        kernel.settled(daemon, local, call.callee_to)
        t.equal("streams of the call that are listed", streams() - before, 2)
        t.host.run(*words(ADDS))
        start = counted()
        talk("the call in the kernel", COUNT)
        t.equal("packets counted, and by the rule", (counted() - start, beyond()), (COUNT, 0))

        t.step(f"IPv{family}: the daemon relays: both move")
        t.host.run("nft", "flush", "chain", word, "filter", "rtpengine_0")
        talk("the call in userspace", COUNT)
        t.eventually("packets counted, and by the rule", lambda: (counted() - start, beyond()), (2 * COUNT, COUNT))
        call.delete()
