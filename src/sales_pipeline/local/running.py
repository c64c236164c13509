"""Tells other commands whether `sales up` runs, and how to reach its pipeline.

`sales up` holds a lock on its folder. When it ends, even by a kill, the operating system releases the lock.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from common.files import replace_text
from sales_pipeline.errors import SalesError

ROOT = Path(__file__).parents[3]
"""The clone of the repository, where this package runs in one."""
TEMPLATE = ROOT / "template.yaml"
HOME = Path(os.environ.get("SALES_HOME") or ROOT / ".local").absolute()
"""The folder for everything that a local pipeline writes: `.local` in the clone, or the folder that SALES_HOME names.

One `sales up` can run per folder. Other commands find it only with the same SALES_HOME.
"""
UP = HOME / "up"
_PID, _ANNOUNCED = "pid", "running.json"
STOP_SECONDS = 60.0


class RunningError(SalesError):
    """A local pipeline runs already, does not run, is not ready, or does not stop."""


@dataclass(frozen=True)
class Running:
    """A pipeline on this machine: its stack's name, and the environment variables that a command needs to reach it.

    Each stand-in keeps its state in a folder of `state_dir` that has its name.
    """

    stack_name: str
    environment: dict[str, str]
    state_dir: str


@contextmanager
def claim(folder: Path, refusal: str) -> Iterator[None]:
    """Lock the folder for this process. Raises RunningError, with the text `refusal`, if another has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunningError(
            f"can't write to {folder} ({error.strerror}): name another folder in the environment variable SALES_HOME"
        ) from None
    pid_path = folder / _PID
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / _ANNOUNCED).unlink(missing_ok=True)  # from a process that was killed
        pid_path.write_text(str(os.getpid()))
        try:
            yield
        finally:
            pid_path.unlink(missing_ok=True)
    except BlockingIOError:
        raise RunningError(refusal) from None
    finally:
        os.close(lock)


@contextmanager
def announce(stack_name: str, environment: Mapping[str, str], state_dir: Path) -> Iterator[None]:
    """Let other commands find the pipeline. The caller has claimed UP. Only this user can read the file."""
    announced = UP / _ANNOUNCED
    replace_text(announced, json.dumps(asdict(Running(stack_name, dict(environment), str(state_dir)))), mode=0o600)
    try:
        yield
    finally:
        announced.unlink(missing_ok=True)


def find() -> Running | None:
    """Return the running pipeline, or None if there is none. Raises RunningError while it starts or ends.

    None would be wrong then: the command would go to a real AWS account instead.
    """
    if _process_id() is None:
        return None
    try:
        return Running(**json.loads((UP / _ANNOUNCED).read_text()))
    except FileNotFoundError:
        raise RunningError(
            "the pipeline on this machine is starting or ending: try again when `sales up` says that it runs, or use "
            "--stack-name or --profile to work on AWS"
        ) from None


def stop() -> None:
    """End the pipeline that runs or starts, and wait until it has ended. Raises RunningError if there is none."""
    process_id = _process_id()
    if process_id is None:
        raise RunningError("no pipeline runs on this machine: start one with `sales up`")
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _process_id() == process_id:
        if time.monotonic() > deadline:
            raise RunningError(
                f"process {process_id} did not end in {STOP_SECONDS:.0f} s: end it with `kill -9 {process_id}`"
            )
        time.sleep(0.1)


def _process_id() -> int | None:
    """Return the id of the process that holds the lock, or None. A killed process leaves its id, but not the lock."""
    try:
        process_id = int((UP / _PID).read_text())
        lock = os.open(UP, os.O_RDONLY)
    except (FileNotFoundError, ValueError):
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return process_id
    finally:
        os.close(lock)
    return None
