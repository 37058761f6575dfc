# SPDX-License-Identifier: GPL-2.0-only
"""Loss, jitter and the highest sequence number of each SSRC, measured where the target asks for it."""

import time

from guest import nft, rtp

FIRST, SECOND = 0x0A0A_0A0A, 0x0B0B_0B0B


def run(t):
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    receiver, source, sender = bob.udp(), (bob.hub4, 4001), alice.udp()
    ports = iter(range(4000, 5000, 2))

    def add(**flags):
        return control.add((alice.hub4, next(ports)), (source, receiver.address), rtp=1, ssrcs=(FIRST, SECOND),
                           pts=(0, 8), **flags)

    def send(target, packets):
        t.relayed("packets", sender, target.local, receiver, packets, source=source)

    def seqs(*numbers, ssrc=FIRST):
        return [rtp.packet(n, n * 160, ssrc) for n in numbers]

    t.step("what is kept of an SSRC")
    target = add(rtp_stats=1)
    first, second = target.ssrc_stats
    send(target, rtp.stream(40, ssrc=FIRST, seq=100, timestamp=5000, pt=8, size=80))
    send(target, rtp.stream(5, ssrc=SECOND, seq=65530, size=40))
    t.equal("the first", [first[key] for key in ("packets", "bytes", "timestamp", "ext_seq", "last_pt", "total_lost")],
            [40, 40 * 80, 5000 + 39 * 160, 139, 8, 0])
    t.equal("the second", [second[key] for key in ("packets", "bytes", "timestamp", "ext_seq", "last_pt", "total_lost")],
            [5, 5 * 40, 4 * 160, 65534, 0, 0])
    outs = target.output_ssrcs[0]
    t.equal("what the output has sent of each", [(each["packets"], each["bytes"]) for each in outs],
            [(40, 40 * 80), (5, 5 * 40)])
    t.between("its last packet", second["last_packet_us"], (time.time() - 20) * 1e6, time.time() * 1e6)

    t.step("sequence numbers wrap")
    send(target, seqs(65535, 0, 1, ssrc=SECOND))
    t.equal("extended", second["ext_seq"], 65537)

    t.step("packets that are missing count as lost once they leave the last 32")
    send(target, seqs(*range(140, 150), *range(155, 170)))  # 150 to 154 are missing
    t.equal("not yet", first["total_lost"], 0)
    send(target, seqs(152))
    send(target, seqs(*range(170, 190)))
    t.equal("four of five, the late one is not lost", first["total_lost"], 4)
    send(target, seqs(190 + 200))
    t.equal("a jump of 200 loses those between", first["total_lost"], 4 + 200 - 31)
    t.equal("of the interface", control.iface_stats["s.packets_lost"], 4 + 200 - 31)
    t.equal("global", control.global_stats["out.packets"], 4 + 200 - 31)
    t.step("a jump of more than 256 starts anew")
    send(target, seqs(390 + 257))
    t.equal("nothing is lost", (first["total_lost"], first["ext_seq"]), (173, 647))
    send(target, seqs(647, 647))
    t.equal("repeated ones change nothing", (first["total_lost"], first["ext_seq"]), (173, 647))

    t.step("jitter: even packets have little, uneven ones more")
    target = add(rtp_stats=1)
    for n in range(20):
        send(target, [rtp.packet(n, n * 160, FIRST)])
        time.sleep(0.02)
    even = target.ssrc_stats[0]["jitter"]
    other = add(rtp_stats=1)
    for n in range(20):
        send(other, [rtp.packet(n, n * 160 + (8000 if n % 2 else 0), FIRST)])
        time.sleep(0.02)
    uneven = other.ssrc_stats[0]["jitter"]
    t.true("more jitter", uneven > even + 8000, (even, uneven))
    send(other, [rtp.packet(20, 20 * 160 + 200_000, FIRST)])
    t.between("a difference of 100,000 and more is no jitter", other.ssrc_stats[0]["jitter"], uneven * 0.8, uneven + 10)

    t.step("without the switch nothing is measured")
    target = add()
    send(target, seqs(1, 2, 50))
    stats = target.ssrc_stats[0]
    t.equal("untouched", [stats[key] for key in ("packets", "bytes", "ext_seq", "total_lost", "jitter")], [0] * 5)

    t.step("what the daemon writes there is not believed")
    target = add(rtp_stats=1)
    send(target, seqs(1, 2))
    for stats in (target.ssrc_stats[0], *target.pt_stats):
        for at in range(0, len(stats.raw()) // 4 * 4, 4):
            control.memory.map[stats.offset + at:stats.offset + at + 4] = b"\xff" * 4
    send(target, seqs(*range(3, 100)))
    for stats in (target.ssrc_stats[0], *target.pt_stats):
        control.memory.map[stats.offset:stats.offset + len(stats.raw())] = bytes(len(stats.raw()))
    send(target, seqs(*range(100, 110)))
    t.equal("counted on", target.pt_stats[0]["packets"], 10)
    t.equal("listed as it was added", [line.split()[3] for line in t.table(0).target(*target.local).lines if "payload type" in line],
            ["0:", "8:"])
