# SPDX-License-Identifier: GPL-2.0-only
"""Early hooks on VLAN, bridge, MACVLAN, bonded, VRF and loopback devices, with taps, joined packets, connection tracking and IPsec."""

import os
import socket
import struct
from pathlib import Path

from guest import above, conntrack, module, nft, raw, rtp
from guest.srtp import AES_CM, Crypto, Sender

SOAK_TIMEOUT = 120
UDP_SEGMENT = 103
REDIRECT = """
table inet incoming {
  chain pre { type nat hook prerouting priority -100; udp dport 3000 redirect to :4000; }
}
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready(pages=32)
    nft.count_input("4000-5999")
    nft.chain()
    nft.native_rule(0)
    stacked(t, control, bob)
    loopback(t, control, alice, bob)
    vrf(t)
    taps(t, control, alice, bob)
    joined(t, control, alice, bob)
    tracked(t, control, alice, bob)
    ipsec(t, control, alice, bob)
    lifetime(t)
    control.close()
    table.delete()
    unloading(t, alice)


def stacked(t, control, bob):
    """What comes by a device above another one is taken at its own ingress, not at that of the device below."""
    for kind in above.NETS:
        peer, dev = above.peer(t, kind)
        mac = Path(f"/sys/class/net/{kind}/address").read_text().strip()
        peer.ns.ip(*(f"neigh replace {hub} lladdr {mac} dev {dev}" for hub in (above.hub(kind, family) for family in (4, 6))))
        for family in (4, 6):
            hub = above.hub(kind, family)
            sender, receiver, local = peer.ns.udp(hub[:-1] + "2"), bob.udp(family=family), (hub, 4000)
            source = bob.hub_address(family), 4001
            target = control.add(local, (source, receiver.address), rtp=1)
            for where, device, taken in (("inet prerouting", None, True), ("netdev ingress", kind, True), ("inet ingress", kind, True),
                                         ("netdev ingress", peer.hub_dev, False)):
                t.step(f"IPv{family}, {kind}: {where} {device or ''}")
                with nft.Early(where, devices=(device,)):
                    before, counted = nft.at_input(), target.stats["packets"]
                    t.relayed("packets", sender, local, receiver, rtp.stream(5), source=source)
                    t.equal("packets that came to the input hook", nft.at_input() - before, 0 if taken else 5)
                    t.equal("packets counted", target.stats["packets"] - counted, 5)
            control.delete(local)
        t.host.ip(f"link del {kind}")


def loopback(t, control, alice, bob):
    """What this host sends to itself is taken, too, and loses a hop each time."""
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4100), (bob.hub_address(family), 4101), bob.udp(family=family)
        target = control.add(local, (source, receiver.address), rtp=1)
        looping = control.add((local[0], 4102), ((local[0], 4103), (local[0], 4102)), rtp=1)
        sender = t.host.udp(local[0])
        for where in ("inet prerouting", "netdev ingress"):
            t.step(f"IPv{family}: loopback, {where}")
            before, counted = nft.at_input(), target.stats["packets"]
            with nft.Early(where, devices=("lo",)):
                t.relayed("packets", sender, local, receiver, rtp.stream(5), source=source)
                t.equal("packets that came to the input hook", nft.at_input() - before, 0)
                t.equal("packets counted", target.stats["packets"] - counted, 5)
                rounds = looping.stats["packets"], looping.stats["errors"]
                sender.send(rtp.packet(), (local[0], 4102))
                t.eventually("it goes round until it has no hop left", lambda rounds=rounds: (
                    looping.stats["packets"] - rounds[0], looping.stats["errors"] - rounds[1]), (64, 1))
                t.equal("packets that came to the input hook", nft.at_input() - before, 0)
        control.delete(local)
        control.delete((local[0], 4102))


def vrf(t):
    """Packets of a VRF's port are taken at prerouting of the VRF, and at ingress not before."""
    hub = t.namespace("hub")
    alice, bob = t.peers("inside", "also", hub=hub)
    hub.ip("link add red type vrf table 100", "link set red up", *(f"link set {peer.hub_dev} master red" for peer in (alice, bob)),
           *(f"addr replace {peer.hub6}/64 dev {peer.hub_dev} nodad" for peer in (alice, bob)))
    with hub:
        control = t.table(0).add().ready(pages=8)
    nft.count_input("4000-5999", ns=hub)
    nft.chain(ns=hub)
    nft.native_rule(0, ns=hub)
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001), bob.udp(family=family)
        target = control.add(local, (source, receiver.address), rtp=1)
        for where, taken in (("inet prerouting", True), ("netdev ingress", False)):
            t.step(f"IPv{family}: VRF, {where}")
            before, counted = nft.at_input(hub), target.stats["packets"]
            with nft.Early(where, devices=(alice.hub_dev,), ns=hub):
                t.relayed("packets", alice.udp(family=family), local, receiver, rtp.stream(5), source=source)
            t.equal("packets that came to the input hook", nft.at_input(hub) - before, 0 if taken else 5)
            t.equal("packets counted", target.stats["packets"] - counted, 5)
    control.close()
    hub.delete()


