# SPDX-License-Identifier: GPL-2.0-only
"""The machine boots, namespaces are joined, and UDP crosses a link."""

from guest import rtp

MODULE = None


def run(t):
    t.step("two peers round a hub")
    alice, bob = t.peers("alice", "bob")
    t.host.sysctl("net.ipv4.ip_forward", 1)
    for family in (4, 6):
        t.step(f"IPv{family} from one to the hub")
        hub = t.host.udp(alice.hub_address(family))
        sender = alice.udp(family=family)
        t.relayed("directly", sender, hub.address, hub, rtp.stream(50), source=sender.address)
    t.step("routed from one to the other")
    sender, receiver = alice.udp(), bob.udp()
    t.relayed("routed", sender, receiver.address, receiver, rtp.stream(50), source=sender.address)
