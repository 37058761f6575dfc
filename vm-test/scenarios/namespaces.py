# SPDX-License-Identifier: GPL-2.0-only
"""Each network namespace has its own tables: nobody else names them, sees them or reaches them, and they go with it."""

from guest import net, nft, proc, rtp


def run(t):
    other = t.namespace("other")
    alice, bob = t.peers("alice", "bob")
    # The same addresses on the hub's side once more, in the other namespace.
    net._links = iter([1, 2])
    carol, dave = t.peers("carol", "dave", hub=other)
    t.equal("the same address in both", (alice.hub4, bob.hub4), (carol.hub4, dave.hub4))
    local, source = (alice.hub4, 4000), (bob.hub4, 4001)

    t.step("a table of one of them")
    table = t.table(0).add()
    control = table.ready()
    for ns in (t.host, other):
        nft.chain(ns=ns)
        nft.native_rule(0, ns=ns)
        nft.chain("ip", name="filter", ns=ns)
        nft.compat_rule(0, name="filter", ns=ns)
    target = control.add(local, (source, bob.udp(9).address), rtp=1)
    receiver = bob.udp()
    target = control.add((alice.hub4, 4002), (source, receiver.address), rtp=1)
    with other:
        t.equal("tables of the other", proc.tables(), [])
        t.errno("its control file", "ENOENT", t.table(0).control)
    passed, sender = other.udp(alice.hub4, 4002), carol.udp()
    t.relayed("passed there", sender, passed.address, passed, rtp.stream(10), source=sender.address)
    t.equal("not counted", target.stats["packets"], 0)
    t.relayed("relayed here", alice.udp(), (alice.hub4, 4002), receiver, rtp.stream(10), source=source)
    t.equal("counted", target.stats["packets"], 10)
    passed.close()

    t.step("a table of the same id in the other")
    far = dave.udp()
    with other:
        handle = t.table(0).add().ready()
        t.table(3).add()
        t.equal("its tables", proc.tables(), [0, 3])
    t.equal("those here", proc.tables(), [0])
    # The handle is of the namespace whose file was opened, whoever writes.
    theirs = handle.add((carol.hub4, 4002), (source, far.address), rtp=1)
    t.relayed("relayed there", carol.udp(), (carol.hub4, 4002), far, rtp.stream(10), source=source)
    t.relayed("relayed here", alice.udp(), (alice.hub4, 4002), receiver, rtp.stream(5), source=source)
    t.equal("counted by each", (theirs.stats["packets"], target.stats["packets"]), (10, 15))
    with other:
        t.equal("listed there", [each.stats["packets"] for each in t.table(0).targets()], [10])
        t.table(3).kill()
    t.equal("listed here", [each.stats["packets"] for each in table.targets()], [0, 15])

    t.step("a namespace that goes takes its tables with it, although they are held open and rules name them")
    with open(proc.ROOT / "control", "wb", buffering=0) as here:
        with other:
            text = open(proc.ROOT / "control", "wb", buffering=0)
        text.write(b"add 7")
        with other:
            t.equal("a text command acts where its file was opened", proc.tables(), [0, 7])
        here.write(b"add 7")
        t.equal("and here", proc.tables(), [0, 7])
    for name in ("carol", "dave"):
        net.command("ip", "netns", "del", name)
    other.delete()
    t.eventually("a command of its holder", lambda: refused(lambda: handle.delete((carol.hub4, 4002))), "ENOENT", timeout=20)
    t.errno("a text command", "ENOENT", text.write, b"add 8")
    text.close()
    t.equal("tables here", proc.tables(), [0, 7])
    t.relayed("the others relay on", alice.udp(), (alice.hub4, 4002), receiver, rtp.stream(10), source=source)


def refused(do):
    import errno
    try:
        do()
    except OSError as error:
        return errno.errorcode[error.errno]
    return ""
