# SPDX-License-Identifier: GPL-2.0-only
"""Tables are made, deleted and killed by text commands; the tree has the owners and modes of its parameters."""

import os
import stat
from pathlib import Path

from guest import module, nft, proc, rtp

MODULE = None
# Who may open a control file is for the module to say: the mode lets everybody in.
CONTROL = {"control": 0o222, "3/control": 0o666}
READ = {"list": 0o444, "3/status": 0o444, "3/list": 0o444}
MALFORMED = ["", "\n", "add", "add ", "add \n", "add x", "add 1x", "add 1 2", "add -1", "add +1", "add 64", "add 999999999999",
             "add 4294967296", "add 0x1", "del", "del 64", "kill", "kill 64", "ADD 1", "added 1", "frob 1", "1", "add1",
             " add 1", "add 1\n\n", "add 1\0", "\0", "add 1" + " " * 4000]


def entry(path):
    found = os.stat(proc.ROOT / path)
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid


def run(t):
    t.step("the tree of the module with its own parameters")
    module.load("rs")
    t.equal("no tables", proc.tables(), [])
    t.equal("names", sorted(os.listdir(proc.ROOT)), ["control", "list"])
    proc.text("add 3\n")
    t.equal("names", sorted(os.listdir(proc.ROOT)), ["3", "control", "list"])
    t.true("names of a table", {"control", "list", "status"} <= set(os.listdir(proc.ROOT / "3")))
    for path, mode in {**CONTROL, **READ}.items():
        t.equal(f"mode and owner of {path}", entry(path), (mode, 0, 0))
    t.equal("mode of a table's folder", entry("3"), (0o555, 0, 0))

    t.step("malformed commands")
    for text in MALFORMED:
        if text:
            t.errno(repr(text[:20]), "EINVAL", proc.text, text)
    t.equal("tables", proc.tables(), [3])

    t.step("add, del and kill")
    for text in ("add 63", "add 0\n", "add 5", "add 010"):
        proc.text(text)
    t.equal("tables, ascending", (proc.ROOT / "list").read_text(), "0\n3\n5\n10\n63\n")
    for text, error in (("add 3", "EEXIST"), ("add 63\n", "EEXIST"), ("del 4", "ENOENT"), ("kill 4", "ENOENT")):
        t.errno(text, error, proc.text, text)
    for text in ("del 0", "kill 5\n", "kill 10"):
        proc.text(text)
    t.equal("tables", proc.tables(), [3, 63])
    for number in range(64):
        if number not in (3, 63):
            proc.text(f"add {number}")
    t.equal("all of them", proc.tables(), list(range(64)))
    for number in range(64):
        if number != 3:
            proc.text(f"del {number}" if number % 2 else f"kill {number}")
    t.equal("tables", proc.tables(), [3])

    t.step("a table that a process holds open is busy; rules do not keep it")
    table = t.table(3)
    first, second = table.control(), table.control()
    t.errno("held", "EBUSY", table.delete)
    first.close()
    t.errno("held by one of two", "EBUSY", table.delete)
    second.close()
    t.rtpctl.ok("rule", "add", 3)
    nft.chain("ip", name="filter")
    nft.compat_rule(3, name="filter")
    table.delete()
    t.equal("tables", proc.tables(), [])
    t.rtpctl.ok("rule", "del", 3)
    nft.delete("ip", name="filter")

    t.step("a killed table: holders have a dead handle, rules match nothing, a new one serves again")
    alice, bob = t.peers("alice", "bob")
    table.add()
    control = table.ready()
    nft.chain()
    nft.native_rule(3)
    local, source, receiver = (alice.hub4, 4000), (bob.hub4, 4001), bob.udp()
    passed, sender = t.host.udp(*local), alice.udp()
    old = control.add(local, (source, receiver.address), rtp=1)
    t.relayed("before", sender, local, receiver, rtp.stream(5), source=source)
    status, listing = open(proc.ROOT / "3/status"), open(proc.ROOT / "3/list")
    table.kill()
    t.equal("tables", proc.tables(), [])
    t.true("its folder is gone", not (proc.ROOT / "3").exists())
    t.errno("a command of the holder", "ENOENT", control.write, old.command)
    t.relayed("passed", sender, local, passed, rtp.stream(5), source=sender.address)
    t.equal("its counter stays", old.stats["packets"], 5)
    t.errno("kill again", "ENOENT", table.kill)
    table.add()
    t.errno("a command of the old holder, with a new table there", "ENOENT", control.write, old.command)
    new = table.ready()
    new.add(local, (source, receiver.address), rtp=1)
    t.relayed("the rule finds the new table", sender, local, receiver, rtp.stream(5), source=source)
    t.equal("status of the new table", table.status()["Targets"], 1)
    for file in (status, listing, control, new):
        file.close()

    t.step("the module stays while there is a table or a rule")
    refused = t.host.run("rmmod", "xt_rtpengine_rs", check=False)
    t.true("with a table and a rule", refused.returncode != 0 and "in use" in refused.stderr, refused.stderr)
    nft.flush()
    refused = t.host.run("rmmod", "xt_rtpengine_rs", check=False)
    t.true("with a table", refused.returncode != 0 and "in use" in refused.stderr, refused.stderr)
    t.equal("it works on", table.status()["Targets"], 1)
    table.delete()
    module.unload("rs")

    t.step("owner and mode mask as the parameters say")
    module.load("rs", "proc_uid=1000", "proc_gid=1001", "proc_mask=0x12")
    proc.text("add 3")
    for path, mode in {**CONTROL, **{path: mode & ~0o022 for path, mode in READ.items()}}.items():
        t.equal(f"mode and owner of {path}", entry(path), (mode, 1000, 1001))
    parameters = Path("/sys/module/xt_rtpengine_rs/parameters")
    t.equal("parameters", {name: (parameters / name).read_text().strip() for name in
                           ("proc_uid", "proc_gid", "stream_packets_list_limit")},
            {"proc_uid": "1000", "proc_gid": "1001", "stream_packets_list_limit": "10"})
    proc.text("del 3")
    module.unload("rs")
    for mask in (0o077, 0o777):  # the owner's bits stay where nothing else is left
        module.load("rs", f"proc_mask={mask:#x}")
        proc.text("add 3")
        for path, mode in {**CONTROL, **{path: mode & 0o700 for path, mode in READ.items()}}.items():
            t.equal(f"mode and owner of {path} with {mask:o}", entry(path), (mode, 0, 0))
        proc.text("del 3")
        module.unload("rs")
