# SPDX-License-Identifier: GPL-2.0-only
"""Defect 13: routes, gateways, neighbours, devices and addresses that change take effect on the next packet."""

import os

from guest import nft, raw, rtp

FAR = {4: "198.51.100.1", 6: "2001:db8::1"}
NET = {4: "198.51.100.0/24", 6: "2001:db8::/64"}
BITS = {4: 32, 6: 128}
EXTRA = {4: "192.0.2.7", 6: "2001:db8:7::7"}


class Way:
    """A target whose output leads to an address that several peers have, and what each of them receives."""

    def __init__(self, t, control, alice, family, peers):
        self.t, self.family = t, family
        self.local, self.source = (alice.hub_address(family), 4000), (peers[0].hub_address(family), 4001)
        self.sender = alice.udp(family=family)
        self.at = {peer.ns.name: peer.ns.udp(FAR[family], 9) for peer in peers}
        t.host.ip(f"route add {NET[family]} via {peers[0].address(family)}")
        self.target = control.add(self.local, (self.source, (FAR[family], 9)), rtp=1)
        self.expected = [0, 0]
        self.n = 0

    def send(self):
        self.n += 1
        data = rtp.packet(self.n, payload=b"%d" % self.n)
        self.sender.send(data, self.local)
        return data

    def leads_to(self, what, name):
        """The next packet, from each processor, arrives at that peer alone."""
        for cpu in sorted(os.sched_getaffinity(0)):
            os.sched_setaffinity(0, {cpu})
            data = self.send()
            got = self.at[name].recv(3)
            self.t.equal(f"IPv{self.family}, {what}: the next packet arrives at {name}",
                         got and (got.data, got.source), (data, self.source))
            self.expected[0] += 1
        os.sched_setaffinity(0, range(os.cpu_count()))
        for other, socket in self.at.items():
            self.t.true(f"IPv{self.family}, {what}: nothing at {other}", socket.recv(0) is None)
        self.counted(what)

    def leads_nowhere(self, what):
        self.send()
        for socket in self.at.values():
            self.t.true(f"IPv{self.family}, {what}: nothing arrives", socket.recv(0.05) is None)
        self.expected[1] += 1
        self.counted(what)

    def counted(self, what):
        output = self.target.outputs[0]
        self.t.equal(f"IPv{self.family}, {what}: packets and errors of the output",
                     [output["packets"], output["errors"]], self.expected)


