# SPDX-License-Identifier: GPL-2.0-only
"""The judge of the kernel log, on samples of what kernels print."""

import unittest

import judge

_BOOT = """\
[    0.000000] Linux version 7.3.4 (gcc 14)
[    1.000000] Spectre V2 : Mitigation: Retpolines
[    2.000000] vm-test: begin first
[    2.100000] nft_rtpengine: loading out-of-tree module taints kernel.
[    2.200000] vm-test: end first
[    2.300000] vm-test: begin second
[    2.400000][  T121] something harmless
[    2.500000] {bad}
[    2.600000] vm-test: end second
"""

_COMPLAINTS = [
    "BUG: kernel NULL pointer dereference, address: 0000000000000008",
    "WARNING: CPU: 0 PID: 1 at net/core/skbuff.c:1 skb_release_head_state+0x1",
    "WARNING: possible circular locking dependency detected",
    "WARNING: suspicious RCU usage",
    "Oops: general protection fault, probably for non-canonical address",
    "traps: general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1]",
    "Oops: 0002 [#1] SMP",
    "BUG: KASAN: slab-use-after-free in relay+0x1/0x2",
    "Call Trace:",
    "refcount_t: underflow; use-after-free.",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "rcu: INFO: rcu_sched self-detected stall on CPU",
    "watchdog: BUG: soft lockup - CPU#0 stuck for 26s!",
    "kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "unreferenced object 0xffff888100000000 (size 64):",
    "UBSAN: array-index-out-of-bounds in nft_rtpengine.c:6533:47",
    "rust_kernel: panicked at main.rs:1:1:",
    "BUG: sleeping function called from invalid context at mm/slab.h:1",
    "BUG: scheduling while atomic: python3/1/0x00000200",
    "INFO: task rmmod:12 blocked for more than 120 seconds.",
    "unregister_netdevice: waiting for v1 to become free. Usage count = 2",
    "Kernel panic - not syncing: Fatal exception in interrupt",
    "BUG kmalloc-64 (Tainted: G): Poison overwritten",
]

_HARMLESS = [
    "nft_rtpengine: loading out-of-tree module taints kernel.",
    "xt_rtpengine_rs: module verification failed: signature and/or required key missing - tainting kernel",
    "kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)",
    "v1: renamed from veth0",
    "traps: kill calls[133] general protection fault ip:7ffff73081f0 sp:7fffea61a190 error:0 in libssl.so.3[251f0,7ffff7305000+bb000]",
    "DEBUG: nothing of note",
]


class Sections(unittest.TestCase):
    """Which lines belong to a scenario."""

    def test_lines_between_the_marks(self) -> None:
        lines, ended = judge.section(_BOOT, "second")
        self.assertEqual(lines, ["something harmless", "{bad}"])
        self.assertTrue(ended)

    def test_a_scenario_that_never_ended(self) -> None:
        log = _BOOT.replace("[    2.600000] vm-test: end second\n", "")
        lines, ended = judge.section(log, "second")
        self.assertEqual(lines[-1], "{bad}")
        self.assertFalse(ended)

    def test_a_name_that_begins_another(self) -> None:
        self.assertEqual(judge.section(_BOOT, "seco"), ([], False))

    def test_the_boot(self) -> None:
        lines, ended = judge.section(_BOOT, "")
        self.assertEqual(len(lines), 2)
        self.assertTrue(ended)


class Complaints(unittest.TestCase):
    """Which lines fail a scenario."""

    def test_those_while_the_c_module_is_a_witness_are_not(self) -> None:
        first, second = _COMPLAINTS[:2]
        lines = [first, "vm-test: witness begins", second, "vm-test: witness ends", first]
        self.assertEqual(judge.complaints(lines), [first, first])

    def test_each_complaint_is_seen(self) -> None:
        for text in _COMPLAINTS:
            with self.subTest(text):
                lines, _ = judge.section(_BOOT.replace("{bad}", text), "second")
                self.assertEqual(judge.complaints(lines), [text])

    def test_a_complaint_counts_for_its_scenario_alone(self) -> None:
        lines, _ = judge.section(_BOOT.replace("{bad}", _COMPLAINTS[0]), "first")
        self.assertEqual(judge.complaints(lines), [])

    def test_harmless_lines_pass(self) -> None:
        self.assertEqual(judge.complaints(_HARMLESS), [])


if __name__ == "__main__":
    unittest.main()
