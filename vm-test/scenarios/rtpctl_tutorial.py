# SPDX-License-Identifier: GPL-2.0-only
"""Each command of docs/rules.md prints what the page says, nft sees the same rules, and packets go where they lead."""

import json
import shlex

from guest import docs, rtp
from guest.net import Namespace

TIMEOUT = 90
PORT = 10000
# nftables makes a transaction anew, with new handles, when it has loaded a module for it: all that the page needs is loaded before.
EVERYTHING = """
table inet load {
  chain translate { type nat hook prerouting priority -100;
    udp dport 1 counter dnat ip to 192.0.2.1:1
  }
  chain input { type filter hook input priority 0;
    ct state new udp dport { 1, 2 } counter accept
  }
}
table netdev load {
  chain ingress { type filter hook ingress device lo priority 0; }
}
"""


def run(t):
    t.rtpctl.ok("rule", "add", 0, "--via", "target")
    t.host.run("nft", "-f", "-", stdin=EVERYTHING)
    hub = Namespace.new("hub")
    alice, bob = t.peers("alice", "bob", hub=hub)
    for peer, dev, subnet, host in ((alice, "eth0", "192.0.2", 10), (bob, "eth1", "198.51.100", 7)):
        hub.ip(f"link set {peer.hub_dev} down", f"link set {peer.hub_dev} name {dev}", f"link set {dev} up",
               f"addr add {subnet}.1/24 dev {dev}")
        peer.ns.ip(f"addr add {subnet}.{host}/24 dev {peer.dev}", f"addr add {subnet}.66/24 dev {peer.dev}")
        peer.ns.ip(f"route replace default via {subnet}.1")
    hub.sysctl("net.ipv4.ip_forward", 1)
    local, source = ("192.0.2.1", PORT), ("198.51.100.1", PORT)
    phone, stranger = alice.ns.udp("192.0.2.10", 4000), alice.ns.udp("192.0.2.66", 4000)
    receiver, socket = bob.ns.udp("198.51.100.7", 4000), hub.udp("192.0.2.1", PORT)

    def relayed(what, count=3):
        t.relayed(f"{what}: relayed", phone, local, receiver, rtp.stream(count), source=source)
        t.silent(f"{what}: the socket", socket, 0.05)

    def passed(what, sender=phone):
        t.relayed(f"{what}: passed", sender, local, socket, rtp.stream(3), source=sender.address)
        t.silent(f"{what}: Bob", receiver, 0.05)

    def dropped(what, sender=stranger, to=local):
        for data in rtp.stream(3):
            sender.send(data, to)
        t.silent(f"{what}: the socket", socket)
        t.silent(f"{what}: Bob", receiver, 0.05)

    def goes(what, sender, to, there, source=None):
        t.relayed(f"{what}: arrives", sender, to, there, [b"SIP"], source=source or sender.address)

    def counted(family, table, chain, handle):
        (found,) = t.rtpctl.data("rule", "show", family, table, chain, ns=hub)["tables"]
        return next(rule["counter"]["packets"] for rule in found["chains"][0]["rules"] if rule["handle"] == handle)

    sip, moved = hub.udp("192.0.2.1", 5060), alice.ns.udp("192.0.2.10", 5062)

    def firewall():
        goes("accepted", phone, sip.address, sip)
        stranger.send(b"SIP", sip.address)
        t.silent("dropped by the policy", sip)

    def translated():
        goes("another destination", bob.ns.udp("198.51.100.7", 5070), ("198.51.100.1", 5060), moved)
        t.equal("connections", counted("inet", "fw", "dstnat", 4), 1)

    def by_target():
        t.rtpctl.ok("rule", "table", "dormant", "inet", "rtpengine_0", ns=hub)
        relayed("by the target alone")
        t.rtpctl.ok("rule", "table", "awake", "inet", "rtpengine_0", ns=hub)

    # What packets show after a command, by its beginning.
    shows = {
        "rtpctl rule chain add inet rtp_table rtp_chain --hook input --priority filter-5": lambda: passed("no rule"),
        "rtpctl rule append inet rtp_table rtp_chain udp dport 10000-20000": lambda: relayed("the rule", 100),
        "rtpctl rule insert inet rtp_table rtp_chain ip saddr": lambda: dropped("192.0.2.66"),
        "rtpctl rule insert inet rtp_table rtp_chain --before 4": lambda: dropped("a device", bob.ns.udp("198.51.100.7"), ("198.51.100.1", 9)),
        "rtpctl rule replace inet rtp_table rtp_chain 3": lambda: (
            dropped("another than Alice"), relayed("Alice"),
            t.equal("counted", counted("inet", "rtp_table", "rtp_chain", 3), 3)),
        "rtpctl rule replace inet rtp_table rtp_chain 2": lambda: relayed("by a jump"),
        "rtpctl rule table dormant": lambda: (passed("asleep"), passed("asleep, another than Alice", stranger)),
        "rtpctl rule table awake": lambda: (relayed("awake"), dropped("awake")),
        "rtpctl rule chain flush inet rtp_table rtp_chain": lambda: (passed("flushed"), passed("flushed", stranger)),
        "rtpctl rule append inet fw input": firewall,
        "rtpctl rule show inet fw": translated,
        "rtpctl rule append netdev early eth0": lambda: dropped("at ingress", stranger, local),
        "rtpctl rule append ip filter media": by_target,
        "rtpctl rule del 0": lambda: relayed("by the target alone"),
        "rtpctl rule del --all": lambda: (passed("nothing is left"), passed("nothing is left", stranger)),
        "rtpctl rule remove inet site input 4 --force": lambda: dropped("the policy of others", phone),
    }
    waiting = set(shows)
    for command in docs.commands("rules.md"):
        t.step(f"{command.heading}: {command.line}")
        result = hub.run(*shlex.split(command.line), check=False)
        t.equal(command.line, result.stderr + result.stdout, command.printed)
        t.equal(f"{command.line}: exit code", result.returncode != 0, command.printed.startswith("rtpctl:"))
        same_as_nft(t, hub)
        for begin in [begin for begin in shows if command.line.startswith(begin)]:
            shows[begin]()
            waiting.discard(begin)
    t.equal("commands that the page has no more", sorted(waiting), [])


