# SPDX-License-Identifier: GPL-2.0-only
"""Debian 13's service runs the daemon of testing out of a folder, as docs/daemon-26.0.md tells: each start has the kernel."""

from pathlib import Path

from guest import proc, system, units
from guest.net import command
from guest.phone import Kernel
from guest.units import Service

MODULE = None
MACHINE = "debian-13"
SOAK_TIMEOUT = 120
PACKETS = 300
FOLDER = "/srv/rtpengine"
# As the page has it, for `systemctl edit rtpengine-daemon`.
OVERRIDE = """[Service]
RootDirectory=/srv/rtpengine
MountAPIVFS=yes
BindReadOnlyPaths=/etc/rtpengine
BindPaths=/var/spool/rtpengine
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    table, service = t.table(0), t.shows(Service())
    # What the page has mmdebstrap make is here the disk of testing.
    Path(FOLDER).mkdir(exist_ok=True)
    command("mount", "/dev/vda", FOLDER)
    override = None
    try:
        units.configure(no_fallback=True)
        units.override(service.unit, OVERRIDE)
        override = Path("/etc/systemd/system", f"{service.unit}.service.d/override.conf")
        kernel = Kernel(table)
        for verb in ("start", "restart"):
            t.step(verb)
            service.start(verb)
            t.equal("interface", table.status()["Interface"], "26.0")
            call = units.relays(t, service, kernel, verb, alice, bob, PACKETS)
        t.step("killed, and started")
        service.kill()
        t.eventually("the service", service.state, "failed", timeout=20)
        call.talk("without a daemon", PACKETS)
        service.start()
        units.relays(t, service, kernel, "started after it was killed", alice, bob, PACKETS)
        t.note([line for line in service.log().splitlines() if "version" in line][-1:])
        service.stop()
        t.equal("tables", proc.tables(), [])
    finally:
        service.stop()
        if override:
            override.unlink()
            command("systemctl", "daemon-reload")
        system.unmount(FOLDER)
