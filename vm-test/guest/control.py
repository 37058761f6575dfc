# SPDX-License-Identifier: GPL-2.0-only
"""A client of /proc/rtpengine/N/control: commands with every field settable, and the shared memory they point into."""

from __future__ import annotations

import ctypes
import mmap
import os

from . import abi
from .abi import Struct
from .net import Address
from .patience import counters_settle

PAGE = mmap.PAGESIZE

# Number and structure of each command.
COMMANDS = {
    "init": (1, "rtpengine_command_init"),
    "add_target": (2, "rtpengine_command_add_target"),
    "add_destination": (3, "rtpengine_command_destination"),
    "add_call": (4, "rtpengine_command_add_call"),
    "del_call": (5, "rtpengine_command_del_call"),
    "add_stream": (6, "rtpengine_command_add_stream"),
    "del_stream": (7, "rtpengine_command_del_stream"),
    "packet": (8, "rtpengine_command_packet"),
    "del_target": (9, "rtpengine_command_del_target"),
    "init_play_streams": (10, "rtpengine_command_init_play_streams"),
    "get_packet_stream": (11, "rtpengine_command_get_packet_stream"),
    "play_stream_packet": (12, "rtpengine_command_play_stream_packet"),
    "play_stream": (13, "rtpengine_command_play_stream"),
    "stop_stream": (14, "rtpengine_command_stop_stream"),
    "free_packet_stream": (15, "rtpengine_command_free_packet_stream"),
    "pin_memory": (16, "rtpengine_command_pin_memory"),
}
RING_BUFFER = (17, "rtpengine_command_ring_buf")
DEL_STREAM = 7

Output = tuple[Address, Address] | tuple[Address, Address, dict[str, object]]

CIPHER_NULL, HMAC_NULL = 1, 1
MISMATCH_IGNORE, MISMATCH_DROP, MISMATCH_PASS = 0, 1, 2
NONE_IDX = 0xFFFF_FFFF


def new(name: str, generation: str = abi.USUAL, /, **values: object) -> Struct:
    """An empty command of that name, its number set."""
    number, struct_name = COMMANDS[name]
    return Struct(struct_name, generation, cmd=number, **values)


# What all calls share is collected for a while.
_COLLECTED = "interface_stats_block"


class Counters:
    """A structure of counters in shared memory: `.addr` goes into a command, `c["packets"]` reads a field."""

    def __init__(self, memory: "Memory", kind: str, offset: int) -> None:
        self.kind = kind
        self.offset = offset
        self.memory = memory
        self.addr = memory.addr + offset

    def __getitem__(self, field: str) -> int:
        value = abi.read(self.raw(), self.kind, field)
        assert isinstance(value, int)
        return value

    def now(self, field: str) -> int:
        """A field as it is now, also where it is collected."""
        value = abi.read(self._bytes(), self.kind, field)
        assert isinstance(value, int)
        return value

    def __setitem__(self, field: str, value: int) -> None:
        at = abi.locate(self.kind, field)
        start = self.offset + at.offset
        self.memory.map[start:start + at.size] = (value & (1 << at.size * 8) - 1).to_bytes(at.size, "little")

    def _bytes(self) -> bytes:
        return bytes(self.memory.map[self.offset:self.offset + abi.SIZES[self.kind]])

    def raw(self) -> bytes:
        """The whole structure, when all that was counted is in it."""
        if self.kind == _COLLECTED:
            counters_settle()
        return self._bytes()

    def figures(self) -> dict[str, int]:
        """Every number in it by its name; of an interface, those of each direction: `in.packets`."""
        data = self.raw()
        values = {name: abi.read(data, self.kind, name) for name in abi.numbers(self.kind)}
        return {name: value for name, value in values.items() if isinstance(value, int)}


