# SPDX-License-Identifier: GPL-2.0-only
"""Taps see what came, and nothing of it leaks into what leaves: the defects 12, 21 and 22 with one kind of packet."""

import json
import socket

from guest import nft, raw, rtp

MARKS = """
table inet marks {{
  chain pre {{ type filter hook prerouting priority -300; udp dport 4000-4010 meta mark set 7 meta priority set 1:2 ct mark set 9; }}
  chain out {{ type filter hook output priority 0;
    meta nfproto {{ ipv4, ipv6 }} udp sport 5000 jump seen; }}
  chain seen {{
    counter name every;
    meta mark 0 counter name no_mark;
    meta priority 0 counter name no_priority;
    ct mark 0 counter name no_ct_mark;
    ct direction original udp sport 5000 ct original proto-dst {{ {ports} }} counter name own_connection; }}
  counter every {{}}
  counter no_mark {{}}
  counter no_priority {{}}
  counter no_ct_mark {{}}
  counter own_connection {{}}
}}
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    places = {}
    for family in (4, 6):
        local, source, receiver = (alice.hub_address(family), 4000), (bob.hub_address(family), 5000), bob.udp(family=family)
        rewriting = {"ssrc_subst": 1, "ssrc_out[0]": b"\xaa\xbb\xcc\xdd", "pt_output[0].replace_pattern": b"\xd5",
                     "pt_output[0].replace_pattern_len": 1}
        target = control.add(local, (source, receiver.address, rewriting), rtp=1, ssrcs=(0x1234_5678,))
        places[family] = target, local, source, receiver

    for family, (target, local, source, receiver) in places.items():
        src = alice.address(family)
        t.step(f"IPv{family}: a tap sees the packet as it came (defect 12)")
        taps = []
        for kind in (3, 0x0800 if family == 4 else 0x86DD):  # all protocols, and one
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(kind))
            tap.bind((alice.hub_dev, kind))
            tap.settimeout(2)
            taps.append(tap)
        for packets in (rtp.stream(20, size=40), rtp.stream(20, size=1200)):
            sent = [raw.datagram(src, local[0], 9, local[1], each) for each in packets]
            for each in sent:
                raw.send(alice, each)
            for tap in taps:
                seen = []
                while len(seen) < len(sent):
                    data = tap.recv(65536)
                    if data[6 if family == 6 else 9] == 17:
                        seen.append(data)
                t.equal("what the tap saw", seen, sent)
            for each in packets:
                got = receiver.recv()
                t.equal("what was relayed", got and got.data, each[:8] + b"\xaa\xbb\xcc\xdd" + b"\xd5" * (len(each) - 12))
        for tap in taps:
            tap.close()

    t.step("marks, priority and connection of the received packet are gone from the sent one (defects 21, 22)")
    t.host.run("nft", "-f", "-", stdin=MARKS.format(ports=", ".join(str(each[3].port) for each in places.values())))
    for target, local, source, receiver in places.values():
        for each in rtp.stream(20):
            alice_socket = alice.udp(family=6 if ":" in local[0] else 4)
            alice_socket.send(each, local)
            alice_socket.close()
        t.equal("relayed", len([one for one in (receiver.recv() for _ in range(20)) if one]), 20)
    listed = json.loads(t.host.run("nft", "-j", "list", "counters").stdout)["nftables"]
    counters = {each["counter"]["name"]: each["counter"]["packets"] for each in listed if "counter" in each}
    t.equal("at the output hook", counters, dict.fromkeys(("every", "no_mark", "no_priority", "no_ct_mark", "own_connection"), 40))

    t.step("what leaves is filtered as any local packet")
    t.host.run("nft", "add rule inet marks out udp sport 5000 drop")
    target, local, source, receiver = places[4]
    before = target.stats["packets"]
    alice.udp().send(rtp.packet(), local)
    t.silent("dropped at the output hook", receiver, 0.2)
    t.equal("but received", target.stats["packets"], before + 1)
