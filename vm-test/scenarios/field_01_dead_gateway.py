# SPDX-License-Identifier: GPL-2.0-only
"""A gateway that no longer answers is left as soon as a socket leaves it, and no other socket of the host is kept there."""

import os
import socket
import struct
import time

from guest import link, module, nft, rtp
from guest.patience import patient

MODULE = None
KERNEL = "stock"
TIMEOUT = 60
SOAK_TIMEOUT = 300

FAR = {4: "198.51.100.1", 6: "2001:db8::1"}
COUNT = 50
SHORT = b"\x80\x00" + bytes(10)
# A neighbour is given up after three solicitations at such an interval.
RETRANSMIT_MS = 20
KERNELS_OWN_MS = 1000
# In a soak the interval is the kernel's own, and packets come so far apart that 50 of them last longer than three of it.
GAP = 0.1


class Gateways:
    """Two gateways to FAR, each on a link of its own, and two routes by them."""

    def __init__(self, t, family, at, one, other):
        self.t, self.family, self.peers, self.at = t, family, (one, other), at[family]
        self.dead = None

    def via(self, peer):
        """The gateway's address, as routes have it."""
        return peer.address(self.family)

    def add_routes(self):
        raise NotImplementedError

    def begin(self):
        """There are no other routes."""
        self.t.host.run("ip", f"-{self.family}", "route", "flush", "default", check=False)
        self.add_routes()

    def renew(self):
        """Both answer, and the host knows nothing of either."""
        self.revive()
        self.forget_all()

    def kill(self, peer):
        """Nothing comes from it, and it takes nothing; its link stays up."""
        for hook in ("ingress", "egress"):
            nft.chain("netdev", hook, name=hook, device=peer.dev, ns=peer.ns, drops=True)
        self.dead = peer

    def revive(self):
        if self.dead:
            for hook in ("ingress", "egress"):
                nft.delete("netdev", name=hook, ns=self.dead.ns)
        self.dead = None

    @property
    def alive(self):
        return next(peer for peer in self.peers if peer is not self.dead)

    def state(self, peer):
        with self.t.host:
            return link.neighbour_state(peer.hub_dev, self.via(peer))

    def put(self, peer, state):
        with self.t.host:
            link.neighbour(peer.hub_dev, self.via(peer), state, peer.mac)

    def forget(self, peer):
        with self.t.host:
            link.forget_neighbour(peer.hub_dev, self.via(peer))

    def forget_all(self):
        for peer in self.peers:
            self.forget(peer)

    def used(self, send):
        """The gateway that a packet takes."""
        for receiver in self.at.values():
            receiver.drain(0.01)
        send(SHORT)
        for _ in range(int(patient(200))):
            for peer in self.peers:
                if self.at[peer.ns.name].recv(0.005):
                    return peer
        return self.t.fail("a packet arrives by one of the gateways")

    def until_failed(self, send):
        """Sends packets until the host has found out that nobody answers there; false when it never does."""
        end = time.monotonic() + patient(3)
        while self.state(self.dead) != "failed":
            if time.monotonic() > end:
                return False
            send(SHORT)
            time.sleep(0.005)
        return True

    def lost(self, *senders, count=COUNT, gap=0.0):
        """How many packets of each sender do not arrive."""
        receiver = self.at[self.alive.ns.name]
        receiver.drain(0.01)
        sent = [[rtp.packet(n, payload=bytes([n, number]) * 20) for n in range(count)] for number in range(len(senders))]
        got = set()
        start = time.monotonic()
        for n in range(count):
            for send, packets in zip(senders, sent):
                send(packets[n])
            while datagram := receiver.recv(0):
                got.add(datagram.data)
            if gap:
                time.sleep(max(0.0, start + (n + 1) * gap - time.monotonic()))
        while len(got) < count * len(senders) and (datagram := receiver.recv(0.25)):
            got.add(datagram.data)
        return [count - len(got.intersection(packets)) for packets in sent]


class Routes(Gateways):
    name = "two default routes"

    def add_routes(self):
        one, other = self.peers
        self.t.host.ip(f"route add default via {self.via(one)}", f"route append default via {self.via(other)}")


class Multipath(Gateways):
    name = "ECMP"

    def add_routes(self):
        one, other = self.peers
        self.t.host.run("ip", f"-{self.family}", "route", "add", "default", "nexthop", "via", self.via(one), "dev", one.hub_dev,
                        "nexthop", "via", self.via(other), "dev", other.hub_dev)


class Metrics(Gateways):
    name = "two default routes of different metrics"

    def add_routes(self):
        for peer, metric in zip(self.peers, (100, 200)):
            self.t.host.ip(f"route add default via {self.via(peer)} metric {metric}")


class Routers(Gateways):
    name = "two routers that advertise themselves"

    def via(self, peer):
        mac = bytes.fromhex(peer.mac.replace(":", ""))
        return socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:])

    def add_routes(self):
        for peer in self.peers:
            with peer.ns, socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock:
                device = socket.if_nametoindex(peer.dev)
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
                sock.bind((self.via(peer), 0, 0, device))
                sock.sendto(struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0), ("ff02::1", 0, 0, device))
        self.t.eventually("routes to the routers", lambda: self.t.host.run("ip", "-6", "route", "show", "default").stdout.count(" ra "),
                          2)


def dies_and_is_forgotten(gateways, first, send):
    gateways.kill(first)
    gateways.forget_all()
    # IPv6 takes a gateway for one that answers until it has given up. IPv4 prefers one that is not being asked.
    return gateways.family == 4 or gateways.until_failed(send)


