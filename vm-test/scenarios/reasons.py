# SPDX-License-Identifier: GPL-2.0-only
"""`reasons` tells what became of each packet: of a target, of the table with those that have gone, and nothing that the daemon wrote."""

import time

from guest import control, nft, raw, rtp
from guest.proc import local_text, parse_reasons
from guest.rtpctl import text
from guest.srtp import AES_CM, Crypto, Sender

FAR = "198.51.100.1"
FIREWALL = "table inet firewall { chain output { type filter hook output priority 0; udp sport 7001 drop; }; }\n"


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    handle = table.ready(pages=64)
    nft.chain()
    nft.native_rule(0)
    t.host.run("nft", "-f", "-", stdin=FIREWALL)
    sender, stranger, receiver = alice.udp(3999), alice.udp(3998), bob.udp()
    output = ((bob.hub4, 7000), receiver.address)
    media, crypto = rtp.stream(1300), Crypto.new(AES_CM)
    libsrtp = Sender(crypto)
    sealed = [libsrtp.rtp(each) for each in media]
    foreign = {"rtp": 1, "expected_src": sender.address}
    encrypted = (*output, Crypto.new(AES_CM).fields("encrypt"))
    # What is sent, by whom, to a target of what outputs and flags; how many are relayed, and what else happens.
    cases = [
        (media[:5], sender, [output], {"rtp": 1}, 5, {}),
        ([rtp.stun()] * 2, sender, [output], {"rtp": 1, "stun": 1}, 0, {"stun": 2}),
        (media[:3], stranger, [output], {**foreign, "src_mismatch": control.MISMATCH_DROP}, 0, {"foreign-dropped": 3}),
        (media[:4], stranger, [output], {**foreign, "src_mismatch": control.MISMATCH_PASS}, 0, {"foreign-passed": 4}),
        ([rtp.dtls()], sender, [output], {"rtp": 1, "dtls": 1}, 0, {"dtls": 1}),
        (media[:2], sender, [], {"non_forwarding": 1}, 0, {"non-forwarding": 2}),
        (media[:3], sender, [], {"non_forwarding": 1, "blackhole": 1}, 0, {"blackhole": 3}),
        ([b"no RTP at all"], sender, [output], {"rtp": 1, "rtp_only": 1}, 0, {"not-rtp": 1}),
        (media[:2], sender, [output], {"rtp": 1, "ssrcs": (1,)}, 0, {"ssrc": 2}),
        ([rtp.receiver_report()], sender, [output], {"rtp": 1}, 0, {"rtcp": 1}),
        ([rtp.receiver_report()], sender, [output], {"rtp": 1, "rtcp_fw": 1}, 0, {"no-output": 1}),
        ([rtp.packet(pt=8)] * 2, sender, [output], {"rtp": 1, "pt_filter": 1}, 0, {"payload-type": 2}),
        ([sealed[1299], sealed[1299], sealed[0], media[1]], sender, [output],
         {"rtp": 1, "ssrcs": (0x1234_5678,), **crypto.fields("decrypt")}, 1, {"replayed": 1, "too-old": 1, "not-authentic": 1}),
        (media[:3], sender, [(*output, {"pt_output[0].blackhole": 1}), output], {"rtp": 1}, 3, {"kept-back": 3}),
        (media[:2] + media[:1], sender, [encrypted], {"rtp": 1, "ssrcs": (0x1234_5678,)}, 3, {"index-used": 1}),
        (media[:2], sender, [((bob.hub4, 7001), receiver.address)] * 2, {"rtp": 1}, 2, {"filtered": 4}),
        (media[:2], sender, [((bob.hub4, 7000), (FAR, 9)), output], {"rtp": 1}, 2, {"no-route": 2}),
    ]
    start, targets, total = int(time.time()), [], {}
    for number, (packets, udp, outputs, flags, relayed, others) in enumerate(cases):
        local = (alice.hub4, 4000 + 2 * number)
        target = handle.add(local, *outputs, **flags)
        for packet in packets:
            udp.send(packet, local)
        length = sum(map(len, packets[:relayed]))
        expected = {**({"relayed": relayed, "bytes": length} if relayed else {}), **others}
        t.eventually(f"what became of the packets of target {number}", lambda: counts(table)[local_text(*target.local)], expected)
        for name, count in expected.items():
            total[name] = total.get(name, 0) + count
        targets.append(target)

    t.step("what is no target's")
    raw.send(alice, raw.datagram(alice.v4, alice.hub4, 9, 4000, media[0], check=1))
    for packet in media[:6]:
        sender.send(packet, (alice.hub4, 4999))
    raw.send(alice, raw.ipv4(alice.v4, alice.hub4, bytes(20), proto=253))
    total |= {"no-target": 6, "no-datagram": 1, "unsound": 1}
    t.eventually("the table", lambda: counts(table)["table 0"] | {"no-datagram": 1}, total)
    t.between("packets that were no datagram", counts(table)["table 0"]["no-datagram"], 1, 100)
    times = [last for _, events in parse_reasons(table.reasons_text()) for _, last in events.values() if last]
    t.true("when each was", times and all(start <= last <= time.time() for last in times), (start, times))

    t.step("rtpctl says it in words")
    local = targets[1].local
    shown = t.rtpctl.ok("stream", "reasons", "-t", 0, "--local", text(local))
    t.true("the reason and its sentence", "stun" in shown and "2 packets" in shown and "STUN is userspace's" in shown, shown)
    (told,) = t.rtpctl.data("table", "reasons", 0)["tables"]
    t.equal("the table's", (told["relayed_packets"], told["reasons"]["no-target"]["count"]), (total["relayed"], 6))
    t.equal("streams", len(t.rtpctl.data("stream", "reasons", "-t", 0)["streams"]), len(targets))
    t.true("no such stream", "has no stream" in t.rtpctl.refused("stream", "reasons", "-t", 0, "--local", "192.0.2.1:9"))

    t.step("targets go: the table has theirs")
    for target in targets[::2]:
        handle.delete(target.local)
    t.equal("blocks", len(counts(table)), 1 + len(targets) - len(targets[::2]))
    t.eventually("the table", lambda: counts(table)["table 0"] | {"no-datagram": 1}, total)

    t.step("what the daemon writes into its counters shows in list alone")
    target = targets[1]
    before = counts(table)[local_text(*target.local)]
    handle.memory.map[target.stats.offset:target.stats.offset + 8] = b"\x11" * 8
    t.true("list", str(0x1111_1111_1111_1111) in table.list_text())
    t.equal("reasons", counts(table)[local_text(*target.local)], before)

    t.step("a table that is made anew has none")
    table.kill()
    table.add()
    t.equal("reasons", table.reasons_text(), "table 0\n    relayed: 0 packets, 0 bytes\n")


def counts(table):
    """Of each block what happened how often."""
    return {block: {name: count for name, (count, _) in events.items() if count} for block, events in parse_reasons(table.reasons_text())}
