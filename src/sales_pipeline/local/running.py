"""Tells other commands whether `sales up` runs, and how to reach its pipeline.

`sales up` writes down its process id, with what proves it, and removes that when somebody ends it. What is left without
such a process is of one that was killed, or that ended with an error.
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

from common.printable import visible
from local_aws import environment as variables
from sales_pipeline.errors import SalesError
from sales_pipeline.local import folders
from sales_pipeline.local.process import identity

ROOT = Path(__file__).parents[3]
"""The clone of the repository, where this package runs in one."""
TEMPLATE = ROOT / "template.yaml"
UP, WORK, LOG = "up", "work", "log"
_PROCESS, _ANNOUNCED = "process.json", "running.json"
# What JSON that is damaged, or in another form, can raise.
_DAMAGED = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
_LAST_PROCESS_ID = 2**31 - 1
STOP_SECONDS = 60.0
LOCK_SECONDS = 5.0
# Variables with which people shape what the AWS CLI prints. They lead nowhere else.
_TASTE = ("AWS_CLI_", "AWS_DEFAULT_OUTPUT", "AWS_PAGER")

use_only = variables.use_only


class RunningError(SalesError):
    """A local pipeline runs already, does not run, has died, is not ready, or does not stop."""


@dataclass(frozen=True)
class Running:
    """A pipeline on this machine: its stack's name, and the environment variables that a command needs to reach it.

    Each stand-in keeps its state in a folder of `state_dir` that has its name.
    """

    stack_name: str
    environment: dict[str, str]
    state_dir: str

    def exports(self, inherited: Mapping[str, str]) -> dict[str, str | None]:
        """Return what a terminal with this environment has to set to reach the pipeline, and None for what to unset."""
        misleading = [name for name in inherited if name.startswith("AWS_") and not name.startswith(_TASTE)]
        home = {name: inherited[name] for name in ("SALES_HOME",) if inherited.get(name)}
        direct = [inherited.get(name, "") for name in ("NO_PROXY", "no_proxy")]
        hosts = dict.fromkeys(host.strip() for names in direct for host in names.split(",") if host.strip())
        hosts |= dict.fromkeys(self.environment.get("NO_PROXY", "").split(","))
        no_proxy = "*" if "*" in hosts else ",".join(hosts)
        settings = self.environment | {"NO_PROXY": no_proxy, "no_proxy": no_proxy} | home
        return dict.fromkeys(sorted(set(misleading) - settings.keys())) | dict(sorted(settings.items()))


def home() -> Path:
    """Return the folder for everything that a local pipeline writes: `.local` in the clone, or what SALES_HOME names.

    One `sales up` can run per folder. Other commands find it only with the same SALES_HOME. So a relative path, which
    names another folder after each `cd`, raises RunningError; and so does one with a character that no line can show.
    """
    named = Path(os.environ.get("SALES_HOME") or ROOT / ".local")
    if not named.is_absolute():
        raise RunningError(f"SALES_HOME is {named}, which names another folder in each place: begin it with a /")
    real = named if "\0" in str(named) else Path(os.path.realpath(named))
    for path in (named, real):
        if visible(str(path)) != str(path):
            raise RunningError(
                f"the folder {visible(str(path))} has a control character or another one that can't be shown in its "
                "name: name another folder in the environment variable SALES_HOME"
            )
    return real


@contextmanager
def claim(name: str, refusal: str) -> Iterator[Path]:
    """Take a folder of `home()` for this process, and yield it.

    After an error the folder tells for as long as nobody clears it that its pipeline has died, as after SIGKILL. Only
    an orderly end or Ctrl-C leaves nothing. Otherwise a command in another terminal would go to a real AWS account.

    Raises RunningError, with the text `refusal`, if another process has it; and FolderError if it can't be used.
    """
    folder = folders.take(folders.take(home()) / name)
    process = {"process_id": os.getpid(), "identity": identity(os.getpid())}
    lock = os.open(folder / folders.MARK, os.O_RDONLY)  # no other user could ever open it
    try:
        _lock(lock, folder, refusal)
        folders.discard(folder / _ANNOUNCED)  # from a process that has died
        folders.write(folder / _PROCESS, json.dumps(process))
        try:
            yield folder
        except KeyboardInterrupt:
            folders.discard(folder / _PROCESS)
            raise
        folders.discard(folder / _PROCESS)
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path, refusal: str) -> None:
    """Lock the file. Raises RunningError if a process that lives has the folder, or after LOCK_SECONDS.

    A process that was killed keeps its locks for some milliseconds.
    """
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            process = _process(folder)
            if (process and process.is_alive) or time.monotonic() > deadline:
                raise RunningError(refusal) from None
            time.sleep(0.05)
        else:
            return


@contextmanager
def announce(folder: Path, stack_name: str, environment: Mapping[str, str], state_dir: Path) -> Iterator[None]:
    """Let other commands find the pipeline whose processes have this environment. The caller has claimed the folder."""
    settings = {name: value for name, value in environment.items() if variables.steers(name)}
    running = Running(stack_name, settings, str(state_dir))
    folders.write(folder / _ANNOUNCED, json.dumps(asdict(running)))
    try:
        yield
    finally:
        folders.discard(folder / _ANNOUNCED)


def find() -> Running | None:
    """Return the running pipeline, or None if there is none.

    Raises RunningError while it starts or ends, and where it has died: None would be wrong then, because the command
    would go to a real AWS account instead.
    """
    folder = home() / UP
    process = _process(folder)
    if process is None:
        return None
    if not process.is_alive:
        raise RunningError(
            "the pipeline that `sales up` ran on this machine has died: clear it with `sales down`, start a new one "
            "with `sales up`, or choose a stack on AWS by --stack-name, --profile or --region"
        )
    text = folders.read(folder / _ANNOUNCED)
    if text is None:
        raise RunningError(
            "the pipeline on this machine is starting or ending: try again when `sales up` says that it runs, or use "
            "--stack-name or --profile to work on AWS"
        )
    return _running(text, folder / _ANNOUNCED)


def is_running(running: Running) -> bool:
    """Say whether this very pipeline still runs, and neither ends nor was followed by another."""
    try:
        return find() == running
    except RunningError:
        return False


def _running(text: bytes, path: Path) -> Running:
    try:
        running = Running(**json.loads(text))
        texts = [running.stack_name, running.state_dir, *running.environment.values()]
        is_whole = all(isinstance(each, str) and visible(each) == each for each in texts)
        if is_whole and all(variables.steers(name) and name.isidentifier() for name in running.environment):
            return running
    except _DAMAGED:
        pass
    raise RunningError(
        f"{path} is damaged, so nothing says how to reach the pipeline on this machine: end it with `sales down`, and "
        "start a new one with `sales up`"
    )


def stop() -> bool:
    """End the pipeline that runs or starts, and wait until it has ended; or clear what a dead one left.

    Return whether it was alive. Raises RunningError if there is none.
    """
    folder = home() / UP
    process = _process(folder)
    if process is None:
        raise RunningError("no pipeline runs on this machine: start one with `sales up`")
    was_alive = process.is_alive
    if was_alive:
        with suppress(ProcessLookupError):
            os.kill(process.id, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while (now := _process(folder)) == process:
            if time.monotonic() > deadline:
                raise RunningError(
                    f"process {process.id} did not end in {STOP_SECONDS:.0f} s: end it with `kill -9 {process.id}`"
                )
            time.sleep(0.1)
        process = now
    if process and not process.is_alive:
        with claim(UP, f"a `sales up` still uses {folder}: end it with Ctrl-C in its terminal, then try again"):
            folders.delete(folder / WORK)
    return was_alive


@dataclass(frozen=True)
class _Process:
    id: int
    is_alive: bool


def _process(folder: Path) -> _Process | None:
    """Return the process that claimed the folder and has not ended in order; None if there is none.

    It is believed to be alive only if the process with its id is the very one that wrote the id down.
    """
    if not (folders.has_mark(home()) and folders.has_mark(folder)):
        return None
    while (text := folders.read(folder / _PROCESS)) is not None:
        try:
            recorded = json.loads(text)
            process_id, proof = int(recorded["process_id"]), recorded["identity"]
        except _DAMAGED:  # the disk was full, for example
            process_id, proof = 0, None
        is_possible = 0 < process_id <= _LAST_PROCESS_ID and proof is not None
        is_alive = is_possible and identity(process_id) == proof
        if is_alive or folders.read(folder / _PROCESS) == text:  # else it has just ended, in order
            return _Process(process_id, is_alive)
    return None
