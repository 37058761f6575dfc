# SPDX-License-Identifier: GPL-2.0-only
"""Two network namespaces with the same addresses, on table 0 of each a daemon of another generation: calls in both at once, each by itself."""

import threading

from guest import net, proc
from guest.phone import Conversation, Kernel, Phone, complaints
from guest.srtp import AES_CM

TIMEOUT = 90
COUNT = 200
RELEASES = "12.5", "26.0"


def run(t):
    hubs, peers = [t.namespace("left"), t.namespace("right")], []
    for n, hub in enumerate(hubs):
        net._links = iter([1, 2])
        peers.append(t.peers(f"alice{n}", f"bob{n}", hub=hub))
    t.equal("the same addresses in both", *[[(peer.v4, peer.hub4, peer.v6) for peer in pair] for pair in peers])
    tables = [t.table(0, hub) for hub in hubs]
    kernels = [Kernel(table, hub) for table, hub in zip(tables, hubs)]

    t.step("two daemons on table 0")
    daemons = [t.daemon(f"pub4/{pair[0].hub4}", f"pub6/{pair[0].hub6}", ns=hub, release=release)
               for pair, hub, release in zip(peers, hubs, RELEASES)]
    for daemon, table, hub in zip(daemons, tables, hubs):
        t.equal(f"{hub.name}: complaints", complaints(daemon.log()), [])
        t.equal(f"{hub.name}: the table is the daemon's", table.status()["Control PID"], daemon.process.pid)
    t.equal("interfaces", tuple(table.status()["Interface"] for table in tables), RELEASES)
    t.equal("tables of the host", proc.tables(), [])

    t.step("calls in both at once")
    suites = ((), ()), ((AES_CM,), ("AEAD_AES_128_GCM",))
    calls = [Conversation(daemon, kernel, "same", Phone(a, 0xCA11, *mine), Phone(b, 0xCA22, *theirs))
             for daemon, kernel, (a, b), (mine, theirs) in zip(daemons, kernels, peers, suites)]
    for call in calls:
        call.start()
    failed = []

    def talk(call, count):
        try:
            call.talk("both at once", count)
        except BaseException as error:  # noqa: BLE001: it is raised again below
            failed.append(error)

    threads = [threading.Thread(target=talk, args=(call, count)) for call, count in zip(calls, (COUNT, COUNT // 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in failed:
        raise error
    for call in calls:
        call.check_query("both at once")

    t.step("list, status and counters are each one's own")
    for n, (table, call, count) in enumerate(zip(tables, calls, (COUNT, COUNT // 2))):
        locals_ = sorted(each.local for each in table.targets() if any(output.dst for output in each.outputs))
        t.equal(f"{hubs[n].name}: Targets", table.status()["Targets"], len(table.targets()))
        t.equal(f"{hubs[n].name}: targets that relay", len(locals_), 2)
        packets = [kernels[n].target(phone.to).stats["packets"] for phone in call.sides.values()]
        t.true(f"{hubs[n].name}: packets that each counted", all(count <= each < count + 20 for each in packets), packets)
    t.equal("the host's tables", proc.tables(), [])

    t.step("one daemon ends, and the other's call goes on")
    daemons[0].stop()
    t.equal("tables of the first", in_namespace(hubs[0]), [])
    t.equal("tables of the second", in_namespace(hubs[1]), [0])
    calls[1].talk("alone", 50)
    calls[1].check_query("alone")

    t.step("the second namespace goes with its table while its daemon is gone")
    daemons[1].kill()
    calls[1].talk("after the daemon's death", 20)
    t.equal("tables of the second", in_namespace(hubs[1]), [0])


def in_namespace(ns):
    """The ids of its tables."""
    with ns:
        return proc.tables()
