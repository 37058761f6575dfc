# SPDX-License-Identifier: GPL-2.0-only
"""What is too large for the path is fragmented as any local datagram: a small link, a small route, a router far away."""

import os

from guest import nft, raw, rtp

TOS, HOPS = 0xB8, 64


def datagrams(frames):
    """The datagrams whose fragments were seen, by identification: largest packet, UDP header and payload."""
    found = {}
    for frame in frames:
        one = raw.fragment(frame.packet)
        found.setdefault(one.ident, []).append((one, len(frame.packet)))
    return {ident: (max(size for _, size in parts), [one for one, _ in parts]) for ident, parts in found.items()}


def is_sound(family, source, to, udp):
    """Whether a UDP header before its payload has the right checksum and length."""
    whole = (raw.ipv4 if family == 4 else raw.ipv6)(source[0], to[0], udp)
    return raw.parse(whole).sound


def df(frame):
    return bool(frame.packet[6] & 0x40)


def run(t):
    alice, bob = t.peers("alice", "bob")
    carol = t.peer("carol", mtu=1280)
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)

    frames = raw.Frames(carol.ns, carol.dev)
    for family in (4, 6):
        t.step(f"IPv{family}: a link that is too small")
        receiver, sender = carol.udp(family=family), alice.udp(family=family)
        local, source = (alice.hub_address(family), 4000), (carol.hub_address(family), 4001)
        target = control.add(local, (source, receiver.address, {"tos": TOS}), rtp=1)
        frames.drain(0)
        header = 28 if family == 4 else 48
        sizes = [1280 - header - 12, 1280 - header - 11, 1400 - 12]
        sent = [rtp.packet(n, payload=os.urandom(size)) for n, size in enumerate(sizes)]
        t.relayed("all of them", sender, local, receiver, sent, source=source)
        seen = frames.drain(0.05)
        t.equal("packets on the link", len(seen), 1 + 2 + 2)
        t.equal("the one that just fits", (len(seen[0].packet), raw.finished(seen[0].packet)[header:]), (1280, sent[0]))
        for data, (largest, parts) in zip(sent[1:], datagrams(seen[1:]).values(), strict=True):
            udp = raw.reassembled(parts) or t.fail("all parts of the datagram")
            t.equal("the datagram", (udp[8:], is_sound(family, source, receiver.address, udp)), (data, True))
            t.equal("TOS and hops of each part", {(part.tos, part.ttl) for part in parts}, {(TOS, HOPS)})
            t.true("a part fits", largest <= 1280, largest)
        output = target.outputs[0]
        t.equal("counters: datagrams, not parts", [output[key] for key in ("packets", "bytes", "errors")],
                [3, sum(map(len, sent)), 0])

    receiver, local, source = bob.udp(), (alice.hub4, 4010), (bob.hub4, 4011)
    sender, frames = alice.udp(), raw.Frames(bob.ns, bob.dev)
    control.add(local, (source, receiver.address), rtp=1)

    def sizes(what, payload, dont_fragment):
        t.relayed(what, sender, local, receiver, [rtp.packet(payload=bytes(payload))], source=source)
        seen = frames.drain(0.05)
        t.equal(f"{what}: don't fragment", {df(each) for each in seen}, {dont_fragment})
        return [len(each.packet) for each in seen]

    t.step("the size of the link changes under a target")
    t.equal("whole", sizes("large link", 1000, True), [1040])
    t.host.ip(f"link set {bob.hub_dev} mtu 700")
    t.equal("in parts", sizes("smaller link", 1000, False), [700, 360])
    t.host.ip(f"link set {bob.hub_dev} mtu 1500", f"addr replace {bob.hub6}/64 dev {bob.hub_dev} nodad")
    t.equal("whole", sizes("large again", 1000, True), [1040])

    t.step("a route with a size of its own; one that is locked may be cut on the way, as the stack allows it")
    for word, free in (("", True), ("lock ", False)):
        t.host.ip(f"route replace {bob.v4}/32 dev {bob.hub_dev} mtu {word}900")
        t.equal(f"mtu {word}900: in parts", sizes("too large", 1000, False), [900, 160])
        t.equal(f"mtu {word}900: whole", sizes("fits", 800, free), [840])
    t.host.ip(f"route del {bob.v4}/32 dev {bob.hub_dev}")

    t.step("a namespace without path MTU discovery sends nothing with don't fragment")
    t.host.sysctl("net.ipv4.ip_no_pmtu_disc", 1)
    sizes("no discovery", 800, False)
    t.host.sysctl("net.ipv4.ip_no_pmtu_disc", 0)
    sizes("discovery", 800, True)

    t.step("identifications of what may be fragmented differ")
    t.host.ip(f"route add {bob.v4}/32 dev {bob.hub_dev} mtu lock 900")
    t.relayed("small", sender, local, receiver, rtp.stream(20), source=source)
    t.equal("identifications", len({raw.fragment(each.packet).ident for each in frames.drain(0.05)}), 20)
    t.host.ip(f"route del {bob.v4}/32 dev {bob.hub_dev}")

    dave = t.peer("dave", hub=bob.ns, mtu=1300)
    bob.ns.sysctl("net.ipv4.ip_forward", 1)
    bob.ns.sysctl("net.ipv6.conf.all.forwarding", 1)
    t.host.ip(f"route add {dave.v4}/32 via {bob.v4}", f"route add {dave.v6}/128 via {bob.v6}")
    for family in (4, 6):
        t.step(f"IPv{family}: a router says that it is too large")
        receiver, local, source = dave.udp(family=family), (alice.hub_address(family), 4020), (bob.hub_address(family), 4021)
        sender = alice.udp(family=family)
        target = control.add(local, (source, receiver.address), rtp=1)
        owner = t.host.udp(*source)  # the daemon has a socket there: the stack believes what concerns a socket
        large = rtp.packet(payload=os.urandom(1400))
        sender.send(large, local)
        t.silent("the first is lost, as any datagram", receiver)
        frames.drain(0)
        t.relayed("those after it", sender, local, receiver, [large] * 3, source=source)
        t.equal("sizes", [len(each.packet) <= 1300 for each in frames.drain(0.05)], [True] * 6)
        t.equal("packets and errors", [target.outputs[0][key] for key in ("packets", "errors")], [4, 0])
        owner.close()

    t.step("too large for any datagram of that family")
    t.host.run("nft", "-f", "-", stdin="table inet defragment { chain c { type filter hook prerouting priority 0; ct state new; }; }")
    receiver, local, source = bob.udp(), (alice.hub6, 4030), (bob.hub4, 4031)
    sender = alice.udp(family=6)
    target = control.add(local, (source, receiver.address), ((bob.hub4, 4032), receiver.address))
    for size, fits in ((65507, True), (65508, False), (65527, False), (100, True)):
        sender.send(data := os.urandom(size), local)
        for _ in target.outputs:
            got = receiver.recv(3 if fits else 0.2)
            t.equal(f"{size} bytes", got and got.data, data if fits else None)
    t.equal("packets received, errors", (target.stats["packets"], target.stats["errors"]), (4, 4))
    t.equal("packets and errors of each output", [(each["packets"], each["errors"]) for each in target.outputs], [(2, 2)] * 2)
