# SPDX-License-Identifier: GPL-2.0-only
"""The flow label of IPv6, and what may be fragmented of IPv4, are those of a socket's datagram."""

import os

from guest import nft, raw, rtp
from guest.traffic import flow


def label(frame):
    return int.from_bytes(frame.packet[1:4], "big") & 0xFFFFF


def run(t):
    alice, bob = t.peers("alice", "bob")
    carol = t.peer("carol", mtu=1280)
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    frames = raw.Frames(bob.ns, bob.dev)
    receiver = bob.udp(family=6)

    def labels(send, count=2):
        frames.drain(0)
        for n in range(count):
            send(rtp.packet(n))
        return [label(frames.recv() or t.fail("a frame")) for _ in range(count)]

    for setting in (1, 0, 2, 3):
        t.step(f"flow labels, auto_flowlabels {setting}")
        t.host.sysctl("net.ipv6.auto_flowlabels", setting)
        seen, wanted = [], []
        for port in range(4000, 4004, 2):
            local, source = (alice.hub6, port), (bob.hub6, port + 1)
            plain = t.host.udp(*source)
            wanted.append(labels(lambda data: plain.send(data, receiver.address)))
            plain.close()
            control.add(local, (source, receiver.address), rtp=1)
            sender = alice.udp(family=6)
            seen.append(labels(lambda data: sender.send(data, local)))
            control.delete(local)
        t.note(f"labels of sockets {wanted}, ours {seen}")
        t.equal("labels", seen, wanted)
        t.equal("different ones", len({one for some in seen for one in some}), 2 if setting in (1, 3) else 1)

    for family in (4, 6):
        t.step(f"IPv{family}: what turns out to be too large for the link, after a rule has led it elsewhere")
        there, other = bob.udp(family=family), carol.udp(family=family)
        local, source = (alice.hub_address(family), 4020), (bob.hub_address(family), 4021)
        control.add(local, (source, there.address), rtp=1)
        word, to = ("ip", other.address[0]) if family == 4 else ("ip6", f"[{other.address[0]}]")
        t.host.run("nft", "-f", "-", stdin=f"""table {word} elsewhere {{
            chain out {{ type nat hook output priority -100; udp sport {source[1]} dnat to {to}:{other.port}; }}
        }}""")
        seen = raw.Frames(carol.ns, carol.dev)

        def sizes(send, count):
            seen.drain(0)
            sent = [rtp.packet(n, payload=os.urandom(1400 - 12)) for n in range(count)]
            for data in sent:
                send(data)
            arrived = [other.recv() for _ in range(count)]
            t.equal("all arrive", [got and got.data for got in arrived], sent)
            return [(len(frame.packet), frame.packet[6] & 0x40 if family == 4 else 0) for frame in seen.drain(0.05)]

        plain = t.host.udp(*source)
        wanted = sizes(lambda data: plain.send(data, there.address), 2)
        plain.close()
        sender = alice.udp(family=family)
        got = sizes(lambda data: sender.send(data, local), 2)
        t.equal("sizes of what is on the link, and whether it may not be fragmented further", got, wanted)
