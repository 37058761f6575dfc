# SPDX-License-Identifier: GPL-2.0-only
"""Finds the scenarios and what each declares, without running them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

MODULES = ("rs", "c", "c12")
RELEASES = ("26.0", "12.5")
# Machines that systemd starts, with the userland of that name.
SYSTEMS = ("testing", "debian-13")
MACHINES = ("plain", "icount", *SYSTEMS)
KERNELS = ("any", "stock", "debug")
SIZES = ("test", "soak", "long")
# A busy machine takes longer than the seconds that a scenario declares, and a debug kernel much longer.
_PATIENCE = 6
_DEBUG_PATIENCE = 20
_SETTINGS = ("MODULE", "MACHINE", "KERNEL", "RELEASE", "LAST", "TIMEOUT", "SOAK_TIMEOUT", "LONG_TIMEOUT", "FAILS")


class Invalid(Exception):
    """A scenario file, or a name, that does not serve."""


@dataclass(frozen=True)
class Job:
    """One scenario with one module and one release of the daemon in one machine: its name is `NAME`, `NAME@c` with a C module, `NAME@c12`
    with that of 12.5, `NAME@12.5` with the daemon of 12.5, `NAME@testing` and `NAME@debian-13` in a machine that systemd starts."""

    scenario: str
    module: str | None
    release: str
    machine: str
    kernel: str
    timeout: float
    summary: str
    fails: tuple[str, ...] = ()
    last: bool = False
    sizes: tuple[str, ...] = SIZES

    @property
    def name(self) -> str:
        """The name in reports."""
        with_ = [self.machine] if self.is_system else []
        with_ += [str(self.module)] if self.is_c else []
        with_ += [self.release] if self.release != RELEASES[0] else []
        return "@".join([self.scenario, *with_])

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be asked for by: `NAME` is all jobs of a scenario, `NAME@rs` that with our module."""
        return self.name, self.scenario, f"{self.scenario}@{self.module}"

    @property
    def is_c(self) -> bool:
        """Whether it is about a C module."""
        return self.module not in (None, "rs")

    @property
    def is_system(self) -> bool:
        """Whether its machine is one that systemd starts."""
        return self.machine in SYSTEMS

    def runs_on(self, kernel: str) -> bool:
        """Whether it is for that kernel, `stock` or `debug`. The C modules are built, and systems made, for the stock kernel alone."""
        return self.kernel in ("any", kernel) and not (kernel == "debug" and (self.is_c or self.is_system))


def jobs_of(path: Path, size: str = "test") -> list[Job]:
    """The jobs that a scenario file declares, for a run of that size."""
    tree = ast.parse(path.read_text(), str(path))
    summary = (ast.get_docstring(tree) or "").split("\n", 1)[0]
    if not summary:
        raise Invalid(f"{path}: a scenario begins with a docstring that says what it shows")
    if not any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body):
        raise Invalid(f"{path}: a scenario has a function run(t)")
    settings: dict[str, object] = {"MODULE": "rs", "MACHINE": "plain", "KERNEL": "any", "RELEASE": RELEASES[0], "LAST": False, "FAILS": ()}
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Name) and target.id in _SETTINGS:
                settings[target.id] = ast.literal_eval(node.value)
    modules, releases, machines, fails = (_several(settings[name]) for name in ("MODULE", "RELEASE", "MACHINE", "FAILS"))
    kernel = str(settings["KERNEL"])
    if any(each not in MACHINES for each in machines) or kernel not in KERNELS or any(each not in (*MODULES, None) for each in modules) \
            or any(each not in RELEASES for each in releases):
        raise Invalid(f"{path}: MODULE is one of {MODULES} or None, MACHINE one of {MACHINES}, KERNEL one of {KERNELS}, "
                      f"RELEASE one of {RELEASES}")
    timeout, sizes = _timeout(settings, size)
    return [Job(path.stem, module, release, machine, kernel, timeout, summary, fails, bool(settings["LAST"]), sizes)
            for machine in machines for module in modules for release in releases]


def _timeout(settings: dict[str, object], size: str) -> tuple[float, tuple[str, ...]]:
    """After how many seconds it is ended in a run of that size, and the sizes of runs that it is part of."""
    test, soak, long = (settings.get(name) for name in ("TIMEOUT", "SOAK_TIMEOUT", "LONG_TIMEOUT"))
    sizes = SIZES if test and soak else ("soak", "long") if soak else ("test",)
    seconds = {"test": test or soak, "soak": soak or test, "long": long or soak or test}[size]
    return float(str(seconds or 60)) * _PATIENCE, sizes


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def jobs(folder: Path, wanted: list[str], kernel: str | None = None, size: str = "test") -> list[Job]:
    """The jobs of a folder, for one kernel or for each, whose scenario or name is wanted, and the last ones.

    When none is wanted it is those that are for a run of that size.
    """
    found = [job for path in sorted(folder.glob("*.py")) for job in jobs_of(path, size)
             if not kernel or job.runs_on(kernel)]
    unknown = [name for name in wanted if all(name not in job.names for job in found)]
    if unknown:
        names = "\n  ".join(sorted({job.scenario for job in found}))
        where = f"for the {kernel} kernel " if kernel else ""
        raise Invalid(f"no scenario {where}is named {' or '.join(unknown)}; there are\n  {names}")
    if kernel == "debug":
        found = [replace(job, timeout=job.timeout * _DEBUG_PATIENCE / _PATIENCE) for job in found]
    return [job for job in found if job.last or (set(job.names) & set(wanted) if wanted else size in job.sizes)]
