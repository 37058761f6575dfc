# SPDX-License-Identifier: GPL-2.0-only
"""One boot of the virtual machine: starts QEMU, yields the guest's events, ends a machine that hangs."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shlex
import subprocess
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, IO

from catalogue import SYSTEMS, Job
from monitor import Monitor

_BOOT_SECONDS = 400
_KVM_BOOT_SECONDS = 20
_GRACE_SECONDS = 60
_MEMORY = "2048M"
# Each in a socket of its own: the BIOS's table for a kernel without ACPI names one of each socket.
_PROCESSORS = "2,sockets=2"
# QEMU translates a program once if it always lies at the same addresses, else each time it starts: hence norandmaps. Waiting
# for RCU and hooks of AppArmor take time that shows nothing.
_ARGUMENTS = ("console=ttyS0,115200 printk.time=1 printk.devkmsg=on loglevel=8 panic=-1 oops=panic rdinit=/init "
              "net.ifnames=0 random.trust_cpu=on mitigations=off no_timer_check tsc=reliable "
              "norandmaps rcupdate.rcu_expedited=1 apparmor=0")

# It has SHA and AES instructions. QEMU counts a string instruction once for each repetition: the kernel copies and clears by words, not by bytes.
_COUNTING_PROCESSOR = "max,la57=off,erms=off,fsrm=off,fsrs=off,fzrm=off,fsrc=off"
# Locked instructions stay what they are where there is one processor; addresses are the same in each machine.
_COUNTING = " noreplace-smp nokaslr"
# What such a machine begins with, always.
_SAME = {"now": 1_800_000_000, "entropy": bytes(32).hex()}

# On a busy host an emulated TSC may be calibrated wrong, and a guest whose clock follows it be several times too fast. The debug
# kernel has no ACPI to find the HPET by, nor the timer of the PM chip, which lies where SeaBIOS puts it.
_TCG_CLOCK = " clocksource=hpet"
_TCG_DEBUG_CLOCK = " clocksource=acpi_pm pmtmr=0x608"

# The disks that systems have as their root, where it is not the usual one. The kernel hands the word on as a variable of the environment.
_ROOTS = {"testing": "vda", "debian-13": "vdd"}

Event = dict[str, Any]


@dataclass(frozen=True)
class Images:
    """The files a machine boots from."""

    vmlinuz: Path
    initramfs: Path
    userland: Path
    debian_13: Path
    modules: Path
    payload: Path
    debug: bool
    warm: Path | None = None
    """Of a machine of the same kind that has booted (warm.py), from which one that is emulated goes on."""
    qemu: str = "qemu-system-x86_64"
    plugin: Path | None = None
    """Of a QEMU that counts instructions: what it counts is in the file `counted`."""


def command(images: Images, kind: str, accel: str, console: Path, words: str = "") -> list[str]:
    """The command line of QEMU, with more words for the kernel's; without its memory and where that comes from."""
    arguments = f"{_ARGUMENTS} vm_test.processors={1 if kind == 'icount' else 2}{words}"
    if kind in SYSTEMS:
        arguments += f" systemd.unit=vm-test.target VM_ROOT={_ROOTS[kind]}"
    if kind == "icount":
        arguments += _COUNTING
    elif accel != "kvm":
        arguments += _TCG_DEBUG_CLOCK if images.debug else _TCG_CLOCK
    argv = [images.qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", str(images.vmlinuz), "-initrd", str(images.initramfs),
            "-append", arguments, "-serial", f"file:{console}",
            "-chardev", "stdio,id=results,signal=off", "-device", "virtio-serial-pci",
            "-device", "virtserialport,chardev=results,name=results"]
    for file, mode in ((images.userland, "snapshot=on"), (images.modules, "snapshot=on"),
                       (images.payload, "readonly=on"), (images.debian_13, "snapshot=on")):
        argv += ["-drive", f"file={file},format=raw,if=virtio,{mode}"]
    if kind == "icount":
        return [*argv, "-accel", "tcg,thread=single", "-cpu", _COUNTING_PROCESSOR, "-smp", "1", "-icount", "shift=0,sleep=off"]
    if accel == "kvm":
        return [*argv, "-accel", "kvm", "-cpu", "host", "-smp", _PROCESSORS]
    # One thread for both processors: with two, QEMU may run code that the other one is just patching.
    return [*argv, "-accel", "tcg,thread=single", "-cpu", "max,la57=off,erms=off,fsrm=off", "-smp", _PROCESSORS]


