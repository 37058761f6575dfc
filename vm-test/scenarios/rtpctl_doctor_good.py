# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl doctor finds nothing where nothing is wrong: rtpctl alone, a firewall, a container, a VRF, the stock daemon; and names its faults."""

import threading

from guest import doctor, rtp, traffic
from guest.phone import FIRST, Kernel
from guest.rtpctl import text

KERNEL = "stock"  # it tests the tool alone
TIMEOUT = 60
FIREWALL = """
table inet filter {
  chain input { type filter hook input priority filter; policy drop;
    ct state invalid drop; ct state established,related accept; iifname lo accept; meta l4proto { icmp, ipv6-icmp } accept
    tcp dport 22 accept; udp dport { 5060, 2223 } accept; udp dport 30000-40000 accept; }
  chain forward { type filter hook forward priority filter; policy drop; }
  chain output { type filter hook output priority filter; policy accept; tcp dport 25 drop; }
}
"""


def run(t):
    ctl = t.rtpctl
    alice, bob = t.peers("alice", "bob")

    def relay(what, ns, alice, bob, *options):
        """Streams of both directions, over IPv4 and IPv6."""
        ctl.ok("table", "add", 0, ns=ns)
        ctl.ok("rule", "add", 0, ns=ns)
        for family in (4, 6):
            a, b = alice.udp(family=family), bob.udp(family=family)
            to = {a: (alice.hub_address(family), 4000), b: (bob.hub_address(family), 4000)}
            for one, other in ((a, b), (b, a)):
                ctl.ok("stream", "add", "-t", 0, "-l", text(to[one]), "--to", text(other.address), "--from", text(to[other]),
                       "--expect", text(one.address), ns=ns)
            for one, other in ((a, b), (b, a)):
                t.relayed(f"{what}, IPv{family}", one, to[one], other, rtp.stream(5), source=to[other])
            a.close()
            b.close()
        doctor.names(t, what, {}, ns=ns)

    t.step("rtpctl alone")
    relay("rtpctl alone", t.host, alice, bob)
    ctl.ok("table", "kill", 0)
    ctl.ok("rule", "del", "--all")

    t.step("a firewall whose policy is to drop")
    t.host.run("nft", "-f", "-", stdin=FIREWALL)
    relay("a firewall", t.host, alice, bob)
    ctl.ok("table", "kill", 0)
    ctl.ok("rule", "del", "--all")

    t.step("a container")
    box = t.namespace("box")
    relay("a container", box, *t.peers("anna", "bert", hub=box))
    doctor.names(t, "outside of it", "tables")
    told = doctor.ask(t, "--netns", "box")
    t.equal("from outside", told, {})

    t.step("a VRF")
    hub = t.namespace("hub")
    peers = t.peers("carl", "dora", hub=hub)
    hub.ip("link add red type vrf table 100", "link set red up", *(f"link set {one.hub_dev} master red" for one in peers),
           *(f"addr replace {one.hub6}/64 dev {one.hub_dev} nodad" for one in peers))
    relay("a VRF", hub, *peers)

    t.step("the stock daemon, behind the firewall")
    table = t.table(0)
    kernel = Kernel(table)
    daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}")
    doctor.names(t, "no call", {})
    a, b = alice.udp(), bob.udp()
    call = daemon.call("call", a, b)
    seq = 1

    def talk(count):
        nonlocal seq
        packets = [rtp.stream(count, seq=seq, timestamp=160 * seq, ssrc=ssrc) for ssrc in (0xCA11, 0xCA22)]
        seq += count
        for flow in traffic.both_ways(a, call.caller_to, b, call.callee_to, *packets):
            flow.check("the call", ordered=False)

    daemon.learns()
    talk(FIRST)
    kernel.settled(daemon, call.caller_to, call.callee_to)
    talk(50)

    def while_they_talk(what, expected, *options):
        done = threading.Event()

        def go_on():
            while not done.is_set():
                talk(10)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            doctor.names(t, what, expected, "--seconds", 1, *options)
        finally:
            done.set()
            thread.join()

    while_they_talk("a call", {})
    doctor.names(t, "another table is asked for", {"daemon": "warning", "tables": "fault"}, "--table", 5)

    t.step("the daemon's rules are flushed")
    t.host.run("nft", "flush", "chain", "ip", "filter", "rtpengine_0")
    while_they_talk("no rule for IPv4", "rule userspace")
    t.host.run("nft", "flush", "ruleset")
    while_they_talk("no rule at all", "rule userspace")

    t.step("its table is killed")
    ctl.ok("table", "kill", 0)
    doctor.names(t, "killed", "daemon tables")
    ctl.ok("table", "add", 0)
    doctor.names(t, "killed and made again", "daemon rule")
    daemon.stop()
    t.equal("tables", ctl.data("table", "list")["tables"], [])

    t.step("a daemon that may not have a table, or is not to have one")
    daemon = t.daemon(f"pub4/{alice.hub4}", capabilities=())
    doctor.names(t, "without CAP_NET_ADMIN", "daemon tables")
    daemon.stop()
    daemon = t.daemon(f"pub4/{alice.hub4}", table=-1)
    doctor.names(t, "a daemon that is to do without", {"daemon": "warning", "tables": "fault"})
    daemon.stop()
