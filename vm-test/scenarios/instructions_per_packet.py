# SPDX-License-Identifier: GPL-2.0-only
"""A relayed packet costs no more instructions than is written down here, and less than with the C module, in each case."""

import socket
import time

from guest import nft, rtp
from guest.srtp import AES_CM, Crypto, Sender

MODULE = ("rs", "c")
MACHINE = "icount"
KERNEL = "stock"
TIMEOUT = 60
SOAK_TIMEOUT = 60
GCM = "AEAD_AES_128_GCM"
PACKETS, ROUNDS = 400, 4
# Case -> family, outputs, suite received, suite sent, and the most instructions from `send` to `send` beyond those of a packet that
# the input hook drops: 3 % above what was seen.
CASES = {
    "IPv4, plain": (4, 1, None, None, 4020),
    "IPv6, plain": (6, 1, None, None, 4370),
    "IPv4, plain, 4 outputs": (4, 4, None, None, 14990),
    "IPv4, AES-CM to plain": (4, 1, AES_CM, None, 8130),
    "IPv4, plain to AES-CM": (4, 1, None, AES_CM, 7980),
    "IPv4, AES-CM to AES-CM": (4, 1, AES_CM, AES_CM, 12000),
    "IPv4, AES-GCM to AES-GCM": (4, 1, GCM, GCM, 12590),
}
FIREWALL = """table inet firewall {
    chain input { type filter hook input priority -10; udp dport 4999 drop; };
}
"""
QUIET = """table inet quiet {
    chain prerouting { type filter hook prerouting priority -400; udp dport 9 drop; };
}
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    t.host.run("modprobe", "aesni_intel", check=False)  # the C module's AES-GCM is slow without it
    control = t.table(0).add().ready(pages=8)
    nft.chain()
    nft.native_rule(0)
    t.host.run("nft", "-f", "-", stdin=FIREWALL)
    # The receiver's namespace drops what comes, before any socket costs anything.
    bob.ns.run("nft", "-f", "-", stdin=QUIET)

    def cost(family, port, packets, target=None):
        """Instructions from one `send` to the next: the clock advances by 1 ns with each."""
        with alice.ns:
            sender = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
        sender.connect((alice.hub_address(family), port))
        send, clock, found = sender.send, time.perf_counter_ns, []
        for start in range(0, len(packets), PACKETS):
            before = clock()
            for packet in packets[start:start + PACKETS]:
                send(packet)
            found.append((clock() - before) / PACKETS)
        if target:
            t.equal("packets and errors", [target.stats[name] for name in ("packets", "errors")], [len(packets), 0])
            t.equal("packets sent", [output["packets"] for output in target.outputs], [len(packets)] * len(target.outputs))
        return min(found)

    plain = rtp.stream(PACKETS * ROUNDS, pt=0)
    floor = {family: cost(family, 4999, plain) for family in (4, 6)}
    for number, (name, (family, outputs, received, sent, most)) in enumerate(CASES.items()):
        t.step(name)
        fields, packets = {}, plain
        if received:
            crypto = Crypto.new(received)
            sender = Sender(crypto)
            fields, packets = crypto.fields("decrypt"), [sender.rtp(packet) for packet in plain]
        ends = (bob.hub_address(family), 4001), (bob.address(family), 9)
        output = (*ends, Crypto.new(sent).fields("encrypt")) if sent else ends
        port = 4000 + 2 * number
        target = control.add((alice.hub_address(family), port), *[output] * outputs, rtp=1, pts=(0,), ssrcs=(0x1234_5678,), **fields)
        instructions = cost(family, port, packets, target) - floor[family]
        t.figure(f"instructions: {name}", round(instructions))
        t.note(f"{name}: {instructions:.0f} instructions beyond the floor of {floor[family]:.0f}")
        if t.module == "rs":
            t.between(f"{name}: instructions beyond the floor", instructions, 0, most)
