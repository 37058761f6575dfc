# SPDX-License-Identifier: GPL-2.0-only
"""Packets that come joined by devices without a link layer are judged one by one, too."""

import fcntl
import os
import socket
import struct

from guest import nft, raw, rtp
from guest.patience import patient

KERNEL = "stock"  # the debug kernel has no such devices
UDP_SEGMENT = 103
TUNSETIFF, TUNSETOFFLOAD = 0x4004_54CA, 0x4004_54D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x1, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_USO4, TUN_F_USO6 = 0x1, 0x20, 0x40
NEEDS_CSUM, GSO_UDP_L4 = 1, 5


class Tun:
    """A device whose other end is this program."""

    def __init__(self, ns, dev):
        with ns:
            self.fd = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.fd, TUNSETIFF, struct.pack("=16sH22x", dev.encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
            fcntl.ioctl(self.fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_USO4 | TUN_F_USO6)

    def send(self, packets, source, to):
        """Sends packets of one size, but that the last may be shorter, as one whose checksum is left to who cuts it."""
        payload, ip = b"".join(packets), 40 if ":" in to[0] else 20
        head = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_UDP_L4, ip + 8, len(packets[0]), ip, 6)
        start = raw.pseudo(source[0], to[0], 8 + len(payload))
        os.write(self.fd, head + raw.datagram(source[0], to[0], source[1], to[1], payload, check=start))


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    t.host.run("nft", "-f", "-", stdin="""
        table inet vm {
          counter first {}
          counter last {}
          chain before { type filter hook input priority -10; udp dport 4000 counter name first; }
          chain behind { type filter hook input priority 10; udp dport 4000 counter name last; }
        }
        """)
    nft.chain()
    nft.native_rule(0)
    packets = [rtp.packet(n, pt=pt, payload=bytes([n]) * 188) for n, pt in enumerate((0, 0, 99, 0, 99, 99, 0, 0))]
    packets.append(rtp.packet(8, pt=99, payload=b"short"))
    relayed, passed = ([data for data in packets if data[1] == pt] for pt in (0, 99))
    t.host.run("modprobe", "tun")
    tun = Tun(t.host, "tun")
    t.host.ip("link set tun up", "addr add 198.51.100.1/24 dev tun", "addr add 2001:db8:100::1/64 dev tun nodad")
    for family in (4, 6):
        receiver = bob.udp(family=family)
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 4001)
        target = control.add(local, (source, receiver.address), rtp=1, pt_filter=1)
        at = t.host.udp(*local)

        def takes(what, send):
            t.step(f"IPv{family}: {what}")
            before, seen = target.stats["packets"], [nft.counter("vm", name) for name in ("first", "last")]
            send()
            t.equal("relayed", [one.data for one in receiver.drain(patient(0.1))], relayed)
            t.equal("passed", [one.data for one in at.drain(patient(0.05))], passed)
            t.equal("packets and errors", (target.stats["packets"] - before, target.stats["errors"]), (len(relayed), 0))
            seen = [nft.counter("vm", name) - old for name, old in zip(("first", "last"), seen)]
            t.equal("packets that the rules before ours and behind it saw", seen, [1 + len(passed), len(passed)])

        takes("by tun", lambda: tun.send(packets, ("198.51.100.2" if family == 4 else "2001:db8:100::2", 5000), local))

        # What comes out of a tunnel has the headers of what carried it where its link layer's would be.
        tunnel, kind, net = ("t4", "ipip", "203.0.113.{}") if family == 4 else ("t6", "sit", "2001:db8:200::{}")
        ends = (alice.ns, alice.v4, alice.hub4), (t.host, alice.hub4, alice.v4)
        for n, (ns, here, there) in enumerate(ends, 1):
            ns.ip(f"link add {tunnel} type {kind} local {here} remote {there}", f"link set {tunnel} up",
                  f"addr add {net.format(n)}/{24 if family == 4 else 64} dev {tunnel}")
        if family == 6:
            alice.ns.ip(f"route add {local[0]}/128 dev {tunnel}")
        sender = alice.ns.udp(net.format(1), device=tunnel)
        takes("by a tunnel", lambda: sender.sock.sendmsg(
            [b"".join(packets)], [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", len(packets[0])))], 0, local))
