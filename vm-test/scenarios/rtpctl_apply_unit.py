# SPDX-License-Identifier: GPL-2.0-only
"""The unit that `make install` installs puts tables and rules of /etc/rtpctl.json in place, and again when the ruleset is flushed."""

import json
from pathlib import Path

from guest import module, proc
from guest.net import command

MODULE = None
MACHINE = ("testing", "debian-13")
TIMEOUT = 120
UNIT = "rtpctl-apply"
FILE = Path("/etc/rtpctl.json")


def run(t):
    def systemctl(*argv):
        result = command("systemctl", *argv, UNIT, check=False)
        return result.returncode, result.stdout.strip()

    def rules():
        return [one["rule"] for one in t.rtpctl.data("rule", "list")["rules"]]

    def content(*words):
        chain = {"chain": "in", "hook": "input", "priority": "filter-5", "rules": list(words)}
        FILE.write_text(json.dumps({"version": 1, "tables": [7], "rules": [{"family": "inet", "table": "rtp", "chains": [chain]}]}))

    t.step("without a file it does nothing")
    t.equal("start", systemctl("start")[0], 0)
    t.equal("state", systemctl("is-active")[1], "inactive")
    t.step("with one, all is in place when it has started")
    content("udp dport 10000-20000 rtpengine 7")
    t.equal("start", systemctl("start")[0], 0)
    t.equal("state", systemctl("is-active")[1], "active")
    t.equal("tables and rules", (proc.tables(), rules()), ([7], ["udp dport 10000-20000 rtpengine 7"]))
    t.step("after a flush")
    command("nft", "flush", "ruleset")
    t.eventually("rules", rules, ["udp dport 10000-20000 rtpengine 7"])
    t.step("another file")
    content("udp dport 5000 rtpengine 7")
    t.equal("reload", systemctl("reload")[0], 0)
    t.eventually("rules", rules, ["udp dport 5000 rtpengine 7"])
    content("udp dport 5000 rtpengine 70")
    t.true("a wrong one is refused", systemctl("reload")[0] != 0)
    log = command("journalctl", "-u", UNIT, "-o", "cat").stdout
    t.true("why", "a table of the relay is a number from 0 to 63, not `70`" in log, log)
    t.equal("state", systemctl("is-active")[1], "active")
    t.equal("rules", rules(), ["udp dport 5000 rtpengine 7"])
    t.step("stopped, it leaves all as it is")
    t.equal("stop", systemctl("stop")[0], 0)
    t.equal("tables and rules", (proc.tables(), rules()), ([7], ["udp dport 5000 rtpengine 7"]))
    t.rtpctl.ok("rule", "del", "--all")
    t.equal("rules", rules(), [])
    t.rtpctl.ok("table", "del", 7)
    t.equal("unloaded", module.unload_soon("rs"), None)
