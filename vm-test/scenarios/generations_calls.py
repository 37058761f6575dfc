# SPDX-License-Identifier: GPL-2.0-only
"""A client of each generation starts, has calls relayed, crashes, starts again and ends as its daemon does, with nothing lost or miscounted."""

import itertools
import time

from guest import abi, nft, proc, rtp, srtp
from guest.client import Client, Stream
from guest.patience import patient
from guest.traffic import both_ways

TIMEOUT = 90
SOAK_TIMEOUT = 400
SSRCS = (0x0A11_CE00, 0x0B0B_0000)
SUITES = dict(zip(abi.GENERATIONS, itertools.cycle((srtp.AES_CM, "AEAD_AES_256_GCM"))))
SCRIPT = "table inet script { chain script { type filter hook input priority 10; }; }"


def run(t):
    alice, bob = t.peers("alice", "bob")
    count = t.fewer(t.sized(300, 3000))
    for port, generation in zip(itertools.count(4000, 1000), abi.GENERATIONS):
        t.step(f"{generation}: start")
        client = Client(generation, player=True)
        started(t, client, proc.Table(0), generation)
        t.equal("rules of each family", client.rules.found(), [2 if client.habits.comment else 1] * 2)

        calls = [Call(client, (alice, bob), port, kind="mux", measure=True), Call(client, (alice, bob), port + 10, kind="rtp"),
                 Call(client, (alice, bob), port + 20, kind="mux", suite=SUITES[generation], measure=True),
                 Call(client, (alice, bob), port + 30, kind="rtp", family=6),
                 Call(client, (alice, bob), port + 40, kind="mux", family=6, suite=SUITES[generation])]
        for call in calls:
            t.step(f"{generation}: {call}")
            call.talk(t, count if call.family == 4 or t.size != "test" else 20)
            call.check(t)
        totals(t, client, calls)
        memory(t, client, generation, alice)

        t.step(f"{generation}: a crash, with a rule of a script that stays")
        t.host.run("nft", "-f", "-", stdin=SCRIPT)
        nft.native_rule(0, name="script")
        listed = proc.Table(0).target(*calls[0].locals[0]).stats["packets"]
        client.kill()
        calls[0].talk(t, 20)
        t.equal("it is counted on", proc.Table(0).target(*calls[0].locals[0]).stats["packets"], listed + 21)
        t.equal("its rules are there", client.rules.found(), [2 if client.habits.comment else 1] * 2)
        client = Client(generation)
        started(t, client, proc.Table(0), generation)
        t.equal("targets", proc.Table(0).list_text(), "")
        call = Call(client, (alice, bob), port + 100, kind="mux", measure=True)
        call.talk(t, 20)
        call.check(t)

        t.step(f"{generation}: the end")
        client.end()
        t.equal("tables", proc.tables(), [])
        t.equal("rules", client.rules.found(), [])
        nft.delete(name="script")

    hubs = [t.namespace(name) for name in ("north", "south")]
    sides = [[t.peer(f"{name}-{hub.name}", hub) for name in ("carol", "dave")] for hub in hubs]
    for pair in zip(abi.GENERATIONS[:3], reversed(abi.GENERATIONS)):
        t.step(f"{' and '.join(pair)} at once, each in a namespace of its own, on the table after those before")
        at_once(t, pair, hubs, sides)


def at_once(t, pair, hubs, sides):
    """Clients of two generations run at once, with one id for their tables and one set of ports."""
    clients = [Client(generation, ns=hub) for generation, hub in zip(pair, hubs)]
    for client, hub, generation in zip(clients, hubs, pair):
        started(t, client, proc.Table(0, hub), generation)
    calls = [Call(client, peers, 4000 + 10 * abi.GENERATIONS.index(pair[0]), kind="mux", measure=True)
             for client, peers in zip(clients, sides)]
    for call in calls * 3:
        call.talk(t, 20)
    for call in calls:
        call.check(t)
    clients[0].end()
    calls[1].talk(t, 20)
    calls[1].check(t)
    clients[1].end()
    for hub in hubs:
        with hub:
            t.equal("tables", proc.tables(), [])


