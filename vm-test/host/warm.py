# SPDX-License-Identifier: GPL-2.0-only
"""Keeps a machine that has booted and waits for its job in a folder, as `ram` and `state`: `warm.py --help` lists what it needs."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import threading
import time
from pathlib import Path

import machine
import payload
from monitor import Monitor

_BOOT_SECONDS = 400
_WRITE_SECONDS = 20


def keep(images: machine.Images, kind: str, folder: Path) -> None:
    """Boots a machine of a kind, and keeps it as it is when it waits for its job."""
    monitor, console = folder / "monitor", folder / "console.log"
    # Where instructions are counted, no process is larger than what it does makes it.
    words = "" if kind == "icount" else " vm_test.warm"
    command = [*machine.command(images, kind, "tcg", console, words),
               *machine.kept_memory(folder, share=True), *Monitor.options(monitor)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        watch = threading.Timer(_BOOT_SECONDS, process.kill)
        watch.start()
        try:
            assert process.stdout
            if b"warm" not in process.stdout.readline():
                raise RuntimeError(f"the machine does not come to wait for its job:\n{console.read_text(errors='replace')[-2000:]}")
            _write_state(Monitor(monitor), folder)
        finally:
            watch.cancel()
            process.kill()


def _write_state(qemu: Monitor, folder: Path) -> None:
    """Writes all but the memory, which is in its file. QEMU is done before the program that it writes to."""
    part, state = folder / "state.part", folder / "state"
    qemu.moved("migrate", f"exec:cat > {shlex.quote(str(part))} && mv {shlex.join([str(part), str(state)])}")
    end = time.monotonic() + _WRITE_SECONDS
    while not state.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"{state} is not written")
        time.sleep(0.01)


def main() -> int:
    """Exit code 0 when the machine is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--debug", action="store_true", help="the kernel is the debug kernel")
    parser.add_argument("--qemu", required=True, help="the QEMU that runs the machine")
    parser.add_argument("kind", help="of the machine")
    parser.add_argument("kernel", type=Path, help="folder with vmlinuz and modules.ext2")
    parser.add_argument("userland", type=Path, help="image of the root file system")
    parser.add_argument("debian_13", type=Path, help="image of the root file system of Debian 13")
    parser.add_argument("initramfs", type=Path, help="archive of the initramfs")
    parser.add_argument("folder", type=Path, help="where the machine is kept")
    options = parser.parse_args()
    job = options.folder / "job"
    job.touch()
    os.truncate(job, payload.SIZE)
    images = machine.Images(options.kernel / "vmlinuz", options.initramfs, options.userland, options.debian_13,
                            options.kernel / "modules.ext2", job, options.debug, qemu=options.qemu)
    keep(images, options.kind, options.folder)
    job.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