def same_as_nft(t, hub):
    """nft sees the tables, chains, flags and handles that rtpctl shows, and says the same of the rules that it knows."""
    listed = json.loads(hub.run("nft", "-j", "-a", "list", "ruleset").stdout)["nftables"]
    tables, chains, rules, words = [], [], [], {}
    for table in t.rtpctl.data("rule", "show", ns=hub)["tables"]:
        place = (table["family"], table["name"])
        tables.append((*place, table["handle"], ["dormant"] if table["dormant"] else []))
        relays = any(statement["kind"] == "relay" for chain in table["chains"] for rule in chain["rules"] for statement in rule["statements"])
        for chain in table["chains"]:
            hook = chain.get("hook") or {}
            chains.append((*place, chain["name"], chain["handle"], chain.get("type"), hook.get("name"), hook.get("priority"),
                           chain.get("policy")))
            # It shows none from that one on that it does not know.
            if not relays:
                rules.extend((*place, chain["name"], rule["handle"]) for rule in chain["rules"])
                if all(rule["ours"] for rule in chain["rules"]):
                    words[*place, chain["name"]] = [f'{rule["rule"]} comment "rtpctl" # handle {rule["handle"]}' for rule in chain["rules"]]
    found = {kind: [one[kind] for one in listed if kind in one] for kind in ("table", "chain", "rule")}
    t.equal("tables of nft", [(one["family"], one["name"], one["handle"], flags(one)) for one in found["table"]], tables)
    t.equal("chains of nft", [(one["family"], one["table"], one["name"], one["handle"], one.get("type"), one.get("hook"),
                               one.get("prio"), one.get("policy")) for one in found["chain"]], chains)
    told = [(one["family"], one["table"], one["chain"], one["handle"]) for one in found["rule"]]
    t.equal("rules of nft", [one for one in rules if one in told], rules)
    for chain, lines in words.items():
        text = hub.run("nft", "-a", "-n", "list", "chain", *chain).stdout
        t.equal(f"the words of nft of {chain}", [line.strip() for line in text.splitlines() if line.startswith("\t\t") and "# handle" in line], lines)


def flags(table):
    """The flags of a table."""
    found = table.get("flags", [])
    return [found] if isinstance(found, str) else found