def kept_memory(folder: Path, *, share: bool) -> list[str]:
    """Options for memory that lies in a folder: shared to write it there, else as it was kept there, which remains as it is."""
    return ["-m", _MEMORY, "-machine", "pc,memory-backend=ram",
            "-object", f"memory-backend-file,id=ram,size={_MEMORY},mem-path={folder / 'ram'},share={'on' if share else 'off'}"]


class Boot:
    """A machine of kind `plain` (two processors), `icount` (one, whose clock counts instructions), or one that systemd starts."""

    def __init__(self, images: Images, folder: Path, kind: str, accel: str, size: str = "test", case: str = "") -> None:
        self.folder = folder
        self.console = folder / "console.log"
        self._images = images
        self._kind = kind
        self._size = size
        self._case = case
        self._accel = accel
        self._warm = images.warm
        self._monitor = folder / "monitor"
        self.serves_one = kind == "icount"
        """Whether it is ended after a job: what another one left behind would be counted."""
        self._process: subprocess.Popen[bytes] | None = None

    def _command(self) -> list[str]:
        qemu = command(self._images, self._kind, self._accel, self.console)
        if self._images.plugin:
            qemu += ["-plugin", f"{self._images.plugin},out={self.folder / 'counted'}"]
        if self._warm is None:
            return [*qemu, "-m", _MEMORY]
        return [*qemu, *kept_memory(self._warm, share=False), "-incoming", "defer", *Monitor.options(self._monitor)]

    def _go_on(self, warm: Path) -> None:
        """Has the machine go on from where a warm one was kept."""
        Monitor(self._monitor).moved("migrate-incoming", f"exec:cat {shlex.quote(str(warm / 'state'))}")

    def give(self, job: Job) -> None:
        """Tells the guest, which is ready, what to run."""
        self._tell({"name": job.name, "scenario": job.scenario, "module": job.module, "release": job.release, "timeout": job.timeout,
                    "size": self._size, "case": self._case})

    def _tell(self, line: Event) -> None:
        assert self._process and self._process.stdin
        with contextlib.suppress(BrokenPipeError):  # a machine that has just died is noticed by its silence
            self._process.stdin.write(json.dumps(line).encode() + b"\n")
            self._process.stdin.flush()

    def events(self) -> Generator[Event, None, None]:
        """Runs the machine and yields what the guest reports. A hung one is ended, with an event `hung`; one that cannot go on from
        where it was kept, with `stuck`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "qemu.log").open("wb") as log, (self.folder / "events.jsonl").open("w", buffering=1) as record, \
                subprocess.Popen(self._command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log) as process:
            self._process = process
            if self._warm:
                try:
                    self._go_on(self._warm)
                except (OSError, RuntimeError) as problem:
                    process.kill()
                    yield {"event": "stuck", "problem": str(problem)}
                    return
            self._tell(_SAME if self._kind == "icount" else {"now": time.time(), "entropy": os.urandom(32).hex()})
            lines: queue.Queue[bytes] = queue.Queue()
            threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
            patience = float(_KVM_BOOT_SECONDS if self._accel == "kvm" else _BOOT_SECONDS)
            try:
                while line := lines.get(timeout=patience):
                    record.write(line.decode(errors="replace"))
                    event = _parse(line)
                    if event is None:
                        continue
                    yield event
                    patience = event.get("timeout", 0) + _GRACE_SECONDS if event["event"] == "begin" else patience
            except queue.Empty:
                yield {"event": "hung", "seconds": patience}
            finally:
                process.kill()


def _pump(stream: IO[bytes], lines: queue.Queue[bytes]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")


def _parse(line: bytes) -> Event | None:
    """An event, or None for a line that a dying guest left unfinished."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "event" in event else None
