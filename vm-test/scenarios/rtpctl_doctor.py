# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl doctor names what is wrong with rules, addresses, routes and packets, one fault alone and two at a time."""

import os
import signal
import threading

from guest import doctor, module, rtp
from guest.rtpctl import text
from guest.srtp import AES_CM, Crypto, Sender

KERNEL = "stock"  # it tests the tool alone
TIMEOUT = 40
FAR = "203.0.113.9"
# Rules that break the relay: what, the rules of nftables, what is to be found.
RULESETS = (
    ("a firewall with the policy drop comes first", "table inet fw { chain c { type filter hook input priority -10; policy drop; }; }", "before"),
    ("a rule of prerouting drops", "table ip fw { chain c { type filter hook prerouting priority raw; udp dport 4000 drop; }; }", "before"),
    ("a rule of ingress drops",
     "table netdev fw { chain c { type filter hook ingress device DEV priority 0; ip daddr LOCAL drop; }; }", "before"),
    ("a chain of the same priority drops", "table inet fw { chain c { type filter hook input priority -5; policy drop; }; }",
     {"before": "warning"}),
    ("what is not known decides", "table inet fw { chain c { type filter hook input priority -10; ip dscp 46 drop; }; }",
     {"before": "cannot_tell"}),
    ("a rule behind a jump drops",
     "table inet fw { chain d { udp dport 4000-4010 drop; }; chain c { type filter hook input priority -10; udp sport 1-65535 jump d; }; }",
     "before"),
    ("the destination is translated", "table ip fw { chain c { type nat hook prerouting priority -100; udp dport 4000 dnat to 192.0.2.9:1; }; }",
     "nat"),
    ("a rule of output drops", "table inet fw { chain c { type filter hook output priority 0; udp sport 4000 drop; }; }", "output"),
    ("a rule of postrouting drops", "table inet fw { chain c { type filter hook postrouting priority 0; ip daddr FAREND drop; }; }", "output"),
    ("on both ways", "table inet fw { chain c { type filter hook input priority -10; policy drop; };"
                     " chain d { type filter hook output priority 0; policy drop; }; }", "before output"),
    ("others alone", "table inet fw { chain c { type filter hook input priority -10; tcp dport 22 accept; udp dport 5000 drop;"
                     " ct state invalid drop; iifname lo drop; ip saddr != SOURCE drop; }; }", {}),
)
# Rules of rtpctl that do not serve.
OWN = (
    ("no rule", (), "rule"),
    ("a rule for another table", ("add 1",), "rule"),
    ("a rule of another family", ("add 0 --family ip6",), "rule"),
    ("a dormant table", ("add 0", "table dormant inet rtpengine_0"), "rule"),
    ("no jump", ("table add inet mine", "chain add inet mine c", "append inet mine c rtpengine 0"), "rule"),
    ("a rule that does not match", ("table add inet mine", "chain add inet mine c --hook input --priority 0",
                                    "append inet mine c udp dport 4001 rtpengine 0"), "rule"),
    ("a rule that accepts before", ("table add inet mine", "chain add inet mine c --hook input --priority 0",
                                    "append inet mine c udp dport 4000 accept", "append inet mine c rtpengine 0"), "before"),
)


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl = t.rtpctl
    t.step("no table")
    doctor.names(t, "no table", "tables")
    other = t.namespace("other")
    ctl.ok("table", "add", 0, ns=other)
    holder = other.run("sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!").stdout.strip()
    told = ctl.run("doctor", "--table", 0).stdout
    t.true("the table of another namespace is told", f"doctor --netns {holder}" in told, told)
    os.kill(int(holder), signal.SIGKILL)
    ctl.ok("table", "del", 0, ns=other)

    ctl.ok("table", "add", 0)
    ctl.ok("rule", "add", 0)
    sender, receiver, local = alice.udp(3999), bob.udp(9000), (alice.hub4, 4000)
    t.step("nothing is wrong")
    doctor.names(t, "no streams", {})
    doctor.names(t, "a stream that there is not", "stream", "--stream", text(local))
    ctl.ok("stream", "add", "-t", 0, "-l", text(local), "--to", text(receiver.address), "--expect", text(sender.address))
    doctor.names(t, "nothing came yet", {"traffic": "warning"})
    t.relayed("relayed", sender, local, receiver, rtp.stream(5), source=local)
    doctor.names(t, "packets were relayed", {})
    doctor.names(t, "a wrong port", "stream", "--stream", f"{alice.hub4}:4001")
    doctor.names(t, "another table", "tables", "--table", 7)

    for what, rules, expected in RULESETS:
        t.step(f"rules: {what}")
        for name, value in (("DEV", alice.hub_dev), ("LOCAL", alice.hub4), ("FAREND", bob.v4), ("SOURCE", alice.v4)):
            rules = rules.replace(name, value)
        t.host.run("nft", "-f", "-", stdin=rules + "\n")
        doctor.names(t, what, expected)
        if expected == "nat":
            # Connections are tracked now.
            t.host.sysctl("net.netfilter.nf_conntrack_max", 1)
            sender.send(rtp.packet(), (bob.v4, 1))
            sender.send(rtp.packet(), (bob.hub4, 1))
            doctor.names(t, f"{what}, and no room for connections", "nat conntrack")
            t.host.sysctl("net.netfilter.nf_conntrack_max", 65536)
        t.host.run("nft", "delete", "table", rules.split()[1], "fw")

    for what, commands, expected in OWN:
        t.step(f"rtpctl's: {what}")
        ctl.ok("rule", "del", "--all")
        for command in commands:
            ctl.ok("rule", *command.split())
        doctor.names(t, what, expected, "--table", 0)
        if not commands:
            t.host.run("nft", "-f", "-", stdin="table inet fw { chain c { type filter hook output priority 0; policy drop; }; }\n")
            doctor.names(t, f"{what}, and a rule of output drops", "rule output")
            t.host.run("nft", "delete", "table", "inet", "fw")
    ctl.ok("rule", "del", "--all")
    ctl.ok("rule", "add", 0)

    port = iter(range(4100, 4200, 2))

    def stream(*options, to=receiver.address, at=alice.hub4):
        where = (at, next(port))
        ctl.ok("stream", "add", "-t", 0, "-l", text(where), "--to", to if isinstance(to, str) else text(to), *options)
        return where

    ours, theirs = Crypto.new(AES_CM), Crypto.new(AES_CM)
    for what, options, packets in (
            ("another source, dropped", ("--expect", f"{alice.v4}:1"), rtp.stream(5)),
            ("another source, passed", ("--expect", f"{alice.v4}:1", "--mismatch", "pass"), rtp.stream(5)),
            ("another payload type", ("-p", 8, "--pt-filter"), rtp.stream(5)),
            ("no RTP", ("--rtp-only",), [b"\0\1\2\3" * 8] * 5),
            ("another SSRC", ("--ssrc", 7), rtp.stream(5)),
            ("another SRTP key", ("--ssrc", 0x1234, "--decrypt", theirs.line()),
             [Sender(ours).rtp(each) for each in rtp.stream(5, ssrc=0x1234)])):
        t.step(f"packets: {what}")
        where = stream(*options)
        for data in packets:
            sender.send(data, where)
        t.eventually(what, lambda: doctor.ask(t, "--stream", text(where)).get("reasons"), "fault")
        doctor.names(t, what, "reasons", "--stream", text(where))

    t.step("addresses and routes")
    t.host.ip(f"route add {FAR}/32 via {bob.v4}", f"route add 198.51.100.5/32 via {bob.v4}")

    def case(what, expected, where, undo=True):
        expected = {**dict.fromkeys(expected.split(), "fault"), "traffic": "warning"}
        doctor.names(t, what, expected, "--stream", text(where))
        if undo:
            ctl.ok("stream", "del", "-t", 0, "-l", text(where))

    case("a local address of nobody", "local-address", stream(at="192.0.2.44"))
    where = stream("--from", "192.0.2.44:5000")
    doctor.names(t, "a source address of nobody", {"source-address": "warning", "traffic": "warning"}, "--stream", text(where))
    first = (alice.hub4, 4990)
    ctl.ok("stream", "add", "-t", 0, "-l", text(first), "--to", text(first))
    case("to itself", "loop", first)
    second = stream(to=text(first))
    ctl.ok("stream", "add", "-t", 0, "-l", text(first), "--to", text(second))
    case("in a circle", "loop", second, undo=False)
    case("in a circle", "loop", first)
    ctl.ok("stream", "del", "-t", 0, "-l", text(second))
    where = stream("--expect", "198.51.100.5:7")
    t.host.sysctl(f"net.ipv4.conf.{alice.hub_dev}.rp_filter", 1)
    case("rp_filter", "rp-filter", where, undo=False)
    t.host.run("nft", "-f", "-", stdin="table inet fw { chain c { type filter hook input priority -10; policy drop; }; }\n")
    case("rp_filter and a firewall", "rp-filter before", where)
    t.host.run("nft", "delete", "table", "inet", "fw")
    t.host.sysctl(f"net.ipv4.conf.{alice.hub_dev}.rp_filter", 0)
    where = stream(to=(FAR, 9))
    case("a route", "", where, undo=False)
    t.host.ip(f"neigh replace {bob.v4} dev {bob.hub_dev} nud failed")
    case("the gateway does not answer", "gateway", where, undo=False)
    t.host.ip(f"neigh flush dev {bob.hub_dev}", f"route del {FAR}/32 via {bob.v4}")
    case("no route any more", "route", where, undo=False)
    t.host.ip(f"route add prohibit {FAR}/32")
    case("a route that prohibits", "route", where)
    t.host.ip(f"route del prohibit {FAR}/32")

    t.step("memory")
    limit = "/sys/module/xt_rtpengine_rs/parameters/memory_limit"
    before = open(limit, encoding="ascii").read()
    with open(limit, "w", encoding="ascii") as file:
        file.write("8192")
    doctor.names(t, "the table's memory", {"memory": "warning"}, "--stream", text(local))
    with open(limit, "w", encoding="ascii") as file:
        file.write(before)

    t.step("the far end hangs up")
    where = stream(to=(bob.v4, 9555))
    sending = threading.Event()

    def send():
        while not sending.wait(0.02):
            sender.send(rtp.packet(), where)

    thread = threading.Thread(target=send)
    thread.start()
    doctor.names(t, "nobody listens there", {"far-end": "warning"}, "--stream", text(where), "--seconds", 1)
    sending.set()
    thread.join()

    t.step("no module")
    ctl.ok("rule", "del", "--all")
    ctl.ok("table", "kill", 0)
    t.eventually("unloaded", lambda: module.unload_soon("rs"), None)
    doctor.names(t, "no module", "module")
    module.load("rs")
