# SPDX-License-Identifier: GPL-2.0-only
"""With VRF, what is relayed takes the routes of the source address's device, else those of the one that it came in by."""

from guest import nft, rtp

FAR = {4: "203.0.113.7", 6: "2001:db8:7::7"}
NOBODY = {4: "192.0.2.1", 6: "2001:db8:1::1"}


def run(t):
    # A namespace of its own: the rule that sends VRFs to their tables is made once for each.
    hub = t.namespace("hub")
    alice, bob, carol = t.peers("alice", "bob", "carol", hub=hub)
    hub.ip("link add red type vrf table 100", "link set red up",
           *(f"link set {peer.hub_dev} master red" for peer in (alice, bob)),
           *(f"addr replace {peer.hub6}/64 dev {peer.hub_dev} nodad" for peer in (alice, bob)),
           *(f"route add default via {address} table 100" for address in (bob.v4, bob.v6)),
           *(f"route add default via {address}" for address in (carol.v4, carol.v6)))
    for peer in (bob, carol):
        peer.ns.ip(f"addr add {FAR[4]}/32 dev lo", f"addr add {FAR[6]}/128 dev lo nodad")
    with hub:
        control = t.table(0).add().ready(pages=8)
    nft.chain(ns=hub)
    nft.native_rule(0, ns=hub)


    for family in (4, 6):
        at = {peer.ns.name: peer.ns.udp(FAR[family], 9) for peer in (bob, carol)}

        def arrives(what, send, data, source, where):
            send(data)
            got = at[where].recv()
            t.equal(f"IPv{family}, {what}: arrives at {where}", got and (got.data, got.source), (data, source))
            for name, receiver in at.items():
                t.true(f"IPv{family}, {what}: nothing else at {name}", receiver.recv(0) is None)

        t.step(f"IPv{family}: a socket of the VRF, and one without")
        inside, outside = hub.udp(bob.hub_address(family), device="red"), hub.udp(carol.hub_address(family))
        arrives("a socket of the VRF", lambda data: inside.send(data, (FAR[family], 9)), b"inside", inside.address, "bob")
        arrives("another socket", lambda data: outside.send(data, (FAR[family], 9)), b"outside", outside.address, "carol")

        port = 4000
        for what, comes, source, where in (
                ("the source address is one of the VRF", alice, bob.hub_address(family), "bob"),
                ("it is that of the device that it came by", alice, alice.hub_address(family), "bob"),
                ("nobody has the source address", alice, NOBODY[family], "bob"),
                ("the source address is one outside", alice, carol.hub_address(family), "carol"),
                ("comes from outside, and the source address is one of the VRF", carol, bob.hub_address(family), "bob"),
                ("comes from outside, and nobody has the source address", carol, NOBODY[family], "carol")):
            t.step(f"IPv{family}: {what}")
            local, out = (comes.hub_address(family), port), (source, port + 1)
            target = control.add(local, (out, (FAR[family], 9)), rtp=1)
            sender = comes.udp(family=family)
            for n in range(2):
                arrives(what, lambda data: sender.send(data, local), rtp.packet(n, payload=what.encode()), out, where)
            t.equal("packets and errors", (target.outputs[0]["packets"], target.outputs[0]["errors"]), (2, 0))
            port += 2

        t.step(f"IPv{family}: to a socket of this host, in the VRF")
        own = hub.udp("0.0.0.0" if family == 4 else "::", 7000, "red")
        local, out = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
        inside.send(data := b"inside", (alice.hub_address(family), 7000))
        got = own.recv()
        t.equal("a socket's arrives", got and (got.data, got.source), (data, inside.address))
        control.add(local, (out, (alice.hub_address(family), 7000)), rtp=1)
        alice.udp(family=family).send(data := rtp.packet(), local)
        got = own.recv()
        t.equal("arrives", got and (got.data, got.source), (data, out))
        own.close()
        for receiver in at.values():
            receiver.close()
