# SPDX-License-Identifier: GPL-2.0-only
"""Field 35: ours on top of the C module is refused with a sentence, before it registers anything; the C module's names load ours."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from guest import module, nft, proc, rtp
from guest.net import command

MODULE = None
KERNEL = "stock"
TIMEOUT = 60
MODULES = Path("/usr/lib/modules", os.uname().release)


def kernel_log():
    """What the kernel has logged."""
    return subprocess.run(("dmesg",), capture_output=True, text=True, check=True).stdout.splitlines()


def run(t):
    alice, bob = t.peers("alice", "bob")
    sender, receiver = alice.udp(), bob.udp()
    nft.chain()

    def relays(what, ns=t.host):
        table = t.table(0).add()
        control = table.ready()
        nft.native_rule(0)
        control.add((alice.hub4, 4000), ((bob.hub4, 4001), receiver.address), rtp=1)
        t.relayed(what, sender, (alice.hub4, 4000), receiver, rtp.stream(5), source=(bob.hub4, 4001))
        return table, control

    t.step("ours on top of the C module")
    with module.witness():  # whose own complaints do not count; what comes of ours is looked at here
        table, control = relays("by the C module")
        lines = len(kernel_log())
        for _ in range(2):
            t.errno("ours", "EBUSY", module.load, "rs")
        said = [line for line in kernel_log()[lines:] if "taint" not in line and "module verification" not in line]
        t.equal("what the kernel logs: a sentence each", [line.partition("xt_rtpengine_rs: ")[2] for line in said],
                ["/proc/rtpengine is there already; unload nft_rtpengine or xt_RTPENGINE first"] * 2)
        t.equal("ours is loaded", module.loaded("rs"), False)
        t.equal("tables of the C module", proc.tables(), [0])
        t.relayed("still by the C module", sender, (alice.hub4, 4000), receiver, rtp.stream(5), source=(bob.hub4, 4001))
        control.close()
        nft.flush()
        table.remove()

    t.step("ours alone, and ours again")
    module.load("rs")
    table, control = relays("by ours")
    t.errno("ours twice", "EEXIST", module.load, "rs")
    control.close()
    nft.flush()
    table.remove()
    t.equal("ours unloads", module.unload_soon("rs"), None)

    # The daemon's package has options for the C module's name.
    packaged = re.search(r"options nft_rtpengine.* proc_uid=(\d+)", Path("/etc/modprobe.d/rtpengine.conf").read_text())[1]

    def loads(name, expected, *parameters):
        command("modprobe", name, *parameters)
        t.equal(f"modprobe {name}: ours, and the C module", (module.loaded("rs"), module.loaded("c")), (True, False))
        t.equal(f"modprobe {name}: proc_uid", Path("/sys/module/xt_rtpengine_rs/parameters/proc_uid").read_text().strip(), expected)
        t.equal(f"modprobe {name}: ours unloads", module.unload_soon("rs"), None)

    t.step("names of the C module, where it is not installed")
    loads("nft_rtpengine", packaged)
    loads("nft-expr-2-rtpengine", packaged)

    t.step("names of the C module, where it is installed, too")
    place = MODULES / "updates/dkms/nft_rtpengine.ko"
    place.parent.mkdir(exist_ok=True)
    shutil.copy("/run/vm-test/c/nft_rtpengine.ko", place)
    kept = {path: path.read_bytes() for path in MODULES.glob("modules.*")}
    try:
        command("depmod")
        loads("nft_rtpengine", packaged)
        loads("nft_rtpengine", "1234", "proc_uid=1234")
        loads("nft-expr-rtpengine", packaged)
    finally:
        place.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
