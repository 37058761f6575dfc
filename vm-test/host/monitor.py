# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's monitor (QMP), by which a machine is kept, and goes on."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

_CONNECT_SECONDS = 20
_MOVE_SECONDS = 60


class Monitor:
    """A connection to it."""

    def __init__(self, path: Path) -> None:
        connection = socket.socket(socket.AF_UNIX)
        for _ in range(_CONNECT_SECONDS * 100):
            if connection.connect_ex(str(path)) == 0:
                break
            time.sleep(0.01)
        else:
            raise TimeoutError(f"QEMU does not open its monitor {path}")
        self._stream = connection.makefile("rw", encoding="utf-8")
        self("qmp_capabilities")

    @staticmethod
    def options(path: Path) -> list[str]:
        """Of a QEMU with a monitor."""
        return ["-qmp", f"unix:{path},server=on,wait=off"]

    def __call__(self, command: str, **arguments: object) -> Any:
        """Carries a command out and returns what it answers."""
        print(json.dumps({"execute": command, "arguments": arguments}), file=self._stream, flush=True)
        for line in self._stream:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"QEMU refused {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise RuntimeError(f"QEMU ended at {command}")

    def moved(self, command: str, uri: str) -> None:
        """Carries out `migrate` or `migrate-incoming`, of all but the memory, which is kept as a file."""
        self("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])
        self(command, uri=uri)
        end = time.monotonic() + _MOVE_SECONDS
        while (status := self("query-migrate").get("status")) != "completed":
            if status == "failed" or time.monotonic() > end:
                raise RuntimeError(f"{command} {uri}: {status}")
            time.sleep(0.05)