class Memory:
    """Page-aligned memory of this process, from which counters are taken, each at a multiple of `align`."""

    align = 64

    def __init__(self, pages: int = 4) -> None:
        self.size = pages * PAGE
        self.map = mmap.mmap(-1, self.size)
        self._keep = ctypes.c_char.from_buffer(self.map)
        self.addr = ctypes.addressof(self._keep)
        self._used = 0

    def counters(self, kind: str) -> Counters:
        """Room for one structure: `stream_stats`, `interface_stats_block`, `ssrc_stats`, `rtp_stats`."""
        size = -(-abi.SIZES[kind] // self.align) * self.align
        if self._used + size > self.size:
            raise MemoryError("the shared memory of the scenario is used up")
        self._used += size
        return Counters(self, kind, self._used - size)

    def skip_to(self, boundary: int) -> None:
        """Leaves what is before the next multiple of `boundary` unused."""
        self._used += -(self.addr + self._used) % boundary

    def release(self) -> None:
        """Unmaps the memory; its counters cannot be read any more."""
        del self._keep
        self.map.close()

    def pin_command(self) -> Struct:
        """PIN_MEMORY of the whole range."""
        return new("pin_memory", **{"pin_memory.addr": self.addr, "pin_memory.size": self.size})


_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
READ_WRITE = mmap.PROT_READ | mmap.PROT_WRITE
MAP_FIXED = 0x10


def map_file(fd: int, size: int, offset: int = 0, protection: int = READ_WRITE, flags: int = mmap.MAP_SHARED,
             at: int = 0) -> int:
    """Maps a file, whatever size it has, and returns the address; OSError when it is refused."""
    found = _LIBC.mmap(at or None, size, protection, flags, fd, offset)
    if found in (None, (1 << 64) - 1):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return found


def unmap(address: int, size: int) -> None:
    """Undoes a mapping."""
    _LIBC.munmap(address, size)


class Mapped(Memory):
    """Memory of the module, mapped from an open control file."""

    def __init__(self, fd: int, size: int, at: int = 0) -> None:  # pylint: disable=super-init-not-called
        self.size, self._used = size, 0
        self.addr = map_file(fd, size, flags=mmap.MAP_SHARED | (MAP_FIXED if at else 0), at=at)
        self.map = memoryview((ctypes.c_char * size).from_address(self.addr)).cast("B")  # type: ignore[assignment]

    def release(self) -> None:
        """Unmaps the memory; its counters cannot be read any more."""
        unmap(self.addr, self.size)


class Control:
    """An open control file, to which a generation of the interface is spoken."""

    def __init__(self, table: int, pages: int = 4, generation: str = abi.USUAL, mapped: int = 0) -> None:
        self.table, self.generation = table, generation
        self.fd = os.open(f"/proc/rtpengine/{table}/control", os.O_RDWR | os.O_CLOEXEC)
        self.memory = Mapped(self.fd, mapped) if mapped else Memory(pages)
        self.global_stats = self.memory.counters("interface_stats_block")
        self.iface_stats = self.memory.counters("interface_stats_block")

    def write(self, command: Struct | bytes) -> int:
        """Sends a command; OSError when it is refused."""
        return os.write(self.fd, bytes(command))

    def read(self, command: Struct | bytes) -> bytes:
        """Sends a command that returns a value, with read."""
        buffer = bytearray(bytes(command))
        count = os.readv(self.fd, [buffer])
        return bytes(buffer[:count])

    def init_command(self) -> Struct:
        """A right INIT of the generation."""
        last = abi.locate("rtpengine_init_info", "msg_size", self.generation).count
        command = self.new("init", **{"init.last_cmd": last, "init.rtpe_stats": self.global_stats.addr})
        for number, struct_name in (*COMMANDS.values(), RING_BUFFER):
            # DEL_STREAM went when RING_BUFFER came.
            if number < last and not (number == DEL_STREAM and last > RING_BUFFER[0]):
                command[f"init.msg_size[{number}]"] = abi.size_of(struct_name, self.generation)
        return command

    def new(self, name: str, **values: object) -> Struct:
        """An empty command of that name, in the generation's layout."""
        return new(name, self.generation, **values)

    def init(self) -> "Control":
        """Pins the memory, unless it is mapped, and sends INIT: the table takes targets from now on."""
        if not isinstance(self.memory, Mapped):
            self.write(self.memory.pin_command())
        self.write(self.init_command())
        return self

    def target(self, local: Address, outputs: int = 1, pts: tuple[int, ...] = (0,), ssrcs: tuple[int, ...] = (),
               **flags: object) -> "Target":
        """A valid ADD_TARGET and its counters, not sent yet; `flags` are fields of the target: `rtp=1`, `stun=1`."""
        return Target(self, local, outputs, pts, ssrcs, flags)

    def add(self, local: Address, *outputs: Output, pts: tuple[int, ...] = (0,), ssrcs: tuple[int, ...] = (),
            **flags: object) -> "Target":
        """Adds a target with all its outputs: each is (source, destination), or (source, destination, fields)."""
        target = self.target(local, len(outputs), pts, ssrcs, **flags)
        self.write(target.command)
        for n, (source, to, *fields) in enumerate(outputs):
            self.write(target.destination(n, source, to, **(fields[0] if fields else {})))
        return target

    def delete(self, local: Address) -> None:
        """DEL_TARGET."""
        self.write(self.new("del_target", local=local))

    def close(self) -> None:
        """Closes the file; the table and its targets stay."""
        os.close(self.fd)


class Target:
    """A target's commands and counters, made valid: change a field of `command` or of a destination to break one."""

    def __init__(self, control: Control, local: Address, outputs: int, pts: tuple[int, ...],
                 ssrcs: tuple[int, ...], flags: dict[str, object]) -> None:
        memory = control.memory
        self.control = control
        self.local = local
        self.destinations: list[Struct] = []
        self.outputs: list[Counters] = []
        self.output_ssrcs: list[list[Counters]] = []
        self.stats = memory.counters("stream_stats")
        self.pt_stats = [memory.counters("rtp_stats") for _ in pts]
        self.ssrc_stats = [memory.counters("ssrc_stats") for _ in ssrcs]
        command = control.new("add_target", **{
            "target.local": local,
            "target.num_destinations": outputs,
            "target.intercept_stream_idx": NONE_IDX,
            "target.decrypt.cipher": CIPHER_NULL,
            "target.decrypt.hmac": HMAC_NULL,
            "target.stats": self.stats.addr,
            "target.iface_stats": control.iface_stats.addr,
            "target.num_payload_types": len(pts),
        })
        if abi.has("rtpengine_target_info", "media_output_idxs", control.generation):
            command["target.media_output_idxs[0].rtp_end_idx"] = outputs
        for n, (pt, stats) in enumerate(zip(pts, self.pt_stats)):
            stats["payload_type"] = pt
            stats["clock_rate"] = 8000
            command[f"target.pt_stats[{n}]"] = stats.addr
        for n, (ssrc, stats) in enumerate(zip(ssrcs, self.ssrc_stats)):
            command[f"target.ssrc[{n}]"] = ssrc.to_bytes(4, "big")
            command[f"target.ssrc_stats[{n}]"] = stats.addr
        for name, value in flags.items():
            command[f"target.{name}"] = value
        self.command = command

    def destination(self, number: int, source: Address, to: Address, **fields: object) -> Struct:
        """A valid ADD_DESTINATION; `fields` are fields of the output. Its counters join `outputs` and `output_ssrcs`."""
        stats = self.control.memory.counters("stream_stats")
        self.outputs.append(stats)
        command = self.control.new("add_destination", **{
            "destination.local": self.local,
            "destination.num": number,
            "destination.output.src_addr": source,
            "destination.output.dst_addr": to,
            "destination.output.encrypt.cipher": CIPHER_NULL,
            "destination.output.encrypt.hmac": HMAC_NULL,
            "destination.output.stats": stats.addr,
            "destination.output.iface_stats": self.control.iface_stats.addr,
        })
        ssrcs = [self.control.memory.counters("ssrc_stats") for _ in self.ssrc_stats]
        self.output_ssrcs.append(ssrcs)
        for n, each in enumerate(ssrcs):
            command[f"destination.output.ssrc_stats[{n}]"] = each.addr
        for name, value in fields.items():
            command[f"destination.output.{name}"] = value
        self.destinations.append(command)
        return command

    def again(self) -> None:
        """Deletes the target and adds it again as it was, with the same counters, as the daemon does with each re-INVITE."""
        self.control.delete(self.local)
        for command in (self.command, *self.destinations):
            self.control.write(command)
