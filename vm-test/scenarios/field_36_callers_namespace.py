# SPDX-License-Identifier: GPL-2.0-only
"""Field 36: rtpctl in another network namespace works with the tables of that one, and takes none over."""

from guest import proc, rtp

TIMEOUT = 40


def run(t):
    other = t.namespace("other")
    alice, bob = t.peers("alice", "bob")
    carol, dave = t.peers("carol", "dave", hub=other)
    ctl = t.rtpctl
    ctl.ok("table", "add", 0)

    def stream(ns, local, to):
        return ("stream", "add", "--table", 0, "--local", f"{local}:4000", "--to", f"{to[0]}:{to[1]}"), {"ns": ns}

    receiver, far = bob.udp(), dave.udp()
    here, there = stream(t.host, alice.hub4, receiver.address), stream(other, carol.hub4, far.address)

    t.step("an empty table of another namespace is not one of the caller's")
    t.equal("tables there", ctl.data("table", "list", ns=other)["tables"], [])
    t.true("a stream there", "table 0" in ctl.refused(*there[0], **there[1]))
    t.equal("the table here", t.table(0).status()["Targets"], 0)
    ctl.ok(*here[0], **here[1])
    ctl.ok("rule", "add", 0)
    t.relayed("relayed here", alice.udp(), (alice.hub4, 4000), receiver, rtp.stream(5), source=(alice.hub4, 4000))

    t.step("a table of the same id there")
    ctl.ok("table", "add", 0, ns=other)
    ctl.ok(*there[0], **there[1])
    ctl.ok("rule", "add", 0, ns=other)
    t.relayed("relayed there", carol.udp(), (carol.hub4, 4000), far, rtp.stream(7), source=(carol.hub4, 4000))
    for ns, local, packets in ((t.host, alice.hub4, 5), (other, carol.hub4, 7)):
        listed = ctl.data("stream", "list", "--table", 0, ns=ns)["streams"]
        t.equal(f"streams of {ns.name}", [(each["local"], each["received"]["packets"]) for each in listed], [(f"{local}:4000", packets)])
        t.equal(f"tables of {ns.name}", [each["id"] for each in ctl.data("table", "list", ns=ns)["tables"]], [0])

    t.step("what is deleted there stays here")
    ctl.ok("stream", "del", "--table", 0, "--local", f"{carol.hub4}:4000", ns=other)
    ctl.ok("table", "del", 0, ns=other)
    t.true("again", "table 0" in ctl.refused("table", "del", 0, ns=other))
    t.equal("tables here", proc.tables(), [0])
    t.relayed("relayed here", alice.udp(), (alice.hub4, 4000), receiver, rtp.stream(5), source=(alice.hub4, 4000))
