"""Reads CPU and memory of processes from Linux' /proc: proc(5), "/proc/pid/stat", "/proc/pid/status", "clear_refs"."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
IS_THERE = (PROC / "self/stat").exists()
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_FORGET_PEAK = "5"


@dataclass(frozen=True)
class Process:
    """A process, and the command line that started it."""

    pid: int
    command: str

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its threads so far, user and system."""
        fields = (PROC / str(self.pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def peak_mib(self) -> float:
        """Return its peak resident memory since its start or the last `forget_peak`."""
        for line in (PROC / str(self.pid) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise ProcessLookupError(f"Process {self.pid} has ended: {self.command}")

    def forget_peak(self) -> None:
        """Set the peak to the memory that is resident now."""
        (PROC / str(self.pid) / "clear_refs").write_text(_FORGET_PEAK)


def this_process() -> Process:
    return Process(os.getpid(), "")


def descendants(pid: int) -> Iterator[Process]:
    """Yield the children of a process, their children, and so on."""
    for task in (PROC / str(pid) / "task").iterdir():
        children: list[int] = []
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended since it was listed
            children += map(int, (task / "children").read_text().split())
        for child in children:
            command = (PROC / str(child) / "cmdline").read_text().replace("\0", " ").strip()
            yield Process(child, command)
            yield from descendants(child)
