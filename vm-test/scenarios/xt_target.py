# SPDX-License-Identifier: GPL-2.0-only
"""The xtables target RTPENGINE serves both families by way of nftables; a rule may come before its table."""

from guest import nft, rtp


def run(t):
    alice, bob = t.peers("alice", "bob")
    t.step("a rule before its table")
    for family in ("ip", "ip6"):
        nft.chain(family, name="filter")
        nft.compat_rule(0, family, name="filter")
    sender, passed = alice.udp(), t.host.udp(alice.hub4, 4000)
    t.relayed("passed", sender, passed.address, passed, rtp.stream(3), source=sender.address)
    table = t.table(0).add()
    control = table.ready()
    t.errno("the table is named", "EBUSY", table.delete)
    for family in (4, 6):
        t.step(f"IPv{family}")
        local, source, receiver = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001), bob.udp(family=family)
        target = control.add(local, (source, receiver.address), rtp=1, stun=1)
        sender = alice.udp(family=family)
        t.relayed("packets", sender, local, receiver, rtp.stream(100), source=source)
        t.equal("counted", target.stats["packets"], 100)
    sender.send(rtp.stun(), local)
    t.equal("what is passed goes on", (t.host.udp(*local).recv(0.1) or passed.recv(0.1)) is None, True)

    t.step("the rule again, for a second table of the same time")
    second = t.table(63).add().ready()
    receiver = bob.udp()
    second.add((alice.hub4, 5000), (source4(bob), receiver.address), rtp=1)
    nft.compat_rule(63, "ip", name="filter")
    t.relayed("second table", alice.udp(), (alice.hub4, 5000), receiver, rtp.stream(5), source=source4(bob))

    t.step("what is refused")
    for number in (64, 0xFFFF_FFFF):
        t.errno(f"table {number}", "ERANGE", lambda number=number: nft.compat_rule(number, "ip", name="filter"))
    t.errno("another revision", "ENOENT", lambda: nft.compat_rule(0, "ip", name="filter", revision=1))
    t.errno("too little data", "EINVAL", lambda: nft.compat_rule(0, "ip", name="filter", info=b""))
    nft.chain("ip", name="mangle")
    t.errno("the input hook of another table than filter", "EINVAL", lambda: nft.compat_rule(0, "ip", name="mangle"))
    nft.chain("ip", "output", name="filter2")
    t.errno("another hook", "EINVAL", lambda: nft.compat_rule(0, "ip", name="filter2"))

    t.step("iptables shows its rules and removes them")
    listed = t.host.run("iptables-nft-save", check=False)
    t.true("the target's name is there", "RTPENGINE" in listed.stdout + listed.stderr or listed.returncode == 0, listed)
    for family in ("ip", "ip6"):
        nft.delete(family, name="filter")
    second.close()
    control.close()
    t.eventually("tables can be deleted", lambda: gone(t), True)


def gone(t):
    for number in (0, 63):
        try:
            t.table(number).delete()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def source4(bob):
    return bob.hub4, 4003
