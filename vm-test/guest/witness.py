# SPDX-License-Identifier: GPL-2.0-only
"""Has a C module and ours make the same of generated targets: docs/witness.md."""

from __future__ import annotations

import json

from . import module, nft
from .scenario import Scenario

PACKETS = 100
SEED = 1
# Of the kernel's tables, those whose rules call the modules by the way that both have.
_TARGET = (("ip", "filter"), ("ip6", "filter"))


def compare(t: Scenario, which: str, interface: str, targets: int) -> None:
    """Compares ours with a C module in its generation of the interface."""
    alice, bob = t.peers("alice", "bob")
    # What comes is read before it is dropped, and no socket answers it.
    bob.ns.run("nft", "-f", "-", stdin="table inet quiet { chain pre { type filter hook prerouting priority -400; "
                                       "meta l4proto udp drop; }; }\n")
    # A case is sent at once: nothing may be dropped on its way.
    t.host.sysctl("net.core.netdev_max_backlog", 10_000)

    def record(name: str) -> None:
        table = t.table(0).add()
        if which == "c12":
            for family, chain in _TARGET:
                nft.chain(family, name=chain)
                nft.compat_rule(0, family, name=chain)
        else:
            nft.chain()
            nft.native_rule(0)
        t.host.run("witness", "record", f"/tmp/{name}", "--interface", interface, "--seed", str(SEED), "--targets", str(targets),
                   "--packets", str(PACKETS), "--sender", alice.ns.path, "--receiver", bob.ns.path,
                   "--sender-address", alice.v4, alice.v6, "--target-address", alice.hub4, alice.hub6,
                   "--output-address", bob.hub4, bob.hub6, "--receiver-address", bob.v4, bob.v6, timeout=3600)
        t.equal("nothing is left in the list", table.list_text(), "")
        nft.flush_all()
        table.delete()

    t.step("what the C module makes of it")
    with module.witness(which):
        record("c")
    t.step("what ours makes of it")
    module.load("rs")
    record("rs")
    t.equal("the module unloads", module.unload_soon("rs"), None)

    t.step("compare")
    result = t.host.run("witness", "compare", "--interface", interface, "/tmp/c", "/tmp/rs", check=False, timeout=1200)
    t.equal("witness compare says", result.stderr, "")
    report = json.loads(result.stdout)
    for line in report["told"]:
        print(line)
    t.note(", ".join(f"{name} {value}" for name, value in report.items() if not isinstance(value, (dict, list))))
    t.note("meant: " + ", ".join(f"{name} {count}" for name, count in report["meant"].items()))
    t.equal("differences that nothing explains", (report["unexplained"], report["told"][:3]), (0, []))
    t.figure("targets compared with the C module", report["targets"])
    t.figure("packets compared with the C module", report["packets"])
    t.figure("datagrams compared with the C module", report["datagrams"])
    t.figure("commands compared with the C module", report["commands"])
    t.figure("differences from the C module that are meant", len(report["meant"]))
    t.figure("differences from the C module that are not", report["unexplained"])