def taps(t, control, alice, bob):
    """A tap sees what came, though it is decrypted, rewritten and sent where it lies."""
    for family in (4, 6):
        crypto, outward = Crypto.new(AES_CM), Crypto.new(AES_CM)
        local, source, receiver = (alice.hub_address(family), 4200), (bob.hub_address(family), 4201), bob.udp(family=family)
        rewriting, protected = {"ssrc_subst": 1, "ssrc_out[0]": b"\xaa\xbb\xcc\xdd"}, bob.udp(family=family)
        control.add(local, (source, receiver.address, rewriting), (source, protected.address, outward.fields("encrypt")), rtp=1,
                    ssrcs=(0x1234_5678,), **crypto.fields("decrypt"))
        libsrtp = Sender(crypto)
        for where in ("inet prerouting", "netdev ingress"):
            t.step(f"IPv{family}: taps, {where}")
            kinds = []
            for kind in (3, 0x0800 if family == 4 else 0x86DD):
                tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
                tap.bind((alice.hub_dev, kind))
                tap.settimeout(1)
                kinds.append(tap)
            with nft.Early(where, devices=(alice.hub_dev,)):
                clear = rtp.stream(10, seq=1 if where == "inet prerouting" else 100, size=160)
                sent = [raw.datagram(alice.address(family), local[0], 9, local[1], libsrtp.rtp(each)) for each in clear]
                for each in sent:
                    raw.send(alice, each)
                # A tap of one protocol stands behind ingress: what is taken there it does not see.
                for tap in kinds[:1 if where == "netdev ingress" else 2]:
                    got = []
                    while len(got) < len(sent):
                        data = tap.recv(65536)
                        if data[6 if family == 6 else 9] == 17:
                            got.append(data)
                    t.equal("what the tap saw", got, sent)
                t.equal("encrypted", len([one for one in (protected.recv() for _ in clear) if one]), len(clear))
                t.equal("relayed", [one and one.data for one in (receiver.recv() for _ in clear)], [each[:8] + b"\xaa\xbb\xcc\xdd" + each[12:] for each in clear])
            for tap in kinds:
                tap.close()
        control.delete(local)