def started(t, client, table, generation):
    """The table is that of the client."""
    status = table.status()
    t.equal("interface", status["Interface"], generation)
    t.equal("open files", status["Opencount" if generation == "26.3" else "Refcount"], 1)
    if "Control PID" in status:
        t.equal("who sent INIT", status["Control PID"], client.starter)
    if not client.habits.is_list:
        t.equal("memory", (status["Memory pins"], status["Memory"]), (1, 16 << 20))
    t.true("INIT is sent by another process than goes on", client.starter != client.pid)


def memory(t, client, generation, alice):
    """What counters need is shared as they need it."""
    if generation == "12.5":
        # More than one mapping has room for.
        for number in range(250):
            to = ((alice.hub4, 1), (alice.v4, 1))
            client.stream(Stream("rtp", (alice.hub4, 20_000 + number), to, to, SSRCS[:1]))
    expected = {"12.5": [65_536] * 2, "13.5": [32 << 20], "26.3": [16 << 20] * 2}
    t.equal("what was shared", client.shared(), expected.get(generation, [16 << 20]))


def totals(t, client, calls):
    """The figures of the interface, and of everything, are the sums of the targets' and the outputs'."""
    found = [each for call in calls for each in call.counters()]
    interface, everything = client.totals()
    for what in ("packets", "bytes", "errors"):
        received = sum(each["target"][what] for each in found)
        sent = sum(output[what] for each in found for output in each["outputs"])
        t.equal(f"{what} of the interface", (interface[f"in.{what}"], interface[f"out.{what}"]), (received, sent))
        t.equal(f"{what} of everything", everything[f"in.{what}"], received)


