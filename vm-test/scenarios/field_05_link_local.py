# SPDX-License-Identifier: GPL-2.0-only
"""A link-local destination is on the link of the source address; an output without one is refused, as a socket is."""

import socket

from guest import nft, rtp

THERE = "fe80::99"
GROUP = "ff02::7777"
NOBODY = "2001:db8::1"
EXTRA = "2001:db8:5::1"


def own_link_local(peer):
    """The address of the hub's end of a link, which it made of its MAC address."""
    mac = bytes.fromhex(peer.hub_mac.replace(":", ""))
    return socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:])


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    at, members = {}, {}
    for peer in (alice, bob, carol):
        peer.ns.ip(f"addr add {THERE}/64 dev {peer.dev} nodad")
        with peer.ns:
            device = socket.if_nametoindex(peer.dev)
        at[peer.ns.name] = peer.ns.udp("::", 9)
        at[peer.ns.name].sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                                         socket.inet_pton(socket.AF_INET6, GROUP) + device.to_bytes(4, "little"))
    sender = alice.udp(family=6)
    port = 4000

    def arrives(what, send, where, data, hops=None):
        send(data)
        got = at[where].recv()
        t.equal(f"{what}: arrives at {where}", got and got.data, data)
        if hops:
            t.equal(f"{what}: hops", got.ttl, hops)
        for name, receiver in at.items():
            t.true(f"{what}: nothing else at {name}", receiver.recv(0) is None)

    t.step("a socket")
    plain = t.host.udp(bob.hub6)
    t.errno("without a scope", "EINVAL", plain.sock.connect, (THERE, 9))
    with t.host:
        scope = socket.if_nametoindex(bob.hub_dev)
    arrives("with a scope", lambda data: plain.sock.sendto(data, (THERE, 9, 0, scope)), "bob", b"socket")
    arrives("multicast", lambda data: plain.sock.sendto(data, (GROUP, 9, 0, scope)), "bob", b"group", 1)

    for what, source, where in (("an address of the link to bob", bob.hub6, "bob"), ("one of the link to carol", carol.hub6, "carol"),
                                ("the link-local address there", own_link_local(carol), "carol"),
                                ("one of the link that it came by", alice.hub6, "alice")):
        for to, hops in ((THERE, 64), (GROUP, 1)):
            t.step(f"from {what} to {to}")
            target = control.add((alice.hub6, port), ((source, port + 1), (to, 9)), rtp=1)
            for n in range(2):
                arrives(what, lambda data: sender.send(data, (alice.hub6, port)), where, rtp.packet(n), hops)
            t.equal("packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (2, 0))
            port += 2

    t.step("from an address of no link")
    for to in (THERE, GROUP):
        target = control.target((alice.hub6, port))
        control.write(target.command)
        t.errno(f"to {to}", "EINVAL", control.write, target.destination(0, (NOBODY, 5000), (to, 9)))
        control.delete((alice.hub6, port))

    t.step("from an address that goes")
    t.host.ip(f"addr add {EXTRA}/128 dev {carol.hub_dev} nodad")
    target = control.add((alice.hub6, port), ((EXTRA, port + 1), (THERE, 9)), rtp=1)
    arrives("while it is there", lambda data: sender.send(data, (alice.hub6, port)), "carol", rtp.packet(1))
    t.host.ip(f"addr del {EXTRA}/128 dev {carol.hub_dev}")
    sender.send(rtp.packet(2), (alice.hub6, port))
    for name, receiver in at.items():
        t.silent(f"when it is gone: at {name}", receiver, 0.05)
    t.equal("packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (1, 1))
    t.host.ip(f"addr add {EXTRA}/128 dev {bob.hub_dev} nodad")
    arrives("when it is on another link", lambda data: sender.send(data, (alice.hub6, port)), "bob", rtp.packet(3))
