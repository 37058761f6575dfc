# SPDX-License-Identifier: GPL-2.0-only
"""What `rtpctl doctor` says."""

from __future__ import annotations

import json

from . import rtpctl
from .net import Namespace
from .scenario import Scenario

CODES = {"ok": 0, "cannot_tell": 10, "warning": 11, "fault": 12}


def ask(t: Scenario, *options: object, ns: Namespace | None = None) -> dict[str, str]:
    """The worst verdict of each check that found anything; the exit code is that of the worst of all."""
    options = ("--seconds", 0, *options) if "--seconds" not in options else options
    result = rtpctl.run("doctor", *options, "--json", ns=ns)
    told = json.loads(result.stdout)
    t.equal(f"exit code: {result.stdout}{result.stderr}", result.returncode, CODES[told["worst"]])
    found: dict[str, str] = {}
    for one in told["findings"]:
        if CODES[one["verdict"]] > CODES[found.get(one["check"], "ok")]:
            found[one["check"]] = one["verdict"]
    return found


def names(t: Scenario, what: str, expected: dict[str, str] | str, *options: object, ns: Namespace | None = None) -> None:
    """It finds this, and nothing else: verdicts by check, or the checks that find a fault."""
    if isinstance(expected, str):
        expected = dict.fromkeys(expected.split(), "fault")
    found = ask(t, *options, ns=ns)
    if found != expected:
        t.fail(f"{what}: what doctor finds", expected, f"{found}\n{rtpctl.run('doctor', '--seconds', 0, *options, ns=ns).stdout}")
