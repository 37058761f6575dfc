# SPDX-License-Identifier: GPL-2.0-only
"""Daemons as services of systemd, from the unmodified files of their package, in a machine that systemd started."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from .daemon import Daemon
from .errors import Failure
from .net import HOST, Address, Peer, command
from .phone import Conversation, Kernel, Phone, complaints
from .proc import Table
from .scenario import Scenario

UNIT = "rtpengine-daemon"
UNIT_FILE = Path("/usr/lib/systemd/system/rtpengine-daemon.service")
CONFIGURATION = Path("/etc/rtpengine/rtpengine.conf")
# What the package's postinst wrote: the line of options for the C module that goes with the daemon.
OPTIONS = Path("/etc/modprobe.d/rtpengine.conf")
_OWN = Path("/etc/systemd/system")
_STOP_SECONDS = 120.0  # after 90 systemd kills what does not stop


def configure(file: Path = CONFIGURATION, section: str = "rtpengine", **settings: object) -> None:
    """Sets settings in a section of the daemon's configuration, as an administrator would: `no_fallback=True` is `no-fallback = true`."""
    lines = file.read_text().splitlines()
    start = lines.index(f"[{section}]") + 1
    for name, value in settings.items():
        name = name.replace("_", "-")
        text = f"{name} = {str(value).lower() if isinstance(value, bool) else value}"
        end = next((n for n in range(start, len(lines)) if lines[n].startswith("[")), len(lines))
        at = next((n for n in range(start, end) if re.match(rf"{name}\s*=", lines[n])), None)
        if at is None:
            lines.insert(start, text)
        else:
            lines[at] = text
    file.write_text("\n".join(lines) + "\n")


def override(unit: str, text: str) -> None:
    """A drop-in of an administrator for a unit."""
    folder = _OWN / f"{unit}.service.d"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "override.conf").write_text(text)
    command("systemctl", "daemon-reload")


def another(name: str, **settings: object) -> Path:
    """A second instance as an administrator makes one: copies of unit and configuration under another name; the latter's path."""
    configuration = CONFIGURATION.with_name(f"{name}.conf")
    shutil.copy(CONFIGURATION, configuration)
    configure(configuration, **settings)
    text = UNIT_FILE.read_text().replace(str(CONFIGURATION), str(configuration)).replace("/run/rtpengine/rtpengine-daemon.pid", f"/run/{name}/pid")
    (_OWN / f"{name}.service").write_text(text.replace("RuntimeDirectory=rtpengine", f"RuntimeDirectory={name}"))
    command("systemctl", "daemon-reload")
    return configuration


class Service(Daemon):
    """The daemon of a unit, which is started and stopped by systemd; it speaks ng as one that a scenario started itself."""

    def __init__(self, unit: str = UNIT, table: int = 0, ng: Address = Daemon.NG) -> None:
        self.unit = unit
        self.table = table
        self.ns = HOST
        self.NG = ng
        self._signalled = 0.0
        # That of 12.5: its package's files are not changed.
        self._reluctant = Path("/etc/debian_version").read_text().startswith("13")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def start(self, verb: str = "start") -> None:
        """Starts it, or `restart`: the unit is of a type that says when it is ready."""
        done = command("systemctl", verb, self.unit, check=False, timeout=_STOP_SECONDS)
        if done.returncode != 0:
            raise Failure(f"systemctl {verb} {self.unit}", "exit code 0", f"{done.stderr}\n{self.log()[-2000:]}")
        self.ready()

    def ready(self) -> None:
        """Waits until it answers."""
        end = time.monotonic() + 60
        while (self._ask({"command": "ping"}, timeout=0.5) or {}).get("result") != "pong":
            if time.monotonic() > end:
                raise Failure(f"{self.unit} answers a ping", "pong", self.log()[-2000:])

    def state(self) -> str:
        """What systemd says of it: `active`, `failed`, ..."""
        return self._show("ActiveState")

    def pid(self) -> int:
        """Its process, 0 without one."""
        return int(self._show("MainPID"))

    def kill(self) -> None:
        """Ends its process with SIGKILL, behind systemd's back."""
        os.kill(self.pid(), signal.SIGKILL)

    def stop(self, timeout: float = _STOP_SECONDS) -> None:
        """Has systemd stop it."""
        command("systemctl", "stop", self.unit, timeout=timeout)

    def log(self) -> str:
        """Its lines in the journal, and systemd's about it."""
        return command("journalctl", "--no-pager", "-o", "cat", "-u", self.unit).stdout

    def _show(self, what: str) -> str:
        return command("systemctl", "show", "--value", "-p", what, self.unit).stdout.strip()


def relays(t: Scenario, service: Service, kernel: Kernel, what: str, alice: Peer, bob: Peer, count: int) -> Conversation:
    """A new call of a service: the module relays all packets of it but the first, and the service has nothing to complain of."""
    call = Conversation(service, kernel, what, Phone(alice, 0xCA11), Phone(bob, 0xCA22))
    call.start()
    call.talk(what, count)
    in_the_kernel(t, service, what)
    return call


def in_the_kernel(t: Scenario, service: Service, what: str) -> None:
    """A service has its table, and has never done without the kernel."""
    t.equal(f"{what}: whose the table is", Table(service.table).status().get("Control PID", service.pid()), service.pid())
    log = service.log()
    t.equal(f"{what}: complaints in the journal", [line for line in log.splitlines() if "KERNEL" in line] + complaints(log), [])


def passed_up(t: Scenario, call: Conversation, table: Table, what: str) -> Kernel:
    """A call whose packets all go to userspace, since no rule gives them to the module; what counts them from now on."""
    kernel = Kernel(table)
    phone = call.sides["caller"]
    packets = phone.packets(5)
    for packet in packets:
        phone.rtp.send(packet, phone.to)
    t.eventually(f"{what}: packets that userspace was given", kernel.passed_up, len(packets))
    other = call.other("caller")
    t.equal(f"{what}: packets that were relayed all the same", len(other.rtp.drain(0.5)), len(packets))
    return kernel


def stop_all() -> None:
    """Ends what a scenario left in a machine that systemd started: processes beside this one, and daemons."""
    group = Path("/sys/fs/cgroup", Path("/proc/self/cgroup").read_text().strip().removeprefix("0::/"))
    while others := [pid for pid in _processes(group) if pid != os.getpid()]:
        for pid in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _reap(others)
    command("systemctl", "stop", "rtpengine*.service", check=False, timeout=_STOP_SECONDS)


def _processes(group: Path) -> Sequence[int]:
    return [int(line) for line in (group / "cgroup.procs").read_text().split()]


def _reap(pids: Sequence[int]) -> None:
    """Waits for children; others are systemd's to wait for."""
    for pid in pids:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            time.sleep(0.01)
