# SPDX-License-Identifier: GPL-2.0-only
"""Defect 12: what taps and others share of a buffer stays as it came, whatever the outputs make of their copies."""

import os
import socket

from guest import nft, raw, rtp
from guest.net import SO_RCVBUFFORCE

RING = {"ssrc_subst": 1, "ssrc_out[0]": b"\xaa\xbb\xcc\xdd", "seq_offset[0]": 7, "extmap": 1, "extmap_mid": 3,
        "extmap_mid_len": 4, "extmap_mid_str": b"tape", "pt_output[0].replace_pattern": b"\xd5",
        "pt_output[0].replace_pattern_len": 1}
PLAIN = {"ssrc_subst": 1, "ssrc_out[0]": b"\x11\x22\x33\x44"}


class Tap:
    """All IP packets of a device, both ways, read when everything is over: their buffers are shared until then."""

    def __init__(self, dev, kind):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.sock.bind((dev, kind))
        self.sock.settimeout(0.2)

    def udp(self):
        """The UDP payloads that the device had, in order."""
        found = []
        while True:
            try:
                data = self.sock.recv(1 << 17)
            except TimeoutError:
                return found
            at = 20 if data[0] >> 4 == 4 else 40
            if data[9 if at == 20 else 6] == 17:
                found.append(data[at + 8:])


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    ends = {}
    for family in (4, 6):
        receivers = [bob.udp(family=family) for _ in range(3)]
        source = (bob.hub_address(family), 4001)
        control.add((alice.hub_address(family), 4000), *((source, each.address, fields) for each, fields in
                                                        zip(receivers, (RING, PLAIN, RING))), rtp=1, ssrcs=(0x1234_5678,))
        # One relays to the other on this host: the buffer that the first sends is received by the second.
        first, second = (alice.hub_address(family), 4002), (alice.hub_address(family), 4004)
        control.add(second, (source, receivers[0].address, RING), rtp=1, ssrcs=(0x1122_3344,))
        control.add(first, (source, second, PLAIN), rtp=1, ssrcs=(0x1234_5678,))
        ends[family] = receivers, first

    for family, (receivers, first) in ends.items():
        kind = 0x0800 if family == 4 else 0x86DD
        sender, local = alice.udp(family=family), (alice.hub_address(family), 4000)
        batch = [rtp.packet(n, payload=os.urandom(size)) for n, size in enumerate((1, 40, 160, 1200) * 3)]

        t.step(f"IPv{family}: taps where packets come in and where they go out")
        coming = [Tap(alice.hub_dev, 3), Tap(alice.hub_dev, kind)]
        going = Tap(bob.hub_dev, 3)
        for n, data in enumerate(batch):
            if n % 3 == 0:
                raw.send(alice, raw.datagram(alice.address(family), local[0], 9, local[1], data))
            elif n % 3 == 1:
                sender.send(data, local)
            else:
                sender.sock.sendto(data[:5], socket.MSG_MORE, local)
                sender.sock.sendto(data[5:], local)
        got = [[one.data for one in each.drain(0.1)] for each in receivers]
        t.equal("how many arrive", [len(each) for each in got], [len(batch)] * 3)
        for data, taped, plain, again in zip(batch, *got):
            t.equal("rewritten lightly", plain, data[:8] + b"\x11\x22\x33\x44" + data[12:])
            t.equal("rewritten heavily", (taped[0], taped[2:4], taped[8:12], taped[16:21], set(rtp.parse(taped).payload)),
                    (0x90, (rtp.parse(data).seq + 7).to_bytes(2, "big"), b"\xaa\xbb\xcc\xdd", b"\x33tape", {0xD5}))
            t.equal("length", len(taped), len(data) + 12)
            t.equal("twice", again, taped)
        for tap in coming:
            seen = tap.udp()
            t.equal("packets that a tap saw come", len(seen), len(batch))
            for one, other in zip(seen, batch):
                t.equal("a packet that a tap saw come", one, other)
        t.true("what the tap saw go is what came", sorted(going.udp()) == sorted(sum(got, [])))

        t.step(f"IPv{family}: a buffer that is relayed twice, with a tap between")
        between = Tap("lo", 3)
        for data in batch:
            sender.send(data, first)
        got = [one.data for one in receivers[0].drain(0.1)]
        t.equal("how many arrive", len(got), len(batch))
        t.equal("rewritten twice", {each[8:12] for each in got}, {b"\xaa\xbb\xcc\xdd"})
        wanted = [data[:8] + b"\x11\x22\x33\x44" + data[12:] for data in batch]
        seen = between.udp()
        t.equal("packets that the tap saw, on their way out and in again", len(seen), 2 * len(wanted))
        for n, (one, other) in enumerate(zip(seen, (each for each in wanted for _ in range(2)))):
            t.equal(f"packet {n} of the tap", one, other)
