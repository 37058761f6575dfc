# SPDX-License-Identifier: GPL-2.0-only
"""Packets that wait in a queue (NFQUEUE) before the rule are relayed by the process that lets them go, while others come by interrupt."""

import os
import time

from guest import nft, queue, rtp
from guest.srtp import AES_CM, Crypto, Sender
from guest.traffic import Background

QUEUED, OTHERS, MARK = 5000, 5001, 7
COUNT = 300
SSRCS = (1, 2)
RULES = f"""table inet queued {{
  chain c {{ type filter hook input priority -1; udp sport {QUEUED} meta mark != {MARK} queue num 0; }}
}}
"""


def run(t):
    # Processors whose packets overtake each other make some too old for SRTP; and an interrupt on the one that the process is on
    # is what it must not be disturbed by.
    os.sched_setaffinity(0, {0})
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.run("nft", "-f", "-", stdin=RULES)
    count = t.fewer(COUNT)
    for port, (family, name, verdict) in enumerate(((4, "accept", queue.ACCEPT), (6, "repeat", queue.REPEAT)), 4000):
        t.step(f"IPv{family}: the queue's verdict is {name}")
        crypto, outward = Crypto.new(AES_CM), Crypto.new(AES_CM)
        local, source = (alice.hub_address(family), port), (bob.hub_address(family), 6000)
        receiver, encrypted = bob.udp(family=family), bob.udp(family=family)
        target = control.add(local, (source, encrypted.address, outward.fields("encrypt")), (source, receiver.address), ssrcs=SSRCS,
                             rtp=1, rtp_stats=1, **crypto.fields("decrypt"))
        clear = [rtp.stream(count, ssrc=ssrc) for ssrc in SSRCS]
        libsrtp = Sender(crypto)
        queued, others = ([libsrtp.rtp(each) for each in packets] for packets in clear)
        sender = alice.udp(QUEUED, family)
        with queue.Queue(0, verdict, MARK) as waiting:
            with Background(alice.udp(OTHERS, family), local, encrypted, others, gap=0.001) as beside:
                for packet in queued:
                    sender.send(packet, local)
                    time.sleep(0.001)
            sent = count + len(beside.flow.sent)
            t.eventually("packets relayed", lambda: target.stats["packets"], sent)
        received = [packet.data for packet in receiver.drain()]
        t.equal("packets that waited", waiting.packets, count)
        t.equal("those of the queue", [each for each in received if each in clear[0]], clear[0])
        t.equal("the others", [each for each in received if each in clear[1]], clear[1][:len(beside.flow.sent)])
        t.equal("each once", len(received), sent)
        t.equal("errors", target.stats["errors"], 0)
        t.equal("packets of each output", [output["packets"] for output in target.outputs], [sent, sent])
        t.true("others came meanwhile", len(beside.flow.sent) > 10, len(beside.flow.sent))
