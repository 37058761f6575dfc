# SPDX-License-Identifier: GPL-2.0-only
"""With iptables-legacy, PREROUTING of raw and mangle hands packets to the module: what is relayed comes no further, what goes on is judged by the rules that follow."""

import os

from guest import nft, rtp, xtables
from guest.xtables import Rule

LOCAL, SOURCE = 4000, 5000
KERNEL = "stock"  # the debug kernel has no such tables


def run(t):
    alice, bob = t.peers("alice", "bob")
    t.host.run("modprobe", "-a", "iptable_filter", "ip6table_filter", "iptable_raw", "ip6table_raw", "iptable_mangle", "ip6table_mangle")
    os.sched_setaffinity(0, {0})  # what is sent later is in order for each processor
    control = t.table(0).add().ready(pages=8)
    nft.count_input("4000")
    for family in (4, 6):
        local, source = (alice.hub_address(family), LOCAL), (bob.hub_address(family), SOURCE)
        receiver, sender, passed = bob.udp(family=family), alice.udp(family=family), t.host.udp(*local)
        target = control.add(local, (source, receiver.address), rtp=1)
        for table in ("raw", "mangle"):
            t.step(f"IPv{family}: {table}")
            # By two jumps, and what goes on meets the rules behind each.
            chains = {"PREROUTING": [Rule("media", dport=LOCAL), Rule("ACCEPT", dport=LOCAL), Rule("DROP", dport=LOCAL)],
                      "OUTPUT": [Rule("leaving", sport=SOURCE), Rule("ACCEPT")],
                      "media": [Rule("inner"), Rule("RETURN")],
                      "inner": [xtables.rtpengine(0), Rule("RETURN")],
                      "leaving": [Rule("RETURN")]}
            xtables.replace(family, chains, table=table)

            def counted(*places, table=table, chains=chains, family=family):
                return [xtables.packets(family, chains, *place, table=table) for place in places]

            before = nft.at_input()
            t.relayed("RTP", sender, local, receiver, rtp.stream(5), source=source)
            t.equal("packets that came to the input hook", nft.at_input() - before, 0)
            t.equal("packets that were taken, that went on, and that left by the rules for them",
                    counted(("inner", 0), ("inner", 1), ("media", 1), ("PREROUTING", 1), ("OUTPUT", 1)), [5, 0, 0, 0, 5])
            reports = [rtp.sender_report(0x1234_5678 + n) for n in range(3)]
            t.relayed("RTCP goes on", sender, local, passed, reports, source=sender.address)
            t.equal("packets that went on", counted(("inner", 1), ("media", 1), ("PREROUTING", 1), ("PREROUTING", 2)), [3, 3, 3, 0])
            t.step(f"IPv{family}: {table}: the next rule drops what goes on")
            chains["PREROUTING"] = [Rule("media", dport=LOCAL), Rule("DROP", dport=LOCAL)]
            xtables.replace(family, chains, table=table)
            t.relayed("RTP", sender, local, receiver, rtp.stream(5, seq=100), source=source)
            sender.send(reports[0], local)
            t.silent("RTCP", passed)
            t.equal("packets that went on and were dropped", counted(("media", 1), ("PREROUTING", 1)), [1, 1])
            t.equal("errors", target.stats["errors"], 0)
            xtables.replace(family, {}, table=table)
        t.step(f"IPv{family}: a rule of PREROUTING beside one of INPUT")
        early, late = {"PREROUTING": [xtables.rtpengine(0)]}, {"INPUT": [xtables.rtpengine(0)]}
        xtables.replace(family, early, table="raw")
        xtables.replace(family, late)
        t.relayed("RTP", sender, local, receiver, rtp.stream(5, seq=200), source=source)
        t.equal("packets that each saw", (xtables.packets(family, early, "PREROUTING", 0, table="raw"),
                                          xtables.packets(family, late, "INPUT", 0)), (5, 0))
        xtables.replace(family, {}, table="raw")
        t.relayed("RTP at INPUT", sender, local, receiver, rtp.stream(5, seq=300), source=source)
        t.equal("packets that each saw", xtables.packets(family, late, "INPUT", 0), 5)
        xtables.replace(family, {})
        t.step(f"IPv{family}: elsewhere the target is refused")
        for table, chain in (("raw", "OUTPUT"), ("mangle", "INPUT"), ("mangle", "FORWARD"), ("filter", "OUTPUT")):
            t.errno(f"{table} {chain}", "EINVAL", lambda table=table, chain=chain: xtables.replace(
                family, {chain: [xtables.rtpengine(0)]}, table=table))
        passed.close()