class Call:
    """A call between two peers: RTP both ways, and a report each."""

    def __init__(self, client, peers, port, kind, family=4, suite=None, measure=False):
        self.client, self.kind, self.family, self.suite, self.measure = client, kind, family, suite, measure
        self.habits = client.habits
        self.sent = [[], []]
        self.reports, self.times = 0, {}
        is_mux = kind == "mux"
        self.media = [peer.udp(family=family) for peer in peers]
        self.rtcp = self.media if is_mux else [peer.udp(family=family) for peer in peers]
        self.locals = [(peer.hub_address(family), port) for peer in peers]
        self.rtcp_locals = self.locals if is_mux else [(address, port + 1) for address, port in self.locals]
        self.userspace = [peers[0].hub.udp(*local) for local in self.rtcp_locals]
        # Of each peer what it sends, and what it is sent.
        sends, gets = ([srtp.Crypto.new(suite) if suite else None for _ in peers] for _ in range(2))
        self.protect = [srtp.Sender(each) if each else None for each in sends]
        self.open = [srtp.Receiver(each) if each else None for each in gets]
        for here in (0, 1):
            there = 1 - here
            ways = {"media": (self.locals[there], self.media[there].address),
                    "reports": (self.rtcp_locals[there], self.rtcp[there].address)}
            srtp_fields = {"decrypt": sends[here].fields("decrypt"), "encrypt": gets[there].fields("encrypt")} if suite else {}
            for port_kind, local in ((kind, self.locals[here]), *((("rtcp", self.rtcp_locals[here]),) if not is_mux else ())):
                client.stream(Stream(port_kind, local, **ways, ssrcs=(SSRCS[here],), measure=measure, **srtp_fields))

    def __str__(self):
        ports = "RTCP muxed" if self.kind == "mux" else "RTCP on its own port"
        return f"IPv{self.family}, {ports}, {self.suite or 'plain'}"

    def counters(self):
        """Of each target, those of RTCP last."""
        return [self.client.counters(local) for local in dict.fromkeys((*self.locals, *self.rtcp_locals))]

    def talk(self, t, count):
        """Packets both ways, and a report each: none is lost, or changed."""
        plain = [rtp.stream(count, ssrc=ssrc, seq=1 + len(sent), timestamp=160 * len(sent))
                 for ssrc, sent in zip(SSRCS, self.sent)]
        wire = [[each.rtp(packet) for packet in packets] if each else packets for each, packets in zip(self.protect, plain)]
        flows = both_ways(self.media[0], self.locals[0], self.media[1], self.locals[1], *wire)
        self.times = dict.fromkeys((("rtp", 0), ("rtp", 1)), time.time())
        for here, flow in enumerate(flows):
            there = 1 - here
            receiver = self.open[there]
            seen = flow.opened(plain[here], receiver.rtp) if receiver else flow
            seen.check(f"{self}: RTP of {here}", self.locals[there])
            self.sent[here] += plain[here]
            report = rtp.sender_report(SSRCS[here])
            data = self.protect[here].rtcp(report) if receiver else report
            self.rtcp[here].send(data, self.rtcp_locals[here])
            got = self.rtcp[there].recv()
            self.times["rtcp", here] = self.times["mux", here] = time.time()
            t.true(f"{self}: the report of {here} comes", got)
            t.equal(f"{self}: it is", (receiver.rtcp(got.data) if receiver else got.data, got.source),
                    (report, self.rtcp_locals[there]))
            passed = self.userspace[here].recv()
            t.equal(f"{self}: userspace has it, too", passed and passed.data, data)
        self.reports += 1

    def check(self, t):
        """Every packet, byte and figure is counted, with the time of the last one."""
        found = self.counters()
        report = len(rtp.sender_report())
        tag, rtcp_tag = (self.protect[0].crypto.suite.rtp_tag, self.protect[0].crypto.suite.rtcp_tag + 4) if self.suite else (0, 0)
        reports = (self.reports, self.reports * (report + rtcp_tag))
        for here, (sent, figures) in enumerate(zip(self.sent, found)):
            what = f"{self}: {here}"
            count, payload = len(sent), 160 * len(sent)
            media = (count, sum(map(len, sent)) + tag * count)
            is_mux = self.kind == "mux"
            both = tuple(a + b for a, b in zip(media, reports)) if is_mux else media
            target = figures["target"]
            t.equal(f"{what}: the target", (target["packets"], target["bytes"], target["errors"], target["tos"]), (*both, 0, 0))
            t.equal(f"{what}: payload types", [(each["payload_type"], each["packets"], each["bytes"]) for each in figures["pts"]],
                    [(0, *media), (8, 0, 0)])
            last = (160 * (count - 1), count)
            ssrc = figures["ssrcs"][0]
            measured = (count, payload, *last) if self.measure else (0, 0, 0, count if self.suite else 0)
            t.equal(f"{what}: the SSRC", [ssrc[key] for key in ("packets", "bytes", "timestamp", "ext_seq", "total_lost", "last_pt")],
                    [*measured, 0, 0])
            # What is sent is counted before it is encrypted.
            plain = [(count, sum(map(len, sent)), 0), (self.reports, self.reports * report, 0)]
            outputs = plain if is_mux else plain[:1] + [(0, 0, 0)] * (not self.habits.old_flags)
            t.equal(f"{what}: outputs", [(each["packets"], each["bytes"], each["errors"]) for each in figures["outputs"]], outputs)
            out = figures["output_ssrcs"][0][0]
            t.equal(f"{what}: the SSRC sent", [out[key] for key in ("packets", "bytes", "timestamp", "ext_seq")],
                    [count, payload, *last])
            self.recent(t, f"{what}: last packet of the target", target, (self.kind, here))
            self.recent(t, f"{what}: last packet of the SSRC", ssrc, ("rtp", here))
        for here, figures in enumerate(found[2:]):
            target, output = figures["target"], figures["outputs"][0]
            t.equal(f"{self}: RTCP of {here}", (target["packets"], target["bytes"], target["errors"]), (*reports, 0))
            t.equal(f"{self}: its output", (output["packets"], output["bytes"], output["errors"]), (*reports, 0))
            self.recent(t, f"{self}: last report of {here}", target, ("rtcp", here))

    def recent(self, t, what, figures, last):
        """The time of the last packet is within a second of when the last one of that kind and sender had come. Whole seconds are cut."""
        before = self.times[last] - figures["last_packet_us"] / self.habits.unit
        t.between(f"{what}, seconds before it had come", before, 0, patient(1) + (1 if self.habits.unit == 1 else 0))
