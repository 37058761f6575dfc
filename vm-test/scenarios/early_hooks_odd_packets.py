# SPDX-License-Identifier: GPL-2.0-only
"""At prerouting and at ingress each odd packet becomes what it becomes at the input hook: IP's checks are made there, too."""

import itertools
import socket
import struct

from guest import nft, raw, rtp, system

TIMEOUT = 120
FAR = {4: "203.0.113.9", 6: "2001:db8:9::9"}
idents = itertools.count(100)
BROADCAST, MULTICAST, OTHER = "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "02:00:00:00:99:99"
# IP's counters of what it refuses, which must not depend on where packets are taken.
REFUSALS = ("InHdrErrors", "InAddrErrors", "InDiscards", "InTruncatedPkts", "Ip6InHdrErrors", "Ip6InAddrErrors", "Ip6InTruncatedPkts",
            "IPReversePathFilter", "InCsumErrors", "Ip6InDiscards")

# What is relayed at the input hook alone.
LEFT = {"inet prerouting": {"options that do nothing", "two fragments", "for all MAC addresses", "for a multicast MAC address"}}
LEFT["netdev ingress"] = LEFT["inet prerouting"] | {"with priority alone in its tag"}


def refusals():
    """Those of this host, by name; UDP's own are left out."""
    found = system.counters_of_ip()
    return {name: found.get(name, 0) for name in REFUSALS}


def one(make, **options):
    """A kind of packet: of a payload, what `make` makes of it, and the options of `raw.send`."""
    return lambda payload: [(make(payload), options)]


def packets4(alice, local, own, other):
    """Name -> packets on the link, as (packet, options of `raw.send`)."""
    src, (to, port) = alice.v4, local

    def whole(payload, source=src, **fields):
        return raw.datagram(source, to, 9, port, payload, **fields)

    def inner(payload):
        return raw.udp(src, to, 9, port, payload)

    def pieces(payload):
        data, ident = inner(payload), next(idents)
        return [(raw.ipv4(src, to, data[:64], ident=ident, fragment=0x2000), {}),
                (raw.ipv4(src, to, data[64:], ident=ident, fragment=8), {})]

    kinds = {
        "as it should be": one(whole),
        "TTL 1": one(lambda p: whole(p, ttl=1)),
        "TTL 0": one(lambda p: whole(p, ttl=0)),
        "TOS": one(lambda p: whole(p, tos=0xB9)),
        "wrong header checksum": one(lambda p: whole(p, check=None)[:10] + b"\x12\x34" + whole(p)[12:]),
        "header of 4 words": one(lambda p: raw.ipv4(src, to, inner(p), ihl=4)),
        "header of 15 words": one(lambda p: raw.ipv4(src, to, inner(p), ihl=15)),
        "version 5": one(lambda p: b"\x55" + whole(p)[1:], kind=0x0800),
        "version 6": one(lambda p: b"\x65" + whole(p)[1:], kind=0x0800),
        "another EtherType": one(whole, kind=0x88B5),
        "EtherType of the other family": one(whole, kind=0x86DD),
        "longer than it says": one(lambda p: whole(p) + b"tail"),
        "shorter than it says": one(lambda p: raw.ipv4(src, to, inner(p), total=20 + 8 + len(p) + 1)),
        "total length within the header": one(lambda p: raw.ipv4(src, to, inner(p), total=19)),
        "total length within the payload": one(lambda p: raw.ipv4(src, to, inner(p), total=40)),
        "cut in the UDP header": one(lambda p: raw.ipv4(src, to, inner(p)[:7])),
        "no payload": one(lambda p: whole(b"")),
        "options that do nothing": one(lambda p: raw.ipv4(src, to, inner(p), options=b"\1\1\1\1")),
        "options with a route": one(lambda p: raw.ipv4(src, to, inner(p), options=b"\x83\x07\x04" + socket.inet_aton(own) + b"\0")),
        "options that are wrong": one(lambda p: raw.ipv4(src, to, inner(p), options=b"\x83\xff\x04\x01")),
        "wrong UDP checksum": one(lambda p: raw.ipv4(src, to, raw.udp(src, to, 9, port, p, check=0x1234))),
        "no UDP checksum": one(lambda p: raw.ipv4(src, to, raw.udp(src, to, 9, port, p, check=0))),
        "UDP length too long": one(lambda p: raw.ipv4(src, to, raw.udp(src, to, 9, port, p, length=len(p) + 9))),
        "UDP length shorter": one(lambda p: raw.ipv4(src, to, raw.udp(src, to, 9, port, p, length=len(p)))),
        "another protocol": one(lambda p: raw.ipv4(src, to, inner(p), proto=136)),
        "two fragments": pieces,
        "the first fragment alone": lambda p: pieces(p)[:1],
        "reserved flag": one(lambda p: whole(p, fragment=0x8000)),
        "for another host's MAC address": one(whole, to=OTHER),
        "for all MAC addresses": one(whole, to=BROADCAST),
        "for a multicast MAC address": one(whole, to=MULTICAST),
        "in VLAN 5": one(whole, tag=5),
        "with priority alone in its tag": one(whole, tag=0x6000),
    }
    for source in ("127.0.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.5", "239.1.2.3", "255.255.255.255", "240.0.0.1", own, other, "198.51.100.7",
                   ".".join(src.split(".")[:3]) + ".255"):
        kinds[f"from {source}"] = one(lambda p, source=source: whole(p, source))
    return kinds


