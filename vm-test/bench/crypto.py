# SPDX-License-Identifier: GPL-2.0-only
"""Instructions of the bare calls of the kernel's ciphers and HMAC, over the bytes of packets."""

import json
from pathlib import Path

from guest.system import load_module

MODULE = None
MACHINE = "icount"
KERNEL = "stock"
FILE = "/run/vm-test/bench_crypto.ko"
# The payloads of RTP packets of these sizes.
SIZES = (60, 172, 1200)


def run(t):
    t.host.run("modprobe", "-a", "aesni_intel", "ghash_clmulni_intel", "ctr", "gcm", "hmac", "sha1", check=False)
    load_module(FILE, "")
    parameters = Path("/sys/module/bench_crypto/parameters")
    t.equal("lengths", [int(each) for each in (parameters / "lengths").read_text().split(",")], [size - 12 for size in SIZES])
    costs = [int(each) for each in (parameters / "costs").read_text().split(",")]
    names = t.host.run("sh", "-c", "dmesg | grep bench_crypto:.drivers").stdout.partition("drivers ")[2].strip()
    t.note(names)
    found = {str(size): dict(zip(("AES-CM", "AES-GCM", "HMAC-SHA1"), costs[3 * n:3 * n + 3])) for n, size in enumerate(SIZES)}
    t.keep("json", json.dumps({"drivers": names, "costs": found}, indent=1))
