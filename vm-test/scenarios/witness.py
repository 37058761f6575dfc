# SPDX-License-Identifier: GPL-2.0-only
"""The C module of Debian testing makes the same of generated targets with 100 packets each, but for what is meant."""

import json

from guest import module, nft

MODULE = None
KERNEL = "stock"
TIMEOUT = 60
SOAK_TIMEOUT = 180
LONG_TIMEOUT = 720
TARGETS = {"test": 30, "soak": 1_000, "long": 4_000}
PACKETS = 100
SEED = 1


def run(t):
    alice, bob = t.peers("alice", "bob")
    # What comes is read before it is dropped, and no socket answers it.
    bob.ns.run("nft", "-f", "-", stdin="table inet quiet { chain pre { type filter hook prerouting priority -400; "
                                       "meta l4proto udp drop; }; }\n")
    # A case is sent at once: nothing may be dropped on its way.
    t.host.sysctl("net.core.netdev_max_backlog", 10_000)
    count = t.sized(**TARGETS)

    def record(name):
        table = t.table(0).add()
        nft.chain()
        nft.native_rule(0)
        t.host.run("witness", "record", f"/tmp/{name}", "--seed", str(SEED), "--targets", str(count), "--packets",
                   str(PACKETS), "--sender", alice.ns.path, "--receiver", bob.ns.path,
                   "--sender-address", alice.v4, alice.v6, "--target-address", alice.hub4, alice.hub6,
                   "--output-address", bob.hub4, bob.hub6, "--receiver-address", bob.v4, bob.v6, timeout=3600)
        t.equal("nothing is left in the list", table.list_text(), "")
        nft.delete()
        table.delete()

    t.step("what the C module makes of it")
    with module.witness():
        record("c")
    t.step("what ours makes of it")
    module.load("rs")
    record("rs")
    t.equal("the module unloads", module.unload_soon("rs"), None)

    t.step("compare")
    result = t.host.run("witness", "compare", "/tmp/c", "/tmp/rs", check=False, timeout=1200)
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
