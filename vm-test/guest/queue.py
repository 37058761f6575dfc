# SPDX-License-Identifier: GPL-2.0-only
"""A program behind an NFQUEUE rule, which lets every packet go on, or keeps it."""

from __future__ import annotations

import socket
import struct
import threading

from .net import HOST, SO_RCVBUFFORCE, Namespace
from .nft import attribute, message, messages, open_netlink

ACCEPT, REPEAT = 1, 4
_PACKET, _VERDICT, _CONFIG = (3 << 8 | number for number in range(3))
_BIND, _COPY_META = 1, 1


class Queue:
    """While it is open, packets of that queue get a verdict, and a mark; without a verdict they wait."""

    def __init__(self, number: int, verdict: int | None, mark: int = 0, ns: Namespace = HOST) -> None:
        self.packets = 0
        self._number = number
        self._verdict = verdict
        self._mark = mark
        self._socket = open_netlink(ns)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)  # what does not fit in is dropped
        self._socket.settimeout(0.1)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._answer_all, daemon=True)

    def __enter__(self) -> "Queue":
        bind = attribute(1, struct.pack(">BxH", _BIND, socket.AF_INET))
        copy = attribute(2, struct.pack(">IB", 0, _COPY_META))
        self._socket.send(message(_CONFIG, 0, 0, bind, self._number) + message(_CONFIG, 0, 0, copy, self._number))
        self._thread.start()
        return self

    def _answer_all(self) -> None:
        while not self._ended.is_set():
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            for kind, body in messages(data):
                if kind == _PACKET:
                    # The first attribute is the packet's header, which begins with its id.
                    self.packets += 1
                    if self._verdict is not None:
                        verdict = struct.pack(">I", self._verdict) + body[8:12]
                        self._socket.send(message(_VERDICT, 0, 0, attribute(2, verdict) + attribute(3, self._mark), self._number))

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()
