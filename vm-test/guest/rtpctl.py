# SPDX-License-Identifier: GPL-2.0-only
"""Runs rtpctl as a user would."""

from __future__ import annotations

import json
import subprocess

from .errors import Failure
from .net import Address, Namespace, command


def text(address: Address) -> str:
    """An address and port as rtpctl takes and prints them."""
    return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"


def run(*argv: object, ns: Namespace | None = None) -> subprocess.CompletedProcess[str]:
    """Runs rtpctl whatever its exit code; the caller looks at it."""
    return command("rtpctl", *map(str, argv), ns=ns, check=False)


def ok(*argv: object, ns: Namespace | None = None) -> str:
    """Runs rtpctl, fails the scenario unless it succeeds, and gives what it printed."""
    result = run(*argv, ns=ns)
    if result.returncode != 0:
        raise Failure(f"rtpctl {' '.join(map(str, argv))}", "exit code 0",
                      f"exit code {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def data(*argv: object, ns: Namespace | None = None) -> object:
    """Runs rtpctl with --json and gives the parsed answer."""
    return json.loads(ok(*argv, "--json", ns=ns))


def refused(*argv: object, ns: Namespace | None = None) -> str:
    """Runs rtpctl, fails the scenario unless it is refused, and gives the error it printed."""
    result = run(*argv, ns=ns)
    if result.returncode == 0:
        raise Failure(f"rtpctl {' '.join(map(str, argv))}", "an exit code other than 0", "exit code 0")
    return result.stderr
