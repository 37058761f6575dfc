# SPDX-License-Identifier: GPL-2.0-only
"""The daemon's own rules work beside an administrator's and rtpctl's, which lists them, and are there once after each restart."""

from guest import proc
from guest.phone import Conversation, Kernel, Phone, complaints

RELEASE = ("26.0", "12.5")
TIMEOUT = 60
COUNT = 50
# Family, table, chain, and how the module is called.
RULES = {"26.0": [(word, "filter", "rtpengine_0", "expression") for word in ("ip", "ip6")],
         "12.5": [(word, "filter", "rtpengine", "target") for word in ("ip", "ip6")]}
OTHERS = "table ip filter { chain INPUT { type filter hook input priority 0; udp dport 9 drop; }; chain mine { tcp dport 9 drop; }; }\n"


def run(t):
    alice, bob = t.peers("alice", "bob")
    table, ctl = t.table(0), t.rtpctl
    t.host.run("nft", "-f", "-", stdin=OTHERS)
    kernel = Kernel(table)

    def listed(ours):
        return sorted((each["family"], each["table"], each["chain"], each["via"]) for each in ctl.data("rule", "list")["rules"]
                      if each["id"] == 0 and each["ours"] == ours)

    def drops():
        return [line.strip() for line in t.host.run("nft", "list", "ruleset").stdout.splitlines() if line.endswith("drop")]

    before = drops()
    for n, end in enumerate(("stop", "kill", "stop")):
        t.step(f"start {n}")
        daemon = t.daemon(f"pub4/{alice.hub4}", f"pub6/{alice.hub6}")
        t.equal("complaints", complaints(daemon.log()), [])
        t.equal("the daemon's rules", listed(False), RULES[t.release])
        calls = [Conversation(daemon, kernel, f"call-{n}-{family}", *(Phone(peer, 0xCA11, family=family) for peer in (alice, bob)))
                 for family in (4, 6)]
        for call in calls:
            call.start()

        def talk(what):
            for call in calls:
                call.talk(what, COUNT)

        talk("by the daemon's rules")
        if n == 0:
            text = ctl.ok("rule", "list")
            t.note("rtpctl rule list:\n" + text)
            t.step("rtpctl adds a rule and removes it")
            ctl.ok("rule", "add", 0)
            t.equal("the daemon's rules", listed(False), RULES[t.release])
            t.equal("rules of rtpctl", len(listed(True)), 1)
            talk("by either")
            ctl.ok("rule", "del", 0)
            t.equal("rule list", ctl.ok("rule", "list"), text)
            talk("by the daemon's rules again")
        t.equal("rules of others", drops(), before)
        getattr(daemon, end)()
        t.equal(f"after {end}: the daemon's rules", listed(False), RULES[t.release] if end == "kill" else [])
        t.equal(f"after {end}: tables", proc.tables(), [0] if end == "kill" else [])
    t.equal("rules of others at the end", drops(), before)
