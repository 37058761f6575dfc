# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl adds and removes its rules and nothing else, and works with tables as their status says."""

from guest import rtp

OTHERS = """
table inet mine { chain input { type filter hook input priority 10; udp dport 9 drop; }; }
table ip filter { chain INPUT { type filter hook input priority 0; tcp dport 9 drop; }; chain rtpengine { }; }
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl = t.rtpctl
    ctl.ok("table", "add", 3)
    t.host.run("nft", "-f", "-", stdin=OTHERS)

    def ruleset():
        return t.host.run("nft", "list", "ruleset").stdout

    others = ruleset()
    receiver, local = {}, {}
    for family in (4, 6):
        receiver[family], local[family] = bob.udp(family=family), (alice.hub_address(family), 4000)
        where = [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
                 for host, port in (local[family], receiver[family].address)]
        ctl.ok("stream", "add", "-t", 3, "--local", where[0], "--to", where[1])
    passed = {family: t.host.udp(*local[family]) for family in (4, 6)}

    def relays(what, *families):
        for family in (4, 6):
            sender, to = alice.udp(family=family), receiver[family] if family in families else passed[family]
            t.relayed(f"{what}: IPv{family}", sender, local[family], to, rtp.stream(3),
                      source=local[family] if family in families else sender.address)

    for options, families, count in ((("--family", "ip"), (4,), 1), (("--family", "ip6"), (6,), 1), ((), (4, 6), 1),
                                     (("--via", "target"), (4, 6), 2), (("--family", "ip", "--family", "ip6"), (4, 6), 2)):
        t.step(f"rule add {' '.join(options)}")
        ctl.ok("rule", "add", 3, *options)
        once = ruleset()
        relays("with the rule", *families)
        t.equal("again: changed", ctl.data("rule", "add", 3, *options)["changed"], False)
        t.equal("again: the rules", ruleset(), once)
        t.equal("listed", [(each["id"], each["via"]) for each in ctl.data("rule", "list")["rules"]],
                [(3, "target" if "target" in options else "expression")] * count)
        t.equal("removed", ctl.data("rule", "del", 3)["changed"], True)
        t.equal("what others made is as it was", ruleset(), others)
        relays("without the rule")
        t.equal("again: changed", ctl.data("rule", "del", 3)["changed"], False)

    t.step("tables")
    handle = t.table(3).control()
    t.equal("a table that is held", ctl.run("table", "del", 3).returncode, 6)
    status = ctl.data("table", "status", 3)["tables"][0]["status"]
    t.equal("its targets", status["targets"], 2)
    handle.close()
    ctl.ok("table", "del", 3)
    t.equal("no such table", ctl.run("table", "del", 3).returncode, 4)
    ctl.ok("table", "add", 63)
    t.equal("listed", [each["id"] for each in ctl.data("table", "list")["tables"]], [63])
    ctl.ok("table", "kill", 63)
    t.equal("none", ctl.data("table", "list")["tables"], [])
    t.equal("a table of too high a number", ctl.run("table", "add", 64).returncode, 2)
