# SPDX-License-Identifier: GPL-2.0-only
"""Defect 22: connection tracking, address translation and IPsec treat what is relayed as any datagram of this host."""

import json
import os

from guest import nft, raw, rtp
from guest.traffic import flow

RULES = """
table inet tracked {{
  chain out {{ type filter hook output priority 0; udp sport 5000 ct state new counter name fresh; udp sport 5000 ct state established counter name known; }}
  chain back {{ type filter hook input priority -10; udp dport 5000 ct state established ct direction reply counter name reply; }}
  counter fresh {{}}
  counter known {{}}
  counter reply {{}}
}}
"""
KEY = "0x" + "11" * 20


def counters(t):
    listed = json.loads(t.host.run("nft", "-j", "list", "counters", "table", "inet", "tracked").stdout)["nftables"]
    return {each["counter"]["name"]: each["counter"]["packets"] for each in listed if "counter" in each}


def protect(ns, here, there, way):
    """IPsec in transport mode between two addresses, without encryption, so that the link can be read."""
    for spi, src, dst in ((1, min(here, there), max(here, there)), (2, max(here, there), min(here, there))):
        ns.run("ip", "xfrm", "state", "add", "src", src, "dst", dst, "proto", "esp", "spi", str(spi), "mode", "transport",
               "enc", "ecb(cipher_null)", "", "auth", "hmac(sha1)", KEY)
    for direction, src, dst in (("out", here, there), ("in", there, here)):
        if way == direction:
            ns.run("ip", "xfrm", "policy", "add", "src", src, "dst", dst, "proto", "udp", "dir", direction,
                   "tmpl", "proto", "esp", "mode", "transport")


def unprotect(*namespaces):
    for ns in namespaces:
        ns.ip("xfrm policy flush", "xfrm state flush")


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.run("nft", "-f", "-", stdin=RULES.format())

    frames = raw.Frames(bob.ns, bob.dev)
    ends = {}
    for family in (4, 6):
        t.step(f"IPv{family}: what leaves is a connection of its own, and what comes back belongs to it")
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 5000)
        sender, receiver = alice.udp(family=family), bob.udp(family=family)
        target = control.add(local, (source, receiver.address), rtp=1)
        control.add(source, (local, sender.address), rtp=1)
        ends[family] = target, local, source, sender, receiver
        before = counters(t)
        t.relayed("there", sender, local, receiver, rtp.stream(3), source=source)
        t.relayed("and back", receiver, source, sender, rtp.stream(3), source=local)
        t.relayed("there", sender, local, receiver, rtp.stream(3), source=source)
        t.equal("states", {key: value - before[key] for key, value in counters(t).items()},
                {"fresh": 3, "known": 3, "reply": 3})

        t.step(f"IPv{family}: its addresses are translated, and those of what comes back")
        word = "ip" if family == 4 else "ip6"
        other = carol.udp(family=family)
        control.add((local[0], 4010), ((source[0], 5010), (bob.address(family), 9)), rtp=1)
        control.add((source[0], 5010), (local, sender.address), rtp=1)
        to = other.address[0] if family == 4 else f"[{other.address[0]}]"
        new = carol.hub_address(family) if family == 4 else f"[{carol.hub_address(family)}]"
        t.host.run("nft", "-f", "-", stdin=f"""
            table {word} translated {{
              chain out {{ type nat hook output priority -100; udp sport 5010 dnat to {to}:{other.port}; }}
              chain post {{ type nat hook postrouting priority 100; udp sport 5010 snat to {new}:6000; }}
            }}""")
        moved = carol.hub_address(family), 6000
        t.relayed("to another host by another address", sender, (local[0], 4010), other, rtp.stream(3), source=moved)
        t.relayed("and back", other, moved, sender, rtp.stream(3), source=local)

    for family, (target, local, source, sender, receiver) in ends.items():
        here, there = source[0], receiver.address[0]
        t.step(f"IPv{family}: a policy that blocks")
        t.host.run("ip", "xfrm", "policy", "add", "src", here, "dst", there, "proto", "udp", "dir", "out", "action", "block")
        before = target.outputs[0]["packets"], target.outputs[0]["errors"]
        sender.send(rtp.packet(), local)
        t.silent("sent", receiver, 0.05)
        t.equal("packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (before[0], before[1] + 1))
        unprotect(t.host)
        t.relayed("without it", sender, local, receiver, rtp.stream(2), source=source)

        t.step(f"IPv{family}: what leaves is protected, and fragmented to what fits then")
        protect(t.host, here, there, "out")
        protect(bob.ns, there, here, "in")
        frames.drain(0)
        sent = [rtp.packet(n, payload=os.urandom(size)) for n, size in enumerate((0, 160, 1400, 1440))]
        flow(sender, local, receiver, sent).check("protected", source, ordered=False)
        at = 9 if family == 4 else 6
        seen = frames.drain(0.05)
        t.equal("protocols on the link", {frame.packet[at] for frame in seen} - {44}, {50})
        t.equal("errors", target.outputs[0]["errors"], before[1] + 1)
        unprotect(t.host, bob.ns)
        t.relayed("in the clear again", sender, local, receiver, rtp.stream(2), source=source)

    for family, (target, local, source, sender, receiver) in ends.items():
        here, there = local[0], sender.address[0]
        t.step(f"IPv{family}: what comes protected is relayed; what should have been and was not is left to the stack, which drops it")
        passed = t.host.udp(*local)
        protect(t.host, here, there, "in")
        protect(alice.ns, there, here, "out")
        flow(sender, local, receiver, rtp.stream(5)).check("protected", source, ordered=False)
        unprotect(alice.ns)
        before = target.stats["packets"]
        sender.send(rtp.packet(), local)
        t.silent("in the clear", receiver, 0.1)
        t.silent("to the socket", passed, 0.05)
        t.equal("counted", target.stats["packets"], before)
        unprotect(t.host)
        t.relayed("without a policy", sender, local, receiver, rtp.stream(2), source=source)
