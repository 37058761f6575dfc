# SPDX-License-Identifier: GPL-2.0-only
"""With iptables-legacy, what goes on after it was relayed is judged by the rules that follow, and relayed packets are copied by TEE."""

import os

from guest import nft, raw, rtp, xtables
from guest.xtables import Rule

LOCAL, SOURCE = 4000, 5000


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    t.host.run("modprobe", "-a", "iptable_filter", "ip6table_filter", "xt_TEE")
    os.sched_setaffinity(0, {0})  # what is sent later is in order for each processor
    control = t.table(0).add().ready(pages=8)
    copies = raw.Frames(carol.ns, carol.dev)
    for family in (4, 6):
        local, source = (alice.hub_address(family), LOCAL), (bob.hub_address(family), SOURCE)
        receiver, sender, passed = bob.udp(family=family), alice.udp(family=family), t.host.udp(*local)
        target = control.add(local, (source, receiver.address), (source, receiver.address, {"rtcp": 1}), rtp=1, rtcp_fw=1,
                             **{"media_output_idxs[0].rtp_end_idx": 1, "media_output_idxs[0].rtcp_start_idx": 1,
                                "media_output_idxs[0].rtcp_end_idx": 2})
        # What comes and what leaves is judged in chains that rules have jumped to.
        chains = {"INPUT": [Rule("media", dport=LOCAL), Rule("DROP", dport=LOCAL), Rule("ACCEPT")],
                  "OUTPUT": [Rule("leaving", sport=SOURCE), Rule("ACCEPT"), Rule("DROP")],
                  "media": [Rule("inner"), Rule("RETURN")],
                  "inner": [xtables.rtpengine(0)],
                  "leaving": [Rule("further"), Rule("RETURN")],
                  "further": [Rule("RETURN")]}

        def counted(*places):
            return [xtables.packets(family, chains, *place) for place in places]

        t.step(f"IPv{family}: what goes on is judged by the rules that follow")
        xtables.replace(family, chains)
        t.relayed("RTP", sender, local, receiver, rtp.stream(5), source=source)
        reports = [rtp.sender_report(0x1234_5678 + n) for n in range(5)]
        t.relayed("RTCP", sender, local, receiver, reports, source=source)
        t.equal("packets that were taken or went on, and that the next rule dropped",
                counted(("inner", 0), ("media", 1), ("INPUT", 1), ("INPUT", 2)), [10, 5, 5, 0])
        t.silent("what was dropped", passed, 0.05)
        t.equal("packets that left, by the rules for them", counted(("further", 0), ("leaving", 1), ("OUTPUT", 1), ("OUTPUT", 2)),
                [10, 10, 10, 0])
        t.equal("errors", target.stats["errors"], 0)

        t.step(f"IPv{family}: it is let through")
        chains["INPUT"] = [Rule("media", dport=LOCAL), Rule("ACCEPT", dport=LOCAL), Rule("DROP")]
        xtables.replace(family, chains)
        t.relayed("RTCP", sender, local, receiver, reports, source=source)
        t.equal("userspace has it, too", [one.data for one in passed.drain(0.05)], reports)
        t.equal("rules", counted(("media", 1), ("INPUT", 1), ("INPUT", 2)), [5, 5, 0])

        t.step(f"IPv{family}: TEE copies what is relayed, and what comes as it came")
        chains["OUTPUT"] = [xtables.tee(carol.address(family), sport=SOURCE), Rule("leaving", sport=SOURCE), Rule("ACCEPT")]
        chains["INPUT"] = [xtables.tee(carol.address(family), dport=LOCAL), *chains["INPUT"]]
        xtables.replace(family, chains)
        packets = rtp.stream(3)
        carol.udp(family=family).send(b"", (carol.hub_address(family), 9))  # its neighbour is known
        copies.drain(0.05)
        t.relayed("RTP", sender, local, receiver, packets, source=source)
        t.relayed("RTCP", sender, local, receiver, reports, source=source)
        parsed = [raw.parse(raw.finished(frame.packet) if frame.offloaded else frame.packet) for frame in copies.drain(0.1)]
        for to, what in ((local, "what came"), (receiver.address, "what was relayed")):
            t.equal(f"copies of {what}", [one.payload for one in parsed if one.to == to], packets + reports)
        t.equal("userspace has it, too", [one.data for one in passed.drain(0.05)], reports)
        xtables.replace(family, {})

        t.step(f"IPv{family}: the same with dup of nftables")
        word = "ip" if family == 4 else "ip6"
        nft.chain()
        nft.native_rule(0)
        t.host.run("nft", "-f", "-", stdin=f"""table {word} copies {{
            chain out {{ type filter hook output priority 0; udp sport {SOURCE} dup to {carol.address(family)} device {carol.hub_dev}; }}
        }}""")
        copies.drain(0)
        t.relayed("RTP", sender, local, receiver, packets, source=source)
        t.relayed("RTCP", sender, local, receiver, reports, source=source)
        parsed = [raw.parse(raw.finished(frame.packet) if frame.offloaded else frame.packet) for frame in copies.drain(0.1)]
        t.equal("copies", [(one.to, one.payload) for one in parsed], [(receiver.address, data) for data in packets + reports])
        nft.delete()
        passed.close()