def far(peer):
    peer.ns.ip(*(f"addr add {FAR[family]}/{BITS[family]} dev lo" for family in (4, 6)))


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    far(bob)
    far(carol)
    frames = raw.Frames(carol.ns, carol.dev)
    ways = [Way(t, control, alice, family, (bob, carol)) for family in (4, 6)]

    for way in ways:
        family = way.family
        via = {peer.ns.name: peer.address(family) for peer in (bob, carol)}
        host = f"{FAR[family]}/{BITS[family]}"
        t.step(f"IPv{family}: routes")
        way.leads_to("the first route", "bob")
        t.host.ip(f"route replace {NET[family]} via {via['carol']}")
        way.leads_to("another device and gateway", "carol")
        t.host.ip(f"route add {host} via {via['bob']}")
        way.leads_to("a route that is more specific", "bob")
        t.host.ip(f"route del {host}")
        way.leads_to("without it", "carol")
        t.host.ip(f"route add {NET[family]} via {via['bob']} table 100")
        rule = "to", host, "ipproto", "udp", "sport", "4001", "lookup", "100"
        t.host.run("ip", f"-{family}", "rule", "add", *rule)
        way.leads_to("a rule for its ports", "bob")
        t.host.run("ip", f"-{family}", "rule", "del", *rule)
        way.leads_to("without the rule", "carol")
        for kind in ("unreachable", "blackhole", "prohibit"):
            t.host.ip(f"route add {kind} {host}")
            way.leads_nowhere(kind)
            t.host.ip(f"route del {kind} {host}")
        way.leads_to("without it", "carol")

        t.step(f"IPv{family}: gateways on one device")
        frames.drain(0)
        base = carol.hub_address(family)[:-1]
        for n, mac in ((8, "02:00:00:00:00:08"), (9, "02:00:00:00:00:09")):
            t.host.ip(f"neigh replace {base}{n} lladdr {mac} dev {carol.hub_dev} nud permanent",
                      f"route replace {NET[family]} via {base}{n}")
            data = way.send()
            frame = frames.recv()
            t.equal("the frame", frame and (frame.to, frame.packet[-len(data):]), (mac, data))
        t.host.ip(f"neigh replace {base}9 lladdr 02:00:00:00:00:99 dev {carol.hub_dev} nud permanent")
        data = way.send()
        frame = frames.recv()
        t.equal("a neighbour with another address", frame and (frame.to, frame.packet[-len(data):]),
                ("02:00:00:00:00:99", data))
        way.expected[0] += 3
        t.host.ip(f"route replace {NET[family]} via {via['carol']}")
        way.leads_to("back", "carol")

        t.step(f"IPv{family}: neighbours that are gone")
        t.host.ip(f"neigh del {via['carol']} dev {carol.hub_dev}")
        way.leads_to("forgotten", "carol")
        t.host.ip(f"neigh replace {via['carol']} dev {carol.hub_dev} nud failed")
        way.leads_to("failed", "carol")

        t.step(f"IPv{family}: the limit of hops")
        frames.drain(0)
        t.host.ip(f"route replace {NET[family]} via {via['carol']} hoplimit 11")
        way.send()
        t.equal("of the route", raw.parse(frames.recv().packet).ttl, 11)
        t.host.ip(f"route replace {NET[family]} via {via['carol']}")
        t.host.sysctl("net.ipv4.ip_default_ttl" if family == 4 else f"net.ipv6.conf.{carol.hub_dev}.hop_limit", 22)
        way.send()
        t.equal("of the namespace", raw.parse(frames.recv().packet).ttl, 22)
        way.expected[0] += 2
        way.at["carol"].drain(0)

        t.step(f"IPv{family}: an address of this host that is removed stays a source (decision 4)")
        length = BITS[family]
        t.host.ip(f"addr add {EXTRA[family]}/{length} dev {carol.hub_dev}")
        extra = (way.local[0], 4002)
        receiver = carol.udp(family=family)
        moved = control.add(extra, ((EXTRA[family], 4003), receiver.address), rtp=1)
        t.relayed("while it is there", way.sender, extra, receiver, rtp.stream(2), source=(EXTRA[family], 4003))
        t.host.ip(f"addr del {EXTRA[family]}/{length} dev {carol.hub_dev}")
        t.relayed("when it is gone", way.sender, extra, receiver, rtp.stream(2), source=(EXTRA[family], 4003))

        t.step(f"IPv{family}: the address that the link's route depends on is removed")
        address = f"{carol.hub_address(family)}/{24 if family == 4 else 64} dev {carol.hub_dev}"
        t.host.ip(f"addr del {address}")
        way.sender.send(rtp.packet(), extra)
        t.silent("what is sent", receiver, 0.05)
        t.equal("packets and errors", (moved.outputs[0]["packets"], moved.outputs[0]["errors"]), (4, 1))
        t.host.ip(f"addr add {address}{' nodad' if family == 6 else ''}")
        t.relayed("when it is back", way.sender, extra, receiver, rtp.stream(2), source=(EXTRA[family], 4003))
        t.host.ip(f"route replace {NET[family]} via {via['carol']}")
        way.leads_to("with its route", "carol")

    t.step("a link that is down")
    t.host.ip(f"link set {carol.hub_dev} down")
    for way in ways:
        way.leads_nowhere("down")
    back = [f"link set {carol.hub_dev} up", f"addr replace {carol.hub6}/64 dev {carol.hub_dev} nodad"]
    back += [f"route replace {NET[family]} via {carol.address(family)}" for family in (4, 6)]
    t.host.ip(*back)
    for way in ways:
        way.leads_to("up again", "carol")

    t.step("a device that is removed, and made again")
    t.host.ip(f"link del {carol.hub_dev}")
    for way in ways:
        way.leads_nowhere("removed")
    t.host.ip(f"link add {carol.hub_dev} type veth peer name {carol.dev} netns carol",
              f"addr add {carol.hub4}/24 dev {carol.hub_dev}", back[0])
    carol.ns.ip(f"addr add {carol.v4}/24 dev {carol.dev}", f"link set {carol.dev} up",
                f"addr add {carol.v6}/64 dev {carol.dev} nodad",
                f"route add default via {carol.hub4}", f"route add ::/0 via {carol.hub6}")
    t.host.ip(*back[1:])
    for way in ways:
        way.leads_to("made again", "carol")
