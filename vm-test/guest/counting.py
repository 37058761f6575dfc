# SPDX-License-Identifier: GPL-2.0-only
"""What a packet costs in a machine that counts instructions: by its clock, and in windows for the plugin of QEMU (vm-test/host/counting-plugin.c)."""

from __future__ import annotations

import ctypes
import gc
import mmap
import struct
import time
from collections.abc import Callable, Sequence

_MARK = 0x5254_5000
_BEGIN, _PACKET, _END = 1, 2, 3
_STRIDE = 16
Send = Callable[[bytes], object]


def instructions(send: Send, packets: Sequence[bytes], count: int) -> float:
    """Instructions from one `send` to the next, in rounds of `count`: the clock advances by 1 ns with each.

    Of the cheapest round: those that the kernel's own clock interrupts, each 4,000,000 instructions, cost more."""
    clock, found = time.perf_counter_ns, []
    gc.disable()
    for start in range(0, len(packets) - count + 1, count):
        some = packets[start:start + count]
        before = clock()
        for packet in some:
            send(packet)
        found.append((clock() - before) / count)
    gc.enable()
    return min(found)


class Marks:
    """Functions that do nothing, but tell the plugin where a window begins and ends, and where in it a packet does."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        for mark in (_BEGIN, _PACKET, _END):
            # NOP with a displacement, and RET.
            self._memory[mark * _STRIDE:mark * _STRIDE + 9] = b"\x0f\x1f\x84\x00" + struct.pack("<I", _MARK | mark) + b"\xc3"
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self.begin, self.packet, self.end = (ctypes.CFUNCTYPE(None)(address + mark * _STRIDE) for mark in (_BEGIN, _PACKET, _END))

    def window(self, send: Send, packets: Sequence[bytes]) -> None:
        """Sends packets in a window."""
        gc.disable()
        packet = self.packet
        self.begin()
        for each in packets:
            send(each)
            packet()
        self.end()
        gc.enable()
