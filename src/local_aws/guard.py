"""Runs one command, and ends it with all of its children once whoever started the guard is gone.

`python guard.py DIRECTORY COMMAND…`; the starter holds the other end of standard input. However the starter
ends, even by SIGKILL, the kernel closes that pipe, on Linux and macOS alike: the guard then ends the
command's process group and removes DIRECTORY, in which the command runs. It ends with the command's exit code.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def start(
    directory: Path, command: Sequence[str], environment: Mapping[str, str], log: BinaryIO
) -> "subprocess.Popen[bytes]":
    """Start a guard over a command that writes to `log`. Closing its standard input ends both at once."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", __file__, str(directory), *command],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def main(directory: str, *command: str) -> None:
    """Wait for the command, for the end of standard input, or for SIGTERM; then leave nothing behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    # A group of its own: the command's children end with it, and Ctrl-C reaches only the starter.
    child = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603
    threading.Thread(target=_end_with_input, args=(child.pid,), daemon=True).start()
    try:
        code = child.wait()
    finally:
        _kill_group(child.pid)
        child.wait()
        shutil.rmtree(directory)
    sys.exit(code)


def _end_with_input(group: int) -> None:
    # Not sys.stdin.read: a thread that holds its lock makes the interpreter abort at exit.
    os.read(sys.stdin.fileno(), 1)
    _kill_group(group)


def _kill_group(group: int) -> None:
    # Nothing here deserves a graceful end. macOS answers EPERM where only zombies are left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
