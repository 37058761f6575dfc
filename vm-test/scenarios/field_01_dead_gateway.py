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


class Host:
    """A namespace with a module, a sender and two gateways to FAR, each on a link of its own; all of them in a VRF if one is named."""

    def __init__(self, t, ns, vrf=None):
        self.ns, self.vrf = ns, vrf
        self.alice, *self.gateways = t.peers(*(f"{name}-{vrf or 'host'}" for name in ("alice", "bob", "carol")), hub=ns)
        self.table = "table 100" if vrf else "table main"
        if vrf:
            peers = (self.alice, *self.gateways)
            ns.ip(f"link add {vrf} type vrf {self.table}", f"link set {vrf} up",
                  *(f"link set {peer.hub_dev} master {vrf}" for peer in peers),
                  *(f"addr replace {peer.hub6}/64 dev {peer.hub_dev} nodad" for peer in peers))
        for peer in self.gateways:
            peer.ns.ip(f"addr add {FAR[4]}/32 dev lo", f"addr add {FAR[6]}/128 dev lo nodad")
            peer.ns.sysctl("net.ipv6.conf.all.forwarding", 1)  # a router, which says so when it is asked
        ns.sysctl("net.ipv4.fib_multipath_use_neigh", 1)
        self.at = {family: {peer.ns.name: peer.ns.udp(FAR[family], 9) for peer in self.gateways} for family in (4, 6)}
        self.control = None

    def solicitations(self, milliseconds):
        """How far apart neighbours are asked for."""
        for peer in self.gateways:
            for version in ("ipv4", "ipv6"):
                self.ns.sysctl(f"net.{version}.neigh.{peer.hub_dev}.retrans_time_ms", milliseconds)

    def ready(self, t):
        """The module that is loaded has a table and a rule."""
        nft.chain(ns=self.ns)
        nft.native_rule(0, ns=self.ns)
        with self.ns:
            self.control = t.table(0).add().ready()

    def plain(self, family):
        """A socket of the host, bound to the VRF if there is one."""
        sock = self.ns.udp(self.alice.hub_address(family), 4001, self.vrf)
        return lambda data: sock.send(data, (FAR[family], 9))

    def relay(self, family):
        """A target whose output has the same addresses as the socket."""
        local, sender = (self.alice.hub_address(family), 4000), self.alice.udp(family=family)
        self.control.add(local, ((self.alice.hub_address(family), 4001), (FAR[family], 9)), rtp=1)
        return lambda data: sender.send(data, local)


class Gateways:
    """Two routes to FAR by the two gateways of a host."""

    def __init__(self, t, host, family):
        self.t, self.host, self.family, self.peers, self.at = t, host, family, host.gateways, host.at[family]
        self.where = f"IPv{family}, {self.name}" + (" in a VRF" if host.vrf else "")
        self.dead = None

    def via(self, peer):
        """The gateway's address, as routes have it."""
        return peer.address(self.family)

    def ip(self, *words, check=True):
        return self.host.ns.run("ip", f"-{self.family}", *words, check=check)

    def add_routes(self):
        raise NotImplementedError

    def begin(self):
        """There are no other routes."""
        self.ip("route", "flush", *self.host.table.split(), "default", check=False)
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
        with self.host.ns:
            return link.neighbour_state(peer.hub_dev, self.via(peer))

    def put(self, peer, state):
        with self.host.ns:
            link.neighbour(peer.hub_dev, self.via(peer), state, peer.mac)

    def forget(self, peer):
        with self.host.ns:
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
        for verb, peer in zip(("add", "append"), self.peers):
            self.ip("route", verb, "default", "via", self.via(peer), *self.host.table.split())


class Multipath(Gateways):
    name = "ECMP"

    def add_routes(self):
        one, other = self.peers
        self.ip("route", "add", "default", *self.host.table.split(), "nexthop", "via", self.via(one), "dev", one.hub_dev,
                "nexthop", "via", self.via(other), "dev", other.hub_dev)


