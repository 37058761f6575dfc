# SPDX-License-Identifier: GPL-2.0-only
"""At ingress a rule may have what it relays leave past the hooks of output and postrouting: these see nothing of it, and drop nothing."""

import os

from guest import nft, raw, rtp
from guest.srtp import AES_CM, Crypto, Receiver

PAST_HOOKS = 16
RULES = """
table inet out {
  chain output { type filter hook output priority 0; udp sport 4000-4999 counter name output; udp sport 4010 drop; }
  chain post { type filter hook postrouting priority 0; udp sport 4000-4999 counter name post; }
  counter output {}
  counter post {}
}
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    t.host.run("nft", "-f", "-", stdin=RULES)
    nft.chain()
    nft.native_rule(0)

    def seen():
        return [nft.counter("out", name) for name in ("output", "post")]

    for where in ("netdev ingress", "inet ingress"):
        for family in (4, 6):
            t.step(f"{where}, IPv{family}")
            local, source, sender = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001), alice.udp(family=family)
            receiver, other, protected = (bob.udp(family=family) for _ in range(3))
            crypto = Crypto.new(AES_CM)
            target = control.add(local, (source, receiver.address), (source, protected.address, crypto.fields("encrypt")),
                                 ((source[0], 4010), other.address, {"tos": 0x68}), rtp=1)
            opened = Receiver(crypto)
            with nft.Early(where, devices=(alice.hub_dev,), flags=(PAST_HOOKS,)) as early:
                dumped = nft.rules(early.family, name=early.names[0])[0]
                t.true("dump", nft.attribute(PAST_HOOKS, b"") in dumped, dumped)
                before, packets = seen(), rtp.stream(5) + [rtp.packet(6 + n, payload=os.urandom(size)) for n, size in enumerate((0, 1388))]
                for data in packets:
                    sender.send(data, local)
                t.equal("relayed", [(got.data, got.source, got.ttl) for got in (receiver.recv() for _ in packets) if got],
                        [(data, source, 64) for data in packets])
                t.equal("encrypted", [got and opened.rtp(got.data) for got in (protected.recv() for _ in packets)], packets)
                t.equal("relayed, with a TOS", [(got.data, got.tos) for got in (other.recv() for _ in packets) if got],
                        [(data, 0x68) for data in packets])
                t.equal("what the hooks saw", seen(), before)
                t.equal("errors", target.stats["errors"], 0)

                t.step(f"{where}, IPv{family}: what does not fit the path is the stack's to fragment")
                t.host.ip(f"link set {bob.hub_dev} mtu 1300")
                sender.send(data := rtp.packet(10, payload=os.urandom(1388)), local)
                t.equal("relayed", (receiver.recv() or t.fail("a packet")).data, data)
                t.equal("relayed, with a TOS", (other.recv() or t.fail("a packet")).data, data)
                t.equal("what the hooks saw", seen(), before)
                t.host.ip(f"link set {bob.hub_dev} mtu 1500")
                t.step(f"{where}, IPv{family}: a route that is not plain")
                t.host.run("ip", "xfrm", "policy", "add", "src", source[0], "dst", receiver.address[0], "proto", "udp", "dir", "out",
                           "action", "block")
                errors = target.stats["errors"]
                sender.send(rtp.packet(11), local)
                t.silent("a policy of IPsec blocks it", receiver, 0.1)
                t.equal("errors", target.stats["errors"] - errors, 3)
                t.host.ip("xfrm policy flush")
            control.delete(local)

    t.step("frames are right on the link")
    raw.no_offload(t.host, bob.hub_dev)
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4100), (bob.hub_address(family), 4101), bob.udp(family=family)
        control.add(local, (source, receiver.address), rtp=1)
        sniffer = raw.Sniffer(bob)
        with nft.Early("netdev ingress", devices=(alice.hub_dev,), flags=(PAST_HOOKS,)):
            alice.udp(family=family).send(data := rtp.packet(), local)
            t.equal("the packet", raw.parse(sniffer.recv()), raw.Parsed(source, receiver.address, data, 0, 64, True))
        sniffer.close()
        t.step(f"IPv{family}: a neighbour that has to be asked for")
        t.host.ip(f"neigh del {bob.address(family)} dev {bob.hub_dev}")
        with nft.Early("netdev ingress", devices=(alice.hub_dev,), flags=(PAST_HOOKS,)):
            alice.udp(family=family).send(data := rtp.packet(2), local)
            got = [one.data for one in (receiver.recv(), receiver.recv()) if one]
            t.equal("relayed", got[-1:], [data])

    t.step("rtpctl makes such a rule, and shows it")
    nft.flush_all()
    t.host.run("nft", "-f", "-", stdin=RULES)
    family = 4
    local, source, receiver = (alice.hub_address(family), 4200), (bob.hub_address(family), 4201), bob.udp(family=family)
    control.add(local, (source, receiver.address), rtp=1)
    at_ingress = ("rule", "add", 0, "--hook", "ingress", "--device", alice.hub_dev)
    by_hand = (("rule", "table", "add", "netdev", "early"),
               ("rule", "chain", "add", "netdev", "early", "in", "--hook", "ingress", "--device", alice.hub_dev, "--priority", 0),
               ("rule", "append", "netdev", "early", "in", "udp", "rtpengine", 0, "past-output"))
    for what, commands, past in (("rule add", (at_ingress,), False), ("rule add --past-output", ((*at_ingress, "--past-output"),), True),
                                 ("by hand", by_hand, True)):
        for command in commands:
            t.rtpctl.ok(*command)
        t.equal(f"{what}: listed", [one["past_output"] for one in t.rtpctl.data("rule", "list")["rules"]], [past])
        t.equal(f"{what}: shown", t.rtpctl.ok("rule", "show").count("rtpengine 0 past-output #"), int(past))
        before = seen()
        t.relayed(what, alice.udp(family=family), local, receiver, rtp.stream(3), source=source)
        t.equal(f"{what}: packets that the hooks saw", [now - then for now, then in zip(seen(), before)], [0, 0] if past else [3, 3])
        if command == at_ingress:
            t.true("another rule than there is", "exists without past-output" in t.rtpctl.refused(*command, "--past-output"))
        t.rtpctl.ok("rule", "del", "--all")
    t.true("at another hook", "goes with the hook ingress" in t.rtpctl.refused("rule", "add", 0, "--past-output"))
    t.rtpctl.ok("rule", "table", "add", "inet", "early")
    t.rtpctl.ok("rule", "chain", "add", "inet", "early", "media")
    t.rtpctl.ok("rule", "append", "inet", "early", "media", "rtpengine", 0, "past-output")
    t.rtpctl.ok("rule", "chain", "add", "inet", "early", "in", "--hook", "input", "--priority", 0)
    t.true("a jump from another hook", "nothing was changed" in t.rtpctl.refused("rule", "append", "inet", "early", "in", "jump", "media"))
    t.rtpctl.ok("rule", "del", "--all")

    t.step("elsewhere the flag is refused")
    for family, hook in (("inet", "input"), ("inet", "prerouting"), ("ip", "prerouting"), ("ip6", "input")):
        nft.chain(family, hook, name="refused")
        t.errno(f"{family} {hook}", "EOPNOTSUPP", lambda family=family: nft.native_rule(0, family, name="refused", flags=(PAST_HOOKS,)))
        nft.delete(family, name="refused")
