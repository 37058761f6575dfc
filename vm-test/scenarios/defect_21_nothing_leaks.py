# SPDX-License-Identifier: GPL-2.0-only
"""Defect 21: nothing that the stack noted about a received packet acts on the one that is sent."""

import json
import socket
import time

from guest import nft, raw, rtp

SO_TIMESTAMPNS = 35
FAR = {4: "198.51.100.1", 6: "2001:db8::1"}
RULES = """
table inet notes {{
  chain pre {{ type filter hook prerouting priority -300; meta iifname {coming} meta l4proto udp meta priority set 1:5 meta mark set 7; }}
  chain out {{ type filter hook output priority 0; udp sport 5000 jump seen; }}
  chain post {{ type filter hook postrouting priority 0; udp sport 5000 jump seen; }}
  chain seen {{
    counter name every
    meta mark 0 meta priority 0 counter name clean
  }}
  counter every {{}}
  counter clean {{}}
}}
table netdev notes {{
  chain egress {{ type filter hook egress device {going} priority 0; udp sport 5000 jump seen; }}
  chain seen {{
    counter name every
    meta mark 0 meta priority 0 counter name clean
  }}
  counter every {{}}
  counter clean {{}}
}}
"""


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)

    t.step("marks, priorities and time stamps of what comes")
    t.host.run("nft", "-f", "-", stdin=RULES.format(coming=alice.hub_dev, going=bob.hub_dev))
    # While somebody asks for time stamps every packet that is received has one; fq would hold a packet until that time, or drop it.
    asks = t.host.udp(alice.hub4, 9)
    asks.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    t.host.run("tc", "qdisc", "replace", "dev", bob.hub_dev, "root", "fq")

    for family in (4, 6):
        t.step(f"IPv{family}: routes by mark, filters at output, postrouting and egress, a queue that sends by time")
        for peer in (bob, carol):
            peer.ns.ip(f"addr add {FAR[family]}/{32 if family == 4 else 128} dev lo")
        host = f"{FAR[family]}/{32 if family == 4 else 128}"
        t.host.ip(f"route add {host} via {bob.address(family)}", f"route add {host} via {carol.address(family)} table 100")
        t.host.run("ip", f"-{family}", "rule", "add", "fwmark", "7", "lookup", "100")
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 5000)
        right, wrong = bob.ns.udp(FAR[family], 9), carol.ns.udp(FAR[family], 9)
        control.add(local, (source, (FAR[family], 9)), (source, (FAR[family], 9)), rtp=1)
        sender = alice.udp(family=family)
        for n in range(20):
            data = rtp.packet(n)
            start = time.monotonic()
            sender.send(data, local)
            for _ in range(2):
                got = right.recv()
                t.equal("the packet", got and got.data, data)
            t.between("seconds until it is there", time.monotonic() - start, 0, 0.9)
        t.silent("nothing goes the way of the mark", wrong, 0.05)

    t.step("every packet was clean wherever it was looked at")
    for kind, expected in (("inet", 160), ("netdev", 80)):
        listed = json.loads(t.host.run("nft", "-j", "list", "counters", "table", kind, "notes").stdout)["nftables"]
        counters = {each["counter"]["name"]: each["counter"]["packets"] for each in listed if "counter" in each}
        t.equal(f"{kind}: packets", counters, {"every": expected, "clean": expected})

    t.step("a tag of a virtual network is gone too")
    t.host.ip(f"link add link {alice.hub_dev} name tagged type vlan id 5", "addr add 192.0.2.1/24 dev tagged", "link set tagged up")
    alice.ns.ip(f"link add link {alice.dev} name tagged type vlan id 5", "addr add 192.0.2.2/24 dev tagged", "link set tagged up")
    receiver, sender, frames = bob.udp(), alice.ns.udp("192.0.2.2"), raw.Frames(bob.ns, bob.dev)
    control.add(("192.0.2.1", 4000), ((bob.hub4, 5001), receiver.address), rtp=1)
    t.relayed("from a tagged link", sender, ("192.0.2.1", 4000), receiver, rtp.stream(3), source=(bob.hub4, 5001))
    t.equal("tags on the link", [each.vlan for each in frames.drain(0.05)], [None] * 3)
