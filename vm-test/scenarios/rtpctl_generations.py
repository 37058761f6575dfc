# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl adds streams to tables of every generation, beside the daemon that began them, and to those of the C modules, and says which they are."""

import re
import time
from pathlib import Path

from guest import abi, nft, rtp
from guest.client import HABITS
from guest.patience import patient
from guest.rtpctl import text

MODULE = ("rs", "c", "c12")
SSRC = 0x1234_ABCD
NAMES = {"rs": "xt_rtpengine_rs", "c": "nft_rtpengine", "c12": "xt_RTPENGINE"}
GUESSES = {"c": "26.0", "c12": "12.5"}


def run(t):
    alice, bob = t.peers("alice", "bob")
    if t.module == "rs":
        nft.chain()
        ours(t, alice, bob)
    else:
        of_c(t, alice, bob)


def interface(name, by):
    return {"name": name, "by": by}


def status_line(t, number, expected):
    """What `table status` says of the interface."""
    shown = t.rtpctl.ok("table", "status", number)
    t.equal("table status", re.search(r"^  interface     (.*)$", shown, re.M)[1], expected)


def ours(t, alice, bob):
    t.step("versions")
    version = re.search(r'^version = "(.*)"', Path("/run/vm-test/Cargo.toml").read_text(), re.M)[1]
    t.equal("rtpctl --version", t.rtpctl.ok("--version").strip(), f"rtpctl {version}")
    t.equal("sysfs", Path("/sys/module/xt_rtpengine_rs/version").read_text().strip(), version)
    t.equal("modinfo", t.host.run("modinfo", "-F", "version", "xt_rtpengine_rs").stdout.strip(), version)
    told = t.rtpctl.data("version")
    t.equal("rtpctl version", (told["rtpctl"], told["module"]["name"], told["module"]["version"]), (version, NAMES["rs"], version))
    t.equal("generations", [one["name"] for one in told["interfaces"]], list(abi.GENERATIONS))

    controls = {}
    for number, generation in enumerate(abi.GENERATIONS):
        t.step(f"{generation}: a daemon has begun")
        table = t.table(number).add()
        nft.native_rule(number)
        controls[generation] = control = table.control(32, generation, HABITS[generation].mapped).init()
        status_line(t, number, generation)
        receiver = bob.udp()
        theirs = control.add((alice.hub4, 3000 + number), ((bob.hub4, 3000 + number), receiver.address), rtp=1)
        streams(t, alice, bob, number, generation)
        t.relayed("the daemon's own", alice.udp(), (alice.hub4, 3000 + number), receiver, rtp.stream(5),
                  source=(bob.hub4, 3000 + number))
        t.equal("its counters", theirs.stats["packets"], 5)
    told = t.rtpctl.data("version")["tables"]
    t.equal("tables", [(one["id"], one["interface"]) for one in told],
            [(number, interface(generation, "status")) for number, generation in enumerate(abi.GENERATIONS)])
    t.equal("as text", t.rtpctl.ok("version").splitlines()[2:],
            ["interfaces  " + ", ".join(abi.GENERATIONS), *(f"table {n}     {name}" for n, name in enumerate(abi.GENERATIONS))])

    t.step("an empty table")
    t.table(9).add()
    nft.native_rule(9)
    status_line(t, 9, "none")
    t.equal("JSON", t.rtpctl.data("table", "status", 9)["tables"][0]["interface"], interface("none", "status"))
    streams(t, alice, bob, 9, "26.0")
    status_line(t, 9, "26.0")

    t.step("streams of a daemon that is gone are there, and those beside them")
    for number, generation in enumerate(abi.GENERATIONS):
        local = (alice.hub4, 5000 + number)
        receiver = bob.udp()
        t.rtpctl.ok("stream", "add", "-t", number, "-l", text(local), "--to", text(receiver.address))
        control = controls.pop(generation)
        if HABITS[generation].mapped:
            control.memory.release()
        control.close()
        t.relayed(f"{generation}", alice.udp(), local, receiver, rtp.stream(20), source=local)
        t.equal(f"{generation}: counted", t.table(number).target(*local).stats["packets"], 20)
        t.table(number).delete()


def of_c(t, alice, bob):
    generation = GUESSES[t.module]
    ctl = t.rtpctl
    t.step("versions")
    told = ctl.data("version")
    t.equal("module", (told["module"]["name"], told["module"]["version"]), (NAMES[t.module], None))
    t.equal("generations", told["interfaces"], [interface(generation, "guess")])
    ctl.ok("table", "add", 0)
    # By the way that the module has: the expression, or else the target.
    ctl.ok("rule", "add", 0)
    via = "target" if t.module == "c12" else "expression"
    t.equal("rules", {one["via"] for one in ctl.data("rule", "list")["rules"]}, {via})
    status_line(t, 0, f"{generation} (a guess)")
    t.equal("a line of version", ctl.ok("version").splitlines()[3], f"table 0     {generation} (a guess)")
    streams(t, alice, bob, 0, generation)
    # Once more, to a table that has had its INIT.
    streams(t, alice, bob, 0, generation)

    t.step("while a daemon has the table")
    control = t.table(0).control(generation=generation, mapped=HABITS[generation].mapped)
    result = ctl.run("stream", "add", "-t", 0, "-l", text((alice.hub4, 4100)), "--to", text((bob.v4, 1)))
    # It is not opened: a C module that refuses it can never be unloaded again, which this scenario would see.
    t.equal("exit code", result.returncode, 6)
    if HABITS[generation].mapped:
        control.memory.release()
    control.close()
    t.step("all is taken down")
    ctl.ok("rule", "del", 0)
    ctl.ok("table", "del", 0)


