# SPDX-License-Identifier: GPL-2.0-only
"""The module is loaded, used and unloaded 50 times, and is not unloaded while a table exists."""

from guest import module, nft, rtp

MODULE = None
TIMEOUT = 120


def run(t):
    alice, bob = t.peers("alice", "bob")
    local, source = (alice.hub4, 4000), (bob.hub4, 4001)
    sender, receiver, passed = alice.udp(), bob.udp(), t.host.udp(*local)
    nft.chain()
    for n in range(50):
        t.step(f"round {n}")
        if n % 10:
            module.load("rs")
        else:  # as an administrator does
            t.host.run("modprobe", "xt_rtpengine_rs")
        table = t.table(n % 64).add()
        control = table.ready()
        nft.native_rule(table.number)
        control.add(local, (source, receiver.address), rtp=1)
        control.write(control.target((alice.hub4, 4002), outputs=2).command)  # is never completed
        t.errno("a refused one", "EEXIST", control.write, control.target(local).command)
        t.relayed("packets", sender, local, receiver, rtp.stream(3, seq=n), source=source)
        if n % 10 == 0:
            refused = t.host.run("rmmod", "xt_rtpengine_rs", check=False)
            t.true("unload is refused while a table exists", refused.returncode != 0 and "in use" in refused.stderr,
                   refused.stderr)
            t.relayed("packets", sender, local, receiver, rtp.stream(3), source=source)
        if n % 2:
            table.kill()
            control.close()
        else:
            control.close()
            table.delete()
        nft.flush()
        t.equal("the module unloads", module.unload_soon("rs"), None)
        sender.send(b"after", local)
        t.equal("packets go to their socket", (passed.recv() or t.fail("a packet")).data, b"after")
