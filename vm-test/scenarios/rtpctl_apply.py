# SPDX-License-Identifier: GPL-2.0-only
"""Tables and rules of a file are put in place, all or nothing, and anew when they were flushed; each command of docs/apply.md prints what the page says."""

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

from guest import docs, nft, proc, rtp
from guest.net import Namespace, command

FILE = Path("/etc/rtpctl.json")
LOADED = "table inet load { chain input { type filter hook input priority 0; ct state new udp dport 1 counter accept; }; }\n"


@contextlib.contextmanager
def watching(*argv):
    """`rtpctl apply --watch`, which ends by a signal."""
    with subprocess.Popen(("rtpctl", "apply", "--watch", *argv), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def run(t):
    t.host.run("nft", "-f", "-", stdin=LOADED)
    t.rtpctl.ok("rule", "add", 9)  # nftables has all modules now
    nft.flush_all()
    alice, bob = t.peers("alice", "bob")
    local, source, receiver, sender = (alice.hub4, 10000), (bob.hub4, 10000), bob.udp(), alice.udp()
    userspace = t.host.udp(*local)

    def relays(what):
        t.relayed(f"{what}: relayed", sender, local, receiver, rtp.stream(3), source=source)

    def passes(what):
        t.relayed(f"{what}: passed", sender, local, userspace, rtp.stream(3), source=sender.address)

    def words():
        return t.rtpctl.ok("rule", "save")

    os.chdir("/tmp")
    (block,) = docs.blocks("apply.md", "json")
    FILE.write_text(block)
    for line in docs.commands("apply.md"):
        t.step(line.line)
        result = command("sh", "-c", line.line, check=False)
        t.equal(line.line, result.stderr + result.stdout, line.printed)
    rules, saved = json.loads(block), json.loads(words())
    t.equal("saved", [chain["chain"] for chain in saved["rules"][0]["chains"]], ["rtp_chain", "media"])
    t.rtpctl.ok("stream", "add", "-t", 0, "-l", t.rtpctl.text(local), "-o", t.rtpctl.text(receiver.address), "--from", t.rtpctl.text(source))
    relays("restored")

    t.step("another file: other rules go, those of others stay")
    t.host.run("nft", "add", "rule", "inet", "rtp_table", "rtp_chain", "tcp", "dport", "9", "drop")
    rules["rules"][0]["chains"][0]["rules"] = ["udp dport 9 drop"]
    FILE.write_text(json.dumps(rules))
    before = t.rtpctl.ok("rule", "show")
    dry = t.rtpctl.data("apply", "--dry-run", FILE)
    t.equal("a dry run", (dry["changed"], t.rtpctl.ok("rule", "show")), (False, before))
    t.equal("the same is changed", t.rtpctl.data("apply", FILE)["changes"], dry["changes"])
    passes("without its rule")
    t.true("the rule of others", "tcp dport 9 drop" in t.rtpctl.ok("rule", "show"))

    t.step("a part is refused: nothing is changed")
    before = t.rtpctl.ok("rule", "show")
    wrong = json.loads(block)
    wrong["tables"] = [0, 5]
    for what, chain, code in (("no such chain", {"chain": "new", "rules": ["jump none"]}, 4),
                              ("no such hook of the expression", {"chain": "new", "hook": "forward", "priority": 0, "rules": ["rtpengine 0"]}, 1),
                              ("no such word", {"chain": "new", "rules": ["dorp"]}, 2)):
        wrong["rules"][0]["chains"][2:] = [chain]
        FILE.write_text(json.dumps(wrong))
        result = t.rtpctl.run("apply", FILE)
        t.equal(f"{what}: exit code: {result.stderr}", result.returncode, code)
        t.equal(f"{what}: tables and rules", (proc.tables(), t.rtpctl.ok("rule", "show")), ([0], before))

    t.step("it is put in place anew")
    FILE.write_text(block)
    with watching(FILE) as process:
        t.eventually("in place", lambda: "jump media" in words(), True)
        relays("in place")
        for what, flush in (("flushed", ("nft", "flush", "ruleset")), ("deleted", ("rtpctl", "rule", "del", "--all"))):
            command(*flush)
            t.eventually(f"{what}: in place", lambda: "jump media" in words(), True)
            relays(what)
        t.host.run("nft", "-f", "-", stdin=f"flush ruleset\n{LOADED}")
        t.eventually("a firewall is loaded: in place", lambda: "jump media" in words(), True)
        t.true("a firewall is loaded", "table inet load" in t.rtpctl.ok("rule", "show"))
        relays("beside a firewall")
        FILE.write_text(json.dumps(rules))
        process.send_signal(signal.SIGHUP)
        t.eventually("the file is read anew", lambda: "udp dport 9 drop" in words(), True)
        passes("without its rule")
        FILE.write_text("{}")
        process.send_signal(signal.SIGHUP)
        nft.flush_all()
        t.eventually("a wrong file: the one before is kept to", lambda: "udp dport 9 drop" in words(), True)
        t.note("why it was refused: " + next(line for line in process.stdout if "missing field `version`" in line))
        t.equal("it goes on", process.poll(), None)

    t.step("a network namespace of its own")
    other = Namespace.new("other")
    FILE.write_text(block)
    t.rtpctl.ok("apply", FILE, "--netns", "other")
    t.true("its rules", "rtpengine 0" in t.rtpctl.ok("rule", "show", ns=other))
    t.rtpctl.ok("rule", "del", "--all", ns=other)
    t.rtpctl.ok("table", "del", 0, ns=other)