def streams(t, alice, bob, number, generation):
    """Streams are added, relay, are listed, changed and deleted."""
    ctl, sender = t.rtpctl, alice.udp()
    t.step(f"{generation}: a stream with RTCP to two outputs")
    local, source = (alice.hub4, 4000 + 10 * number), (bob.hub4, 4000 + 10 * number)
    media, reports, second, passed = bob.udp(), bob.udp(), bob.udp(), t.host.udp(*local)
    ctl.ok("stream", "add", "-t", number, "-l", text(local), "--ssrc", hex(SSRC), "-p", 0, "-p", 8, "--tos", 184, "--rtcp=copy",
           "--to", f"{text(media.address)},from={text(source)},rtcp={text(reports.address)},ssrc=7,seq-offset=1,replace=8:d5",
           "--to", f"{text(second.address)},rtcp=none")
    packets = rtp.stream(50, ssrc=SSRC, pt=0, seq=1)
    for data in packets:
        sender.send(data, local)
    sent_as = [data[:2] + (int.from_bytes(data[2:4], "big") + 1).to_bytes(2, "big") + data[4:8] + b"\0\0\0\7" + data[12:] for data in packets]
    for receiver, expected, come_from in ((media, sent_as, source), (second, packets, local)):
        got = [receiver.recv() for _ in expected]
        t.equal("bytes", [one and one.data for one in got], expected)
        t.equal("source and TOS", {(one.source, one.tos) for one in got}, {(come_from, 184)})
    replaced = rtp.packet(ssrc=SSRC, pt=8, seq=60, payload=bytes(100))
    sender.send(replaced, local)
    t.equal("payload", media.recv().data[12:], b"\xd5" * 100)
    t.equal("as it was", second.recv().data, replaced)
    report = rtp.sender_report(SSRC)
    sender.send(report, local)
    got = reports.recv() or t.fail("a report")
    t.equal("RTCP", (got.data, got.source), (report, source))
    t.equal("RTCP is passed, too", passed.recv().data, report)
    for udp in (media, reports, second, passed):
        t.silent("nothing more", udp, 0.05)

    t.step(f"{generation}: it is listed")
    found = ctl.data("stream", "list", "-t", number)
    t.equal("all is understood", found.get("unparsed"), None)
    one = next(each for each in found["streams"] if each["local"] == text(local))
    size = sum(map(len, packets)) + len(replaced) + len(report)
    t.equal("received", one["received"], {"packets": 52, "bytes": size, "errors": 0})
    t.equal("payload types", [(each["payload_type"], each["packets"]) for each in one["payload_types"]], [(0, 50), (8, 1)])
    t.equal("SSRCs", [each["ssrc"] for each in one["ssrcs"]], [SSRC])
    if t.module == "rs":  # the C modules tell time by stamps that packets have only while a socket of the host wants them
        t.between("seconds since the last packet", time.time() - one["last_packet"], -1, 2 + patient(1))
    if t.module == "rs":
        told = ctl.data("stream", "reasons", "-t", number, "--local", text(local))["streams"]
        t.equal("what the module relayed of it", [each["relayed_packets"] for each in told], [52])
    else:
        t.true("a C module does not tell what it relayed", "the loaded module does not tell" in ctl.refused("table", "reasons", number))
    t.equal("outputs", [(each["rtcp"], each["to"], each["from"], each["sent"]["packets"]) for each in one["outputs"]],
            [(False, text(media.address), text(source), 51), (False, text(second.address), text(local), 51),
             (True, text(reports.address), text(source), 1)])

    if HABITS[generation].is_list:
        t.step(f"{generation}: what it lacks is refused before anything is changed")
        table = t.table(number)
        state = (table.list_text(), table.status())
        for words in (("--mid-extension", "3", "--mid", "a", "--to", text(media.address)), ("--to", f"{text(media.address)},ext=none"),
                      *([("-p", 0, "--to", f"{text(media.address)},blackhole=0")] if generation == "12.5" else [])):
            result = ctl.run("stream", "add", "-t", number, "-l", text((alice.hub4, 4990)), *words)
            t.equal(f"{words}: exit code", result.returncode, 8)
            t.true(f"{words}: says so", f"speaks {generation}" in result.stderr and "which has no" in result.stderr, result.stderr)
            t.equal("list and status", (table.list_text(), table.status()), state)

    t.step(f"{generation}: it is changed, and deleted")
    passed.sock.close()
    ctl.ok("stream", "del", "-t", number, "-l", text(local))
    ctl.ok("stream", "add", "-t", number, "-l", text(local), "--to", text(second.address))
    t.equal("twice", ctl.run("stream", "add", "-t", number, "-l", text(local), "--to", text(second.address)).returncode, 5)
    t.relayed("packets", sender, local, second, rtp.stream(10), source=local)
    t.equal("counted anew", t.table(number).target(*local).stats["packets"], 10)
    ctl.ok("stream", "del", "-t", number, "-l", text(local))
    t.true("it is gone", text(local) not in t.table(number).list_text())
