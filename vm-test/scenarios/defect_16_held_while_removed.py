# SPDX-License-Identifier: GPL-2.0-only
"""Defect 16: opening, reading and holding files of tables that go holds nobody up, and loses no reference to the module."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from guest import module, nft, proc, rtp, system

MODULE = None
TIMEOUT = 60
SOAK_TIMEOUT = 120
ROUNDS = 300
SEQUENCES = 60
SOAK = 4
STEPS = 25
SLOWEST = 20  # seconds that a command may take on a busy machine: it does not wait for who holds a file
# Opens and reads all files again and again, and prints how often it found each of them when its input ends.
READER = """
import os, select, sys
found = {name: 0 for name in sys.argv[1:]}
held = []
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    for name in found:
        try:
            held.append(os.open(name, os.O_RDWR if name.endswith("control") else os.O_RDONLY))
            found[name] += 1 if name.endswith("control") else bool(os.read(held[-1], 100))
        except OSError:
            pass
    while len(held) > 4:
        os.close(held.pop(0))
print(*found.values())
"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    local, source = (alice.hub4, 4000), (bob.hub4, 4001)
    sender, receiver = alice.udp(), bob.udp()
    nft.chain()
    module.load("rs")
    slowest = 0.0

    def timed(command):
        nonlocal slowest
        start = time.monotonic()
        try:
            proc.text(command)
        finally:
            slowest = max(slowest, time.monotonic() - start)

    t.step(f"a table is made and removed {ROUNDS} times, while another process opens and holds its files")
    names = [str(proc.ROOT / name) for name in ("list", "5/status", "5/list", "5/control")]
    busy = 0
    with subprocess.Popen([sys.executable, "-c", READER, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as reader:
        reader.stdout.readline()
        for number in range(ROUNDS):
            timed("add 5")
            try:
                timed("del 5" if number % 2 else "kill 5")
            except OSError:
                busy += 1
                timed("kill 5")
        t.equal("tables", proc.tables(), [])
        found, _ = reader.communicate("", timeout=60)
    listed, status, _, control = map(int, found.split())
    t.true("the reader met the table, and its absence", listed > 0 and status > 0 and control > 0, found)
    t.note(f"{busy} times a table was held when it was to be deleted")
    t.eventually("references to the module", references, 0)

    t.step("whoever reads may take as long as he likes")
    for command, name in (("kill 5", "5/status"), ("del 5", "5/list"), ("kill 5", "list")):
        table = t.table(5).add()
        control = table.ready()
        control.write(control.target(local).command)
        control.close()
        reader = reads_for_ever(t, proc.ROOT / name)
        other = os.fork()
        if other == 0:
            try:
                proc.text(command)
            finally:
                os._exit(0)
        done = within(SLOWEST, lambda: os.waitpid(other, os.WNOHANG)[0] == other)
        t.equal(f"{name} is being read", blocked(reader), True)
        if name == "list":
            t.errno("the module is not unloaded meanwhile", "EAGAIN", module.unload, "rs")
        os.kill(reader, signal.SIGKILL)
        os.waitpid(reader, 0)
        t.true(f"{name} is being read: {command} does not wait for it", done)
        t.equal("tables", proc.tables(), [])
        t.eventually("references to the module", references, 0)

    sequences = SEQUENCES * t.sized(1, SOAK)
    t.step(f"{sequences} sequences of what can be done with a table, in any order")
    opened = 0
    for seed in range(sequences):
        chance = random.Random(seed)
        holder = Holder(t, chance, local, (source, receiver.address), timed)
        try:
            for _ in range(STEPS):
                holder.step()
        finally:
            holder.close()
        opened += holder.opened
        t.eventually(f"references to the module after sequence {seed}", references, 0)
        if seed % 10 == 9:
            t.equal("the module unloads", module.unload_soon("rs"), None)
            module.load("rs")

    t.step("it works as ever")
    table = t.table(0).add()
    control = table.ready()
    control.add(local, (source, receiver.address), rtp=1)
    nft.native_rule(0)
    t.relayed("packets", sender, local, receiver, rtp.stream(10), source=source)
    control.close()
    nft.flush()
    table.delete()
    t.equal("the module unloads", module.unload_soon("rs"), None)
    t.between("seconds that the slowest command took", round(slowest, 1), 0, SLOWEST)
    t.note(f"the slowest command took {slowest * 1000:.0f} ms")
    t.figure("tables removed while their files were opened", ROUNDS)
    t.figure("files of tables opened and held in random sequences", opened)


def reads_for_ever(t, path):
    """A process that reads the file into memory whose pages nobody ever provides."""
    pid = os.fork()
    if pid == 0:
        try:
            memory = system.MissingMemory()
            fd = os.open(path, os.O_RDONLY)
            os.readv(fd, [memory.map])
        finally:
            os._exit(1)
    t.eventually("the reader waits for its memory", lambda: blocked(pid), True, timeout=20)
    return pid


def blocked(pid):
    return "handle_userfault" in Path(f"/proc/{pid}/stack").read_text()


def within(seconds, holds):
    """Whether it holds in time."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


class Holder:
    """Does what comes to its mind with a table and its files."""

    def __init__(self, t, chance, local, output, timed):
        self.t, self.chance, self.local, self.output, self.timed = t, chance, local, output, timed
        self.table = t.table(5)
        self.files, self.controls, self.opened = [], [], 0

    def step(self):
        self.chance.choice((self.add, self.delete, self.kill, self.open, self.open, self.control, self.control, self.read,
                            self.read, self.command, self.command, self.let_go, self.rule, self.no_rule))()

    def add(self):
        self.attempt(lambda: self.timed("add 5"), "EEXIST")

    def delete(self):
        self.attempt(lambda: self.timed("del 5"), "ENOENT", "EBUSY")

    def kill(self):
        self.attempt(lambda: self.timed("kill 5"), "ENOENT")

    def open(self):
        name = self.chance.choice(("list", "5/list", "5/status"))
        self.attempt(lambda: self.files.append(os.open(proc.ROOT / name, os.O_RDONLY)), "ENOENT")
        self.opened += 1

    def control(self):
        self.attempt(lambda: self.controls.append(self.table.control()), "ENOENT")
        self.opened += 1

    def read(self):
        if self.files:
            os.read(self.chance.choice(self.files), self.chance.choice((1, 10, 4096)))

    def command(self):
        if self.controls:
            control = self.chance.choice(self.controls)
            self.attempt(control.init, "EBUSY", "ENOENT")
            self.attempt(lambda: control.add(self.local, self.output), "EEXIST", "ENOENT", "EFAULT", "EIO")

    def let_go(self):
        if self.controls:
            self.controls.pop(self.chance.randrange(len(self.controls))).close()

    def rule(self):
        nft.native_rule(5)

    def no_rule(self):
        nft.flush()

    def attempt(self, do, *refusals):
        """Does it, or is refused for a reason that there may be."""
        try:
            do()
        except OSError as error:
            self.t.true("a refusal", errno.errorcode[error.errno] in refusals, f"{error}, not {refusals}")

    def close(self):
        """Lets go of everything."""
        for fd in self.files:
            os.close(fd)
        for control in self.controls:
            control.close()
        nft.flush()
        if self.table.path.exists():
            self.table.kill()


def references():
    return int(Path("/sys/module/xt_rtpengine_rs/refcnt").read_text())
