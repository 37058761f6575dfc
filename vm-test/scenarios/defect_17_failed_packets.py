# SPDX-License-Identifier: GPL-2.0-only
"""Defect 17: allocations for packets are made to fail: packets may be lost, but no count is wrong and nothing else is lost."""

import socket

from guest import faults, nft, rtp, srtp, system
from guest.net import SO_RCVBUFFORCE
from guest.srtp import AES_CM, Crypto

KERNEL = "debug"
PACKETS = 120
SOAK = 20
CHANCES = (100, 30)  # per cent of the module's allocations that fail
SSRC = 0x1234_5678


def run(t):
    alice, bob = t.peers("alice", "bob")
    pinned = system.pinned_pages()
    faults.forget_leaks()
    table = t.table(0).add()
    control = table.ready(pages=64)
    nft.chain()
    nft.native_rule(0)
    keys = Crypto.new(AES_CM)

    def encrypted():
        """Under a key of its own: another target has used the same indices."""
        return Crypto.new(AES_CM).fields("encrypt")

    count = PACKETS * t.sized(1, SOAK)
    # Whoever listens to a device shares the data of what comes in by it: it has to be copied before it is changed.
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    tap.bind((alice.hub_dev, 3))
    total = lost = injected = 0

    plain, large = rtp.stream(count + 1, ssrc=SSRC), rtp.stream(count + 1, ssrc=SSRC, size=1480)
    mid = {"extmap": 1, "extmap_mid": 3, "extmap_mid_len": 4, "extmap_mid_str": b"tape"}
    kinds = {"one output": ([{}], {}, plain), "three outputs": ([{}] * 3, {}, plain), "IPv6": ([{}], {}, plain),
             "an extension is added": ([mid], {}, plain),
             "encrypted": ([encrypted()], {}, plain),
             "decrypted": ([{}], keys.fields("decrypt"), srtp.Sender(keys).rtp),
             "decrypted and encrypted, three outputs": ([encrypted()] * 3, keys.fields("decrypt"), srtp.Sender(keys).rtp),
             "more than the link takes": ([encrypted()], {}, large)}
    for number, (kind, (outputs, fields, packets)) in enumerate(kinds.items()):
        t.step(kind)
        family = 6 if kind == "IPv6" else 4
        if callable(packets):
            packets = [packets(data) for data in plain]
        local, source = (alice.hub_address(family), 4000 + 2 * number), (bob.hub_address(family), 4001)
        receivers, sender = [bob.udp(family=family) for _ in outputs], alice.udp(family=family)
        userspace = t.host.udp(*local)
        target = control.add(local, *((source, each.address, one) for each, one in zip(receivers, outputs)),
                             ssrcs=(SSRC,), rtp=1, **fields)
        sender.send(packets[0], local)  # the neighbours are known from now on
        t.true("a first packet arrives", all(each.recv(5) for each in receivers))
        packets = packets[1:]
        with faults.Faults() as failing:
            seen = Seen(target, receivers, userspace)
            for percent in CHANCES:
                failing.chance(percent)
                for data in packets[:count // 3] if percent == 100 else packets[count // 3:2 * count // 3]:
                    sender.send(data, local)
                seen.look()
                failing.chance(0)
                t.equal("what is sent is counted by the target, or given to userspace", seen.packets + seen.passed, count // 3)
                for n, (sent, errors, arrived) in enumerate(seen.outputs):
                    t.equal(f"output {n}: what is counted is sent, or an error", sent + errors, seen.packets)
                    t.equal(f"output {n}: what is counted as sent arrives", arrived, sent)
                    lost += errors
                total += count // 3
            injected += failing.injected
        rest = packets[2 * count // 3:]
        for data in rest:
            sender.send(data, local)
        seen.look()
        t.equal("without faults all are relayed", (seen.packets, seen.passed, seen.errors, seen.outputs),
                (len(rest), 0, 0, [(len(rest), 0, len(rest))] * len(outputs)))
        userspace.close()
        control.delete(local)

    t.step("whatever in the kernel may not wait fails, a tenth of it")
    receiver, sender = bob.udp(), alice.udp()
    local, source = (alice.hub4, 5000), (bob.hub4, 4001)
    target = control.add(local, (source, receiver.address, keys.fields("encrypt")), rtp=1)
    # No packet is sent twice under one key: the table remembers.
    during, afterwards = (rtp.stream(count, seq=seq, ssrc=SSRC) for seq in (10_000, 20_000))
    with faults.Faults("everywhere", ignore_gfp_wait="Y") as failing:
        failing.chance(10)
        for data in during:
            try:
                sender.send(data, local)
            except OSError:
                pass  # by the sender's own stack
        failing.chance(0)
        injected += failing.injected
    receiver.drain()
    before = target.stats["packets"]
    for data in afterwards:
        sender.send(data, local)
    t.equal("afterwards all arrive", len(receiver.drain()), count)
    t.equal("and are counted", target.stats["packets"] - before, count)
    total += count

    t.step("nothing is lost but packets")
    tap.close()
    control.close()
    nft.flush()
    table.kill()
    t.equal("kmemleak", faults.leaks(), "")
    t.eventually("pinned pages", system.pinned_pages, pinned)
    t.true("allocations failed, and packets were lost by it", injected > 100 and lost > 50, (injected, lost))
    t.note(f"{injected} allocations made to fail in {total} packets; {lost} times a packet was lost by it")
    t.figure("allocations of the packet path made to fail", injected)


class Seen:
    """What became of packets since the last look: counted, passed to userspace, errors; and sent, failed, arrived by output."""

    def __init__(self, target, receivers, userspace):
        self.target, self.receivers, self.userspace = target, receivers, userspace
        self.before = self.counters()

    def counters(self):
        target = self.target
        return [target.stats["packets"], target.stats["errors"]] + [each[name] for each in target.outputs
                                                                  for name in ("packets", "errors")]

    def look(self):
        arrived = [len(each.drain(0.3)) for each in self.receivers]
        self.passed = len(self.userspace.drain(0.05))
        after = self.counters()
        self.packets, self.errors, *outputs = [b - a for a, b in zip(self.before, after)]
        self.before = after
        self.outputs = list(zip(outputs[::2], outputs[1::2], arrived))
