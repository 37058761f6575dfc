# SPDX-License-Identifier: GPL-2.0-only
"""Relayed packets that wait in a queue (NFQUEUE) of the way out do not go on in a module that is no longer there."""

from pathlib import Path

from guest import module, nft, queue, rtp

MODULE = None
COUNT = 5
RULES = """table inet way {{
  chain c {{ type filter hook {hook} priority 0; udp sport 5000 queue num 0; }}
}}
"""


def waiting():
    """How many packets wait in the queue."""
    queues = [line.split() for line in Path("/proc/net/netfilter/nfnetlink_queue").read_text().splitlines()]
    return sum(int(each[2]) for each in queues)


def run(t):
    alice, bob = t.peers("alice", "bob")
    t.host.run("modprobe", "-a", "nfnetlink_queue", "nft_queue", check=False)
    for family, hook in ((4, "output"), (4, "postrouting"), (6, "output"), (6, "postrouting")):
        t.step(f"IPv{family}: {hook}")
        module.load("rs")
        nft.chain()
        table = t.table(0).add()
        control = table.ready()
        nft.native_rule(0)
        t.host.run("nft", "-f", "-", stdin=RULES.format(hook=hook))
        local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 5000)
        sender, receiver = alice.udp(family=family), bob.udp(family=family)
        control.add(local, (source, receiver.address), rtp=1)
        with queue.Queue(0, None):
            for packet in rtp.stream(COUNT):
                sender.send(packet, local)
            t.eventually("packets that wait", waiting, COUNT)
            # No hook is removed: that would free what waits.
            t.host.run("nft", "flush", "chain", "inet", "vm", "vm")
            table.kill()
            control.close()
            t.equal("the module unloads", module.unload_soon("rs"), None)
            t.equal("packets that still wait", waiting(), 0)
        t.silent("what was freed", receiver, 0.05)
        nft.flush_all()
