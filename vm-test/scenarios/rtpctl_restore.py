# SPDX-License-Identifier: GPL-2.0-only
"""Streams of ranges, and of lines of JSON, relay; what is saved is loaded again; a line that fails is named, and nothing of it stays."""

import json

from guest import rtp
from guest.rtpctl import text

MODULE = ("rs", "c", "c12")


def lines(*objects):
    return "".join(json.dumps(one) + "\n" for one in objects)


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl = t.rtpctl
    ctl.ok("table", "add", 0)
    ctl.ok("rule", "add", 0)
    path = "/tmp/streams"

    def restore(content, *options, ends=0):
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        result = ctl.run("stream", "restore", path, *options)
        t.equal("exit code", result.returncode, ends)
        return result.stdout if ends == 0 else result.stderr

    def listed():
        return {one["local"]: one for one in ctl.data("stream", "list", "-t", 0)["streams"]}

    for family in (4, 6):
        t.step(f"IPv{family}: a range of ports")
        sender, receivers = alice.udp(family=family), [bob.udp(port, family=family) for port in range(6000, 6004)]
        here, there = alice.hub_address(family), bob.address(family)
        span = text((here, 4000)) + "-4003"
        said = ctl.ok("stream", "add", "-t", 0, "--local", span, "--to", text((there, 6000)) + "-6003")
        t.equal("said", said, f"4 streams {span} added to table 0\n")
        for number, receiver in enumerate(receivers):
            t.relayed(f"port {number}", sender, (here, 4000 + number), receiver, rtp.stream(20), source=(here, 4000 + number))

        t.step(f"IPv{family}: all of a range, or none")
        ctl.ok("stream", "add", "-t", 0, "--local", text((here, 4102)), "--to", text((there, 6000)))
        before = sorted(listed())
        result = ctl.run("stream", "add", "-t", 0, "--local", text((here, 4100)) + "-4103", "--to", text((there, 6000)))
        t.equal("exit code", result.returncode, 5)
        t.equal("streams", sorted(listed()), before)

        t.step(f"IPv{family}: replaced in place")
        ctl.ok("stream", "add", "-t", 0, "--local", text((here, 4000)), "--to", text(receivers[1].address), "--replace")
        t.relayed("to another", sender, (here, 4000), receivers[1], rtp.stream(20), source=(here, 4000))
        t.equal("streams", sorted(listed()), before)
        said = ctl.ok("stream", "add", "-t", 0, "--local", span, "--to", text((there, 6000)) + "-6003", "--replace")
        t.equal("said", said, f"0 of 4 streams {span} added to table 0, 4 replaced\n")
        t.relayed("as before", sender, (here, 4000), receivers[0], rtp.stream(20), source=(here, 4000))

        t.step(f"IPv{family}: lines of a file")
        said = restore("# a comment\n\n" + lines(
            {"local": text((here, 4200)) + "-4203", "outputs": [{"to": text((there, 6000)) + "-6003"}]},
            {"table": 0, "local": text((here, 4210)), "payload_types": [{"payload_type": 0}], "ssrcs": [{"ssrc": "0x12345678"}],
             "expect": text(sender.address), "tos": 184,
             "outputs": [{"to": text(receivers[0].address), "ssrcs": [{"ssrc": 99, "sequence_offset": -1}]},
                         {"to": text(receivers[1].address), "from": text((bob.hub_address(family), 4001))}]}), "-t", 0)
        t.equal("said", said, "5 streams added, 0 replaced\n")
        for number, receiver in enumerate(receivers):
            t.relayed(f"port {number}", sender, (here, 4200 + number), receiver, rtp.stream(20), source=(here, 4200 + number))
        sent = rtp.stream(10, seq=7, timestamp=160 * 6)
        for data in sent:
            sender.send(data, (here, 4210))
        got = [receivers[0].recv() for _ in sent]
        headers = [one[:12] for one in rtp.stream(10, seq=6, timestamp=160 * 6, ssrc=99)]
        t.equal("rewritten", [one and (one.data[:12], one.data[12:]) for one in got], [(head, data[12:]) for head, data in zip(headers, sent)])
        t.equal("source and TOS", {(one.source, one.tos) for one in got}, {((here, 4210), 184)})
        got = [receivers[1].recv() for _ in sent]
        t.equal("as it was", [one and one.data for one in got], sent)
        t.equal("its source", {one.source for one in got}, {(bob.hub_address(family), 4001)})

        t.step(f"IPv{family}: what is saved is loaded again")
        saved, before = ctl.ok("stream", "save", "-t", 0), listed()
        said = restore(saved, "--replace")
        t.equal("said", said, f"0 streams added, {len(before)} replaced\n")
        t.equal("saved again", ctl.ok("stream", "save"), saved)
        t.relayed("after it", sender, (here, 4003), receivers[3], rtp.stream(20), source=(here, 4003))
        for one in json.loads("[" + ",".join(saved.splitlines()) + "]"):
            ctl.ok("stream", "del", "-t", 0, "--local", one["local"])
        t.equal("no streams", listed(), {})
        restore(saved)
        t.equal("saved once more", ctl.ok("stream", "save"), saved)
        t.relayed("after that", sender, (here, 4201), receivers[1], rtp.stream(20), source=(here, 4201))

        t.step(f"IPv{family}: a line that fails")
        good = {"local": text((here, 4300)), "outputs": [{"to": text(receivers[0].address)}]}
        bad = {"local": text((here, 4301)) + "-4303", "outputs": [{"to": text(receivers[0].address)}]}
        taken = {**good, "local": text((here, 4303))}
        said = restore(lines(taken, bad, good), "-t", 0, ends=5)
        t.true("names the line", said.startswith(f"rtpctl: {path} line 2: table 0 has a stream at {text((here, 4303))} already"), said)
        t.true("says what was done", "1 streams of the lines before were added" in said, said)
        t.equal("streams", sorted(set(listed()) - set(before)), [text((here, 4303))])
        said = restore(lines(bad, {"local": "localhost:1", "outputs": []}, good), "-t", 0, "--keep-going", ends=5)
        t.true("names both", "line 1: table 0 has" in said and "line 2: localhost:1: `localhost` is no address" in said, said)
        t.equal("streams", sorted(set(listed()) - set(before)), [text((here, 4300)), text((here, 4303))])

        t.step(f"IPv{family}: flushed")
        ctl.ok("table", "add", 1)
        ctl.ok("stream", "add", "-t", 1, "--local", text((here, 4500)), "--to", text(receivers[0].address))
        count = len(listed())
        t.equal("said", ctl.ok("stream", "flush", "-t", 0), f"{count} streams deleted from table 0\n")
        t.equal("streams", listed(), {})
        t.equal("nothing is left", ctl.data("stream", "flush", "-t", 0), {"table": 0, "action": "flush", "changed": False, "streams": 0})
        t.equal("another table's", [one["local"] for one in ctl.data("stream", "list", "-t", 1)["streams"]], [text((here, 4500))])
        ctl.ok("table", "del", 1)
        for receiver in receivers:
            receiver.close()
