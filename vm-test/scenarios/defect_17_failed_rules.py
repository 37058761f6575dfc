# SPDX-License-Identifier: GPL-2.0-only
"""Defect 17: allocations are made to fail while rules come and go, the module is loaded, and namespaces go: nothing is lost."""

import itertools
import os

from guest import faults, module, nft, proc, rtp

KERNEL = "debug"
MODULE = None
NAMESPACES = 3


def run(t):
    faults.forget_leaks()
    hits, refused = {}, {}

    def each(kind, within, do, undo, state, *refusals):
        with faults.Faults(within) as failing:
            found = failing.each(f"{kind}, within {within}", do, undo, state, ("ENOMEM", *refusals))
        hits[kind] = hits.get(kind, 0) + found[0]
        refused[kind] = refused.get(kind, 0) + found[1]

    t.step("the module is loaded")
    each("loading", "module", lambda: module.load("rs"), lambda: module.unload("rs"), there, "EEXIST", "EBUSY")
    module.load("rs")
    table = t.table(0).add()
    nft.chain()
    nft.chain("ip", name="filter")

    def rules():
        """The rules that there are, and those that the module counts."""
        return nft.rules(), nft.rules("ip", name="filter"), table.status()["Refcount"]

    for alike in (False, True):
        t.step("rules are added and deleted" + (", beside one that is alike" if alike else ""))
        if alike:
            nft.native_rule(0)
            nft.compat_rule(0, name="filter")
        for kind, add, flush in (("expression", lambda: nft.native_rule(0), nft.flush),
                                 ("xtables target", lambda: nft.compat_rule(0, name="filter"),
                                  lambda: nft.flush("ip", name="filter"))):

            def without():
                flush()
                if alike:
                    add()

            for within in ("module", "nf_tables_newrule", "nf_tables_commit"):
                each(f"rule added, {kind}", within, add, without, handles_apart(rules))
            add()
            for within in ("module", "nf_tables_delrule", "nf_tables_commit"):
                each(f"rule deleted, {kind}", within, flush, add if not alike else lambda: (add(), add()), handles_apart(rules))
            flush()
    t.equal("rules that count", rules(), ([], [], 0))

    t.step("a chain goes with its rules")
    for within in ("nf_tables_deltable", "nf_tables_commit"):

        def made():
            nft.chain(name="going")
            nft.native_rule(0, name="going")

        made()
        each("table of rules deleted", within, lambda: nft.delete(name="going"), made, lambda: table.status()["Refcount"])
        nft.delete(name="going")
    table.delete()

    t.step("namespaces with tables and rules go while whatever the module asks for fails")
    with faults.Faults() as failing:
        for n in range(NAMESPACES):
            ns = t.namespace(f"going{n}")
            nft.chain(ns=ns)
            with ns:
                handle = t.table(1).add().ready()
            held = module.references("rs")
            nft.native_rule(1, ns=ns)
            t.equal("references, with the rule", module.references("rs"), held + 1)
            failing.chance(100)
            ns.delete()
            # The module's own end for a namespace comes before that of nf_tables, which deletes the rule.
            t.eventually("references", lambda: module.references("rs"), held, timeout=60)
            failing.chance(0)
            t.errno("a command of the holder", "ENOENT", handle.write, handle.init_command())
            handle.close()

    t.step("packets are relayed, and nothing is lost")
    alice, bob = t.peers("alice", "bob")
    local, source, receiver = (alice.hub4, 4000), (bob.hub4, 4001), bob.udp()
    control = table.add().ready()
    nft.native_rule(0)
    control.add(local, (source, receiver.address), rtp=1)
    t.relayed("packets", alice.udp(), local, receiver, rtp.stream(10), source=source)
    control.close()
    nft.flush()
    table.delete()
    t.equal("kmemleak", faults.leaks(), "")
    t.equal("the module unloads", module.unload_soon("rs"), None)
    for kind in hits:
        t.note(f"{kind}: {hits[kind]} allocations made to fail, {refused[kind]} refusals")
    t.true("each met faults", all(hits.values()), hits)
    t.figure("allocations of rules and of loading made to fail", sum(hits.values()))


def there():
    return module.loaded("rs"), os.path.exists(proc.ROOT)


def handles_apart(rules):
    """The rules without their numbers, which are given once only."""
    def seen():
        native, compat, count = rules()
        return len(native), len(compat), count
    return seen
