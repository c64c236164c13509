"""The pipeline that `sales up` keeps running: where others find it, and how they tell that it still runs.

`sales up` holds a lock on its folder for as long as it lives; however it ends, the system lets go of the lock.
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
"""Where what runs on this machine writes: `.local` in the clone, or the folder that SALES_HOME names.

One `sales up` runs for each, and other commands find it only under the same SALES_HOME.
"""
UP = HOME / "up"
_PID, _ANNOUNCED = "pid", "running.json"
STOP_SECONDS = 60.0


class RunningError(SalesError):
    """A local pipeline runs already, or none runs, or it is not ready, or it does not stop."""


@dataclass(frozen=True)
class Running:
    """A pipeline on this machine: its stack, and the variables that lead to it.

    `state_dir` is where its stand-ins keep their state, each in a folder of its name.
    """

    stack_name: str
    environment: dict[str, str]
    state_dir: str


@contextmanager
def claim(folder: Path, refusal: str) -> Iterator[None]:
    """Be the one that uses this folder. Raises RunningError, with `refusal` for its text, where another does."""
    folder.mkdir(parents=True, exist_ok=True)
    pid_path = folder / _PID
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / _ANNOUNCED).unlink(missing_ok=True)  # left by a killed one
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
    """Let the other commands find the pipeline. The caller has claimed UP, and only its user can read the file."""
    announced = UP / _ANNOUNCED
    replace_text(announced, json.dumps(asdict(Running(stack_name, dict(environment), str(state_dir)))), mode=0o600)
    try:
        yield
    finally:
        announced.unlink(missing_ok=True)


def find() -> Running | None:
    """Return the pipeline that runs, None where there is none. Raises RunningError where it starts or ends just now.

    To take a pipeline that starts for none would send what was meant for it to a real account.
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
    """End the pipeline that runs or starts, and wait until it is gone. Raises RunningError where there is none."""
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
    """Return the process that holds the lock. A killed one leaves its number, but not the lock."""
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
