# SPDX-License-Identifier: GPL-2.0-only
"""The nftables expression serves ip, ip6 and inet at the input hook, and refuses what it does not serve (early_hooks: other hooks)."""

import struct

from guest import nft, rtp

JUMP = ("vm", "inner")


def jump_rule(family, table):
    """A base chain that jumps to a chain of its own, in which the rule stands, as the daemon makes them."""
    number = nft.FAMILIES[family]
    verdict = nft.attribute(2, [nft.attribute(1, 0xFFFF_FFFD), nft.attribute(2, "inner")])
    jump = nft.attribute(1, [nft.attribute(1, "immediate"), nft.attribute(2, [nft.attribute(1, 0),
                                                                             nft.attribute(2, [verdict])])])
    own = nft.attribute(1, [nft.attribute(1, "rtpengine"), nft.attribute(2, [nft.attribute(1, struct.pack("=I", table))])])
    head = nft.attribute(1, "vm")
    nft.change(nft.HOST, (3, 0x400, number, head + nft.attribute(3, "inner")))
    nft.change(nft.HOST, (6, 0xC00, number, head + nft.attribute(2, "inner") + nft.attribute(4, [own])))
    nft.change(nft.HOST, (6, 0xC00, number, head + nft.attribute(2, "vm") + nft.attribute(4, [jump])))


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready()
    places = {}
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001), bob.udp(family=family)
        control.add(local, (source, receiver.address), rtp=1)
        places[family] = alice.udp(family=family), local, receiver, source, t.host.udp(*local)

    def relays(what, *families):
        for family, (sender, local, receiver, source, passed) in places.items():
            if family in families:
                t.relayed(f"{what}: IPv{family}", sender, local, receiver, rtp.stream(3), source=source)
            else:
                t.relayed(f"{what}: IPv{family} is passed", sender, local, passed, rtp.stream(3), source=sender.address)

    for family, served in (("ip", (4,)), ("ip6", (6,)), ("inet", (4, 6))):
        t.step(f"family {family}, in the base chain and in one it jumps to")
        nft.chain(family)
        nft.native_rule(0, family)
        relays("base chain", *served)
        t.equal("dump", [nft.dumped_table(each) for each in nft.rules(family)], [0])
        nft.flush(family)
        relays("without the rule")
        jump_rule(family, 0)
        relays("jump", *served)
        nft.delete(family)
        relays("without the chain")

    t.step("what comes before and after: the rules of the chain go on with what is passed")
    t.host.run("nft", "-f", "-", stdin="table inet vm { chain vm { type filter hook input priority 0; }; }\n")
    nft.native_rule(0)
    t.host.run("nft", "add rule inet vm vm udp dport { 4000, 4002 } counter drop")
    relays("first rule", 4, 6)
    places[4][0].send(b"x", (alice.hub4, 4002))
    t.eventually("only what was passed met the next rule", lambda: "packets 1 " in t.host.run("nft", "list chain inet vm vm").stdout,
                 True)
    nft.delete()

    t.step("other hooks and families are refused")
    for family in ("ip", "ip6", "inet"):
        for hook in ("forward", "output", "postrouting"):
            nft.chain(family, hook)
            t.errno(f"{family} {hook}", "EOPNOTSUPP", nft.native_rule, 0, family)
            nft.delete(family)
    nft.chain("netdev", "egress", device=alice.hub_dev)
    t.errno("netdev egress", "EOPNOTSUPP", nft.native_rule, 0, "netdev")
    nft.delete("netdev")
    t.step("a chain that another hook reaches cannot be jumped to")
    nft.chain("inet", "forward")
    t.errno("from forward", "EOPNOTSUPP", jump_rule, "inet", 0)
    nft.delete()

    t.step("attributes that are missing, or name no table")
    nft.chain()
    t.errno("no attribute", "EINVAL", nft.rule, "inet", "rtpengine", [])
    t.errno("an attribute of two bytes", "ERANGE", nft.rule, "inet", "rtpengine", [nft.attribute(1, b"\0\0")])
    for number in (64, 65, 256, 0x8000_0000, 0xFFFF_FFFF):
        t.errno(f"table {number}", "ERANGE", nft.native_rule, number)
    t.equal("no rule is there", nft.rules(), [])

    t.step("a transaction that fails leaves nothing behind; a table may be named in many rules")
    own = nft.attribute(1, [nft.attribute(1, "rtpengine"), nft.attribute(2, [nft.attribute(1, struct.pack("=I", 0))])])
    body = nft.attribute(1, "vm") + nft.attribute(2, "vm") + nft.attribute(4, [own])
    bad = nft.attribute(1, "vm") + nft.attribute(2, "none") + nft.attribute(4, [own])
    t.errno("a batch with one bad rule", "ENOENT", nft.change, t.host, (6, 0xC00, 1, body), (6, 0xC00, 1, body), (6, 0xC00, 1, bad))
    t.equal("no rule is there", nft.rules(), [])
    t.errno("a batch that deletes and fails", "ENOENT", lambda: (nft.native_rule(0), nft.change(
        t.host, (8, 0, 1, nft.attribute(1, "vm") + nft.attribute(2, "vm")), (6, 0xC00, 1, bad))))
    t.equal("the rule is there", [nft.dumped_table(each) for each in nft.rules()], [0])
    relays("after it", 4, 6)
    for _ in range(3):
        nft.native_rule(0)

    t.step("a rule may come before its table, and does not keep it: a daemon that starts adds its rule first")
    control.close()
    table.delete()
    relays("without the table")
    nft.native_rule(63)
    control = table.add().ready()
    for _, local, receiver, source, _ in places.values():
        control.add(local, (source, receiver.address), rtp=1)
    relays("with the new table", 4, 6)
    nft.delete()
