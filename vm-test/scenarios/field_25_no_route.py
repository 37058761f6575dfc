# SPDX-License-Identifier: GPL-2.0-only
"""An output without a route is taken, and counts an error for each packet until there is one."""

from guest import nft, rtp
from guest.rtpctl import text

FAR = {4: "198.51.100.1", 6: "2001:db8::1"}
KINDS = {"no route": None, "prohibit": "prohibit", "blackhole": "blackhole", "unreachable": "unreachable"}


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    for address, bits in ((FAR[4], 32), (FAR[6], 128)):
        bob.ns.ip(f"addr add {address}/{bits} dev lo{' nodad' if bits == 128 else ''}")
    for family in (4, 6):
        receiver, sender = bob.ns.udp(FAR[family], 9), alice.udp(family=family)
        second = bob.udp(family=family)
        port = 4000
        for name, kind in KINDS.items():
            t.step(f"IPv{family}: {name}")
            local, source = (alice.hub_address(family), port), (bob.hub_address(family), port + 1)
            if kind:
                t.host.ip(f"route add {kind} {FAR[family]}")
            plain = t.host.udp(*source)
            try:
                plain.send(b"socket", receiver.address)
                t.fail("a socket has no route", "an error", "sent")
            except OSError as error:
                t.note(f"IPv{family}, {name}: a socket gets {error.strerror}")
            target = control.add(local, (source, receiver.address), ((source[0], port + 1000), second.address), rtp=1)

            def counted(what, packets, errors):
                t.equal(f"{what}: packets and errors of the outputs, errors of the target",
                        ([(each["packets"], each["errors"]) for each in target.outputs], target.stats["errors"]),
                        ([(packets, errors), (packets + errors, 0)], errors))

            t.relayed("what has a route", sender, local, second, rtp.stream(5), source=(source[0], port + 1000))
            t.silent("what has none", receiver, 0.05)
            counted("without a route", 0, 5)
            t.host.ip(*([f"route del {kind} {FAR[family]}"] if kind else []), f"route add {FAR[family]} via {bob.address(family)}")
            for n in range(3):
                sender.send(data := rtp.packet(10 + n), local)
                got = receiver.recv()
                t.equal("as soon as there is one: arrives", got and (got.data, got.source), (data, source))
            plain.send(b"socket", receiver.address)
            t.equal("a socket's arrives, too", (got := receiver.recv()) and got.data, b"socket")
            second.drain(0)
            counted("with a route", 3, 5)
            t.host.ip(f"route del {FAR[family]} via {bob.address(family)}")
            sender.send(rtp.packet(20), local)
            t.silent("when it is gone", receiver, 0.05)
            second.drain(0.02)
            counted("when it is gone", 3, 6)
            plain.close()
            port += 2

        t.step(f"IPv{family}: rtpctl asks for the route by itself")

        table = t.table(1)
        t.true("says that there is none", t.rtpctl.refused("stream", "add", "-t", 1, "--local", text((alice.hub_address(family), 4100)),
                                                           "--to", text(receiver.address)))
        t.true("and adds nothing", not table.path.exists() or not table.targets())
        receiver.close()

    t.step("addresses that no host has are refused")
    for family, source, destination in ((4, "224.0.0.1", "10.0.0.1"), (4, "255.255.255.255", "10.0.0.1"), (6, "ff02::1", "fd00::1"),
                                        (6, "::ffff:10.0.0.1", "fd00::1"), (6, "fd00::1", "::ffff:10.0.0.1")):
        local = (alice.hub_address(family), 5000)
        target = control.target(local)
        control.write(target.command)
        t.errno(f"from {source} to {destination}", "EINVAL", control.write, target.destination(0, (source, 5001), (destination, 9)))
        control.delete(local)
