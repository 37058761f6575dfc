# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl tells of loops, of destinations without a route and of rules that are left, and refuses what no socket would send."""

from guest import nft, rtp

MODULE = ("rs", "c")


def run(t):
    alice, bob = t.peers("alice", "bob")
    other = t.namespace("other")
    ctl = t.rtpctl
    ctl.ok("table", "add", 0)
    ctl.ok("table", "add", 1)
    port = iter(range(4000, 5000))

    def add(what, to, *words, code=0, table=0, local=None, says=None, options=(), ns=None):
        local = local or f"{alice.hub4}:{next(port)}"
        result = ctl.run("stream", "add", "-t", table, "--local", local, "--to", to, *options, ns=ns)
        t.equal(f"{what}: exit code, {result.stderr}", result.returncode, code)
        for word in words:
            t.true(f"{what}: says {word}", word in result.stderr, result.stderr)
        if not words:
            t.equal(f"{what}: says nothing", result.stderr, "")
        return local

    t.step("field 2: a destination that is a stream")
    first = add("an ordinary stream", f"{bob.v4}:9")
    add("a stream of the same table", first, f"output {first} is a stream of table 0")
    add("a stream of another table", first, f"output {first} is a stream of table 0", table=1)
    add("one of several outputs", f"{bob.v4}:9", f"output {first} is a stream of table 0", options=("--to", first))
    itself = f"{alice.hub4}:{next(port)}"
    add("itself", itself, f"output {itself} is the stream itself", local=itself)
    beside = f"[{alice.hub6}]:4000"
    add("IPv6", f"[{bob.v6}]:9", local=beside)
    add("a stream over IPv6", beside, f"output {beside} is a stream of table 0", local=f"[{alice.hub6}]:4001")
    t.equal("all were added", sum(len(ctl.data("stream", "list", "-t", table)["streams"]) for table in (0, 1)), 7)
    if t.module == "rs":
        other.ip(f"addr add {alice.hub4}/24 dev lo", "link set lo up")
        ctl.ok("table", "add", 0, ns=other)
        add("the same address in another namespace", first, ns=other, local=f"{alice.hub4}:{next(port)}")
        ctl.ok("table", "del", 0, ns=other)

    t.step("fields 3, 5 and 25: where no socket would send, and where nobody knows")
    subnet = bob.hub4.rpartition(".")[0] + ".255"
    for address in (subnet, "255.255.255.255"):
        add("broadcast", f"{address}:9", "was refused: it is a broadcast address", code=1)
    add("no route", "203.0.113.9:9", "was refused: there is no route to it", code=1)
    t.host.ip("route add prohibit 203.0.113.8/32")
    add("prohibited", "203.0.113.8:9", "was refused: there is no route to it", code=1)
    add("a source from elsewhere", "203.0.113.9:9", "this host has no route to it", "packets count as errors",
        options=("--from", "192.0.2.77:5000"))
    add("a source from elsewhere, with a route", f"{bob.v4}:9", options=("--from", "192.0.2.77:5000"))
    add("a source of many", f"{bob.v4}:9", "which stands for many hosts", options=("--from", "239.1.1.1:5000"), code=2)
    if t.module == "rs":
        add("a link that nothing tells", "[fe80::99]:9", "was refused: it is a link-local address", code=1,
            local="[2001:db8:77::1]:4000")
    add("a link that the source tells", "[fe80::99]:9", local=f"[{bob.hub6}]:4002")

    t.step("a rule behind the module's sees only what was not relayed")
    ctl.ok("rule", "add", 0)
    t.host.run("nft", "-f", "-", stdin="table inet rtpengine_0 { counter left { }; }\n"
                                       f"add rule inet rtpengine_0 input udp dport {first.rpartition(':')[2]} counter name left\n")
    sender, receiver, local = alice.udp(), bob.ns.udp(bob.v4, 9), (alice.hub4, int(first.rpartition(":")[2]))
    t.relayed("relayed", sender, local, receiver, rtp.stream(5), source=local)
    t.equal("not relayed", nft.counter("rtpengine_0", "left"), 0)
    ctl.ok("stream", "del", "-t", 0, "--local", first)
    for data in rtp.stream(3):
        sender.send(data, local)
    t.eventually("not relayed any more", lambda: nft.counter("rtpengine_0", "left"), 3)

    t.step("field 24: rules that are left")
    ctl.ok("rule", "add", 1, "--via", "target", "--family", "ip")
    for command, table, words in (("del", 0, "a rule still names table 0"), ("del", 1, "a rule still names table 1")):
        result = ctl.run("table", command, table)
        t.equal(f"{command} {table}", (result.returncode, result.stdout), (0, f"table {table} deleted\n"))
        t.true(f"{command} {table}: says so", f"{words}, and matches nothing until it is added again; `rtpctl rule del {table}`"
               in result.stderr, result.stderr)
    ctl.ok("rule", "del", 0)
    ctl.ok("rule", "del", 1)
    ctl.ok("table", "add", 0)
    t.equal("no rule is left", ctl.run("table", "del", 0).stderr, "")
