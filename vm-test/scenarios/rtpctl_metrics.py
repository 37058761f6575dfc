# SPDX-License-Identifier: GPL-2.0-only
"""`rtpctl metrics` prints, writes and serves what was counted; `--netns` looks into another network namespace."""

import os
import subprocess
import urllib.error
import urllib.request

from guest import nft, rtp
from guest.rtpctl import text

PORT = 9900


def run(t):
    alice, bob = t.peers("alice", "bob")
    ctl = t.rtpctl
    control = t.table(3).add().ready()
    nft.chain()
    nft.native_rule(3)
    local, receiver, sender = (alice.hub4, 4000), bob.udp(), alice.udp()
    control.add(local, ((bob.hub4, 5000), receiver.address), rtp=1, stun=1)
    packets = rtp.stream(20)
    t.relayed("packets", sender, local, receiver, packets, source=(bob.hub4, 5000))
    for _ in range(3):
        sender.send(rtp.stun(), local)
    size = sum(map(len, packets))
    expected = ['rtpengine_table_streams{table="3"} 1', 'rtpengine_table_relayed_packets_total{table="3"} 20',
                f'rtpengine_table_relayed_bytes_total{{table="3"}} {size}', 'rtpengine_table_packets_total{table="3"} 20',
                'rtpengine_table_unrelayed_packets_total{table="3",reason="stun"} 3']
    of_stream = f'rtpengine_stream_relayed_packets_total{{table="3",local="{text(local)}"}} 20'

    def missing(shown, lines):
        return [line for line in lines if line not in shown.splitlines()]

    t.eventually("lines that are not printed", lambda: missing(ctl.ok("metrics"), expected), [])
    t.true("the module and its version", f'rtpengine_module_info{{name="xt_rtpengine_rs",version="{ctl.data("version")["rtpctl"]}"}} 1'
           in ctl.ok("metrics"))

    t.step("into a file")
    for streams in ((), ("--streams",)):
        t.equal("printed", ctl.ok("metrics", "--output", "/tmp/relay.prom", *streams), "")
        with open("/tmp/relay.prom", encoding="ascii") as file:
            t.equal("lines that are not there", missing(file.read(), expected + [of_stream] * len(streams)), [])
    t.equal("mode", os.stat("/tmp/relay.prom").st_mode & 0o777, 0o644)
    t.true("a folder that is not there", "cannot write" in ctl.refused("metrics", "--output", "/nowhere/relay.prom"))

    t.step("served")
    url = f"http://127.0.0.1:{PORT}/metrics"
    with subprocess.Popen(["rtpctl", "metrics", "--streams", "--listen", f"127.0.0.1:{PORT}"]) as server:
        def served():
            try:
                with urllib.request.urlopen(url) as answer:
                    return missing(answer.read().decode(), [*expected, of_stream])
            except urllib.error.URLError as error:
                return str(error)

        t.eventually("lines that are not served", served, [])
        try:
            urllib.request.urlopen(url.replace("metrics", "else"))
            t.fail("another path", "404", "200")
        except urllib.error.HTTPError as error:
            t.equal("another path", error.code, 404)
        t.true("its port is taken", "cannot listen" in ctl.refused("metrics", "--listen", f"127.0.0.1:{PORT}"))
        server.terminate()

    t.step("another network namespace")
    t.equal("tables of alice's", ctl.data("table", "list", "--netns", alice.ns.name)["tables"], [])
    ctl.ok("table", "add", 5, "--netns", alice.ns.name)
    ctl.ok("rule", "add", 5, "--netns", alice.ns.name)
    t.equal("tables of alice's", [each["id"] for each in ctl.data("table", "list", "--netns", alice.ns.name)["tables"]], [5])
    t.equal("rules of alice's", [each["id"] for each in ctl.data("rule", "list", "--netns", alice.ns.name)["rules"]], [5])
    t.equal("tables here", [each["id"] for each in ctl.data("table", "list")["tables"]], [3])
    with alice.ns:
        sleeper = subprocess.Popen(["sleep", "60"])
    t.equal("by a process", [each["id"] for each in ctl.data("table", "list", "--netns", sleeper.pid)["tables"]], [5])
    sleeper.kill()
    sleeper.wait()
    ctl.ok("rule", "del", 5, "--netns", alice.ns.name)
    ctl.ok("table", "del", 5, "--netns", alice.ns.name)
    t.true("none of that name", "there is no network namespace nowhere" in ctl.refused("table", "list", "--netns", "nowhere"))
