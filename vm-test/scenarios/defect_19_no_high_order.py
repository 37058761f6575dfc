# SPDX-License-Identifier: GPL-2.0-only
"""Defect 19: large tables and large memory serve although no memory of several pages in one piece is to be had."""

from guest import faults, nft, rtp
from guest.srtp import AES_CM, Crypto

KERNEL = "debug"
TARGETS = 3_000
SOAK = 10
PINNED = 4_096  # pages: the list of them takes eight pages itself


def run(t):
    alice, bob = t.peers("alice", "bob")
    receiver, source = bob.udp(), (bob.hub4, 4001)
    nft.chain()
    nft.native_rule(0)
    failed = {}

    def fragmented(within, what):
        """Every allocation of four pages or more in one piece fails, in whatever that function of the kernel does.

        Two it may have: what takes one page otherwise takes two where each object is watched."""
        failing = faults.Faults(within, min_order=2)
        return Fragmented(failing, failed, what)

    table = t.table(0)
    with fragmented("module", "memory is pinned"):
        control = table.add().ready(pages=PINNED)
    keys = Crypto.new(AES_CM)
    local = (alice.hub4, 4000)
    command = control.target(local, pts=(0, 8), ssrcs=(1, 2), rtp=1, **keys.fields("decrypt")).command
    last = control.target(local, rtp=1)
    output = last.destination(0, source, receiver.address)
    count = TARGETS * t.sized(1, SOAK)

    def fill(first, behind):
        for n in range(first, behind):
            # The first half is of targets with keys whose output is yet to come, so that both kinds of lists grow.
            to = (f"10.99.{n >> 8}.{n & 255}", 5000)
            for each, path in ((command if n % 4 == 0 else last.command, "target"), (output, "destination")):
                each[f"{path}.local"] = to
                control.write(each)

    t.step(f"{count} targets")
    with fragmented("module", "targets are added"):
        fill(0, count // 2)
    with fragmented("rht_deferred_worker", "the hash grows"):
        fill(count // 2, count)
    t.equal("targets", table.status()["Targets"], count)

    t.step("a target with as many outputs as there can be")
    with fragmented("module", "a large target is added"):
        control.add(local, *[(source, receiver.address, Crypto.new(AES_CM).fields("encrypt") if n else {}) for n in range(32)],
                    rtp=1, ssrcs=(1, 2, 3, 4), **{"media_output_idxs[0].rtp_end_idx": 1})
    t.relayed("its packets", alice.udp(), local, receiver, rtp.stream(10, ssrc=1), source=source)

    t.step("the list is read")
    with fragmented("seq_read_iter", "the list is read"):
        listed = table.list_text()
    t.equal("targets listed", listed.count("local inet4 "), count + 1)
    t.equal("outputs listed", listed.count("    output #"), count + 32)

    t.step("all of it goes")
    with fragmented("module", "the table ends"):
        table.kill()
    for what, number in failed.items():
        t.note(f"while {what}: {number} allocations of several pages failed")
    t.true("memory in one piece was asked for, and done without", failed["memory is pinned"] and failed["the list is read"], failed)
    t.figure("targets in a table without memory in one piece", count)


class Fragmented:
    """Counts what failed meanwhile."""

    def __init__(self, failing, failed, what):
        self.failing, self.failed, self.what = failing, failed, what

    def __enter__(self):
        self.failing.__enter__()
        self.failing.chance(100, "fail_page_alloc")

    def __exit__(self, *_):
        self.failed[self.what] = self.failing.injected
        self.failing.__exit__()
