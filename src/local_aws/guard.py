"""Runs one command so that nothing of it is left when any one of the processes involved ends, even by SIGKILL.

A `Guarded` command has two processes beside it, and each sees the end of the others without any help from them:

- The guard, `python guard.py DIRECTORY FD COMMAND…`, runs the command in DIRECTORY. Its standard input is a pipe from
  the process that started it. When that process ends, the kernel closes the pipe, on Linux and on macOS. The guard then
  ends the command's process group and removes DIRECTORY. It does the same after the command, whose exit code it takes.
- The starting process does the guard's work if somebody kills the guard. It knows the process group, because the
  command's process writes its id to the pipe FD before it becomes the command.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

STOP_SECONDS = 10.0
REMOVE_SECONDS = 5.0
_SIGNALLED = 128  # a shell adds the number of the signal that ended a command


class Guarded:
    """A command that runs under a guard. It ends with this process, or with `stop`."""

    def __init__(self, directory: Path, command: Sequence[str], environment: Mapping[str, str], log: BinaryIO) -> None:
        """Start a guard and its command, which writes to `log`."""
        self._directory = directory
        ours, theirs = os.pipe()
        with os.fdopen(theirs, "wb") as group, ExitStack() as on_failure:
            self._group = on_failure.enter_context(os.fdopen(ours, "rb"))
            self._guard = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", __file__, str(directory), str(group.fileno()), *command],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[group.fileno()],
                start_new_session=True,
            )
            on_failure.pop_all()

    @property
    def pid(self) -> int:
        """The id of the guard's process."""
        return self._guard.pid

    def ending(self) -> str | None:
        """Return how the command ended, such as `ended with exit code 1`; None while it runs."""
        code = self._guard.poll()
        if code is None:
            return None
        if code < 0:
            return f"has lost its guard, process {self.pid}, which ended by {signal.Signals(-code).name}"
        return how_it_ended(code)

    def wait(self, seconds: float) -> int:
        """Wait for the command, and return its exit code. Raises subprocess.TimeoutExpired."""
        return self._guard.wait(seconds)

    def stop(self) -> None:
        """End the command and all of its children, and remove the directory."""
        if self._guard.stdin:
            self._guard.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._guard.wait(STOP_SECONDS)
        if not self._group.closed:
            if self._guard.poll() is None:
                self._guard.kill()
                self._guard.wait()
            with self._group:
                if self._guard.returncode < 0 and (group := self._group.read()):
                    _kill_group(int(group))
            remove(self._directory)


def start(directory: Path, command: Sequence[str], environment: Mapping[str, str], log: BinaryIO) -> Guarded:
    """Start a guard and its command, which writes to `log`."""
    return Guarded(directory, command, environment, log)


def how_it_ended(code: int) -> str:
    """Return an exit code in words. A shell's or subprocess' number for a signal becomes the signal's name."""
    if code == 0:
        return "ended without an error"
    number = -code if code < 0 else code - _SIGNALLED
    try:
        return f"was ended by {signal.Signals(number).name}"
    except ValueError:
        return f"ended with exit code {code}"


def remove(directory: Path) -> None:
    """Delete a directory, even if processes that were killed just now still write to it."""
    deadline = time.monotonic() + REMOVE_SECONDS
    shutil.rmtree(directory, ignore_errors=True)
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
        shutil.rmtree(directory, ignore_errors=True)


def main(directory: str, group: str, *command: str) -> None:
    """Make the directory if it is not there, and run the command in it.

    After the command, the end of standard input or SIGTERM, end the command and remove the directory.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    Path(directory).mkdir(mode=0o700, exist_ok=True)

    def write_group() -> None:
        os.write(int(group), str(os.getpid()).encode())

    # In a process group of its own the command's children end with it, and Ctrl-C reaches only the starting process.
    child = subprocess.Popen(  # noqa: S603
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=write_group,  # noqa: PLW1509 - there is one thread so far
    )
    os.close(int(group))
    threading.Thread(target=_end_with_input, args=(child.pid,), daemon=True).start()
    try:
        code = child.wait()
    finally:
        _kill_group(child.pid)
        child.wait()
        remove(Path(directory))
    sys.exit(code if code >= 0 else _SIGNALLED - code)


def _end_with_input(group: int) -> None:
    # A thread in sys.stdin.read holds a lock, and then the interpreter aborts at exit. os.read takes no lock.
    os.read(sys.stdin.fileno(), 1)
    _kill_group(group)


def _kill_group(group: int) -> None:
    # The command and its children have nothing to save. macOS answers EPERM when only zombies are left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
