# SPDX-License-Identifier: GPL-2.0-only
"""Tables, targets and counters outlive the process that made them; routes and devices that change are followed (defect 13)."""

import os
import signal

from guest import nft, rtp
from guest.net import command


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    nft.chain()
    nft.native_rule(0)
    local, source, receiver = (alice.hub4, 4000), (bob.hub4, 4001), bob.udp()
    sender = alice.udp()

    t.step("a process fills the table and is killed")
    ready, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        control = table.ready()
        control.add(local, (source, receiver.address), rtp=1)
        control.write(control.target((alice.hub4, 4002), outputs=3).command)
        os.write(tell, b"x")
        signal.pause()
    os.read(ready, 1)
    t.equal("its process is the table's owner", table.status()["Control PID"], pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    t.relayed("its target", sender, local, receiver, rtp.stream(50), source=source)
    status = table.status()
    t.equal("status", [status[key] for key in ("Refcount", "Control PID", "Targets", "Memory pins", "Memory")],
            [0, 0, 2, 1, 4 * 4096])
    t.equal("counters", table.target(*local).stats, {"packets": 50, "bytes": 50 * 172, "errors": 0})

    t.step("another process goes on with the table")
    control = table.control()
    t.errno("INIT again", "EBUSY", control.write, control.init_command())
    control.write(control.memory.pin_command())
    control.add((alice.hub4, 4004), (source, receiver.address), rtp=1)
    control.delete((alice.hub4, 4002))
    t.relayed("its target", sender, (alice.hub4, 4004), receiver, rtp.stream(5), source=source)
    t.relayed("the first one's", sender, local, receiver, rtp.stream(5), source=source)

    t.step("a route changes under a target")
    carol = t.peer("carol")
    for ns in (bob.ns, carol.ns):
        ns.ip("addr add 198.51.100.1/32 dev lo")
    at_bob, at_carol = bob.ns.udp("198.51.100.1", 9), carol.ns.udp("198.51.100.1", 9)
    t.host.ip(f"route add 198.51.100.1 via {bob.v4}")
    moving = control.add((alice.hub4, 4006), (source, ("198.51.100.1", 9)), rtp=1)
    t.relayed("the first way", sender, moving.local, at_bob, rtp.stream(5), source=source)
    t.host.ip(f"route replace 198.51.100.1 via {carol.v4}")
    t.relayed("the second way", sender, moving.local, at_carol, rtp.stream(5), source=source)
    t.host.ip("route del 198.51.100.1")
    sender.send(rtp.packet(), moving.local)
    t.silent("without a route", at_carol, 0.1)
    t.equal("an error", moving.outputs[0]["errors"], 1)
    t.host.ip(f"route add 198.51.100.1 via {bob.v4}")
    t.relayed("with a route again", sender, moving.local, at_bob, rtp.stream(5), source=source)

    t.step("a neighbour gets another address")
    command("ip", "link", "set", bob.dev, "down", ns=bob.ns)
    command("ip", "link", "set", bob.dev, "address", "02:00:00:00:00:77", ns=bob.ns)
    command("ip", "link", "set", bob.dev, "up", ns=bob.ns)
    t.host.ip(f"neigh flush dev {bob.hub_dev}")
    t.relayed("after it", sender, local, receiver, rtp.stream(5), source=source)

    t.step("a device goes away, and is not held back")
    bob.ns.delete()
    receiver.close()
    at_bob.close()
    t.host.run("ip", "link", "del", bob.hub_dev, check=False)
    t.eventually("the device is gone", lambda: bob.hub_dev in t.host.run("ip", "-o", "link").stdout, False)
    before = table.target(*local).outputs[0].stats["errors"]
    for data in rtp.stream(5):
        sender.send(data, local)
    t.eventually("errors of the output", lambda: table.target(*local).outputs[0].stats["errors"], before + 5)
    t.host.ip(f"route add 198.51.100.1 via {carol.v4}")
    t.relayed("others", sender, moving.local, at_carol, rtp.stream(5), source=source)
