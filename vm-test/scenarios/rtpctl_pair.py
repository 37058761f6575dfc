# SPDX-License-Identifier: GPL-2.0-only
"""Both ways of a call are added by one command, relay within and between families, and are shown beside each other."""

from guest import rtp
from guest.rtpctl import text

MODULE = ("rs", "c", "c12")


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl = t.rtpctl
    ctl.ok("table", "add", 0)
    ctl.ok("rule", "add", 0)

    for number, (family, other) in enumerate(((4, 4), (6, 6), (4, 6))):
        t.step(f"IPv{family} and IPv{other}: both ways")
        a, b = alice.udp(family=family), bob.udp(family=other)
        a_local, b_local = (alice.hub_address(family), 4000 + 10 * number), (bob.hub_address(other), 4002 + 10 * number)
        sides = ("--a-local", text(a_local), "--a-remote", text(a.address), "--b-local", text(b_local), "--b-remote", text(b.address))
        said = ctl.ok("stream", "pair", "-t", 0, *sides, "--expect", "-p", 0)
        t.equal("said", said, f"streams {text(a_local)} and {text(b_local)} added to table 0\n")
        t.relayed("from A to B", a, a_local, b, rtp.stream(30), source=b_local)
        t.relayed("from B to A", b, b_local, a, rtp.stream(20, ssrc=7), source=a_local)

        t.step(f"IPv{family} and IPv{other}: shown by each end")
        for address, there, back in ((a_local, (a_local, 30), (b_local, 20)), (b.address, (b_local, 20), (a_local, 30))):
            call = ctl.data("stream", "show", text(address))
            seen = [(one["local"], one["received"]["packets"], one["outputs"][0]["sent"]["packets"]) for one in (call["stream"], *call["back"])]
            t.equal("ways", seen, [(text(local), count, count) for local, count in (there, back)])
        shown = [line.split("  ") for line in ctl.ok("stream", "show", text(a_local)).splitlines()]
        shown = {cells[0]: [cell.strip() for cell in cells[1:] if cell.strip()] for cells in shown}
        t.equal("addresses", (shown["from"], shown["to"], shown["leaves from"], shown["for"]),
                ([text(a.address), text(b.address)], [text(a_local), text(b_local)], [text(b_local), text(a_local)],
                 [text(b.address), text(a.address)]))
        t.equal("counted", (shown["received"], shown["sent"]), (["30 packets, 5160 bytes", "20 packets, 3440 bytes"],) * 2)

        t.step(f"IPv{family} and IPv{other}: from elsewhere nothing is taken")
        alice.udp(family=family).send(rtp.packet(), a_local)
        t.equal("nothing came", b.recv(0.2), None)
        t.equal("errors", ctl.data("stream", "show", text(a_local))["stream"]["received"]["errors"], 1)

        t.step(f"IPv{family} and IPv{other}: both, or none")
        t.equal("exit code", ctl.run("stream", "pair", "-t", 0, *sides).returncode, 5)
        fresh = (a_local[0], 4500 + number)
        result = ctl.run("stream", "pair", "-t", 0, "--a-local", text(fresh), *sides[2:])
        t.equal("exit code", result.returncode, 5)
        t.equal("the way there is taken back", ctl.run("stream", "show", text(fresh)).returncode, 4)
        said = ctl.ok("stream", "pair", "-t", 0, *sides, "--replace")
        t.equal("said", said, f"streams {text(a_local)} and {text(b_local)} added to table 0, 2 of them in the place of others\n")
        t.relayed("from A to B", a, a_local, b, rtp.stream(10), source=b_local)
        t.relayed("from B to A", b, b_local, a, rtp.stream(10), source=a_local)

    t.step("alone")
    lone = (alice.hub4, 4900)
    ctl.ok("stream", "add", "-t", 0, "--local", text(lone), "--to", text((bob.v4, 4901)))
    t.true("says so", ctl.ok("stream", "show", text(lone)).endswith("no stream of the table leads back\n"))
    t.equal("not there", ctl.run("stream", "show", "192.0.2.99:1").returncode, 4)
