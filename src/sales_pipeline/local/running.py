"""The pipeline that `sales up` keeps running: where others find it, and how they tell that it still runs.

`sales up` holds a lock on a file for as long as it lives; however it ends, the system lets go of the lock.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
HOME = ROOT / ".local"
_LOCK = HOME / "up.lock"
_RUNNING = HOME / "up.json"
STOP_SECONDS = 60.0


class RunningError(Exception):
    """There is one running already, or none, or it doesn't stop; the text says what to do next."""


@dataclass(frozen=True)
class Running:
    """A pipeline on this machine: the process that keeps it, its stack, and the variables that lead to it.

    `state_dir` is where its stand-ins keep their state, each in a folder of its name.
    """

    pid: int
    stack_name: str
    environment: dict[str, str]
    state_dir: str


@contextmanager
def claim() -> Iterator[None]:
    """Be the one `sales up` of this clone. Raises RunningError where another is."""
    HOME.mkdir(exist_ok=True)
    with _LOCK.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunningError("A local pipeline is running already: use it, or end it with `sales down`.") from None
        try:
            yield
        finally:
            _RUNNING.unlink(missing_ok=True)


def announce(stack_name: str, environment: dict[str, str], state_dir: Path) -> None:
    """Let the other commands find the pipeline; the caller has claimed it, and only it can read the file."""
    unfinished = _RUNNING.with_suffix(".new")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(asdict(Running(os.getpid(), stack_name, environment, str(state_dir)))))
    unfinished.rename(_RUNNING)


def find() -> Running | None:
    """Return the pipeline that runs, None where there is none or it isn't ready yet."""
    try:
        with _LOCK.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Running(**json.loads(_RUNNING.read_text())) if _RUNNING.exists() else None
    except FileNotFoundError:
        pass
    return None


def stop() -> None:
    """End the pipeline that runs, and wait until it is gone. Raises RunningError where there is none."""
    running = find()
    if running is None:
        raise RunningError("No local pipeline is running: start one with `sales up`.")
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while find() is not None:
        if time.monotonic() > deadline:
            raise RunningError(f"Process {running.pid} did not end in {STOP_SECONDS:.0f} s: end it with kill -9.")
        time.sleep(0.1)
