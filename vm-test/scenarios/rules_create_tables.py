# SPDX-License-Identifier: GPL-2.0-only
"""A rule may create its table, as the daemon of 26.3 has it: the files are there when the transaction is answered."""

import contextlib
import struct

from guest import nft, rtp
from guest.actors import as_other, container_root
from guest.proc import tables, text

CREATE, EXCLUSIVE = 2, 3
HERE = contextlib.nullcontext()


def create(number, flags):
    """A rule with these flags."""
    nft.native_rule(number, "ip", flags=flags)


def run(t):
    alice, bob = t.peers("alice", "bob")

    t.step("a daemon starts: it deletes, adds its rules, and opens")
    for family in ("ip", "ip6"):
        nft.chain(family)
    t.errno("del", "ENOENT", text, "del 0")
    nft.native_rule(0, "ip", flags=(CREATE, EXCLUSIVE))
    control = t.table(0).control(generation="26.3").init()
    nft.native_rule(0, "ip6")
    t.equal("tables", tables(), [0])
    t.equal("dumped", [nft.dumped_table(each) for each in nft.rules("ip")], [0])
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001), bob.udp(family=family)
        control.add(local, (source, receiver.address), rtp=1)
        t.relayed(f"IPv{family}", alice.udp(family=family), local, receiver, rtp.stream(20), source=source)

    t.step("a table that there is")
    t.errno("exclusive", "EEXIST", create, 0, (EXCLUSIVE,))
    t.errno("exclusive, and created", "EEXIST", create, 0, (CREATE, EXCLUSIVE))
    t.equal("rules", len(nft.rules("ip")), 1)
    nft.native_rule(0, "ip", flags=(CREATE,))
    t.errno("held open", "EBUSY", text, "del 0")
    control.close()
    text("del 0")
    nft.native_rule(0, "ip", flags=(CREATE, EXCLUSIVE))
    t.equal("after it was deleted", tables(), [0])

    t.step("a table that there is not")
    nft.native_rule(1, "ip")
    nft.native_rule(2, "ip", flags=(EXCLUSIVE,))
    for number in (64, 0xFFFF_FFFF):
        t.errno(f"table {number}", "ERANGE", create, number, (CREATE,))
    t.errno("no id", "EINVAL", nft.rule, "ip", "rtpengine", [nft.attribute(CREATE, b"")])
    t.equal("is not made", tables(), [0])

    t.step("it stays when the transaction is given up, and when the rule goes")
    own = nft.attribute(1, [nft.attribute(1, "rtpengine"), nft.attribute(2, [
        nft.attribute(1, struct.pack("=I", 3)), nft.attribute(CREATE, b"")])])
    good, bad = (nft.attribute(1, "vm") + nft.attribute(2, chain) + nft.attribute(4, [own]) for chain in ("vm", "none"))
    t.errno("a batch with a bad rule", "ENOENT", nft.change, t.host, (6, 0xC00, 2, good), (6, 0xC00, 2, bad))
    t.equal("tables", tables(), [0, 3])
    for family in ("ip", "ip6"):
        nft.delete(family)
    t.equal("tables without rules", tables(), [0, 3])

    t.step("of the rule's namespace")
    other = t.namespace("other")
    nft.chain("ip", ns=other)
    nft.native_rule(7, "ip", ns=other, flags=(CREATE, EXCLUSIVE))
    with other:
        t.equal("there", tables(), [7])
    t.equal("here", tables(), [0, 3])

    t.step("who may not add one may not create one")
    found = as_other(t, container_root(), [
        lambda: nft.chain("ip", ns=HERE),
        lambda: nft.native_rule(5, "ip", ns=HERE, flags=(CREATE,)),
        lambda: nft.native_rule(5, "ip", ns=HERE),
        lambda: str(tables()),
    ])
    t.equal("root of a container", found, ["", "EPERM", "", "[]"])
