# SPDX-License-Identifier: GPL-2.0-only
"""Early hooks relay from the sources, and to the addresses, that routing lets in: by `rp_filter`, rules and routes as they are now."""

from guest import nft, raw, rtp, system

TIMEOUT = 90
NOWHERE = "198.51.100.7"  # no route leads there
MARK = """
table inet marks {
  chain pre { type filter hook prerouting priority -310; udp sport 9 udp dport 4000 meta mark set 7; }
}
"""
INGRESS_MARK = """
table netdev marks {{
  chain in {{ type filter hook ingress device {device} priority -510; udp sport 9 udp dport 4000 meta mark set 7; }}
}}
"""


def filtered():
    """Packets that rp_filter dropped."""
    return system.counters_of_ip()["IPReversePathFilter"]


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready(pages=16)
    nft.chain()
    nft.native_rule(0)
    devices = (alice.hub_dev, bob.hub_dev)
    second = {4: "10.99.0.1", 6: "fd00:99::1"}
    ends = {}
    for family in (4, 6):
        receiver, source = bob.udp(family=family), (bob.hub_address(family), 4001)
        first = control.add((alice.hub_address(family), 4000), (source, receiver.address), rtp=1)
        other = control.add((second[family], 4000), (source, receiver.address), rtp=1)
        control.add((alice.hub_address(family), 4002), (source, receiver.address), rtp=1)
        ends[family] = receiver, {alice.hub_address(family): first, second[family]: other}

    number = iter(range(1, 60_000))

    def relays(family, source, to=None, port=9):
        """Whether a packet is relayed; it is counted if so, and only then."""
        receiver, targets = ends[family]
        to = to or alice.hub_address(family)
        before, data = targets[to].stats["packets"], rtp.packet(next(number))
        raw.send(alice, raw.datagram(source, to, port, 4000, data))
        # What is behind it, for another target, is always relayed.
        end = rtp.packet(next(number), payload=b"end")
        raw.send(alice, raw.datagram(alice.address(family), alice.hub_address(family), 10, 4002, end))
        got = []
        while not got or got[-1] != end:
            got.append((receiver.recv() or t.fail("the packet behind it")).data)
        t.equal("counted", targets[to].stats["packets"] - before, len(got) - 1)
        return data in got

    def says(what, family, expected, *arguments):
        # Twice: what is known of a source is asked again, or not.
        t.equal(f"IPv{family}, {what}", [relays(family, *arguments) for _ in range(2)], [expected, expected])

    def device_filter(dev, value):
        t.host.sysctl(f"net.ipv4.conf.{dev}.rp_filter", value)

    def everything(where):
        dropped = filtered()
        t.step(f"{where}: rp_filter")
        for everywhere, here, strict, loose in ((0, 0, 0, 0), (0, 1, 1, 1), (0, 2, 0, 1), (1, 0, 1, 1), (1, 2, 0, 1), (2, 1, 0, 1), (0, 0, 0, 0)):
            device_filter("all", everywhere)
            device_filter(alice.hub_dev, here)
            what = f"rp_filter {everywhere} of all and {here} of the device"
            says(f"{what}: own network", 4, True, alice.v4)
            says(f"{what}: another device's network", 4, not strict, bob.v4)
            says(f"{what}: no route", 4, not loose, NOWHERE)
            says(f"{what}: IPv6 has none", 6, True, bob.v6)
        t.step(f"{where}: the filter changes for a source that has just been let in")
        for setting in (1, 0, 2, 0, 1, 2, 0):
            device_filter(alice.hub_dev, setting)
            says(f"rp_filter {setting}", 4, setting == 0, NOWHERE)
        t.step(f"{where}: a route comes and goes")
        device_filter(alice.hub_dev, 1)
        says("without the route", 4, False, NOWHERE)
        t.host.ip(f"route add {NOWHERE}/32 via {alice.v4}")
        says("with the route", 4, True, NOWHERE)
        t.host.ip(f"route del {NOWHERE}/32")
        says("without it again", 4, False, NOWHERE)
        device_filter(alice.hub_dev, 0)
        says("without the filter", 4, True, NOWHERE)

        t.step(f"{where}: a source that is this host's own")
        says("not accepted", 4, False, bob.hub4)
        t.host.sysctl(f"net.ipv4.conf.{alice.hub_dev}.accept_local", 1)
        says("accept_local", 4, True, bob.hub4)
        t.host.sysctl(f"net.ipv4.conf.{alice.hub_dev}.accept_local", 0)
        says("no more", 4, False, bob.hub4)

        t.step(f"{where}: a local address comes and goes")
        for family in (4, 6):
            source = alice.address(family)
            says("none has the address", family, False, source, second[family])
            t.host.ip(f"addr add {second[family]}/{32 if family == 4 else 128} dev lo" + (" nodad" if family == 6 else ""))
            says("this host has it", family, True, source, second[family])
            t.host.ip(f"addr del {second[family]}/{32 if family == 4 else 128} dev lo")
            says("no more", family, False, source, second[family])

        t.step(f"{where}: rules that tell sources, ports and marks apart")
        for family in (4, 6):
            source, bits = alice.address(family), 32 if family == 4 else 128
            ip = f"-{family}"
            says("no rule", family, True, source)
            for what in (f"from {source}/{bits} sport 9 ipproto udp", "fwmark 7"):
                t.host.run("ip", ip, "rule", "add", "pref", "0", *what.split(), "blackhole")
                t.host.run("ip", ip, "rule", "del", "pref", "0", "lookup", "local")
                t.host.run("ip", ip, "rule", "add", "pref", "1", "lookup", "local")
                if "fwmark" in what:
                    says(f"rule {what}, no mark", family, True, source)
                    t.host.run("nft", "-f", "-", stdin=INGRESS_MARK.format(device=alice.hub_dev) if "ingress" in where else MARK)
                says(f"rule {what}", family, False, source)
                says(f"rule {what}, another port", family, True, source, None, 11)
                says(f"rule {what}, the port once more", family, False, source)
                if "fwmark" in what:
                    t.host.run("nft", "delete", "table", *(("netdev",) if "ingress" in where else ("inet",)), "marks")
                t.host.run("ip", ip, "rule", "add", "pref", "0", "lookup", "local")
                t.host.run("ip", ip, "rule", "del", "pref", "1")
                t.host.run("ip", ip, "rule", "del", "pref", "0", *what.split(), "blackhole")
            says("no rule again", family, True, source)

        t.step(f"{where}: loopback addresses from a link")
        says("not accepted", 4, False, "127.0.0.5")
        t.host.sysctl(f"net.ipv4.conf.{alice.hub_dev}.route_localnet", 1)
        says("route_localnet, but they are this host's own", 4, False, "127.0.0.5")
        t.host.sysctl(f"net.ipv4.conf.{alice.hub_dev}.route_localnet", 0)

        t.step(f"{where}: IPv6 is switched off for the device")
        t.host.sysctl(f"net.ipv6.conf.{alice.hub_dev}.keep_addr_on_down", 1)
        for setting, expected in ((1, False), (0, True)):
            t.host.sysctl(f"net.ipv6.conf.{alice.hub_dev}.disable_ipv6", setting)
            before = ends[6][1][alice.hub6].stats["packets"]
            if setting == 0:
                t.host.ip(f"addr replace {alice.hub6}/64 dev {alice.hub_dev} nodad", f"neigh replace {alice.v6} lladdr {alice.mac} dev {alice.hub_dev}")
                says("on again", 6, True, alice.v6)
            else:
                raw.send(alice, raw.datagram(alice.v6, alice.hub6, 9, 4000, rtp.packet()))
                t.silent("off", ends[6][0], 0.1)
                t.equal("not counted", ends[6][1][alice.hub6].stats["packets"], before)
        return filtered() - dropped

    at_input = everything("input hook")
    for where in ("ip prerouting", "inet prerouting", "netdev ingress"):
        nft.delete()
        nft.chain()
        nft.native_rule(0)
        with nft.Early(where, devices=devices, priority=-300):
            if where == "ip prerouting":
                with nft.Early("ip6 prerouting", priority=-300):
                    dropped = everything(where)
            else:
                dropped = everything(where)
        t.equal(f"{where}: what rp_filter dropped", dropped, at_input)
