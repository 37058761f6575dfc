# SPDX-License-Identifier: GPL-2.0-only
"""What is relayed has the priority of a socket's datagram with the same TOS, in queues and in VLAN tags."""

import socket

from guest import nft, raw, rtp

IPV6_TCLASS = 67
TOS = (0, 0x08, 0x10, 0x18, 0x20, 0x68, 0xB8, 0xBA, 0xE0, 0xFF)
PRIORITIES = range(8)
VLAN = {4: ("10.99.0.1", "10.99.0.2"), 6: ("fd00:99::1", "fd00:99::2")}
# What comes has a priority of its own, as a rule or the sender's socket gives it.
RULES = "table inet priorities {\n" + "".join(f"counter p{n} {{}}\n" for n in PRIORITIES) + """
  chain pre { type filter hook prerouting priority 0; udp dport 4000-4999 meta priority set 5; }
  chain post { type filter hook postrouting priority 0; udp sport 5000 meta priority vmap { """ + \
    ", ".join(f"{n} : jump q{n}" for n in PRIORITIES) + " }; }\n" + \
    "".join(f"chain q{n} {{ counter name p{n}; }}\n" for n in PRIORITIES) + "}\n"


def run(t):
    alice, bob = t.peers("alice", "bob")
    t.host.ip(f"link add link {bob.hub_dev} name vlan type vlan id 5 egress-qos-map 2:1 4:6 6:7", "link set vlan up",
              *(f"addr add {own}/{24 if family == 4 else 64} dev vlan{'' if family == 4 else ' nodad'}"
                for family, (own, _) in VLAN.items()))
    bob.ns.ip(f"link add link {bob.dev} name vlan type vlan id 5", "link set vlan up",
              *(f"addr add {there}/{24 if family == 4 else 64} dev vlan{'' if family == 4 else ' nodad'}"
                for family, (_, there) in VLAN.items()))
    control = t.table(0).add().ready(pages=16)
    nft.chain()
    nft.native_rule(0)
    t.host.run("nft", "-f", "-", stdin=RULES)
    frames = raw.Frames(bob.ns, bob.dev)
    port = 4000

    for family in (4, 6):
        own, there = VLAN[family]
        receiver, sender = bob.ns.udp(there), alice.udp(family=family)

        def sent(send):
            """The priority that a datagram has where it leaves, and its tag."""
            before = [nft.counter("priorities", f"p{n}") for n in PRIORITIES]
            frames.drain(0)
            send()
            got = receiver.recv() or t.fail("a datagram")
            frame = frames.recv() or t.fail("a frame")
            now = [nft.counter("priorities", f"p{n}") for n in PRIORITIES]
            return [n for n in PRIORITIES if now[n] != before[n]], frame.vlan >> 13, got.tos

        seen, wanted = [], []
        for tos in TOS:
            t.step(f"IPv{family}: TOS {tos:#x}")
            plain = t.host.udp(own, 5000)
            if family == 4:
                plain.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            else:
                plain.sock.setsockopt(socket.IPPROTO_IPV6, IPV6_TCLASS, tos)
            wanted.append((tos, *sent(lambda: plain.send(b"socket", receiver.address))))
            plain.close()
            local = (alice.hub_address(family), port)
            control.add(local, ((own, 5000), receiver.address, {"tos": tos}), rtp=1)
            seen.append((tos, *sent(lambda: sender.send(rtp.packet(), local))))
            port += 2
        t.note(f"IPv{family}, a socket's TOS, priority, priority in the tag, TOS that arrives: {wanted}")
        t.equal(f"IPv{family}: TOS, priority, priority in the tag, TOS that arrives", seen, wanted)