class Metrics(Gateways):
    name = "two default routes of different metrics"

    def add_routes(self):
        for peer, metric in zip(self.peers, (100, 200)):
            self.ip("route", "add", "default", "via", self.via(peer), "metric", str(metric), *self.host.table.split())


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
        self.t.eventually("routes to the routers", lambda: self.ip("route", "show", "default").stdout.count(" ra "), 2)


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
    with gateways.host.ns:
        link.address("lo", "192.0.2.99", 32)  # all routes are looked up anew
        link.delete_address("lo", "192.0.2.99", 32)
        if gateways.family == 4:
            gateways.forget(first)
            gateways.put(gateways.alive, "stale")
            return True
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, first.hub_dev.encode())
            probe.sendto(b"", (gateways.via(first), 9))
    return gateways.until_failed(send)


EVENTS = (dies_and_is_forgotten, dies_and_is_given_up, dies_and_is_not_confirmed, is_asked_again)


def run(t):
    hosts = host, vrf = Host(t, t.host), Host(t, t.namespace("hub"), "red")
    os.sched_setaffinity(0, {0})  # routes may be kept by processor
    kinds = [kind(t, where, family) for kind, where, family in (
        (Routes, host, 4), (Multipath, host, 4), (Multipath, host, 6), (Metrics, host, 6), (Routers, host, 6),
        (Routes, vrf, 4), (Multipath, vrf, 4), (Multipath, vrf, 6), (Metrics, vrf, 6))]

    def lost(what, *kinds_of_senders, hosts=hosts):
        """What is lost with each kind of routes after each event, by each sender."""
        found, senders = {}, {}
        for gateways in kinds:
            if gateways.host not in hosts:
                continue
            gateways.begin()
            place = gateways.host, gateways.family
            if place not in senders:
                senders[place] = [sender(*place) for sender in kinds_of_senders]
            for event in EVENTS:
                some = senders[place]
                if event is dies_and_is_not_confirmed:
                    if not isinstance(gateways, Routes):
                        continue
                    some = some[:1]  # each lookup takes the other gateway: two that take turns would have one each
                name = f"{gateways.where}: {event.__name__}"
                t.step(f"{what}, {name}")
                gateways.renew()
                first = gateways.used(some[0])
                settled = event(gateways, first, some[0])
                found[name] = gateways.lost(*some) if settled else ["not given up"]
            if isinstance(gateways, Metrics):
                t.step(f"{what}: a gateway that is preferred comes back")
                gateways.renew()
                send, first = senders[place][0], gateways.peers[0]
                gateways.put(first, "failed")
                t.true("meanwhile the other one serves", gateways.used(send) is not first)
                gateways.put(first, "reachable")
                t.eventually("it serves again", lambda: gateways.used(send) is first, True, 1.5)
            if t.size != "test":
                t.step(f"{what}, {gateways.where}: as slowly as the kernel asks by itself")
                gateways.host.solicitations(KERNELS_OWN_MS)
                gateways.renew()
                gateways.kill(gateways.used(senders[place][0]))
                gateways.forget_all()
                name = gateways.where
                found[name] = gateways.lost(senders[place][0], gap=GAP)
                t.figure(f"{name}: lost by {what}", found[name][0])
                gateways.host.solicitations(RETRANSMIT_MS)
            gateways.revive()
        return found

    for each in hosts:
        each.solicitations(RETRANSMIT_MS)
    alone = lost("a socket", Host.plain)
    if t.size != "test":
        with module.witness():
            host.ready(t)
            lost("the C module", Host.relay, hosts=(host,))  # it follows no VRF
            nft.delete()
            host.control.close()
            t.table(0).delete()
    module.load("rs")
    for each in hosts:
        each.ready(t)
    ours = lost("ours", Host.relay, Host.plain)
    for name, counts in ours.items():
        t.note(f"{name}: lost by a socket {alone[name]}, by ours and a socket beside it {counts}")
    t.equal("more lost than by a socket", {name: (alone[name], counts) for name, counts in ours.items()
                                           if any(isinstance(count, str) or count > alone[name][0] + 1 for count in counts)}, {})
