# SPDX-License-Identifier: GPL-2.0-only
"""What leaves by a plain route meets the hooks of the way out, taps and tc, and takes the stack's own way where that is not all."""

import contextlib

from guest import nft, queue, raw, rtp
from guest.probes import Probes

COUNT = 16
STACK = {4: ("ip_local_out", "ip_output"), 6: ("ip6_local_out", "ip6_output")}
RULES = """table inet way {
  counter rerouted {}
  chain out { type filter hook output priority 0; }
  chain post { type filter hook postrouting priority 0; }
  chain route { type route hook output priority -150; }
}
"""


@contextlib.contextmanager
def rule(t, chain, text):
    """With a rule for what leaves."""
    t.host.run("nft", "add", "rule", "inet", "way", chain, *text.split())
    yield
    t.host.run("nft", "flush", "chain", "inet", "way", chain)


def run(t):
    alice, bob, carol = t.peers("alice", "bob", "carol")
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.run("modprobe", "-a", "nfnetlink_queue", "nft_queue", check=False)
    t.host.run("nft", "-f", "-", stdin=RULES)
    with Probes(*STACK[4], *STACK[6]) as probes:
        for family in (4, 6):
            ways(t, control, probes, family, alice, bob, carol)


def ways(t, control, probes, family, alice, bob, carol):
    local, source = (alice.hub_address(family), 4000), (bob.hub_address(family), 5000)
    sender, receiver = alice.udp(family=family), bob.udp(family=family)
    target = control.add(local, (source, receiver.address), rtp=1)
    packets = rtp.stream(COUNT)
    prefix, route = ("ip", "-6") if family == 6 else ("ip", "-4"), f"{receiver.address[0]}/{128 if family == 6 else 32}"

    def stack():
        """Calls of the stack's functions on the way out."""
        calls = probes.calls()
        return calls and [calls[name] for name in STACK[family]]

    @contextlib.contextmanager
    def way(local_out, output):
        """That many of the packets take the stack's way as a whole, and from ip_output() on; those of the sender's socket do, too."""
        before = stack()
        yield
        if before:
            took = [after - each - sent for after, each, sent in zip(stack(), before, of_socket)]
            for name, got, expected in zip(STACK[family], took, (local_out, output)):
                # Neighbour discovery takes it, too.
                t.between(f"packets that took the stack's way through {name}", got, expected - COUNT // 4, expected + COUNT // 4)

    def relayed(what, **options):
        return t.relayed(what, sender, local, receiver, packets, source=source, **options)

    relayed("the neighbours are known then")
    unrelayed = (local[0], 4998)
    reader = t.host.udp(*unrelayed)
    before = stack()
    for packet in packets:
        sender.send(packet, unrelayed)
    t.equal("a socket's packets", len(reader.drain(0.05)), COUNT)
    of_socket = before and [after - each for after, each in zip(stack(), before)]
    reader.close()

    t.step(f"IPv{family}: a plain route")
    tap = raw.Frames(t.host, bob.hub_dev, sent=True)
    with way(0, 0):
        relayed("packets")
    seen = [raw.parse(raw.finished(frame.packet)).payload for frame in tap.drain()]
    tap.close()
    t.equal("what a tap sees leave", [each for each in seen if each in packets], packets)

    for chain, step in (("out", "output"), ("post", "postrouting")):
        t.step(f"IPv{family}: a rule of {step} drops")
        errors = target.outputs[0]["errors"]
        with rule(t, chain, "udp sport 5000 drop"), way(0, 0):
            for packet in packets:
                sender.send(packet, local)
            t.silent("what is dropped", receiver, 0.05)
        t.equal("errors of the output", target.outputs[0]["errors"] - errors, COUNT)

        t.step(f"IPv{family}: a rule of {step} changes the packet")
        with rule(t, chain, f"udp sport 5000 {'ip6' if family == 6 else 'ip'} dscp set 10"), way(0, 0):
            for packet in packets:
                sender.send(packet, local)
            t.equal("TOS of what comes", [datagram.tos for datagram in (receiver.recv() for _ in packets)], [10 << 2] * COUNT)

        t.step(f"IPv{family}: a rule of {step} queues")
        with rule(t, chain, "udp sport 5000 queue num 0"), queue.Queue(0, queue.ACCEPT, 0) as waiting, way(0, COUNT):
            relayed("packets that were queued")
        t.equal("packets that were queued", waiting.packets, COUNT)

    t.step(f"IPv{family}: a mark leads to another route")
    t.host.run(*prefix, "rule", "add", "fwmark", "7", "lookup", "100")
    t.host.run(*prefix, "route", "add", route, "via", carol.address(family), "dev", carol.hub_dev, "table", "100")
    frames = raw.Frames(carol.ns, carol.dev)
    before = nft.counter("way", "rerouted")
    seen = rule(t, "post", f"udp sport 5000 oifname {carol.hub_dev} counter name rerouted")
    with rule(t, "route", "udp sport 5000 meta mark set 7"), seen, way(0, COUNT):
        for packet in packets:
            sender.send(packet, local)
        t.silent("the first route", receiver, 0.05)
    got = [raw.parse(raw.finished(frame.packet)).payload for frame in frames.drain()]
    t.equal("by the other one", [each for each in got if each in packets], packets)
    t.equal("those that postrouting saw leave by it", nft.counter("way", "rerouted") - before, COUNT)
    t.host.run(*prefix, "rule", "del", "fwmark", "7", "lookup", "100")
    frames.close()

    t.step(f"IPv{family}: a filter of the device drops")
    with egress(t, bob.hub_dev), way(0, 0):
        for packet in packets:
            sender.send(packet, local)
        t.silent("what is dropped", receiver, 0.05)

    t.step(f"IPv{family}: longer than the link takes")
    long = rtp.stream(COUNT, size=1400)
    t.host.ip(f"link set {bob.hub_dev} mtu 1300")
    with way(0, COUNT):
        for packet in long:
            sender.send(packet, local)
        t.equal("put together again", [datagram.data for datagram in (receiver.recv() for _ in long)], long)
    t.host.ip(f"link set {bob.hub_dev} mtu 1500")

    t.step(f"IPv{family}: a policy of IPsec")
    block = ("src", source[0], "dst", receiver.address[0], "proto", "udp", "dir", "out", "action", "block")
    t.host.run("ip", "xfrm", "policy", "add", *block)
    with way(0, 0):
        for packet in packets:
            sender.send(packet, local)
        t.silent("what is blocked", receiver, 0.05)
    t.host.ip("xfrm policy flush")
    transport = ("src", source[0], "dst", receiver.address[0], "proto", "udp", "dir", "out")
    t.host.run("ip", "xfrm", "state", "add", "src", source[0], "dst", receiver.address[0], "proto", "esp", "spi", "1", "mode",
               "transport", "enc", "ecb(cipher_null)", "", "auth", "hmac(sha1)", "0x" + "11" * 20)
    t.host.run("ip", "xfrm", "policy", "add", *transport, "tmpl", "proto", "esp", "mode", "transport")
    frames = raw.Frames(bob.ns, bob.dev)
    before = stack()
    for packet in packets:
        sender.send(packet, local)
    t.silent("in clear", receiver, 0.05)
    protocols = [frame.packet[6 if family == 6 else 9] for frame in frames.drain()]
    t.equal("packets of ESP, and of UDP", [protocols.count(50), protocols.count(17)], [COUNT, 0])
    if before:
        t.equal("packets that took the stack's way", stack()[0] - before[0] - of_socket[0], COUNT)
    frames.close()
    t.host.ip("xfrm policy flush", "xfrm state flush")

    t.step(f"IPv{family}: a neighbour that is not known yet")
    t.host.run("ip", "neigh", "flush", "dev", bob.hub_dev)
    with way(0, 0):
        relayed("packets")
    t.step(f"IPv{family}: by way of a gateway")
    t.host.run(*prefix, "route", "add", route, "via", carol.address(family), "dev", carol.hub_dev)
    frames = raw.Frames(carol.ns, carol.dev)
    with way(0, 0):
        for packet in packets:
            sender.send(packet, local)
        got = [raw.parse(raw.finished(frame.packet)).payload for frame in frames.drain()]
    t.equal("what the gateway has", [each for each in got if each in packets], packets)
    frames.close()
    t.host.run(*prefix, "route", "del", route, "via", carol.address(family), "dev", carol.hub_dev)
    relayed("the first route again")


@contextlib.contextmanager
def egress(t, dev):
    """With a filter that drops what leaves by a device."""
    t.host.run("nft", "-f", "-", stdin=f"""table netdev way {{
  chain egress {{ type filter hook egress device {dev} priority 0; udp sport 5000 drop; }}
}}
""")
    yield
    t.host.run("nft", "delete", "table", "netdev", "way")