def joined(t, control, alice, bob):
    """Packets that were joined are judged one by one at prerouting, and left to the input hook at ingress."""
    media = rtp.stream(9, size=200)
    other = [b"\0\0" + os.urandom(210) for _ in range(4)]
    batches = {"media": media, "others": other, "media and others": [*media[:3], *other[:2], *media[3:], *other[2:]]}
    alice.ns.run("ethtool", "-K", alice.dev, "tx", "on")
    for how, settings in (("cut by the sender's stack", ("gro", "off")), ("for forwarding", ("gro", "on", "rx-udp-gro-forwarding", "on")),
                          ("into a list", ("rx-udp-gro-forwarding", "off", "rx-gro-list", "on"))):
        alice.ns.run("ethtool", "-K", alice.dev, "tx-udp-segmentation", "on" if how.startswith("cut") else "off")
        t.host.run("ethtool", "-K", alice.hub_dev, *settings)
        for where in ("inet prerouting", "netdev ingress"):
            for family in (4, 6):
                local, source, receiver = (alice.hub_address(family), 4300), (bob.hub_address(family), 4301), bob.udp(family=family)
                target = control.add(local, (source, receiver.address), rtp=1, rtp_only=1)
                passed, sender = t.host.udp(*local), alice.udp(family=family)
                for what, batch in batches.items():
                    t.step(f"IPv{family}: {what}, joined {how}, {where}")
                    with nft.Early(where, devices=(alice.hub_dev,)):
                        before, counted = nft.at_input(), target.stats["packets"]
                        sender.sock.sendmsg([b"".join(one.ljust(212, b"\0") for one in batch)],
                                            [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", 212))], 0, local)
                        relays = [one.ljust(212, b"\0") for one in batch if one in media]
                        passes = [one for one in batch if one not in media]
                        t.equal("relayed", [one and one.data for one in (receiver.recv() for _ in relays)], relays)
                        t.equal("passed", [one and one.data for one in (passed.recv() for _ in passes)], passes)
                        t.equal("and no more", [len(sock.drain(0.02)) for sock in (receiver, passed)], [0, 0])
                        t.equal("packets and errors", (target.stats["packets"] - counted, target.stats["errors"]), (len(relays), 0))
                        if where == "inet prerouting":
                            came = nft.at_input() - before
                            t.equal("packets that came to the input hook", came, len(passes) if relays else 1)
                control.delete(local)
                passed.close()


def tracked(t, control, alice, bob):
    """Behind connection tracking and translation an entry is confirmed, and answers are translated; before it there is none."""
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001), bob.udp(family=family)
        sender = alice.udp(family=family)
        control.add(local, (source, receiver.address), rtp=1)
        control.add(source, (local, sender.address), rtp=1)
        t.step(f"IPv{family}: behind translation")
        t.host.run("nft", "-f", "-", stdin=REDIRECT)
        to = local[0], 3000
        before = nft.at_input()
        with nft.Early("inet prerouting", priority=0):
            t.relayed("there", sender, to, receiver, rtp.stream(3), source=source)
            found = [each for each in conntrack.entries(family) if each.source == sender.address]
            t.equal("one connection, confirmed", [(each.to, each.confirmed, each.replied) for each in found], [(to, True, False)])
            t.relayed("and back, translated", receiver, source, sender, rtp.stream(3), source=to)
            t.relayed("there", sender, to, receiver, rtp.stream(3), source=source)
        t.equal("packets that came to the input hook", nft.at_input() - before, 0)
        t.step(f"IPv{family}: before connection tracking")
        another = alice.udp(family=family)
        with nft.Early("inet prerouting", priority=-300):
            t.relayed("there", another, local, receiver, rtp.stream(3), source=source)
            t.equal("no connection", [each for each in conntrack.entries(family) if each.source == another.address], [])
        t.host.run("nft", "delete", "table", "inet", "incoming")
        control.delete(local)
        control.delete(source)


def ipsec(t, control, alice, bob):
    """Where IPsec has a policy, its say is the input hook's."""
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4400), (bob.hub_address(family), 4401), bob.udp(family=family)
        target = control.add(local, (source, receiver.address), rtp=1)
        sender, passed = alice.udp(family=family), t.host.udp(*local)
        for where in ("inet prerouting", "netdev ingress"):
            t.step(f"IPv{family}: IPsec, {where}")
            with nft.Early(where, devices=(alice.hub_dev,)):
                t.host.run("ip", "xfrm", "policy", "add", "src", sender.address[0], "dst", local[0], "proto", "udp", "dir", "in", "action", "block")
                before = target.stats["packets"]
                sender.send(rtp.packet(), local)
                t.silent("a blocked packet", receiver, 0.1)
                t.silent("at the socket", passed, 0.05)
                t.equal("packets", target.stats["packets"], before)
                t.host.ip("xfrm policy flush")
                at_input = nft.at_input()
                t.relayed("without the policy", sender, local, receiver, rtp.stream(3), source=source)
                t.equal("packets that came to the input hook", nft.at_input() - at_input, 0)
        control.delete(local)
        passed.close()


def lifetime(t):
    """Devices and namespaces go while rules stand at their ingress."""
    t.step("a device that goes, and one that moves to another namespace")
    hub = t.namespace("gone")
    first, second = t.peers("first", "second", hub=hub)
    with hub:
        control = t.table(0).add().ready(pages=8)
    places = {}
    for peer, local in ((first, 4000), (second, 4001)):
        receiver = second.udp() if peer is first else first.udp()
        other = second if peer is first else first
        control.add((peer.hub4, local), ((other.hub4, 4002), receiver.address), rtp=1)
        places[peer.ns.name] = receiver, (other.hub4, 4002)
        nft.chain("netdev", "ingress", name=peer.ns.name, ns=hub, device=peer.hub_dev, priority=-300)
        nft.native_rule(0, "netdev", name=peer.ns.name, ns=hub)
    receiver, source = places["first"]
    t.relayed("packets", first.udp(), (first.hub4, 4000), receiver, rtp.stream(3), source=source)
    moved = t.namespace("moved")
    hub.ip(f"link set {second.hub_dev} netns moved")
    moved.ip(f"link set {second.hub_dev} up")
    second.udp().send(rtp.packet(), (second.hub4, 4001))
    moved.ip(f"link del {second.hub_dev}")
    first.udp().send(rtp.packet(), (first.hub4, 4000))
    hub.ip(f"link del {first.hub_dev}")
    t.step("a namespace that goes with its rules, and its table")
    control.close()
    other = t.namespace("other")
    third = t.peer("third", hub=other)
    for family, hook, device in (("inet", "prerouting", None), ("netdev", "ingress", third.hub_dev)):
        nft.chain(family, hook, ns=other, device=device)
        nft.native_rule(0, family, ns=other)
    other.delete()
    hub.delete()


def unloading(t, alice):
    """The module stays while a rule stands, be its chain's device gone or not."""
    nft.flush_all()
    for where in ("inet prerouting", "netdev ingress"):
        t.step(f"the module stays loaded while a rule stands at {where}")
        with nft.Early(where, devices=(alice.hub_dev,)):
            t.errno("unload", "EAGAIN", module.unload, "rs")
    t.equal("it unloads without", module.unload_soon("rs"), None)
    module.load("rs")
