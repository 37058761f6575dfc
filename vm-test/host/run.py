# SPDX-License-Identifier: GPL-2.0-only
"""Runs scenarios in virtual machines and gives the verdict: `run.py --help` lists what it needs."""

from __future__ import annotations

import argparse
import base64
import collections
import concurrent.futures
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import catalogue
import initramfs
import judge
import payload
from catalogue import Job
from machine import Boot, Event, Images
from report import Verdict, say, show

_MARK_SECONDS = 10


@dataclass
class Run:
    """All machines of one run."""

    images: Images
    folder: Path
    accel: str
    counting_qemu: Path | None = None
    """The QEMU of machines that count instructions."""
    live: bool = False
    size: str = "test"
    case: str = ""
    plugin: Path | None = None
    """Of the QEMU that counts instructions."""
    verdicts: list[Verdict] = field(default_factory=list)

    def machines(self, jobs: Sequence[Job]) -> None:
        """Runs the jobs: two plain machines, for two processors, and one of each other kind, or two of the only kind, share them out.

        A machine that has nothing more to do runs those that come last.
        """
        if self.accel == "kvm" and not self._boots_with_kvm():
            say("/dev/kvm is there but does not boot the kernel: QEMU emulates the processor")
            self.accel = "tcg"
        threads = []
        pool = concurrent.futures.ThreadPoolExecutor()
        last = [job for job in jobs if job.last]
        kinds = {job.machine for job in jobs if not job.last}
        for kind in catalogue.MACHINES:
            count = 2 if kind == "plain" or len(kinds) == 1 else 1
            # The longest first, so that the machines end together.
            waiting = collections.deque(sorted((job for job in jobs if job.machine == kind and not job.last),
                                               key=lambda job: -job.timeout))
            if not waiting:
                continue
            images = pool.submit(self._images, kind)
            for number in range(min(count, len(waiting))):
                name = kind if count == 1 else f"{kind}-{number + 1}"
                threads.append(threading.Thread(target=self._machine, args=(name, kind, images, waiting, last)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _boots_with_kvm(self) -> bool:
        """Tries it, which takes a while where it fails: that is kept beside the kernel until the host restarts."""
        host = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        fails = self.images.vmlinuz.with_name(f"no-kvm-{host}")
        if fails.exists():
            return False
        boot = Boot(self.images, self.folder / "kvm", "plain", "kvm")
        with contextlib.closing(boot.events()) as events:
            if any(event["event"] == "ready" for event in events):
                return True
        fails.touch()
        return False

    def _images(self, kind: str) -> Images:
        """What machines of a kind are made of: one that has booted, if they are emulated."""
        images = replace(self.images, qemu=str(self.counting_qemu), plugin=self.plugin) if kind == "icount" else self.images
        is_emulated = self.accel != "kvm" or kind == "icount"
        return replace(images, warm=_warm_machine(images, kind)) if is_emulated else images

    def _machine(self, name: str, kind: str, images: concurrent.futures.Future[Images], waiting: collections.deque[Job],
                 last: Sequence[Job]) -> None:
        """Boots as often as it takes: a machine that dies or is left dirty ends after the scenario that did it."""
        failed_boots = 0
        for number in itertools.count(1):
            if not waiting:
                return
            boot = Boot(images.result(), self.folder / (f"{name}-{number}" if number > 1 else name), kind, self.accel,
                        self.size, self.case)
            if self._boot(boot, waiting, collections.deque(last)):
                continue
            failed_boots += 1
            say(f"the machine did not boot, see {boot.folder}")
            if failed_boots == 2:
                while waiting:
                    verdict = Verdict(waiting.popleft())
                    verdict.failures.append({"what": "the machine boots"})
                    self._finish(verdict, boot, dead=True)

    def _boot(self, boot: Boot, waiting: collections.deque[Job], last: collections.deque[Job]) -> bool:
        """Gives jobs to one machine until it ends; whether it came up."""
        current: Verdict | None = None
        booted, hung = False, ""
        with contextlib.closing(boot.events()) as events:
            for event in events:
                if event["event"] == "ready":
                    booted = True
                    try:
                        current = Verdict(_next(waiting, last))
                    except IndexError:
                        break
                    boot.give(current.job)
                elif event["event"] == "end" and current:
                    current.output, current.seconds = event["output"], event["seconds"]
                    if not current.told:
                        current.failures.append({"step": current.step, "what": "the scenario says how it ended"})
                    self._finish(current, boot)
                    if self.plugin:
                        (boot.folder / "counted").rename(self.folder / f"{current.job.name}.counted")
                    current = None
                    if boot.serves_one:
                        break
                elif event["event"] == "hung":
                    hung = f"nothing was heard from the machine for {event['seconds']:g} s"
                elif event["event"] == "stuck":
                    say(f"the machine that was kept does not go on: {event['problem']}")
                elif event["event"] == "file" and current:
                    file = self.folder / f"{current.job.name}.{event['text']}"
                    file.write_bytes(zlib.decompress(base64.b64decode(event["value"])))
                elif current:
                    _note(current, event)
                    if self.live and event["event"] == "note":
                        say(event["text"])
        if current:
            current.failures.append({"step": current.step, "what": "the machine lives to the end of the scenario",
                                     "got": hung or "it stopped"})
            self._finish(current, boot, dead=True)
        return booted

    def _finish(self, verdict: Verdict, boot: Boot, dead: bool = False) -> None:
        """Adds the judgement of the kernel log, prints the verdict and keeps it."""
        end = time.monotonic() + (0 if dead else _MARK_SECONDS)
        while True:
            log = boot.console.read_text(errors="replace") if boot.console.exists() else ""
            lines, ended = judge.section(log, verdict.job.name)
            if ended or time.monotonic() > end:
                break
            time.sleep(0.02)
        if not lines and dead:
            lines = [judge.bare(line) for line in log.splitlines()]
        verdict.kernel_log, verdict.log_path = lines, boot.folder
        bad = judge.complaints(lines)
        if bad and verdict.job.is_c and not dead:
            verdict.notes.append(f"the C module makes the kernel complain: {bad[0]}")
        elif bad:
            verdict.complaints = bad
            verdict.failures.append({"step": verdict.step, "what": "the kernel has nothing to complain of",
                                     "got": "\n".join(bad[:20])})
        elif not ended and not dead:
            verdict.failures.append({"step": verdict.step, "what": "the kernel log has the end of the scenario"})
        verdict.settle()
        (boot.folder / f"{verdict.job.name}.log").write_text(
            "\n".join(["steps:", *verdict.steps, verdict.output, "kernel log:", *lines]) + "\n")
        self.verdicts.append(verdict)
        if not (self.live and verdict.passed):
            show(verdict)


def _warm_machine(images: Images, kind: str) -> Path | None:
    """A machine of a kind that has booted; None when QEMU cannot keep one, and machines have to boot."""
    made = subprocess.run((Path(__file__).with_name("warm-machine"), kind, "--qemu", images.qemu, *(["--debug"] if images.debug else []), images.vmlinuz.parent,
                           images.userland, images.debian_13, images.initramfs), stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode:
        say("each machine boots: none could be kept that has booted")
        return None
    return Path(made.stdout.strip())


def _next(waiting: collections.deque[Job], last: collections.deque[Job]) -> Job:
    """IndexError when there is none. Other machines take from `waiting` too."""
    try:
        return waiting.popleft()
    except IndexError:
        return last.popleft()


def _note(verdict: Verdict, event: Event) -> None:
    """Takes in what a running scenario reports."""
    if event["event"] == "step":
        verdict.step = event["text"]
        verdict.steps.append(f"{time.monotonic() - verdict.start:5.1f} s: {event['text']}")
    elif event["event"] == "note":
        verdict.notes.append(event["text"])
    elif event["event"] == "figure":
        verdict.figures[event["text"]] = event["value"]
    elif event["event"] == "passed":
        verdict.told = True
    elif event["event"] == "failed":
        verdict.told = True
        verdict.failures.append({"step": verdict.step, **event})


def figures(verdicts: Sequence[Verdict]) -> dict[str, dict[str, int]]:
    """What the scenarios counted, and how the run ended, for the page of figures."""
    counted = {verdict.job.name: verdict.figures for verdict in verdicts if verdict.passed and verdict.figures}
    passed = sum(verdict.passed for verdict in verdicts)
    whole = {"scenarios passed": passed, "scenarios failed": len(verdicts) - passed,
             "lines in which the kernel complained": sum(len(verdict.complaints) for verdict in verdicts if not verdict.job.fails)}
    return {"": whole, **dict(sorted(counted.items()))}


def _pair(text: str) -> tuple[Path, str]:
    source, _, place = text.rpartition(":")
    return Path(source), place


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernel", type=Path, help="folder with vmlinuz, busybox, modules/ and modules.ext2")
    parser.add_argument("--userland", type=Path, help="image of the root file system")
    parser.add_argument("--debian-13", type=Path, help="image of the root file system of Debian 13")
    parser.add_argument("--counting-qemu", type=Path, help="the QEMU that counts instructions")
    parser.add_argument("--scenarios", type=Path, required=True, help="folder of scenarios")
    parser.add_argument("--folder", type=Path, help="where logs go")
    parser.add_argument("--file", type=_pair, action="append", default=[], metavar="SOURCE:PLACE",
                        help="a file that the guest finds at PLACE")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument("--live", action="store_true", help="print what a scenario notes at once, and no verdict if it passes")
    parser.add_argument("--debug", action="store_true", help="the kernel is the debug kernel")
    parser.add_argument("--size", choices=catalogue.SIZES, default="test", help="how much scenarios try that show more the longer they run")
    parser.add_argument("--case", default="", help="what scenarios that measure are asked for")
    parser.add_argument("--plugin", type=Path, help="plugin for the QEMU that counts instructions")
    parser.add_argument("names", nargs="*", help="scenarios to run; all when none is named")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0 when every scenario passed."""
    for number in (signal.SIGINT, signal.SIGTERM):  # at once: the threads of the machines wait for nothing
        signal.signal(number, lambda number, _: os._exit(128 + number))
    options = _arguments(argv)
    try:
        kernel = None if options.list else "debug" if options.debug else "stock"
        jobs = catalogue.jobs(options.scenarios, options.names, kernel, options.size)
    except catalogue.Invalid as problem:
        print(problem, file=sys.stderr)
        return 2
    if options.list:
        print(*(f"{job.name:<32} {job.summary}" for job in jobs), sep="\n")
        return 0
    options.folder.mkdir(parents=True, exist_ok=True)
    ramdisk = options.folder / "initramfs.cpio"
    modules = next((options.kernel / "modules").iterdir())
    ramdisk.write_bytes(initramfs.build(options.kernel / "busybox", modules))
    archive = options.folder / "payload.tar"
    payload.write(archive, options.scenarios, options.file)
    images = Images(options.kernel / "vmlinuz", ramdisk, options.userland, options.debian_13, options.kernel / "modules.ext2",
                    archive, options.debug)
    accel = "kvm" if os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"
    run = Run(images, options.folder, accel, options.counting_qemu, options.live, options.size, options.case, options.plugin)
    run.machines(jobs)
    told = {verdict.job.name for verdict in run.verdicts}
    failed = [verdict.job.name for verdict in run.verdicts if not verdict.passed]
    failed += [job.name for job in jobs if not job.last and job.name not in told]
    for name in failed:
        say(f"failed: {name}")
    (options.folder / "figures.json").write_text(json.dumps(figures(run.verdicts), indent=1) + "\n")
    if not options.live:
        verdict = f"vm: {sum(each.passed for each in run.verdicts)} passed, {len(failed)} failed"
        say(verdict)
        (options.folder / "verdict").write_text(verdict + "\n")
    return 1 if failed or not run.verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
