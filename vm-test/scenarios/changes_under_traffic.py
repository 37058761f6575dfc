# SPDX-License-Identifier: GPL-2.0-only
"""Under traffic, namespaces, devices, addresses, routes, rules and tables go, and the module is asked to: a thousand times in a soak."""

import itertools
import os
import socket
import time

from guest import link, module, net, nft, rtp
from guest.actors import attempt

TIMEOUT = 60
SOAK_TIMEOUT = 120
LONG_TIMEOUT = 600
FAR = "198.51.100.1"
ROUNDS = {"a namespace that receives is destroyed": 24, "the namespace of a table is destroyed": 16, "a device is removed": 40,
          "the address that packets come to is removed": 180, "the address that the link has is removed": 120,
          "a route changes": 250, "a rule is deleted": 170, "a table is killed": 100, "a target is deleted": 80,
          "the module is asked to unload": 20}
NUMBERS = 8  # of links and addresses that come and go in turn, so that nobody waits for the last to be gone


def run(t):
    t.equal("changes of a soak", sum(ROUNDS.values()), 1000)
    alice, bob, carol, dave, erin = t.peers("alice", "bob", "carol", "dave", "erin")
    nft.chain()
    nft.native_rule(0)
    nft.chain(name="changing")
    nft.native_rule(1, name="changing")

    # What nothing of this touches: none of its packets may be lost.
    control = t.table(0).add().ready(pages=8)
    steady = control.add((alice.hub4, 4000), ((bob.hub4, 4001), (bob.v4, 9)), rtp=1)
    steadily = Sender(alice.udp(), steady.local, bob.udp(9))

    table, sender, source = t.table(1), carol.udp(), (dave.hub4, 4001)
    local, extra = (carol.hub4, 4000), "192.0.2.7"
    changing = Sender(sender, local)  # before there are sockets that it would inherit and keep
    state = {"receiver": dave.udp(), "peer": dave}

    def fill():
        state["control"] = handle = table.add().ready()
        add(handle, local)

    def add(handle, to):
        handle.add(to, (source, state["receiver"].address), rtp=1)

    def refill():
        table.kill()
        state["control"].close()
        fill()

    fill()
    numbers = itertools.count(1)

    def arrives(what, to=None, by=None, at=None):
        """A packet sent from now on comes through, though others may be lost."""
        to, by, at = to or local, by or sender, at or state["receiver"]
        end, sent = time.monotonic() + 20, set()
        while time.monotonic() < end:
            sent.add(data := rtp.packet(7, ssrc=next(numbers), payload=b"again"))
            by.send(data, to)
            wait = time.monotonic() + 0.1
            while time.monotonic() < wait and (datagram := at.recv(0.05)):
                if datagram.data in sent:
                    return
        t.fail(f"{what}: a packet is relayed again", "one of those sent", "nothing")

    def joined(name, n, first, hub=net.HOST):
        """A namespace with a link to the hub, whose number may have been in use before."""
        number = first + n % NUMBERS
        with hub:
            t.eventually("an earlier link is gone", lambda: number_used(number), False, timeout=60)
        net._links = itertools.count(number)
        return t.peer(f"{name}{n}", hub=hub)

    def receiver_goes(n):
        state["receiver"].close()
        state["peer"].ns.delete()
        sender.send(rtp.packet(), local)
        state["peer"] = peer = joined("dave", n, 100)
        state["receiver"] = peer.udp()
        target_goes(n)

    def table_goes(n):
        hub = t.namespace(f"hub{n}")
        near = joined("near", n, 200, hub)
        nft.chain(ns=hub)
        with hub:
            handle = t.table(2).add().ready()
            nft.native_rule(2, ns=hub)
        by = near.udp()
        handle.add((near.hub4, 4000), ((near.hub4, 4001), by.address), rtp=1)
        arrives("in its namespace", (near.hub4, 4000), by, by)
        hub.delete()
        for _ in range(20):
            try:
                by.send(rtp.packet(), (near.hub4, 4000))
            except OSError:
                break  # its device is gone
        # INIT is refused with EBUSY as long as it is a table.
        t.eventually("the table goes: a command of its holder", lambda: attempt(lambda: handle.write(handle.init_command())),
                     "ENOENT", timeout=60)
        handle.close()
        by.close()
        near.ns.delete()

    def device_goes(_):
        link.delete("gone")
        leads_to_device()

    def leads_to_device():
        link.veth("gone", "other", erin.ns.path, 1500)
        link.up("gone")
        link.address("gone", "10.77.0.1", 24)
        with erin.ns:
            link.up("other")
            link.address("other", "10.77.0.2", 24)

    def address_goes(_):
        link.delete_address(carol.hub_dev, extra, 32)
        sender.send(rtp.packet(), (extra, 4000))
        link.address(carol.hub_dev, extra, 32)

    def link_address_goes(_):
        link.delete_address(erin.hub_dev, erin.hub4, 24)
        link.address(erin.hub_dev, erin.hub4, 24)
        link.route(FAR, erin.v4)  # it went with the address

    def route_changes(n):
        for _ in range(3):
            link.route(FAR, erin.v4 if n % 2 else "10.77.0.2")
            sender.send(rtp.packet(), (local[0], 4004))
            link.delete_route(FAR)
        link.route(FAR, "10.77.0.2" if n % 2 else erin.v4)

    def rule_goes(_):
        nft.flush(name="changing")
        nft.native_rule(1, name="changing")

    def target_goes(_):
        state["control"].delete(local)
        add(state["control"], local)

    def unloads(_):
        try:
            module.unload("rs")
        except OSError:
            return
        t.fail("the module is unloaded while it is in use")

    def at_erin(port, to, path):
        """What `arrives` takes to see that a way of its own works: a target for each."""
        receiver = path.udp(to, 9)
        here = (extra if port == 4000 else local[0], port)
        state["control"].add(here, (source, (to, 9)), rtp=1)
        return here, sender, receiver

    link.address(carol.hub_dev, extra, 32)
    leads_to_device()
    erin.ns.ip(f"addr add {FAR}/32 dev lo")
    link.route(FAR, erin.v4)
    changes = {"a namespace that receives is destroyed": receiver_goes, "the namespace of a table is destroyed": table_goes,
               "a device is removed": device_goes, "the address that packets come to is removed": address_goes,
               "the address that the link has is removed": link_address_goes, "a route changes": route_changes,
               "a rule is deleted": rule_goes, "a table is killed": lambda _: refill(), "a target is deleted": target_goes,
               "the module is asked to unload": unloads}
    ways = {"a device is removed": (4002, "10.77.0.2", erin.ns), "a route changes": (4004, FAR, erin.ns),
            "the address that packets come to is removed": (4000, erin.v4, erin.ns),
            "the address that the link has is removed": (4006, erin.v4, erin.ns)}
    total = 0
    references = refcount()
    for what, change in changes.items():
        count = t.sized(max(2, ROUNDS[what] // 20), ROUNDS[what], 5 * ROUNDS[what])
        t.step(f"{what}, {count} times")
        way = at_erin(*ways[what]) if what in ways else ()
        start = time.monotonic()
        for n in range(count):
            change(n)
            arrives(f"{what}, time {n}", *way)
            total += 1
        t.note(f"{what}: {(time.monotonic() - start) * 1000 / count:.0f} ms each")
        if way:
            way[2].close()

    t.step("what nothing touched has lost nothing")
    changing.stop()
    sent, received = steadily.stop()
    t.equal("packets that arrive of those that were sent all the while", received, sent)
    t.equal("counted", (steady.stats["packets"], steady.outputs[0]["packets"], steady.outputs[0]["errors"]), (sent, sent, 0))
    t.eventually("references to the module", refcount, references, timeout=20)
    t.true("it was worth while", sent > total, sent)
    t.figure("changes under traffic", total)
    t.figure("packets relayed meanwhile, none lost", sent)


def number_used(number):
    return f"v{number}" in (name for _, name in socket.if_nameindex())


def refcount():
    return int(open("/sys/module/xt_rtpengine_rs/refcnt").read())


class Sender:
    """A process that sends packets, one after the other, and receives them if it is told where."""

    GAP = 0.002

    def __init__(self, by, to, receiver=None):
        self.ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.go(by.sock, to, receiver and receiver.sock, theirs)
            finally:
                os._exit(0)
        theirs.close()

    def go(self, by, to, receiver, control):
        control.setblocking(False)
        data, sent, received = rtp.packet(), 0, 0
        while True:
            try:
                by.sendto(data, to)
                sent += 1
            except OSError:
                pass  # the way is gone just now
            received += take(receiver, socket.MSG_DONTWAIT)
            time.sleep(self.GAP)
            try:
                control.recv(1)
                break
            except BlockingIOError:
                pass
        end = time.monotonic() + 1
        while time.monotonic() < end and received < sent:
            received += take(receiver, socket.MSG_DONTWAIT)
            time.sleep(0.01)
        control.send(f"{sent} {received}".encode())

    def stop(self):
        """How many it sent and received."""
        self.ours.send(b"x")
        sent, received = map(int, self.ours.recv(100).split())
        os.waitpid(self.pid, 0)
        return sent, received


def take(sock, flags):
    count = 0
    try:
        while sock and sock.recv(2048, flags):
            count += 1
    except BlockingIOError:
        pass
    return count
