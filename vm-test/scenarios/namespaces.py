# SPDX-License-Identifier: GPL-2.0-only
"""A table belongs to one network namespace: others cannot name it, their packets never match, and it goes with it."""

from guest import net, nft, proc, rtp


def run(t):
    other = t.namespace("other")
    alice, bob = t.peers("alice", "bob")
    # The same addresses on the hub's side once more, in the other namespace.
    net._links = iter([1, 2])
    carol, dave = t.peers("carol", "dave", hub=other)
    t.equal("the same address in both", (alice.hub4, bob.hub4), (carol.hub4, dave.hub4))

    t.step("a rule of another namespace cannot name the table")
    table = t.table(0).add()
    control = table.ready()
    for ns in (t.host, other):
        nft.chain(ns=ns)
    t.errno("expression", "ENOENT", lambda: nft.native_rule(0, ns=other))
    nft.native_rule(0)

    t.step("packets of another namespace never match")
    nft.chain("ip", name="filter", ns=other)
    nft.compat_rule(0, name="filter", ns=other)  # the xtables target looks its table up when a packet comes
    local, source, receiver = (alice.hub4, 4000), (bob.hub4, 4001), bob.udp()
    target = control.add(local, (source, receiver.address), rtp=1)
    passed, sender = other.udp(*local), carol.udp()
    t.relayed("passed there", sender, local, passed, rtp.stream(10), source=sender.address)
    t.equal("not counted", target.stats["packets"], 0)
    t.relayed("relayed here", alice.udp(), local, receiver, rtp.stream(10), source=source)
    t.equal("counted", target.stats["packets"], 10)
    nft.delete("ip", name="filter", ns=other)

    t.step("INIT from another namespace moves a table that is not used")
    moving = t.table(1).add()
    with other:
        handle = moving.ready()
    nft.native_rule(1, ns=other)
    t.errno("a rule where it was", "ENOENT", lambda: nft.native_rule(1))
    far = dave.udp()
    handle.add((carol.hub4, 4100), (source, far.address), rtp=1)
    t.relayed("relayed there", carol.udp(), (carol.hub4, 4100), far, rtp.stream(10), source=source)

    t.step("INIT from another namespace is refused for a table that is used")
    ruled = t.table(2).add()
    nft.native_rule(2)
    with other:
        foreign = ruled.control()
        foreign.write(foreign.memory.pin_command())
        t.errno("named by a rule", "EXDEV", foreign.write, foreign.init_command())
    foreign.write(foreign.init_command())
    foreign.write(foreign.target((alice.hub4, 4200)).command)
    with other:
        t.errno("with a target", "EXDEV", foreign.write, foreign.init_command())

    t.step("routes are those of the table's namespace")
    other.ip(f"route add 198.51.100.0/24 via {dave.v4}")
    t.errno("a destination that only the other can reach", "ENETUNREACH", control.write,
            unreachable(control, (alice.hub4, 4300), source))
    handle.add((carol.hub4, 4300), (source, ("198.51.100.1", 9)))

    t.step("a namespace that goes takes its tables with it")
    with other:
        t.table(3).add()
    t.equal("tables", proc.tables(), [0, 1, 2, 3])
    passed.close()
    for name in ("carol", "dave"):
        net.command("ip", "netns", "del", name)
    other.delete()
    t.eventually("tables", proc.tables, [0, 2], timeout=20)
    t.errno("a command of its holder", "ENOENT", handle.delete, (carol.hub4, 4100))
    t.relayed("the others relay on", alice.udp(), local, receiver, rtp.stream(10), source=source)

    t.step("a namespace goes although its table is held open, and with a rule of the xtables target")
    again = t.namespace("again")
    with again:
        held = t.table(4).add().ready()
        nft.chain("ip", name="filter", ns=again)
        nft.compat_rule(4, name="filter", ns=again)
    again.delete()
    t.eventually("tables", proc.tables, [0, 2], timeout=20)
    t.errno("a command", "ENOENT", held.write, held.init_command())
    t.table(4).add()


def unreachable(control, local, source):
    target = control.target(local)
    control.write(target.command)
    return target.destination(0, source, ("198.51.100.1", 9))
