# SPDX-License-Identifier: GPL-2.0-only
"""The first process of the virtual machine, or a service of its systemd: runs the scenarios of its job and reports each to the host.

The host gives one job after the other, {"name", "scenario", "module", "release", "timeout", "size", "case"}; jobs and reports are JSON lines on the
virtio port. The kernel's log goes to the serial port, with a line at the start and the end of each scenario.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Not the folder of this file, as Python has it: a name in there may be that of a module of the standard library.
sys.path[0] = str(ROOT)

from guest import errors, module, net, nft, proc, units, xtables  # noqa: E402
from guest.scenario import Scenario  # noqa: E402

OUTPUT = Path("/tmp/scenario.log")
SYSTEMD = os.getpid() != 1
_SENT_CHARACTERS = 60_000


class Reporter:
    """Sends events to the host, and takes jobs from it."""

    def __init__(self) -> None:
        self._port = os.open(_port(), os.O_RDWR | os.O_CLOEXEC)

    def __call__(self, event: str, **values: object) -> None:
        data = json.dumps({"event": event, **values}).encode() + b"\n"
        while data:
            data = data[os.write(self._port, data):]

    def job(self) -> dict[str, object]:
        """Waits for the next job."""
        self("ready")
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._port, 4096)
        job = json.loads(line)
        assert isinstance(job, dict)
        return job


def _port() -> str:
    for port in Path("/sys/class/virtio-ports").iterdir():
        if (port / "name").read_text().strip() == "results":
            return f"/dev/{port.name}"
    raise FileNotFoundError("virtio port of the results")


def check_processors() -> None:
    """Ends a machine that has not as many processors as the host gave it: scenarios need each of them."""
    words = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text().split())
    if os.cpu_count() != int(words["vm_test.processors"]):
        sys.exit(f"the kernel found {os.cpu_count()} processors, not {words['vm_test.processors']}")


def kernel_log(line: str) -> None:
    """Puts a line into the kernel's log."""
    with open("/dev/kmsg", "wb", buffering=0) as file:
        file.write(f"vm-test: {line}\n".encode())


def child(job: dict[str, object], report: Reporter) -> None:
    """Runs one scenario in a process of its own and reports how it ended."""
    name = str(job["scenario"])
    which = job["module"]
    output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    t = Scenario(name, which if isinstance(which, str) else None, lambda event, text, value=None: report(event, text=text, value=value),
                 str(job["size"]), str(job["release"]), str(job["case"]))
    try:
        if isinstance(which, str):
            report("step", text=f"load the module {module.NAMES[which]}")
            module.load(which)
        spec = importlib.util.spec_from_file_location(name, ROOT / "scenarios" / f"{name}.py")
        assert spec and spec.loader
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        loaded.run(t)
    except errors.Failure as failure:
        report("failed", what=failure.what, expected=errors.show(failure.expected), got=errors.show(failure.got),
               trace=_where(failure), logs=t.logs())
    except BaseException as error:  # noqa: BLE001: whatever a scenario raises is its failure
        report("failed", what=f"{type(error).__name__}: {error}", trace=_where(error), logs=t.logs())
    else:
        report("passed")


def _where(failure: BaseException) -> str:
    """The lines of the scenario, and of the library for what it did not foresee, that led to the failure."""
    frames = traceback.extract_tb(failure.__traceback__)
    foreseen = isinstance(failure, errors.Failure)
    return "\n".join(f"{Path(f.filename).name}:{f.lineno}: {(f.line or '').partition(chr(10))[0]}" for f in frames
                     if "/scenarios/" in f.filename or not foreseen and f.filename != __file__)


def reap(pid: int, timeout: float) -> bool:
    """Waits for the scenario's process and for orphans on the way; false when the time ran out."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found, _ = os.waitpid(-1, os.WNOHANG)
        if found == pid:
            return True
        if found == 0:
            time.sleep(0.01)
    return False


def clean() -> str | None:
    """Ends what the scenario left, and unloads whatever module it has loaded; an error when that cannot be done."""
    if SYSTEMD:
        units.stop_all()
    else:
        os.kill(-1, signal.SIGKILL)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    for path in Path("/run/netns").glob("*"):
        net.Namespace(path.name, str(path)).delete()
    nft.flush_all()
    xtables.reset()
    net.reset()
    try:
        for table in proc.tables() if proc.ROOT.exists() else []:
            proc.Table(table).remove()
    except OSError as error:
        return f"a table that was left cannot be removed: {error}"
    return next(filter(None, map(module.unload_soon, module.NAMES)), None)


def run(job: dict[str, object], report: Reporter) -> bool:
    """One scenario from start to end; whether the machine is fit for another."""
    name = job["name"]
    kernel_log(f"begin {name}")
    report("begin", name=name, timeout=job["timeout"])
    start = time.monotonic()
    OUTPUT.write_bytes(b"")
    net.CHANGED.write_bytes(b"")
    pid = os.fork()
    if pid == 0:
        try:
            child(job, report)
        except BaseException:  # noqa: BLE001: the host fails a scenario that has not said how it ended
            traceback.print_exc()
        finally:
            os._exit(0)
    if not reap(pid, float(str(job["timeout"]))):
        report("failed", what=f"the scenario is done within {job['timeout']} s", expected="an end",
               got="still running", logs={"kernel stacks": _stacks(pid)})
    refused = clean()
    if refused:
        report("failed", what="the module is unloaded after the scenario", expected="no error", got=refused)
    kernel_log(f"end {name}")
    report("end", name=name, seconds=round(time.monotonic() - start, 2),
           output=OUTPUT.read_text(errors="replace")[-_SENT_CHARACTERS:])
    # What it changed of a whole system goes with the machine.
    return not refused and not SYSTEMD


def _stacks(pid: int) -> str:
    """Where the threads of a process are in the kernel."""
    return "\n".join(f"{task.name}: {(task / 'stack').read_text()}" for task in Path(f"/proc/{pid}/task").iterdir())


def main() -> None:
    """Runs jobs until the host ends the machine, or one leaves it unfit for another."""
    check_processors()
    report = Reporter()
    net.HOST.start()
    while run(report.job(), report):
        pass
    Path("/proc/sysrq-trigger").write_text("b")


if __name__ == "__main__":
    main()