def dies_and_is_given_up(gateways, first, send):
    gateways.kill(first)
    gateways.put(first, "probe")
    return gateways.until_failed(send)


def dies_and_is_not_confirmed(gateways, first, send):
    """Of two default routes of IPv4 a lookup takes the other one as soon as a gateway is not known to be reachable."""
    gateways.used(send)
    gateways.kill(first)
    gateways.put(first, "stale")
    return True


def is_asked_again(gateways, first, send):
    """The routes are looked up while nothing is known of the dead gateway, or while it is being asked again."""
    gateways.kill(first)
    gateways.put(first, "failed")
    gateways.lost(send, count=5)
    with gateways.t.host:
        link.address("lo", "192.0.2.99", 32)  # all routes are looked up anew
        link.delete_address("lo", "192.0.2.99", 32)
        if gateways.family == 4:
            gateways.forget(first)
            gateways.put(gateways.alive, "stale")
            return True
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"", (gateways.via(first), 9, 0, socket.if_nametoindex(first.hub_dev)))
    return gateways.until_failed(send)


EVENTS = (dies_and_is_forgotten, dies_and_is_given_up, dies_and_is_not_confirmed, is_asked_again)


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")

    def solicitations(milliseconds):
        for peer in (bob, carol):
            for version in ("ipv4", "ipv6"):
                t.host.sysctl(f"net.{version}.neigh.{peer.hub_dev}.retrans_time_ms", milliseconds)

    for peer in (bob, carol):
        peer.ns.ip(f"addr add {FAR[4]}/32 dev lo", f"addr add {FAR[6]}/128 dev lo nodad")
        peer.ns.sysctl("net.ipv6.conf.all.forwarding", 1)  # a router, which says so when it is asked
    t.host.sysctl("net.ipv4.fib_multipath_use_neigh", 1)
    os.sched_setaffinity(0, {0})  # routes may be kept by processor
    at = {family: {peer.ns.name: peer.ns.udp(FAR[family], 9) for peer in (bob, carol)} for family in (4, 6)}
    kinds = [kind(t, family, at, bob, carol) for kind, family in (
        (Routes, 4), (Multipath, 4), (Multipath, 6), (Metrics, 6), (Routers, 6))]

    def plain(family):
        """A socket of the host."""
        sock = t.host.udp(alice.hub_address(family), 4001)
        return lambda data: sock.send(data, (FAR[family], 9))

    def relay(family):
        """A target whose output has the same addresses as the socket."""
        local, sender = (alice.hub_address(family), 4000), alice.udp(family=family)
        control.add(local, ((alice.hub_address(family), 4001), (FAR[family], 9)), rtp=1)
        return lambda data: sender.send(data, local)

    def lost(what, *kinds_of_senders):
        """What is lost with each kind of routes after each event, by each sender."""
        found, senders = {}, {}
        for gateways in kinds:
            gateways.begin()
            if gateways.family not in senders:
                senders[gateways.family] = [sender(gateways.family) for sender in kinds_of_senders]
            for event in EVENTS:
                some = senders[gateways.family]
                if event is dies_and_is_not_confirmed:
                    if not isinstance(gateways, Routes):
                        continue
                    some = some[:1]  # each lookup takes the other gateway: two that take turns would have one each
                name = f"IPv{gateways.family}, {gateways.name}: {event.__name__}"
                t.step(f"{what}, {name}")
                gateways.renew()
                first = gateways.used(some[0])
                settled = event(gateways, first, some[0])
                found[name] = gateways.lost(*some) if settled else ["not given up"]
            if isinstance(gateways, Metrics):
                t.step(f"{what}: a gateway that is preferred comes back")
                gateways.renew()
                send, first = senders[gateways.family][0], gateways.peers[0]
                gateways.put(first, "failed")
                t.true("meanwhile the other one serves", gateways.used(send) is not first)
                gateways.put(first, "reachable")
                t.eventually("it serves again", lambda: gateways.used(send) is first, True, 1.5)
            if t.size != "test":
                t.step(f"{what}, IPv{gateways.family}, {gateways.name}: as slowly as the kernel asks by itself")
                solicitations(KERNELS_OWN_MS)
                gateways.renew()
                gateways.kill(gateways.used(senders[gateways.family][0]))
                gateways.forget_all()
                name = f"IPv{gateways.family}, {gateways.name}"
                found[name] = gateways.lost(senders[gateways.family][0], gap=GAP)
                t.figure(f"{name}: lost by {what}", found[name][0])
                solicitations(RETRANSMIT_MS)
            gateways.revive()
        return found

    def ready():
        nft.chain()
        nft.native_rule(0)
        return t.table(0).add().ready()

    solicitations(RETRANSMIT_MS)
    alone = lost("a socket", plain)
    if t.size != "test":
        with module.witness():
            control = ready()
            lost("the C module", relay)
            nft.delete()
            control.close()
            t.table(0).delete()
    module.load("rs")
    control = ready()
    ours = lost("ours", relay, plain)
    for name, counts in ours.items():
        t.note(f"{name}: lost by a socket {alone[name]}, by ours and a socket beside it {counts}")
    t.equal("more lost than by a socket", {name: (alone[name], counts) for name, counts in ours.items()
                                           if any(isinstance(count, str) or count > alone[name][0] + 1 for count in counts)}, {})
