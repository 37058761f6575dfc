# SPDX-License-Identifier: GPL-2.0-only
"""What is dropped is freed as dropped, with a reason, where drop monitor and the trace points see it; what is relayed is not."""

import socket

from guest import nft, rtp
from guest.control import MISMATCH_DROP
from guest.srtp import AES_CM, Crypto, Sender
from guest.tracing import Tracing

KERNEL = "stock"
COUNT = 5
FAR = {4: "198.51.100.1", 6: "2001:db8::1"}
UNSPECIFIED = ("NOT_SPECIFIED", "NOT_DROPPED_YET", "CONSUMED", None)


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    port = 4000
    with Tracing() as tracing:
        for family in (4, 6):
            receiver, second = bob.udp(family=family), bob.udp(family=family)
            source = (bob.hub_address(family), 6000)
            sender = alice.udp(family=family)
            t.host.ip(f"route add {FAR[family]} via {bob.address(family)}")
            own = t.host.udp(alice.hub_address(family))
            if family == 4:
                own.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
            else:
                own.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 1)
            crypto = Crypto.new(AES_CM)
            kept_back = receiver.address, {"pt_output[0].blackhole": 1}
            strict = {"src_mismatch": MISMATCH_DROP, "expected_src": (alice.address(family), 1)}
            for what, outputs, fields, field in (
                    ("from another source", [receiver.address], strict, "errors"),
                    ("for a black hole", [], {"non_forwarding": 1, "blackhole": 1}, "packets"),
                    ("without a route", [(FAR[family], 9)], {}, "errors"),
                    ("without a hop left", [receiver.address], {}, "errors"),
                    ("received before", [receiver.address], crypto.fields("decrypt"), "errors"),
                    ("kept back by its output", [kept_back], {}, "packets"),
                    ("relayed", [receiver.address], {}, "packets"),
                    ("relayed twice", [second.address, receiver.address], {}, "packets")):
                t.step(f"IPv{family}: {what}")
                local = (alice.hub_address(family), port)
                target = control.add(local, *((source, *(to if to is kept_back else (to,))) for to in outputs), rtp=1, **fields)
                if what == "without a route":
                    t.host.ip(f"route del {FAR[family]}")
                tracing.freed()
                packets = rtp.stream(COUNT)
                if what == "received before":
                    packets = [Sender(crypto).rtp(packets[0])] * COUNT
                    t.relayed("the first time", sender, local, receiver, packets[:1], source=source, expected=rtp.stream(1))
                    tracing.freed()
                if what.startswith("relayed"):
                    t.relayed(what, sender, local, receiver, packets, source=source)
                    second.drain(0)
                else:
                    for data in packets:
                        (own if what == "without a hop left" else sender).send(data, local)
                    t.eventually("counted", lambda: target.stats[field], COUNT)
                freed = tracing.freed()
                t.note(f"IPv{family}, {what}: {freed[:1]}")
                if what.startswith("relayed"):
                    t.equal("none is freed as dropped", [each for each in freed if each.reason], [])
                else:
                    t.equal("freed as dropped", (len(freed), [each for each in freed if each.reason in UNSPECIFIED]), (COUNT, []))
                port += 2
