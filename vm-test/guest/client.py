# SPDX-License-Identifier: GPL-2.0-only
"""A client of the module that does what a daemon of each generation does, in its order and with its layout, without being one."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import signal
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from . import abi, proc
from .abi import Struct
from .control import NONE_IDX, Control, Counters, Mapped, Memory, Target
from .daemon_rules import Rules
from .net import HOST, Address, Namespace

POOL = 16 << 20
_TRIES, _PAUSE = 5, 0.02


@dataclass(frozen=True)
class Habits:
    """How daemons of a generation differ."""

    # Bytes that are mapped at a time; 0 where memory is pinned.
    mapped: int = 0
    # The outputs of a target are one list, those of RTCP last.
    is_list: bool = False
    # Times are in seconds, RTCP is told by two flags, and an RTP port has no output for RTCP.
    old_flags: bool = False
    # Rules are the expression `rtpengine`, not the compat target.
    expression: bool = True
    comment: str | None = None
    # The first rule makes the table, `del` is tried again, and counters of calls have a pool of their own.
    creates: bool = False
    # Targets name ring buffers.
    rings: bool = False

    @property
    def unit(self) -> int:
        """How often the unit of times fits into a second."""
        return 1 if self.old_flags else 1_000_000


HABITS = {
    "12.5": Habits(mapped=65_536, is_list=True, old_flags=True, expression=False),
    "13.5": Habits(mapped=2 * POOL, is_list=True, expression=False),
    "14.0": Habits(expression=False),
    "26.0": Habits(comment="rtpengine UDP handler"),
    "26.1": Habits(comment="rtpengine UDP handler", rings=True),
    "26.3": Habits(comment="rtpengine UDP handler table {table}", creates=True, rings=True),
}
assert tuple(HABITS) == abi.GENERATIONS

# The flags of a target, whole, for a port of RTP, one of RTCP, and one of both.
_FLAGS, _MUXED_OLD, _MEASURED = {"rtp": 0x158, "rtcp": 0x1D8, "mux": 0x1D8}, 0x1D9, 0x4000


@dataclass
class Stream:
    """What comes by a local address, and where it goes: `kind` is `rtp`, `rtcp` or `mux`, both on one port.

    `media` and `reports` are the source and destination of RTP and RTCP. `decrypt` and `encrypt` are fields of a target and an
    output. `measure`: loss and jitter are."""

    kind: str
    local: Address
    media: tuple[Address, Address]
    reports: tuple[Address, Address]
    ssrcs: tuple[int, ...]
    pts: tuple[int, ...] = (0, 8)
    decrypt: dict[str, object] | None = None
    encrypt: dict[str, object] | None = None
    measure: bool = False


def order_outputs(command: Struct, count: int, reports: int) -> None:
    """Has the last `reports` of the `count` outputs of ADD_TARGET be those of RTCP."""
    if HABITS[command.generation].is_list:
        command["target.num_rtcp_destinations"] = reports
        return
    group = "target.media_output_idxs[0]"
    command[f"{group}.rtp_end_idx"] = count - reports
    command[f"{group}.rtcp_start_idx"], command[f"{group}.rtcp_end_idx"] = (count - reports, count) if reports else (0, 0)
    for kind in ("ssrc", "pt"):
        room = abi.locate("rtpengine_target_info", f"{kind}_media_idx", command.generation).count
        command[f"target.{kind}_media_idx"] = [NONE_IDX] * room


class Client:
    """A client that runs: a process that its parent left behind after INIT, as a daemon does without `-f`.

    What it is asked for is what [`_Process`] does: `client.stream(Stream(...))`, `client.counters(local)`, `client.delete(local)`."""

    def __init__(self, generation: str, table: int = 0, *, ns: Namespace = HOST, player: bool = False) -> None:
        self.habits = habits = HABITS[generation]
        comment = habits.comment and habits.comment.format(table=table)
        self.rules = Rules(table, ("ip", "ip6"), habits.expression, comment, habits.creates, ns)
        self._pipe, there = multiprocessing.Pipe()
        # The process that sends INIT, and then ends.
        self.starter = os.fork()
        if not self.starter:
            self._pipe.close()
            _Process(generation, table, self.rules, player, there).run()
        there.close()
        try:
            self.pid: int = self._answer()
        finally:
            os.waitpid(self.starter, 0)

    def __getattr__(self, name: str) -> Any:
        def ask(*arguments: object) -> Any:
            self._pipe.send((name, arguments))
            return self._answer()
        return ask

    def kill(self) -> None:
        """Ends it as a crash does."""
        os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(EOFError, ConnectionResetError):
            self._pipe.recv()

    def _answer(self) -> Any:
        error, value = self._pipe.recv()
        if error:
            raise error
        return value


class _Pools:
    """Memory that is shared with the module piece by piece, whenever what there is is used up: counters lie at multiples of 8."""

    def __init__(self, control: "_Control", habits: Habits) -> None:
        self.pieces: list[Memory] = []
        self._control, self._habits = control, habits
        self._more()

    def _more(self) -> None:
        if size := self._habits.mapped:
            memory: Memory = Mapped(self._control.fd, size)
            if size > POOL:
                memory.skip_to(POOL)
        else:
            memory = Memory(POOL // os.sysconf("SC_PAGE_SIZE"))
            self._control.write(memory.pin_command())
        memory.align = 8
        self.pieces.append(memory)

    def counters(self, kind: str) -> Counters:
        """Room for one structure."""
        with contextlib.suppress(MemoryError):
            return self.pieces[-1].counters(kind)
        self._more()
        return self.pieces[-1].counters(kind)

    def release(self) -> None:
        """Unmaps all of it."""
        for piece in self.pieces:
            piece.release()


class _Control(Control):
    """The control file as daemons open it."""

    def __init__(self, number: int, generation: str) -> None:  # pylint: disable=super-init-not-called
        self.table, self.generation = number, generation
        self.fd = os.open(proc.ROOT / str(number) / "control", os.O_RDWR | os.O_TRUNC | os.O_CLOEXEC)


class _Process:
    """The client in its own process."""

    def __init__(self, generation: str, table: int, rules: Rules, player: bool, pipe: Connection) -> None:
        self.generation, self.habits = generation, HABITS[generation]
        self.table, self.rules, self.player, self.pipe = table, rules, player, pipe
        self.targets: dict[Address, Target] = {}
        self.pools: list[_Pools] = []
        self.control: _Control

    def run(self) -> NoReturn:
        """Starts, leaves a child behind, and ends. The child does what it is asked for."""
        try:
            self.start()
            if os.fork():
                os._exit(0)
            os.setsid()
        except BaseException as error:  # pylint: disable=broad-except
            self._tell(error)
            os._exit(1)
        self.pipe.send((None, os.getpid()))
        while True:
            try:
                name, arguments = self.pipe.recv()
            except EOFError:
                os._exit(0)
            try:
                self.pipe.send((None, getattr(self, name)(*arguments)))
            except BaseException as error:  # pylint: disable=broad-except
                self._tell(error)
            if name == "end":
                os._exit(0)

    def _tell(self, error: BaseException) -> None:
        traceback.print_exc()
        self.pipe.send((error if isinstance(error, OSError) else RuntimeError(repr(error)), None))

    def start(self) -> None:
        """All up to INIT."""
        self.rules.ns.enter()
        self.rules.remove()
        if not self.habits.creates:
            self.rules.add()
        self._delete_table()
        if self.habits.creates:
            self.rules.add()
        else:
            proc.text(f"add {self.table}\n")
        self.control = control = _Control(self.table, self.generation)
        if self.player:
            control.write(control.new("init_play_streams"))
        self._share()
        control.global_stats = control.memory.counters("interface_stats_block")
        control.write(control.init_command())
        control.iface_stats = control.memory.counters("interface_stats_block")

    def _share(self) -> None:
        self.pools.append(_Pools(self.control, self.habits))
        self.control.memory = self.pools[-1]  # type: ignore[assignment]

    def _delete_table(self) -> None:
        for left in reversed(range(_TRIES if self.habits.creates else 1)):
            try:
                proc.text(f"del {self.table}\n")
                return
            except OSError as error:
                if error.errno == errno.ENOENT:
                    return
                if not left or error.errno != errno.EBUSY:
                    raise
            time.sleep(_PAUSE)

    def end(self) -> None:
        """Ends the calls, and then as daemons do."""
        for local in list(self.targets):
            self.delete(local)
        self.rules.remove()
        if self.habits.mapped:
            for pools in self.pools:
                pools.release()
        self.control.close()
        self._delete_table()

    def stream(self, stream: Stream) -> None:
        """Adds a target with its outputs."""
        if self.habits.creates and len(self.pools) < 2:
            self._share()
        to = {"rtp": [stream.media], "rtcp": [stream.reports], "mux": [stream.media, stream.reports]}[stream.kind]
        if stream.kind == "rtp" and not self.habits.old_flags:
            to.append(stream.reports)
        reports = len(to) - (stream.kind != "rtcp")
        target = self.control.target(stream.local, len(to), stream.pts, stream.ssrcs)
        command = target.command
        at = abi.locate(command.name, "target.rtp", self.generation)
        flags = _MUXED_OLD if stream.kind == "mux" and self.habits.old_flags else _FLAGS[stream.kind]
        flags |= _MEASURED if stream.measure else 0
        command.data[at.offset:at.offset + at.size] = flags.to_bytes(at.size, "little")
        for name, value in (stream.decrypt or {}).items():
            command[f"target.{name}"] = value
        order_outputs(command, len(to), reports)
        if not self.habits.is_list:
            command["target.ssrc_media_idx"] = [0] * len(stream.ssrcs)
            command["target.pt_media_idx"] = [0] * len(stream.pts)
        if self.habits.rings:
            # There are none: what is besides their number is not looked at.
            command["target.raw_ring_buf.opaque"] = command["target.raw_ring_buf.opaque_ref"] = target.stats.addr
        self.control.write(command)
        for number, (source, destination) in enumerate(to):
            is_report = number >= len(to) - reports
            fields = {"rtcp": 1} if is_report and not self.habits.is_list else {}
            self.control.write(target.destination(number, source, destination, **fields, **(stream.encrypt or {})))
        self.targets[stream.local] = target

    def counters(self, local: Address) -> dict[str, Any]:
        """What is counted of a target: of the whole, its payload types, SSRCs, outputs, and SSRCs of outputs."""
        target = self.targets[local]
        return {
            "target": target.stats.figures(), "pts": [each.figures() for each in target.pt_stats],
            "ssrcs": [each.figures() for each in target.ssrc_stats], "outputs": [each.figures() for each in target.outputs],
            "output_ssrcs": [[each.figures() for each in ssrcs] for ssrcs in target.output_ssrcs],
        }

    def totals(self) -> tuple[dict[str, int], dict[str, int]]:
        """What is counted of the interface, and of everything."""
        return self.control.iface_stats.figures(), self.control.global_stats.figures()

    def shared(self) -> list[int]:
        """The sizes of what was mapped or pinned."""
        return [piece.size for pools in self.pools for piece in pools.pieces]

    def delete(self, local: Address) -> None:
        """DEL_TARGET."""
        self.control.delete(local)
        self.targets.pop(local, None)
