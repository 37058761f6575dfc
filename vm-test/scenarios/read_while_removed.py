# SPDX-License-Identifier: GPL-2.0-only
"""Reading status and lists while tables come and go holds nobody up."""

import subprocess
import sys

from guest import proc

ROUNDS = 300
# Reads all files again and again, and prints how often it found each of them when its input ends.
READER = """
import select, sys
found = {name: 0 for name in sys.argv[1:]}
while not select.select([sys.stdin], [], [], 0)[0]:
    for name in found:
        try:
            with open(name) as file:
                found[name] += bool(file.read())
        except OSError:
            pass
print(*found.values())
"""


def run(t):
    names = [str(proc.ROOT / name) for name in ("list", "5/status", "5/list")]
    with subprocess.Popen([sys.executable, "-c", READER, *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as reader:
        t.step(f"a table is made and removed {ROUNDS} times")
        for number in range(ROUNDS):
            proc.text("add 5")
            proc.text("del 5" if number % 2 else "kill 5")
        t.equal("tables", proc.tables(), [])
        found, _ = reader.communicate("", timeout=20)
    listed, status, _ = map(int, found.split())
    t.true("the reader met the table, and its absence", listed > 0 and status > 0, found)
