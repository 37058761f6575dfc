# SPDX-License-Identifier: GPL-2.0-only
"""The daemon's service beside rules that others made, by xtables, and beside a second instance: each start has the kernel."""

import copy

from guest import module, proc, units
from guest.net import command
from guest.phone import Kernel
from guest.units import CONFIGURATION, Service

MODULE = None
MACHINE = ("testing", "debian-13")
SOAK_TIMEOUT = 300
PACKETS = 300
SCRIPT = f"rtpengine --config-file={CONFIGURATION} --nftables-chain=rtpengine --nftables-{{}}"


def has_xtables():
    """Whether this daemon can do without it: those before 26.0 know no other rule."""
    return "--xtables" in command("rtpengine", "--help-all", check=False).stdout


def run(t):
    alice, bob = t.peers("alice", "bob")
    table, service = t.table(0), t.shows(Service())
    kernel = Kernel(table)

    def unloaded(what):
        t.equal(f"{what}: tables", proc.tables(), [])
        t.equal(f"{what}: unloaded", module.unload_soon("rs"), None)

    def starts(what):
        """The first start, another, and one after a crash."""
        for verb in ("start", "restart"):
            service.start(verb)
            units.relays(t, service, kernel, f"{what}, {verb}", alice, bob, PACKETS)
        service.kill()
        t.eventually(f"{what}, killed", service.state, "failed", timeout=20)
        service.start()
        units.relays(t, service, kernel, f"{what}, started after it was killed", alice, bob, PACKETS)

    t.step("rules of a script, and a daemon that manages none")
    units.configure(no_fallback=True, nftables_chain="")
    command(*SCRIPT.format("start").split())
    t.equal("the script's rule has the module loaded", module.loaded("rs"), True)
    starts("rules of a script")
    service.stop()
    t.equal("tables after its end", proc.tables(), [])
    command(*SCRIPT.format("stop").split())
    unloaded("rules of a script")

    t.step("rtpctl rule add beside the daemon's own rules")
    units.configure(nftables_chain="rtpengine")
    service.start()
    t.rtpctl.ok("rule", "add", 0)
    units.relays(t, service, kernel, "rtpctl's rule beside the daemon's", alice, bob, PACKETS)
    service.stop()
    t.equal("rtpctl's rule stays", len(t.rtpctl.data("rule", "list")["rules"]) > 0, True)
    starts("rtpctl's rule before the daemon's")
    t.rtpctl.ok("rule", "del", 0)
    service.stop()
    unloaded("rtpctl's rule")

    if has_xtables():
        t.step("--xtables")
        units.configure(xtables=True)
        starts("xtables")
        t.equal("its rules are of xtables", {each["via"] for each in t.rtpctl.data("rule", "list")["rules"]}, {"target"})
        service.stop()
        unloaded("xtables")
        units.configure(xtables=False)

    t.step("two instances")
    units.configure(port_max=34999)
    units.another("rtpengine-second", table=1, listen_ng="127.0.0.1:2323", listen_cli="127.0.0.1:2324", listen_http="127.0.0.1:2325",
                     port_min=35000, port_max=39999, nftables_chain="rtpengine-second")
    second = t.shows(Service("rtpengine-second", table=1, ng=("127.0.0.1", 2323)))
    of_second = copy.copy(kernel)
    of_second.table = t.table(1)
    for each in (service, second):
        each.start()
    for what in ("both", "both again"):
        for each, its in ((service, kernel), (second, of_second)):
            units.relays(t, each, its, f"{what}: {each.unit}", alice, bob, PACKETS)
        service.start("restart")
    second.kill()
    t.eventually("the second, killed", second.state, "failed", timeout=20)
    units.relays(t, service, kernel, "without the second", alice, bob, PACKETS)
    second.start()
    units.relays(t, second, of_second, "the second again", alice, bob, PACKETS)
    units.in_the_kernel(t, service, "beside the second")
