# SPDX-License-Identifier: GPL-2.0-only
"""rtpctl tells what may not be seen from what is not there, in words and in JSON, and minds no reader that goes away."""

import json

from guest import module
from guest.net import command

MODULE = None
LOOKS = ("table status 0", "table list", "stream list --table 0", "table reasons 0", "table del 0", "table add 5",
         "stream del --table 0 --local 192.0.2.1:30000")


def run(t):
    def as_user(*words):
        return command("setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "rtpctl", *words, check=False)

    for mask in ("0x7", "0x3f", "0x1ff"):
        t.step(f"proc_mask={mask}")
        module.load("rs", f"proc_mask={mask}")
        t.rtpctl.ok("table", "add", 0)
        for line in LOOKS:
            result = as_user(*line.split())
            t.equal(f"{line}: {result.stderr}", (result.returncode, result.stderr.startswith("rtpctl: permission denied: ")), (3, True))
            told = json.loads(as_user(*line.split(), "--json").stderr)["error"]
            t.equal(f"{line}: in JSON", (told["code"], told["name"], told["hint"] is not None), (3, "permission", True))
        t.equal("rules: exit code", as_user("rule", "list").returncode, 3)
        result = as_user("version")
        t.equal(f"version: {result.stderr}", result.returncode, 0)
        t.equal("root sees all", t.rtpctl.run("table", "status", 0).returncode, 0)
        t.equal("what is not there", t.rtpctl.run("table", "status", 9).returncode, 4)
        t.rtpctl.ok("table", "del", 0)
        t.equal("unloaded", module.unload_soon("rs"), None)

    t.step("a reader that goes away")
    module.load("rs")
    t.rtpctl.ok("table", "add", 0)
    for line in ("completions bash", "--help", "table status", "table list --json", "rule show", "version", "metrics"):
        result = command("bash", "-c", f"rtpctl {line} | true; echo ${{PIPESTATUS[0]}}", check=False)
        t.equal(f"{line}: exit code and what is said", (result.stdout.strip(), result.stderr), ("0", ""))
    t.step("quietly")
    t.equal("what is said", t.rtpctl.ok("-q", "rule", "add", 0), "")
    t.equal("the rule", len(t.rtpctl.data("rule", "list")["rules"]), 1)
    t.rtpctl.ok("-q", "rule", "del", "--all")
    t.rtpctl.ok("-q", "table", "del", 0)
    t.equal("unloaded", module.unload_soon("rs"), None)
