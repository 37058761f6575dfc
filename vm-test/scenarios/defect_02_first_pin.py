# SPDX-License-Identifier: GPL-2.0-only
"""Defect 2: what a freshly loaded module does first, PIN_MEMORY, a packet, a read, uses no lock before it is made."""

import itertools

from guest import module, nft, rtp
from guest.system import lockdep_watches

KERNEL = "debug"
MODULE = None


def run(t):
    alice, bob = t.peers("alice", "bob")
    local, source = (alice.hub4, 4000), (bob.hub4, 4001)
    sender, receiver = alice.udp(), bob.udp()
    table = t.table(0)
    nft.chain()

    # Each is the first to do something in a module that was just loaded: lockdep knows the locks of each load anew.
    def pin():
        control = table.add().control()
        control.write(control.memory.pin_command())
        control.close()

    def packet():
        nft.native_rule(0)
        sender.send(rtp.packet(), local)

    def read():
        table.add()
        table.status()
        table.list_text()

    def remove():
        table.add().kill()

    for first, *others in itertools.permutations((pin, packet, read, remove), 2):
        t.step(f"{first.__name__} before anything else")
        module.load("rs")
        first()
        if table.path.exists():
            table.kill()
        for other in others:
            other()
        if table.path.exists():
            table.kill()
        control = table.add().ready()
        nft.flush()
        nft.native_rule(0)
        control.add(local, (source, receiver.address), rtp=1)
        t.relayed("packets", sender, local, receiver, rtp.stream(3), source=source)
        control.close()
        nft.flush()
        table.kill()
        t.equal("the module unloads", module.unload_soon("rs"), None)

    t.step("lockdep has been watching")
    t.equal("it goes on", lockdep_watches(), True)
    t.figure("orders in which a freshly loaded module was used", 12)
