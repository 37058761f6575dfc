# SPDX-License-Identifier: GPL-2.0-only
"""Root of an unprivileged user namespace makes no table, reaches nobody else's, and keeps none from its owner (defect 11)."""

import os
import signal
import socket

from guest import nft, proc, rtp
from guest.actors import SELF, as_other, container_root
from guest.net import link

TABLES = 64


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(2).add()
    control = table.ready()
    nft.chain()
    nft.native_rule(2)
    local, source, receiver, sender = (alice.hub4, 4000), (bob.hub4, 4001), bob.udp(), alice.udp()
    target = control.add(local, (source, receiver.address), rtp=1)
    network = os.stat("/proc/self/ns/net").st_ino
    containers = {"of an ordinary user": container_root(), "of user 0": container_root(of=0)}

    for who, enter in containers.items():
        t.step(f"root of a user namespace {who} makes rules of its own")
        made = as_other(t, enter, [
            lambda: nft.chain(ns=SELF), lambda: nft.chain("ip", name="filter", ns=SELF),
            lambda: nft.native_rule(2, ns=SELF), lambda: nft.native_rule(5, ns=SELF),
            # Such as create their table.
            lambda: nft.native_rule(6, ns=SELF, flags=(2,)), lambda: nft.native_rule(2, ns=SELF, flags=(2,)),
            lambda: nft.compat_rule(2, name="filter", ns=SELF), lambda: proc.text("add 7"), lambda: proc.text("kill 2")])
        t.equal("a chain", made[:2], [""] * 2)
        t.equal("rules: they name tables of its own network, of which there are none", made[2:4], [""] * 2)
        t.equal("rules that would create one", made[4:6], ["EPERM"] * 2)
        t.equal("the xtables target", made[6], "")
        t.true("text commands", set(made[7:]) <= {"EACCES", "EPERM"}, made[7:])
        t.equal("tables", proc.tables(), [2])

        t.step(f"in the network of the host, root of a user namespace {who} makes none")
        made = as_other(t, container_root(own_network=False, of=0 if who.endswith("0") else 1000),
                        [lambda: nft.chain(name="other", ns=SELF), lambda: nft.native_rule(2, ns=SELF),
                         lambda: nft.native_rule(5, ns=SELF)])
        t.true("refused", set(made) <= {"EPERM"}, made)
        t.equal("it was in the network of the host", os.stat("/proc/self/ns/net").st_ino, network)

    t.step("packets of its network to the address of a target are its own")
    def packets():
        link.up("lo")
        link.address("lo", local[0], 32)
        nft.chain("ip", name="filter", ns=SELF)
        nft.compat_rule(2, name="filter", ns=SELF)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            own.bind(local)
            own.settimeout(2)
            for data in rtp.stream(20):
                other.sendto(data, local)
                if own.recv(2048) != data:
                    return "another packet"
        return "all came"
    for who, enter in containers.items():
        t.equal(f"root of a user namespace {who}", as_other(t, enter, [packets]), ["all came"])
    t.equal("counted", [target.stats[name] for name in ("packets", "errors")], [0, 0])
    t.silent("relayed", receiver, 0.1)
    t.relayed("the host's", sender, local, receiver, rtp.stream(10), source=source)

    t.step("its rules, of all tables that there can be, keep none from being deleted, added and served")
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        control.close()
        container_root()()
        nft.chain(ns=SELF)
        nft.chain("ip", name="filter", ns=SELF)
        for number in range(TABLES):
            nft.compat_rule(number, name="filter", ns=SELF)
            nft.native_rule(number, ns=SELF)
        os.write(told, b"x")
        signal.pause()
    t.equal("they are there", os.read(ready, 1), b"x")
    nft.flush()
    control.close()
    table.delete()
    for number in range(0, TABLES, 7):
        t.table(number).add()
        t.table(number).delete()
    table.add()
    again = table.ready()
    nft.native_rule(2)
    again.add(local, (source, receiver.address), rtp=1)
    t.relayed("a new table", sender, local, receiver, rtp.stream(10), source=source)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    t.relayed("after the container is gone", sender, local, receiver, rtp.stream(10), source=source)
