# SPDX-License-Identifier: GPL-2.0-only
"""Field 36: rtpctl in another network namespace works with the tables of that one, and takes none over."""

from guest import proc, rtp
from guest.rtpctl import text

TIMEOUT = 40


def run(t):
    other = t.namespace("other")
    alice, bob = t.peers("alice", "bob")
    carol, dave = t.peers("carol", "dave", hub=other)
    ctl = t.rtpctl
    ctl.ok("table", "add", 0)
    for family in (4, 6):
        tables_of_two(t, other, [peer.udp(family=family) for peer in (alice, bob, carol, dave)],
                      [(peer.hub_address(family), 4000) for peer in (alice, carol)])


def tables_of_two(t, other, sockets, locals_):
    """Streams of the host and of the other namespace, over one family."""
    ctl, (caller, receiver, far_caller, far) = t.rtpctl, sockets

    def stream(ns, local, to):
        return ("stream", "add", "--table", 0, "--local", text(local), "--to", text(to)), {"ns": ns}

    here, there = stream(t.host, locals_[0], receiver.address), stream(other, locals_[1], far.address)

    t.step("an empty table of another namespace is not one of the caller's")
    t.equal("tables there", ctl.data("table", "list", ns=other)["tables"], [])
    t.true("a stream there", "table 0" in ctl.refused(*there[0], **there[1]))
    t.equal("the table here", t.table(0).status()["Targets"], 0)
    ctl.ok(*here[0], **here[1])
    ctl.ok("rule", "add", 0)
    t.relayed("relayed here", caller, locals_[0], receiver, rtp.stream(5), source=locals_[0])

    t.step("a table of the same id there")
    ctl.ok("table", "add", 0, ns=other)
    ctl.ok(*there[0], **there[1])
    ctl.ok("rule", "add", 0, ns=other)
    t.relayed("relayed there", far_caller, locals_[1], far, rtp.stream(7), source=locals_[1])
    for ns, local, packets in ((t.host, locals_[0], 5), (other, locals_[1], 7)):
        listed = ctl.data("stream", "list", "--table", 0, ns=ns)["streams"]
        t.equal(f"streams of {ns.name}", [(each["local"], each["received"]["packets"]) for each in listed], [(text(local), packets)])
        t.equal(f"tables of {ns.name}", [each["id"] for each in ctl.data("table", "list", ns=ns)["tables"]], [0])

    t.step("what is deleted there stays here")
    ctl.ok("stream", "del", "--table", 0, "--local", text(locals_[1]), ns=other)
    ctl.ok("table", "del", 0, ns=other)
    t.true("again", "table 0" in ctl.refused("table", "del", 0, ns=other))
    t.equal("tables here", proc.tables(), [0])
    t.relayed("relayed here", caller, locals_[0], receiver, rtp.stream(5), source=locals_[0])

    t.step("what is deleted here")
    ctl.ok("stream", "del", "--table", 0, "--local", text(locals_[0]))
    ctl.ok("rule", "del", 0)
    ctl.ok("rule", "del", 0, ns=other)
