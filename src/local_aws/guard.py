"""Runs one command, and ends it and all of its children when the process that started the guard ends.

`python guard.py DIRECTORY COMMAND…` runs the command in DIRECTORY. The guard's standard input is a pipe from the
process that started it. When that process ends, even by SIGKILL, the kernel closes the pipe, on Linux and on macOS. The
guard then ends the command's process group and removes DIRECTORY. Its exit code is the command's.
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
    """Start a guard and its command, which writes to `log`. Closing the guard's standard input ends both at once."""
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", __file__, str(directory), *command],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def main(directory: str, *command: str) -> None:
    """Make the directory if it is not there, and run the command in it.

    After the command, the end of standard input or SIGTERM, end the command and remove the directory.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    Path(directory).mkdir(mode=0o700, exist_ok=True)
    # In a process group of its own the command's children end with it, and Ctrl-C reaches only the starting process.
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
    # A thread in sys.stdin.read holds a lock, and then the interpreter aborts at exit. os.read takes no lock.
    os.read(sys.stdin.fileno(), 1)
    _kill_group(group)


def _kill_group(group: int) -> None:
    # The command and its children have nothing to save. macOS answers EPERM when only zombies are left.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