def packets6(alice, local, own, other):
    """The same over IPv6."""
    src, (to, port) = alice.v6, local

    def whole(payload, source=src, **fields):
        return raw.datagram(source, to, 9, port, payload, **fields)

    def inner(payload):
        return raw.udp(src, to, 9, port, payload)

    def pieces(payload):
        data, ident = inner(payload), next(idents)
        return [(raw.ipv6(src, to, struct.pack(">BBHI", 17, 0, place, ident) + part, next_header=44), {})
                for place, part in ((1, data[:64]), (64, data[64:]))]

    kinds = {
        "as it should be": one(whole),
        "hop limit 1": one(lambda p: whole(p, hop_limit=1)),
        "hop limit 0": one(lambda p: whole(p, hop_limit=0)),
        "traffic class": one(lambda p: whole(p, traffic_class=0xB9)),
        "version 5": one(lambda p: b"\x50" + whole(p)[1:], kind=0x86DD),
        "EtherType of the other family": one(whole, kind=0x0800),
        "longer than it says": one(lambda p: whole(p) + b"tail"),
        "shorter than it says": one(lambda p: raw.ipv6(src, to, inner(p), length=len(p) + 9)),
        "length 0": one(lambda p: raw.ipv6(src, to, inner(p), length=0)),
        "cut in the UDP header": one(lambda p: raw.ipv6(src, to, inner(p)[:7])),
        "no payload": one(lambda p: whole(b"")),
        "hop-by-hop options": one(lambda p: raw.ipv6(src, to, b"\x11\0\1\4\0\0\0\0" + inner(p), next_header=0)),
        "destination options": one(lambda p: raw.ipv6(src, to, b"\x11\0\1\4\0\0\0\0" + inner(p), next_header=60)),
        "a fragment that is whole": one(lambda p: raw.ipv6(src, to, struct.pack(">BBHI", 17, 0, 0, 78) + inner(p), next_header=44)),
        "two fragments": pieces,
        "wrong UDP checksum": one(lambda p: raw.ipv6(src, to, raw.udp(src, to, 9, port, p, check=0x1234))),
        "no UDP checksum": one(lambda p: raw.ipv6(src, to, raw.udp(src, to, 9, port, p, check=0))),
        "UDP length too long": one(lambda p: raw.ipv6(src, to, raw.udp(src, to, 9, port, p, length=len(p) + 9))),
        "for another host's MAC address": one(whole, to=OTHER),
        "for all MAC addresses": one(whole, to=BROADCAST),
        "for a multicast MAC address": one(whole, to="33:33:00:00:00:01"),
        "in VLAN 5": one(whole, tag=5),
        "with priority alone in its tag": one(whole, tag=0x6000),
    }
    for source in ("::1", "::", "ff02::5", "ff05::1", own, other, "2001:db8:77::7", "::ffff:10.0.0.1", "fe80::77"):
        kinds[f"from {source}"] = one(lambda p, source=source: whole(p, source))
    return kinds


