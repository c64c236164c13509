"""Runs a program on a terminal of its own, which can change its size."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager

from tests import ROOT

SECONDS = 20
SHOWN = 5000  # characters of what was printed, in a failure
OTHER_SCREEN, OWN_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def run_in(environment):
    """Return an environment in which the modules of tests can be run."""
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])} | environment


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, module, columns, lines, **settings):
        self._leader, follower = pty.openpty()
        self.resize(columns, lines)
        environment = {
            name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}
        }
        environment |= run_in({"TERM": "xterm"} | settings)
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
        )
        os.close(follower)
        self.printed = ""

    def resize(self, columns, lines):
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self):
        """Read some of what it prints; return whether there is more to come. Fails after a silence of SECONDS."""
        assert select.select([self._leader], [], [], SECONDS)[0], f"silent after {self.printed[-SHOWN:]}"
        try:
            some = os.read(self._leader, 65536)
        except OSError:  # nobody has the terminal any more
            return False
        self.printed += some.decode(errors="replace")
        return True

    def until(self, holds):
        deadline = time.monotonic() + SECONDS
        while not holds(self.printed):
            assert self.read(), f"ended after {self.printed[-SHOWN:]}"
            assert time.monotonic() < deadline, f"not in {SECONDS} s, but {self.printed[-SHOWN:]}"

    def end(self, *numbers):
        for number in numbers:
            os.kill(self.process.pid, number)
        deadline = time.monotonic() + SECONDS
        while self.read():
            assert time.monotonic() < deadline, f"goes on after {self.printed[-SHOWN:]}"
        return self.process.wait(SECONDS)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self._leader)


@contextmanager
def on_terminal(module, columns=80, lines=40, **settings):
    """Run a module of Python, with these environment variables besides this process's own."""
    terminal = Terminal(module, columns, lines, **settings)
    try:
        yield terminal
    finally:
        terminal.close()
