# SPDX-License-Identifier: GPL-2.0-only
"""A dead gateway is not gone back to while somebody asks for it, and one that answers again is, within a second."""

import contextlib
import socket
import time

from guest import link, nft, rtp

FAR = "2001:db8::1"
COUNT = 30
GAP = 0.05


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    at = {}
    for peer in (bob, carol):
        peer.ns.ip(f"addr add {FAR}/128 dev lo nodad")
        peer.ns.sysctl("net.ipv6.conf.all.forwarding", 1)
        at[peer.ns.name] = peer.ns.udp(FAR, 9)
    sender, local, source = alice.udp(family=6), (alice.hub6, 4000), (alice.hub6, 4001)
    control.add(local, (source, (FAR, 9)), rtp=1)
    beside = t.host.udp(*source)

    def relayed(data):
        sender.send(data, local)

    def plain(data):
        with contextlib.suppress(OSError):
            beside.send(data, (FAR, 9))

    def state(peer, new=None):
        with t.host:
            if new:
                link.neighbour(peer.hub_dev, peer.v6, new, peer.mac)
            return link.neighbour_state(peer.hub_dev, peer.v6)

    def arrived(peer):
        return [one.data for one in at[peer.ns.name].drain(0.05)]

    def used():
        """The gateway of the next packet."""
        data = rtp.packet(payload=b"which")
        relayed(data)
        for _ in range(100):
            for peer in (bob, carol):
                if data in arrived(peer):
                    return peer
        return t.fail("a packet arrives")

    kinds = {
        "ECMP": [f"route add default nexthop via {bob.v6} dev {bob.hub_dev} nexthop via {carol.v6} dev {carol.hub_dev}"],
        "one that is preferred": [f"route add default via {bob.v6} metric 100", f"route add default via {carol.v6} metric 200"],
    }
    for kind, routes in kinds.items():
        t.step(kind)
        for line in routes:
            t.host.run("ip", "-6", *line.split())
        for peer in (bob, carol):
            state(peer, "reachable")
        first = used()
        other = carol if first is bob else bob

        t.step(f"{kind}: the first gateway dies, and is found to be dead")
        nft.chain("netdev", "ingress", device=first.dev, ns=first.ns, drops=True)
        state(first, "failed")
        t.true("the other one is taken", used() is other)

        t.step(f"{kind}: somebody asks for it")
        with t.host, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"", (first.v6, 9))
        packets = [rtp.packet(n, payload=b"relayed") for n in range(COUNT)]
        asked = 0
        for n, data in enumerate(packets):
            asked += state(first) == "incomplete"
            relayed(data)
            plain(b"socket %d" % n)
            time.sleep(GAP)
        got = arrived(other)
        t.true("it was being asked for most of the time", asked >= COUNT * 2 // 3, asked)
        t.note(f"{kind}: of {COUNT} packets a socket lost {COUNT - sum(each.startswith(b'socket') for each in got)}")
        t.equal("packets lost", COUNT - len(set(packets) & set(got)), 0)

        t.step(f"{kind}: it answers again")
        nft.delete("netdev", ns=first.ns)
        state(first, "reachable")
        t.eventually("it is taken", lambda: used() is first, True, 2)
        t.host.run("ip", "-6", "route", "flush", "default")
