# SPDX-License-Identifier: GPL-2.0-only
"""Broadcast is refused as a socket is, and not sent when a route becomes one; multicast leaves with one hop."""

import errno
import socket

from guest import nft, raw, rtp
from guest.patience import patient

GROUP = {4: "239.1.2.3", 6: "ff0e::1:2:3"}
LATER = "198.51.100.255"


def refused(do):
    try:
        do()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "sent"


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.ip(f"route add broadcast 203.0.113.255 dev {bob.hub_dev}", f"route add 198.51.100.0/24 via {bob.v4}",
              f"route add 203.0.113.0/24 via {bob.v4}")
    frames = raw.Frames(bob.ns, bob.dev)
    others = raw.Frames(alice.ns, alice.dev)
    sender = alice.udp()
    port = 4000

    t.step("an output for a broadcast address is refused as a socket is")
    plain = t.host.udp(bob.hub4)
    subnet = bob.hub4.rpartition(".")[0] + ".255"
    for address in ("255.255.255.255", subnet, "203.0.113.255", "127.255.255.255"):
        t.equal(f"a socket sends to {address}", refused(lambda: plain.send(rtp.packet(), (address, 9))), "EACCES")
        target = control.target((alice.hub4, port))
        control.write(target.command)
        destination = target.destination(0, (bob.hub4, port + 1), (address, 9))
        t.errno(f"an output to {address}", "EACCES", control.write, destination)
        control.write(target.destination(0, (bob.hub4, port + 1), (bob.v4, 9)))  # the target goes on to wait for its output
        t.equal("what an output was refused for is not sent", refused(lambda: control.delete((alice.hub4, port))), "sent")
        port += 2

    t.step("a route that becomes one")
    local, source = (alice.hub4, port), (bob.hub4, port + 1)
    target = control.add(local, (source, (LATER, 9)), rtp=1)

    def counted(what, packets, errors):
        t.equal(f"{what}: packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (packets, errors))

    def seen(data):
        return [frame.packet[28:] == data for frame in frames.drain(patient(0.1)) if frame.packet[16:20] == socket.inet_aton(LATER)]

    frames.drain(0)
    sender.send(data := rtp.packet(1), local)
    t.equal("while it is none: on the link", seen(data), [True])
    counted("while it is none", 1, 0)
    t.host.ip(f"addr add 198.51.100.1/24 dev {bob.hub_dev}")
    t.equal("a socket sends", refused(lambda: plain.send(rtp.packet(), (LATER, 9))), "EACCES")
    for n in range(3):
        sender.send(data := rtp.packet(2 + n), local)
    t.equal("on the link", seen(data), [])
    counted("then", 1, 3)
    t.host.ip(f"addr del 198.51.100.1/24 dev {bob.hub_dev}")
    sender.send(data := rtp.packet(9), local)
    t.equal("afterwards: on the link", seen(data), [True])
    counted("afterwards", 2, 3)

    for family in (4, 6):
        t.step(f"IPv{family}: multicast leaves as from a socket, with one hop")
        local, source = (alice.hub_address(family), port + 2), (bob.hub_address(family), port + 3)
        target = control.add(local, (source, (GROUP[family], 9)), rtp=1)
        member = socket.inet_pton(socket.AF_INET if family == 4 else socket.AF_INET6, GROUP[family])
        with t.host:
            joined = t.host.udp(GROUP[family], 9)
            if family == 4:
                joined.sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member + socket.inet_aton(bob.hub4))
            else:
                device = socket.if_nametoindex(bob.hub_dev).to_bytes(4, "little")
                joined.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member + device)
        at = 24 if family == 6 else 16

        def leaves(send, data):
            for each in (frames, others):
                each.drain(0)
            send(data)
            found = [(name, frame.to, raw.parse(raw.finished(frame.packet)).ttl)
                     for name, each in (("bob", frames), ("alice", others)) for frame in each.drain(patient(0.05))
                     if frame.packet[at:at + len(member)] == member]
            return found, [(one.data == data, one.ttl) for one in joined.drain(0)]

        plain = t.host.udp(*source)
        wanted = leaves(lambda data: plain.send(data, (GROUP[family], 9)), rtp.packet(1))
        plain.close()
        t.true("a socket's leaves by one link with one hop", [each[2] for each in wanted[0]] == [1], wanted)
        got = leaves(lambda data: alice.udp(family=family).send(data, local), rtp.packet(2))
        t.equal("ours: on the links, and to a member on this host", got, wanted)
        t.equal("packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (1, 0))