def run(t):
    t.fragments(5)
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    devices = (alice.hub_dev, bob.hub_dev)
    t.host.sysctl("net.ipv4.ip_forward", 1)
    t.host.sysctl("net.ipv6.conf.all.forwarding", 1)
    t.host.ip(f"addr add {alice.hub4[:-1]}77/24 brd + dev {alice.hub_dev}", f"route add {FAR[4]}/32 via {bob.v4}",
              f"route add {FAR[6]}/128 via {bob.v6}")
    bob.ns.ip(f"addr add {FAR[4]}/32 dev lo", f"addr add {FAR[6]}/128 dev lo nodad")
    nft.chain()
    nft.native_rule(0)
    ends = {}
    for family in (4, 6):
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001)
        receiver, passed, beyond = bob.udp(family=family), t.host.udp(*local), bob.ns.udp(FAR[family], 4000)
        target = control.add(local, (source, receiver.address), rtp=1)
        # A target whose address is another host's: what is for it is forwarded.
        control.add((FAR[family], 4000), (source, receiver.address), rtp=1)
        kinds = (packets4 if family == 4 else packets6)(alice, local, alice.hub_address(family), bob.address(family))
        kinds["for another host"] = lambda p, family=family: [(raw.datagram(alice.address(family), FAR[family], 9, 4000, p), {})]
        ends[family] = kinds, target, receiver, passed, beyond

    def becomes(family):
        """What becomes of one packet of each kind: by whom it is received, and what is counted."""
        kinds, target, receiver, passed, beyond = ends[family]
        found = {}
        for number, (name, make) in enumerate(kinds.items()):
            payload = rtp.packet(number, payload=struct.pack(">I", number) * 25)
            before, counted = refusals(), [target.stats[what] for what in ("packets", "bytes", "errors")]
            for packet, options in make(payload):
                raw.send(alice, packet, **options)
            raw.send(alice, raw.datagram(alice.address(family), passed.address[0], 9, 4000, b"end"))
            at = {}
            for where, sock in (("receiver", receiver), ("passed", passed), ("beyond", beyond)):
                at[where] = []
                while datagram := sock.recv(0.5 if where == "receiver" and not at[where] else 0):
                    at[where].append((datagram.data, datagram.tos, datagram.source[1]))
            t.equal(f"{name}: what is sent behind it", at["receiver"].pop(), (b"end", 0, 4001))
            after = refusals()
            at["counted"] = [target.stats[what] - old for what, old in zip(("packets", "bytes", "errors"), counted)]
            at["refused"] = {what: after[what] - before[what] for what in REFUSALS if after[what] != before[what]}
            found[name] = at
        return found

    expected = {}
    for family in (4, 6):
        t.step(f"input hook, IPv{family}")
        expected[family] = becomes(family)
        relayed = [name for name, at in expected[family].items() if at["receiver"]]
        t.note(f"IPv{family}: relayed are {'; '.join(relayed)}")
        t.true("some are relayed and some are not", 5 < len(relayed) < len(expected[family]) - 5, relayed)
        t.equal("what is for another host", [len(expected[family]["for another host"][where]) for where in ("receiver", "beyond")], [0, 1])
    for where in nft.EARLY:
        with nft.Early(where, devices=devices, priority=-300):
            for family in (4, 6):
                t.step(f"{where}, IPv{family}")
                got = becomes(family)
                for name, at in expected[family].items():
                    t.equal(f"{where}, IPv{family}: {name}", got[name], at)
    t.step("without a rule at the input hook what IP has still to see to is passed")
    nft.delete()
    for where in ("inet prerouting", "netdev ingress"):
        with nft.Early(where, devices=devices):
            for family in (4, 6):
                got = becomes(family)
                left = {name for name, at in expected[family].items() if at["receiver"] and not got[name]["receiver"]}
                t.equal(f"{where}, IPv{family}: left to the input hook", left,
                        {name for name in LEFT[where] & set(got) if expected[family][name]["receiver"]})
                t.equal(f"{where}, IPv{family}: which is passed", [name for name in left if not got[name]["passed"]], [])
