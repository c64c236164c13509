"""Tells a process from a later one with the same id."""

import subprocess
from pathlib import Path

_PROC = Path("/proc")
_PS_SECONDS = 10


def identity(process_id: int) -> str | None:
    """Return the start time and the command of a process, or None if there is no such process.

    The kernel gives out an id again after a while, but not to a process that started at the same time.
    """
    if (_PROC / "self" / "stat").exists():
        try:
            # The command's name in parentheses may hold spaces. The start time is field 22: see proc_pid_stat(5).
            start = (_PROC / f"{process_id}" / "stat").read_text().rpartition(")")[2].split()[19]
            command = (_PROC / f"{process_id}" / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return f"{start} {command!r}"
    shown = subprocess.run(  # noqa: S603 - macOS has no /proc
        ["/bin/ps", "-p", f"{process_id}", "-o", "lstart=", "-o", "command="],
        env={"LC_ALL": "C", "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=_PS_SECONDS,
        check=False,
    )
    return shown.stdout.strip() or None
