# SPDX-License-Identifier: GPL-2.0-only
"""Field 23: the daemon's service, by the unmodified files of its package, has the kernel after each start, and again after a lost ruleset."""

import pwd
from pathlib import Path

from guest import module, proc, units
from guest.net import command
from guest.phone import Kernel
from guest.units import Service

MODULE = None
MACHINE = ("testing", "debian-13")
TIMEOUT = 60
SOAK_TIMEOUT = 240
PACKETS = 300
CAPABILITIES = 1 << 12 | 1 << 23  # CAP_NET_ADMIN and CAP_SYS_NICE
# What README tells to do after `nft flush ruleset`; the first two keep the calls.
RECOVERY = "rtpengine --config-file=/etc/rtpengine/rtpengine.conf --nftables-start"
RULE_ADD = "rtpctl rule add 0"
RESTART = "systemctl restart rtpengine-daemon"


def run(t):
    soaks = t.sized(False, True)
    alice, bob = t.peers("alice", "bob")
    table, service = t.table(0), t.shows(Service())
    user = pwd.getpwnam("rtpengine")

    t.step("a machine as `make install` and the package left it")
    t.equal("the module is loaded", module.loaded("rs"), False)
    t.equal("/proc/rtpengine", proc.ROOT.exists(), False)
    units.configure(no_fallback=True)

    t.step("the service is started: its own rule has the module loaded")
    service.start()
    t.equal("ours, and the C modules", [module.loaded(each) for each in module.NAMES], [True, False, False])
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{service.pid()}/status").read_text().splitlines() if ":\t" in line)
    t.equal("its user, and what it may", (status["Uid"].split(), int(status["CapEff"], 16)), ([str(user.pw_uid)] * 4, CAPABILITIES))
    parameters = Path("/sys/module/xt_rtpengine_rs/parameters")
    t.equal("proc_uid, proc_gid and proc_mask", [int((parameters / each).read_text(), 0) for each in ("proc_uid", "proc_gid", "proc_mask")],
            [user.pw_uid, user.pw_gid, 7])
    kernel = Kernel(table)
    call = units.relays(t, service, kernel, "started", alice, bob, PACKETS)

    if soaks:
        t.step("restarted")
        service.start("restart")
        units.relays(t, service, kernel, "restarted", alice, bob, PACKETS)

        t.step("killed and started: its call is relayed meanwhile")
        call = units.relays(t, service, kernel, "before it is killed", alice, bob, 10)
        service.kill()
        t.eventually("the service", service.state, "failed", timeout=20)
        call.talk("without a daemon", PACKETS)
        service.start()
        units.relays(t, service, kernel, "started after it was killed", alice, bob, PACKETS)

        t.step("killed and started by systemd, which an administrator has asked to")
        units.override(service.unit, "[Service]\nRestart=on-failure\n")
        killed = service.pid()
        service.kill()
        t.eventually("another process, and what systemd says of it",
                     lambda: (service.pid() not in (0, killed), service.state()), (True, "active"), timeout=60)
        service.ready()
        call = units.relays(t, service, kernel, "started by systemd", alice, bob, PACKETS)

    for recovery in (RECOVERY, RULE_ADD) if soaks else (RECOVERY,):
        t.step(f"nft flush ruleset, and {recovery}: the call goes on in the kernel")
        command("nft", "flush", "ruleset")
        kernel = units.passed_up(t, call, table, f"{recovery}: without rules")
        command(*recovery.split())
        call.kernel = kernel
        call.talk(f"after {recovery}", PACKETS)
        units.relays(t, service, kernel, f"a new call after {recovery}", alice, bob, 20)
    if soaks:
        service.start("restart")
        call = units.relays(t, service, kernel, "restarted after rtpctl", alice, bob, PACKETS)
        t.step(f"nft flush ruleset, and {RESTART}")
        command("nft", "flush", "ruleset")
        command(*RESTART.split())
        service.ready()
        units.relays(t, service, Kernel(table), RESTART, alice, bob, PACKETS)

    t.step("stopped: nothing is left")
    service.stop()
    t.equal("tables", proc.tables(), [])
    t.equal("rules", t.rtpctl.data("rule", "list")["rules"], [])
    t.equal("unloaded", module.unload_soon("rs"), None)

    if soaks:
        t.step("the module is loaded without options, as by insmod: root owns the files")
        module.load("rs")
        t.equal("proc_uid", (parameters / "proc_uid").read_text().strip(), "0")
        for verb in ("start", "restart"):
            service.start(verb)
            units.relays(t, service, Kernel(table), f"without options, {verb}", alice, bob, PACKETS)
