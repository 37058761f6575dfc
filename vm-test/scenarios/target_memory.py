# SPDX-License-Identifier: GPL-2.0-only
"""A target takes no more of the kernel's memory than is written down here, and none for each processor."""

import hashlib
from pathlib import Path

from guest.srtp import AES_CM, Crypto
from guest.system import settled_memory

KERNEL = "stock"
SOAK_TIMEOUT = 120
TARGETS, WITH_SRTP = 10_000, 3_000
# What the rest of the kernel takes or gives back meanwhile is up to 150 bytes for each of the targets with SRTP.
NOISE = 200
GCM = "AEAD_AES_128_GCM"
WINDOW = Path("/sys/module/xt_rtpengine_rs/parameters/srtp_replay_window")
# Case -> outputs, suite, packets of a replay window (None for as many as usual), and the most bytes.
CASES = {
    "plain": (1, None, None, 2048),
    "plain, 4 outputs": (4, None, None, 8192),
    "AES-CM both ways, without replay windows": (1, AES_CM, 0, 6144),
    "AES-GCM both ways, without replay windows": (1, GCM, 0, 6144),
    "AES-CM both ways": (1, AES_CM, None, 10240),
    "AES-GCM both ways": (1, GCM, None, 10240),
}


def percpu():
    lines = Path("/proc/meminfo").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Percpu:")))


def run(t):
    alice, bob = t.peers("alice", "bob")
    table, usual = t.table(0), WINDOW.read_text()
    for name, (outputs, suite, window, most) in CASES.items():
        t.step(name)
        WINDOW.write_text(usual if window is None else str(window))
        control = table.add().ready(pages=8)
        crypto = Crypto.new(suite) if suite else None
        fields = [crypto.fields(way) if crypto else {} for way in ("decrypt", "encrypt")]
        target = control.target((alice.hub4, 1000), outputs=outputs, ssrcs=(0x1234_5678,), rtp=1, rtcp_fw=1, **fields[0])
        commands = [target.command]
        commands += [target.destination(number, (bob.hub4, 4001), (bob.v4, 4002), **fields[1]) for number in range(outputs)]

        def add(number):
            for place, command in zip(("target", *["destination"] * outputs), commands):
                command[f"{place}.local"] = (alice.hub4, 1000 + number)
                if suite:
                    key = "target.decrypt" if place == "target" else "destination.output.encrypt"
                    command[f"{key}.master_key"] = hashlib.sha256(b"%d" % number).digest()[:16]
                control.write(command)

        count = WITH_SRTP if suite else TARGETS
        # What the table has once, and what the kernel keeps at hand.
        for number in range(100):
            add(number)
        before, of_processors = settled_memory(), percpu()
        for number in range(100, 100 + count):
            add(number)
        each = (settled_memory() - before) * 1024 / count
        t.figure(f"bytes of a target: {name}", round(each))
        t.note(f"{name}: {each:.0f} bytes, at most {most}")
        t.equal("KiB more for all processors", percpu() - of_processors, 0)
        t.between(f"{name}: bytes of a target", each, 500, most + (NOISE if suite else 0))
        control.close()
        table.delete()
    WINDOW.write_text(usual)

