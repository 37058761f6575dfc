# SPDX-License-Identifier: GPL-2.0-only
"""What rules for what leaves drop, such as those that ask for an owner, is counted as errors of the output."""

from guest import nft, rtp

# A relayed packet belongs to no socket: what asks for its owner does not match it.
RULES = """
table inet leaving {
  counter dropped {}
  chain out { type filter hook output priority 0; udp sport { 5000, 5002 } counter name dropped jump owned; udp sport 5004 drop; }
  chain owned { meta skuid 0 accept; drop; }
  chain post { type filter hook postrouting priority 0; udp sport 5006 drop; }
}
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.run("nft", "-f", "-", stdin=RULES)
    for family in (4, 6):
        receiver, second, sender = bob.udp(family=family), bob.udp(family=family), alice.udp(family=family)
        for what, sport in (("a rule that asks for the owner", 5000), ("a drop in output", 5004), ("a drop in postrouting", 5006)):
            t.step(f"IPv{family}: {what}")
            local, source = (alice.hub_address(family), sport - 1000), (bob.hub_address(family), sport)
            other = (source[0], sport + 1000)
            plain = t.host.udp(*source)
            try:
                plain.send(b"socket", receiver.address)
                got = receiver.recv(0.1)
                allowed = got is not None
            except PermissionError:
                allowed = False
            plain.close()
            t.equal("a socket's datagram is let through", allowed, sport == 5000)
            target = control.add(local, (source, receiver.address), (other, second.address), rtp=1)
            packets = rtp.stream(5)
            t.relayed("the other output", sender, local, second, packets, source=other)
            t.silent("what is dropped", receiver, 0.05)
            t.equal("packets, bytes and errors of the outputs",
                    [(each["packets"], each["bytes"], each["errors"]) for each in target.outputs],
                    [(0, 0, 5), (5, sum(map(len, packets)), 0)])
            t.equal("packets and errors of the target", (target.stats["packets"], target.stats["errors"]), (5, 5))
