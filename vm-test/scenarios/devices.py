# SPDX-License-Identifier: GPL-2.0-only
"""Packets come from and go to VLAN, bridge, MACVLAN, bonded and loopback devices as well as plain links."""

from guest import above, nft, raw, rtp


def run(t):
    control = t.table(0).add().ready(pages=16)
    nft.chain()
    nft.native_rule(0)
    plain = t.peer("plain")
    hubs, ends = {"plain": plain.hub_address}, {"plain": plain}

    for kind in above.NETS:
        t.step(f"a {kind} device")
        ends[kind], _ = above.peer(t, kind)
        hubs[kind] = lambda family, kind=kind: above.hub(kind, family)

    def udp(kind, family):
        own = ends[kind].address(family) if kind == "plain" else hubs[kind](family)[:-1] + "2"
        return ends[kind].ns.udp(own)

    frames = raw.Frames(ends["vlan"].ns, ends["vlan"].dev)
    port = 4000
    for coming in ends:
        for family in (4, 6):
            going = [kind for kind in ends if kind != coming]
            t.step(f"IPv{family}: from {coming} to each of the others")
            port += 2
            local = (hubs[coming](family), port)
            receivers = [udp(kind, family) for kind in going]
            sources = [(hubs[kind](family), port + 1) for kind in going]
            # What is sent last has the received buffer: each kind has its turn.
            for turn in range(2):
                pairs = list(zip(sources, receivers))[::-1 if turn else 1]
                target = control.add(local, *((source, each.address, {"tos": 0x68}) for source, each in pairs), rtp=1)
                sent = [rtp.packet(n, payload=bytes([n]) * size) for n, size in enumerate((0, 1, 160, 1400))]
                sender = udp(coming, family)
                for data in sent:
                    sender.send(data, local)
                for source, receiver in pairs:
                    got = receiver.drain(0.02)
                    t.equal("what arrives", [(one.data, one.source, one.tos, one.ttl) for one in got],
                            [(data, source, 0x68, 64) for data in sent])
                t.equal("errors", target.stats["errors"], 0)
                control.delete(local)

    t.step("frames of a virtual network are tagged, by the device or by the stack")
    receiver, local, sender = udp("vlan", 4), (plain.hub4, 5000), plain.udp()
    control.add(local, ((hubs["vlan"](4), 5001), receiver.address), rtp=1)
    for setting in ("on", "off"):
        t.host.run("ethtool", "-K", ends["vlan"].hub_dev, "tx-vlan-hw-insert", setting)
        frames.drain(0)
        t.relayed("a packet", sender, local, receiver, rtp.stream(1), source=(hubs["vlan"](4), 5001))
        t.equal(f"insertion by the device {setting}: tags", [each.vlan for each in frames.drain(0.05)], [5])

    t.step("to this host's own addresses")
    for family in (4, 6):
        receiver = t.host.udp("127.0.0.1" if family == 4 else "::1")
        local, source = (plain.hub_address(family), 5100), (plain.hub_address(family), 5101)
        control.add(local, (source, receiver.address), rtp=1)
        t.relayed("loopback", plain.udp(family=family), local, receiver, rtp.stream(5), source=source)

    t.step("devices that go while they are in use")
    alone = t.host.udp("127.0.0.1")
    control.add((plain.hub4, 5200), ((plain.hub4, 5201), alone.address), rtp=1)
    t.host.ip(*(f"link del {kind}" for kind in above.NETS))
    plain.udp().send(rtp.packet(), (plain.hub4, 5000))
    t.relayed("what has another way", plain.udp(), (plain.hub4, 5200), alone, rtp.stream(3))
