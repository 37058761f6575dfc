# SPDX-License-Identifier: GPL-2.0-only
"""Routing rules for a user's packets (`ip rule ... uidrange`) are followed for the user who opened the control file."""

import os

from guest import module, nft, rtp

MODULE = None
USER = 1000
FAR = {4: "198.51.100.1", 6: "2001:db8::1"}


class As:
    """What is opened meanwhile belongs to a user."""

    def __init__(self, user):
        self.user = user

    def __enter__(self):
        os.setresuid(self.user, self.user, 0)

    def __exit__(self, *_):
        os.setresuid(0, 0, 0)


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    for peer in (bob, carol):
        peer.ns.ip(f"addr add {FAR[4]}/32 dev lo", f"addr add {FAR[6]}/128 dev lo nodad")
    for family in (4, 6):
        t.host.ip(f"route add {FAR[family]} via {bob.address(family)}", f"route add {FAR[family]} via {carol.address(family)} table 100")
        t.host.run("ip", f"-{family}", "rule", "add", "uidrange", f"{USER}-{USER}", "lookup", "100")
    module.load("rs", f"proc_uid={USER}")
    nft.chain()
    for number, user in ((0, 0), (1, USER)):
        nft.native_rule(number)
        t.table(number).add()
    with As(USER):
        users = t.table(1).control()
    tables = {"root's": (t.table(0).ready(), 0, "bob", 4000), "the user's": (users.init(), USER, "carol", 5000)}

    for family in (4, 6):
        at = {peer.ns.name: peer.ns.udp(FAR[family], 9) for peer in (bob, carol)}

        def arrives(what, send, where, source):
            for n in range(2):
                send(data := rtp.packet(n, payload=what.encode()))
                got = at[where].recv()
                t.equal(f"IPv{family}, {what}: arrives at {where}", got and (got.data, got.source), (data, source))
            for name, receiver in at.items():
                t.true(f"IPv{family}, {what}: nothing else at {name}", receiver.recv(0) is None)

        for what, (control, user, where, port) in tables.items():
            t.step(f"IPv{family}: {what} socket and table")
            local, source = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
            plain = t.host.udp(*source)
            os.fchown(plain.sock.fileno(), user, -1)
            arrives(f"{what} socket", lambda data: plain.send(data, (FAR[family], 9)), where, source)
            plain.close()
            control.add(local, (source, (FAR[family], 9)), rtp=1)
            sender = alice.udp(family=family)
            arrives(f"{what} table", lambda data: sender.send(data, local), where, source)
        for receiver in at.values():
            receiver.close()
