# SPDX-License-Identifier: GPL-2.0-only
"""Field 35: as `make install` left it, a machine with the C modules installed, too, loads ours by each name and alias, with the package's options."""

import os
import pwd
import shutil
from pathlib import Path

from guest import module, nft
from guest.net import command

MODULE = None
MACHINE = ("testing", "debian-13")
SOAK_TIMEOUT = 240
MODULES = Path("/usr/lib/modules", os.uname().release)
PARAMETERS = Path("/sys/module/xt_rtpengine_rs/parameters")
NAMES = ("xt_rtpengine_rs", "nft_rtpengine", "xt_RTPENGINE", "ipt_RTPENGINE", "ip6t_RTPENGINE",
         "nft-expr-rtpengine", "nft-expr-1-rtpengine", "nft-expr-2-rtpengine", "nft-expr-10-rtpengine")
C_FILES = ("nft_rtpengine.ko", "xt_RTPENGINE.ko")
LOADS_AT_BOOT = Path("/usr/lib/systemd/systemd-modules-load")  # not in the package systemd of testing
AT_BOOT = Path("/etc/modules-load.d/vm-test.conf")


def run(t):
    user = pwd.getpwnam("rtpengine")
    packaged = [user.pw_uid, user.pw_gid, 7]

    def is_ours(what, options=packaged):
        t.equal(f"{what}: ours, and the C modules", [Path("/sys/module", each).exists() for each in
                                                     ("xt_rtpengine_rs", "nft_rtpengine", "xt_RTPENGINE")], [True, False, False])
        got = [int((PARAMETERS / each).read_text(), 0) for each in ("proc_uid", "proc_gid", "proc_mask")]
        t.equal(f"{what}: proc_uid, proc_gid and proc_mask", got, options)

    def unloads(what):
        t.equal(f"{what}: unloaded", module.unload_soon("rs"), None)

    def asked_for():
        """By each name, as an administrator or a script would; by the kernel, for each kind of rule; at boot."""
        for name in NAMES:
            command("modprobe", name)
            is_ours(f"modprobe {name}")
            unloads(f"modprobe {name}")
        for family in ("ip", "ip6", "inet"):
            nft.chain(family)
            nft.native_rule(0, family)
            is_ours(f"the expression, {family}")
            nft.delete(family)
            unloads(f"the expression, {family}")
        for family in ("ip", "ip6"):
            nft.chain(family, name="filter")
            nft.compat_rule(0, family, name="filter")
            is_ours(f"the xtables target, {family}")
            nft.delete(family, name="filter")
            unloads(f"the xtables target, {family}")
        AT_BOOT.parent.mkdir(exist_ok=True)
        for name in ("nft_rtpengine", "xt_RTPENGINE") if LOADS_AT_BOOT.exists() else ():
            AT_BOOT.write_text(f"{name}\n")
            command(str(LOADS_AT_BOOT))
            is_ours(f"{name} at boot")
            unloads(f"{name} at boot")

    t.step("without a C module")
    asked_for()
    for name in ("nft_rtpengine", "xt_rtpengine_rs"):
        command("modprobe", name, "proc_uid=1234", "proc_mask=0")
        is_ours(f"modprobe {name} with options", [1234, user.pw_gid, 0])
        unloads(f"modprobe {name} with options")
    own = Path("/etc/modprobe.d/administrator.conf")
    own.write_text("options xt_rtpengine_rs proc_mask=0x6\n")
    for name in ("xt_rtpengine_rs", "nft-expr-2-rtpengine"):
        command("modprobe", name)
        is_ours(f"modprobe {name} with options of our name", [user.pw_uid, user.pw_gid, 6])
        unloads(f"modprobe {name} with options of our name")
    own.unlink()

    t.step("with both C modules, as dkms installs them")
    folder = MODULES / "updates/dkms"
    folder.mkdir(parents=True)
    for name in C_FILES:
        shutil.copy(f"/run/vm-test/c/{name}", folder)
    command("depmod")
    listed = (MODULES / "modules.alias").read_text()
    t.equal("the aliases lead to both", [f"alias nft-expr-rtpengine {each}" in listed for each in ("nft_rtpengine", "xt_rtpengine_rs")],
            [True, True])
    asked_for()
