# SPDX-License-Identifier: GPL-2.0-only
"""`rtpctl top` shows on a terminal what streams do, answers keys, and leaves the terminal as it was."""

import fcntl
import os
import pty
import re
import struct
import termios
import time

from guest import nft, rtp, system
from guest.patience import patient
from guest.rtpctl import text
from guest.traffic import Background

KERNEL = "stock"  # the debug kernel has no terminals
LINES, COLUMNS = 24, 80
NOT_TEXT = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
DOWN = b"\x1b[B"


class Screen:
    """A program on a terminal of its own."""

    def __init__(self, *argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        os.set_blocking(self.fd, False)
        self.shown = b""

    def read(self):
        """Takes what was written since."""
        try:
            while piece := os.read(self.fd, 65536):
                self.shown += piece
        except (BlockingIOError, OSError):
            pass
        return NOT_TEXT.sub(b" ", self.shown)

    def sees(self, t, what, wanted):
        """Waits until some text is written."""
        end = time.monotonic() + patient(10)
        while wanted.encode() not in self.read():
            t.true(what, time.monotonic() < end, self.read()[-3000:])
            time.sleep(0.1)

    def key(self, keys):
        """Presses keys: what was shown before is forgotten."""
        self.read()
        self.shown = b""
        os.write(self.fd, keys)


def run(t):
    if not os.path.ismount("/dev/pts"):  # a machine that systemd started has it
        os.makedirs("/dev/pts", exist_ok=True)
        system.mount("devpts", "/dev/pts")
    alice, bob = t.peers("alice", "bob")
    control = t.table(0).add().ready()
    nft.chain()
    nft.native_rule(0)
    local, quiet, receiver = (alice.hub4, 4000), (alice.hub4, 4002), bob.udp()
    for each in (local, quiet):
        control.add(each, ((bob.hub4, 5000), receiver.address), rtp=1, stun=1)
    with Background(alice.udp(), local, receiver, rtp.stream(4000), gap=0.005):
        screen = Screen("rtpctl", "top")
        screen.sees(t, "the sum", "2 streams,")
        screen.sees(t, "the stream", text(local))
        screen.sees(t, "all of it by the module", "100 %")

        t.step("details of one, and of no other")
        screen.key(DOWN + b"\r")
        screen.sees(t, "what was relayed", "relayed")
        screen.key(b"\r")
        screen.sees(t, "the list", "KERNEL")

        t.step("a filter")
        screen.key(b"/4002\r")
        screen.sees(t, "the filter", "filter: 4002")
    screen.key(b"q")
    _, status = os.waitpid(screen.pid, 0)
    t.equal("exit code", os.waitstatus_to_exitcode(status), 0)
    # As it was before: the other screen is left, the cursor shown.
    screen.read()
    t.true("the terminal is given back", b"\x1b[?1049l" in screen.shown and b"\x1b[?25h" in screen.shown, screen.shown[-200:])
    os.close(screen.fd)

    t.step("without a terminal, or a table")
    t.true("needs a terminal", "needs a terminal" in t.rtpctl.refused("top"))
    screen = Screen("rtpctl", "top", "-t", "9")
    screen.sees(t, "no such table", "table 9 does not exist")
    _, status = os.waitpid(screen.pid, 0)
    t.equal("exit code", os.waitstatus_to_exitcode(status), 4)
    os.close(screen.fd)
