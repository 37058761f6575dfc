# SPDX-License-Identifier: GPL-2.0-only
"""The first process of the virtual machine, from the initramfs: waits for the host's word, and becomes main.py. In a machine that systemd
starts it becomes systemd before, of which it is a service then.

While it waits nothing has been written to a disk, and nothing read from the one with the job: the host may keep the machine as it
is (vm-test/host/warm.py), and any number of runs go on from there. One that is to be kept loads what scenarios need before.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import random
import runpy
import subprocess
import time
from pathlib import Path

_MAIN = "/run/vm-test/guest/main.py"
_JOB = "/dev/vdc"
_MODULES = ("asyncio", "base64", "ctypes", "dataclasses", "hmac", "importlib.util", "ipaddress", "itertools", "mmap", "resource", "select",
            "signal", "socket", "struct", "threading", "traceback", "typing", "wave", "zlib",
            "cryptography.hazmat.primitives.ciphers", "pylibsrtp", "av", "aiortc")
_PROGRAMS = (("rtpengine", "--version"), ("systemctl", "--version"), ("journalctl", "--version"), ("nft", "--version"), ("modprobe", "--version"), ("tar", "--version"))
_UNITS = Path("/run/systemd/system")
_TARGET = "vm-test.target"
_SERVICE = """[Unit]
After=basic.target
SuccessAction=reboot-force
FailureAction=reboot-force
[Service]
ExecStart=/usr/bin/python3 /run/boot.py
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 PYTHON_COLORS=0
StandardOutput=tty
StandardError=tty
"""
# Units that take time, and are of no use where nothing is plugged in, nothing is kept, and the root cannot be written to at first.
_MASKED = ("systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd-varlink.socket",
           "systemd-udev-trigger.service", "systemd-udev-load-credentials.service", "systemd-journal-flush.service",
           "systemd-journal-catalog-update.service", "systemd-tmpfiles-setup.service", "systemd-tmpfiles-setup-dev.service",
           "systemd-tmpfiles-setup-dev-early.service", "systemd-tmpfiles-clean.timer", "systemd-remount-fs.service",
           "systemd-random-seed.service", "systemd-sysusers.service", "systemd-sysctl.service", "systemd-binfmt.service",
           "systemd-machine-id-commit.service", "systemd-update-done.service", "systemd-update-utmp.service", "systemd-hwdb-update.service",
           "systemd-ask-password-console.path", "systemd-ask-password-wall.path", "systemd-firstboot.service", "kmod-static-nodes.service",
           "ldconfig.service", "dev-hugepages.mount", "dev-mqueue.mount", "proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount",
           "sys-kernel-config.mount", "sys-kernel-tracing.mount", "tmp.mount", "timers.target")
_BLKFLSBUF = 0x1261
_RNDRESEEDCRNG = 0x5207


def warm() -> None:
    """Loads modules into this process, and programs into memory; without one, what needs it says so."""
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for program in _PROGRAMS:
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def become_systemd() -> None:
    """Never returns: this is run again by a unit, which the target of the kernel's command line wants."""
    wants = _UNITS / f"{_TARGET}.wants"
    wants.mkdir(parents=True)
    (_UNITS / _TARGET).write_text("[Unit]\n")
    (_UNITS / "vm-test.service").write_text(_SERVICE)
    (wants / "vm-test.service").symlink_to(_UNITS / "vm-test.service")
    for unit in _MASKED:
        (_UNITS / unit).symlink_to("/dev/null")
    os.execv("/sbin/init", ["/sbin/init"])


def word() -> dict[str, object]:
    """What the host says once this machine is to run scenarios: {"now", "entropy"}."""
    for port in Path("/sys/class/virtio-ports").iterdir():
        if (port / "name").read_text().strip() == "results":
            fd = os.open(f"/dev/{port.name}", os.O_RDWR | os.O_CLOEXEC)
            os.write(fd, b'{"event": "warm"}\n')
            line = b""
            while not line.endswith(b"\n"):
                line += os.read(fd, 4096)
            os.close(fd)
            return dict(json.loads(line))
    raise FileNotFoundError("virtio port of the results")


def wake(now: float, entropy: bytes) -> None:
    """Makes this machine another than those that come from the same one: its clock, its random numbers, its job."""
    time.clock_settime(time.CLOCK_REALTIME, now)
    with open("/dev/urandom", "wb", buffering=0) as pool:
        pool.write(entropy)
        fcntl.ioctl(pool, _RNDRESEEDCRNG)
    random.seed()
    for place in ("/", "/usr/lib/modules", "/srv/debian-13"):
        subprocess.run(("mount", "-o", "remount,rw", place), check=True)
    with open(_JOB, "rb") as disk:
        fcntl.ioctl(disk, _BLKFLSBUF)
    subprocess.run(("tar", "-xf", _JOB, "-C", "/"), check=True)


def main() -> None:
    """Never returns."""
    words = Path("/proc/cmdline").read_text().split()
    if os.getpid() == 1 and f"systemd.unit={_TARGET}" in words:
        become_systemd()
    if "vm_test.warm" in words:
        warm()
    told = word()
    wake(float(str(told["now"])), bytes.fromhex(str(told["entropy"])))
    runpy.run_path(_MAIN, run_name="__main__")


if __name__ == "__main__":
    main()
