# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl adds and removes its rules and nothing else, and works with tables as their status says."""

from guest import rtp

OTHERS = """
table inet mine { chain input { type filter hook input priority 10; udp dport 9 drop; }; }
table ip filter { chain INPUT { type filter hook input priority 0; tcp dport 9 drop; }; chain rtpengine { }; }
"""
FIREWALL = "table inet site { chain input { type filter hook input priority filter; policy drop; }; }\n"
# What is refused: the command, its exit code, and what is said.
REFUSED = (
    ("table del inet none", 4, "there is no table inet none"),
    ("chain flush inet mine none", 4, "there is no chain inet mine none"),
    ("remove inet mine input 99", 4, "has no rule of handle 99"),
    ("remove inet mine input 2", 6, "rule 2 of chain inet mine input was made by somebody else"),
    ("append inet mine input drop", 6, "chain inet mine input was made by somebody else"),
    ("append inet mine input drop --force", 6, "chain inet mine input was made by somebody else"),
    ("table dormant inet mine", 6, "table inet mine was made by somebody else"),
    ("table del inet mine --force", 6, "table inet mine was made by somebody else"),
    ("chain del inet mine input --force --handle 99", 4, "the handle of chain inet mine input is another"),
    ("chain add inet mine input --hook input --priority 11", 5, "chain inet mine input exists"),
    ("chain add netdev none c --hook ingress --device eth0 --priority 0", 4, "there is no table netdev none"),
    ("chain add inet mine c --hook input", 2, "lacks its priority"),
    ("append inet mine input dorp", 2, "`dorp` is no word of a rule"),
    ("append inet mine input udp dport 1 rtpengine 64", 2, "a number from 0 to 63"),
    ("show inet none", 4, "nftables has no such table or chain"),
    ("del", 2, "<ID>"),
)


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

    t.step("earlier hooks, beside the one at input")
    for hook in (("prerouting",), ("ingress", "--device", alice.hub_dev)):
        ctl.ok("rule", "add", 3, "--hook", *hook, "--counter")
    ctl.ok("rule", "add", 3, "--counter")
    relays("by the first of three rules", 4, 6)
    listed = {one["hook"]["name"]: one["counter"]["packets"] for one in ctl.data("rule", "list")["rules"]}
    t.equal("packets that each saw", (listed["ingress"] >= 6, listed["prerouting"], listed["input"]), (True, 0, 0))
    t.equal("removed", ctl.data("rule", "del", 3)["changed"], True)
    t.equal("what others made is as it was", ruleset(), others)

    for first in ("the firewall", "the rule"):
        t.step(f"a firewall, where {first} comes first")
        for what in (first, *{"the firewall", "the rule"} - {first}):
            if what == "the rule":
                ctl.ok("rule", "add", 3)
            else:
                t.host.run("nft", "-f", "-", stdin=FIREWALL)
        (chain,) = ctl.data("rule", "add", 3)["chains"]
        t.equal("what is told of it", [[one["table"] for one in chain[where]] for where in ("before", "level", "after")],
                [[], [], ["site", "mine"]])
        relays("beside a firewall that drops", 4, 6)
        ctl.ok("rule", "del", 3)
        ctl.ok("rule", "add", 3, "--priority", "filter+5")
        (chain,) = ctl.data("rule", "add", 3)["chains"]
        t.equal("what is told of it", [[one["table"] for one in chain[where]] for where in ("before", "level", "after")],
                [["site"], [], ["mine"]])
        alice.udp().send(rtp.packet(), local[4])
        t.silent("behind a firewall that drops", receiver[4])
        ctl.ok("rule", "del", "--all")
        t.host.run("nft", "delete", "table", "inet", "site")
        t.equal("what others made is as it was", ruleset(), others)

    t.step("a comment")
    for words in (("table", "add", "inet", "noted"), ("chain", "add", "inet", "noted", "c"),
                  ("append", "inet", "noted", "c", "udp", "dport", "9", "drop", "comment", "to the sink")):
        ctl.ok("rule", *words)
    t.true("nft shows it", 'udp dport 9 drop comment "rtpctl: to the sink"' in ruleset(), ruleset())
    t.true("and so does rtpctl", 'udp dport 9 drop comment "to the sink" # handle 2, rtpctl' in ctl.ok("rule", "show", "inet", "noted"))
    ctl.ok("rule", "remove", "inet", "noted", "c", 2)
    ctl.ok("rule", "del", "--all")
    t.equal("what others made is as it was", ruleset(), others)

    t.step("refused")
    for command, code, says in REFUSED:
        result = ctl.run("rule", *command.split())
        t.equal(f"{command}: exit code: {result.stderr}", result.returncode, code)
        t.true(f"{command}: says {says}", says in result.stderr, result.stderr)
    ctl.ok("rule", "table", "add", "netdev", "mine")
    ctl.ok("rule", "chain", "add", "netdev", "mine", "c", "--hook", "ingress", "--device", alice.hub_dev, "--priority", 0)
    ctl.ok("rule", "del", "--all")
    t.equal("what others made is as it was", ruleset(), others)

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
