"""Looks at the processes of a local pipeline.

It says what is repaired, and ends the work here if one of them is gone for good.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from local_aws import disk, stand_ins
from local_aws.errors import last_error
from local_aws.guard import Guarded
from local_aws.stand_ins import SERVICES, StandIn, State
from sales_pipeline.errors import SalesError
from sales_pipeline.local.running import LOG

LOOK_SECONDS = 0.2
START_SECONDS = 60.0
START_RESTARTS = 3


class GoneError(SalesError):
    """A part of the pipeline does not run, and is not started again."""


@dataclass(frozen=True)
class Process:
    """A process without which the pipeline is none. `command` starts a new pipeline."""

    name: str
    guarded: Guarded
    log_path: Path
    command: str

    def look(self) -> None:
        """Raise GoneError if it has ended."""
        if ending := self.guarded.ending():
            error = last_error(self.log_path)
            why = f"{self.name} {ending}{f' ({error})' if error else ''}"
            if disk.full(self.log_path.parent):  # then its log can't say why
                why = f"{self.name} {ending}, and the disk that holds {self.log_path.parent} is full: {disk.ADVICE}"
                raise GoneError(f"{why}, then run `{self.command}` again")
            raise GoneError(f"{why}, so this pipeline has ended: see {self.log_path}, and run `{self.command}` again")


@dataclass
class Supervisor:
    """The supervisor of the stand-ins. It writes to `state_dir` what each of them does."""

    process: Process
    state_dir: Path
    log_dir: Path

    def look(self) -> dict[str, StandIn]:
        """Return the stand-ins by name. Raises GoneError if the supervisor has ended, or one is not started again."""
        self.process.look()
        found = stand_ins.read(self.state_dir) or {}
        for name, each in found.items():
            if each.state is State.refused:
                raise self._gone(name, each)
        return found

    def _gone(self, name: str, stand_in: StandIn) -> GoneError:
        log_path = self.log_dir / f"{name}.log"
        text = in_words(name, stand_in)
        return GoneError(text if str(log_path) in text else f"{text.removesuffix('.')}. See {log_path}")

    def wait_until_all_run(self) -> None:
        """Return when all stand-ins do their work.

        Raises GoneError after START_SECONDS, or earlier if one waits, or was started again START_RESTARTS times.
        """
        deadline = time.monotonic() + START_SECONDS
        while True:
            found = self.look()
            late = [name for name in SERVICES if name not in found or found[name].state is not State.running]
            if not late:
                return
            is_over = time.monotonic() > deadline
            for name, each in found.items():
                is_hopeless = is_over or each.state is State.waiting or each.restarts >= START_RESTARTS
                if each.problem and is_hopeless:
                    raise self._gone(name, each)
            if is_over:
                names = " and ".join(SERVICES[name] for name in late)
                raise GoneError(f"the stand-in for {names} did not start in {START_SECONDS:.0f} s: see {self.log_dir}")
            time.sleep(LOOK_SECONDS)


def in_words(name: str, stand_in: StandIn) -> str:
    """Return what is wrong with a stand-in, or that nothing is."""
    return f"the stand-in for {SERVICES[name]} {stand_in.problem or 'runs again'}"


def stand_ins_by_stage(state_dir: Path) -> dict[str, StandIn | None]:
    """Return what the supervisor in this folder says of each stand-in; None for one that does not run."""
    log_dir = state_dir.parents[1] / LOG
    known = stand_ins.read(state_dir) or {}
    found = {name: _with_failure(each, log_dir / f"{name}.log") for name, each in known.items()}
    return {"pipe": found.get("pipe"), "delivery": found.get("firehose"), "crawler": found.get("crawler")}


def _with_failure(stand_in: StandIn, log_path: Path) -> StandIn:
    """Return a stand-in that runs with what failed last, if that is the newest line of its log and not old.

    It tries again what fails every few seconds. Until that succeeds, all changes behind it wait.
    """
    try:
        is_old = time.time() - log_path.stat().st_mtime > stand_ins.ANSWER_SECONDS
        failure = "" if is_old or stand_in.state is not State.running else last_error(log_path)
    except OSError:
        return stand_in
    return replace(stand_in, problem=f"fails: {failure}. See {log_path}") if failure else stand_in


class Health(threading.Thread):
    """Looks at the processes that are added to it, for as long as its `with` block lasts.

    If one is gone for good, the main thread gets a SIGTERM, and the `with` block raises GoneError in place of whatever
    that made of it. `say` takes a line about each stand-in that stops or works again.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._say = say
        self._processes: list[Process | Supervisor] = []
        self._said: dict[str, str] = {}
        self._problem: GoneError | None = None
        self._over = threading.Event()

    def add(self, process: Process | Supervisor) -> None:
        """Look at this one too."""
        self._processes.append(process)

    def run(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if self._look():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
                return

    def _look(self) -> GoneError | None:
        try:
            for process in self._processes:
                self._report(process.look() or {})
        except GoneError as problem:
            self._problem = problem
        return self._problem

    def _report(self, found: dict[str, StandIn]) -> None:
        for name, now in found.items():
            if now.problem != self._said.get(name, ""):
                self._say(in_words(name, now))
            self._said[name] = now.problem

    def end(self) -> None:
        """Look for the last time."""
        if not self._over.is_set():
            self._over.set()
            self.join()
            self._look()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        if self._problem and self._problem is not error:
            raise self._problem from None


def say(text: str) -> None:
    """Tell on standard error."""
    sys.stderr.write(f"{text}\n")
