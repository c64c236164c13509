"""Runs the stand-ins for what the emulator leaves out, and starts one again when it ends, as AWS does with its own.

`python -m local_aws.workers --stack-name NAME --state-dir DIR --log-dir DIR` runs until SIGTERM or Ctrl-C. It writes to
DIR what each of them does (`stand_ins`).
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from common.backoff import backoff_seconds
from common.clock import now_ms
from local_aws import program, stand_ins
from local_aws.errors import SETTINGS_EXIT_CODE, last_error
from local_aws.guard import how_it_ended
from local_aws.stand_ins import SERVICES, WRITE_SECONDS, Register, StandIn, State

LOOK_SECONDS = 0.1
FIRST_RESTART_SECONDS = 1.0
LONGEST_RESTART_SECONDS = 30.0
STEADY_SECONDS = 10.0
"""After running for so long, a stand-in that ends is started again as soon as after its first end."""
STOP_SECONDS = 5.0
FIRST_ANSWER_SECONDS = 60.0
"""So long a stand-in may take until its first sign of life: it imports a lot before."""
LATE_SECONDS = 1.0
"""When the supervisor itself looks later than so, it was frozen, and its stand-ins may have been too."""
REPORTS_BYTES = 65536
FAILED_EXIT_CODE = 1
"""Of a program that has logged why it ends, or of Python after a traceback."""

# Until Firehose's stand-in takes over, the emulator delivers too: a record of the pipe would arrive twice.
_FIRST, _AFTER_FIREHOSE = ("firehose", "crawler"), "pipe"

log = logging.getLogger("workers")

Start = Callable[[str, int], "subprocess.Popen[bytes]"]
"""Starts a stand-in, given its name and the file descriptor for its reports."""


@dataclass
class Worker:
    """The process of a stand-in. Times are in monotonic seconds."""

    process: "subprocess.Popen[bytes]"
    reports: int
    started: float
    silent_at: float
    """When it is frozen, unless it gives a sign of life before."""
    failures: int = 0
    restart_at: float | None = None


class Workers:
    """The stand-ins, by name. Each has a log in `log_dir`."""

    def __init__(
        self, start: Start, register: Register, log_dir: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stand_ins: dict[str, StandIn] = {}
        self._start = start
        self._register = register
        self._log_dir = log_dir
        self._clock = clock
        self._workers: dict[str, Worker] = {}
        self._looked = self._written = clock()

    def look(self) -> None:
        """Start what is to be started, and write down what changed since the last look."""
        before = dict(self.stand_ins)
        self._allow_for_lateness()
        for name in _FIRST:
            if name not in self.stand_ins:
                self._begin(name)
        for name, worker in self._workers.items():
            if worker.restart_at is None:
                self._read_reports(name, worker)
                self._end_if_silent(name, worker)
                self._look_for_end(name, worker)
            elif self._clock() >= worker.restart_at:
                self._begin(name, worker.failures)
        if _AFTER_FIREHOSE not in self.stand_ins and self.stand_ins["firehose"].state is State.running:
            self._begin(_AFTER_FIREHOSE)
        if before != self.stand_ins or self._clock() - self._written >= WRITE_SECONDS:
            self._register.write(self.stand_ins)
            self._written = self._clock()
        for name in SERVICES:
            if self.stand_ins.get(name) != before.get(name):
                self._log(name)

    def _allow_for_lateness(self) -> None:
        """Hold no time against the stand-ins in which nobody looked."""
        late_seconds = self._clock() - self._looked
        self._looked = self._clock()
        if late_seconds > LATE_SECONDS:
            for worker in self._workers.values():
                worker.silent_at += late_seconds

    def _begin(self, name: str, failures: int = 0) -> None:
        reports, theirs = os.pipe()
        os.set_blocking(reports, False)
        with os.fdopen(theirs, "wb"):
            now = self._clock()
            silent_at = now + FIRST_ANSWER_SECONDS
            self._workers[name] = Worker(self._start(name, theirs), reports, now, silent_at, failures)
        stand_in = StandIn(State.starting, now_ms())
        if before := self.stand_ins.get(name):  # its last problem stays until it works again
            stand_in = replace(stand_in, restarts=before.restarts + 1, problem=before.problem)
        self.stand_ins[name] = stand_in

    def _read_reports(self, name: str, worker: Worker) -> None:
        try:
            lines = os.read(worker.reports, REPORTS_BYTES).decode().splitlines()
        except BlockingIOError:
            return
        if lines:
            worker.silent_at = self._clock() + stand_ins.ANSWER_SECONDS
        for problem in lines:
            if problem == program.BEAT:
                continue
            state = State.waiting if problem else State.running
            self.stand_ins[name] = replace(self.stand_ins[name], state=state, problem=problem)

    def _end_if_silent(self, name: str, worker: Worker) -> None:
        if self._clock() >= worker.silent_at:
            self.stand_ins[name] = replace(self.stand_ins[name], state=State.silent, problem=stand_ins.silence())
            worker.process.kill()

    def _look_for_end(self, name: str, worker: Worker) -> None:
        code = worker.process.poll()
        if code is None:
            return
        os.close(worker.reports)
        log_path = self._log_dir / f"{name}.log"
        if code == SETTINGS_EXIT_CODE:
            state, problem = State.refused, f"refuses its settings: {last_error(log_path) or f'see {log_path}'}"
            worker.restart_at = float("inf")
        else:
            error = last_error(log_path) if code == FAILED_EXIT_CODE else ""
            reason = f" ({error})" if error else ""
            how = how_it_ended(code)
            if self.stand_ins[name].state is State.silent:
                how = f"{stand_ins.silence()}, and {how}"
            state, problem = State.ended, f"{how}{reason}: see {log_path}"
            is_first = self._clock() - worker.started >= STEADY_SECONDS
            worker.failures = 1 if is_first else worker.failures + 1
            wait_seconds = backoff_seconds(worker.failures, FIRST_RESTART_SECONDS, LONGEST_RESTART_SECONDS)
            worker.restart_at = self._clock() + wait_seconds
        self.stand_ins[name] = replace(self.stand_ins[name], state=state, problem=problem)

    def _log(self, name: str) -> None:
        stand_in = self.stand_ins[name]
        log.log(
            logging.WARNING if stand_in.problem else logging.INFO,
            "%s: %s, restarts: %d%s",
            *(name, stand_in.state, stand_in.restarts, f", {stand_in.problem}" if stand_in.problem else ""),
        )

    def stop(self) -> None:
        """End all of them; kill those that take longer than STOP_SECONDS."""
        processes = [worker.process for worker in self._workers.values()]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()


def main() -> int:
    """Run one process per service until a signal, then end them all. Return the exit code."""
    parser = program.parser("local_aws.workers")
    parser.add_argument("--log-dir", type=Path, required=True)
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def start(name: str, report_fd: int) -> "subprocess.Popen[bytes]":
        state_dir = arguments.state_dir / name
        state_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", f"local_aws.{name}", "--report-fd", str(report_fd)]
        command += ["--stack-name", arguments.stack_name, "--state-dir", str(state_dir)]
        with (arguments.log_dir / f"{name}.log").open("ab") as file:
            return subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=[report_fd]
            )

    return program.run(lambda: _work(Workers(start, Register(arguments.state_dir), arguments.log_dir), stop))


def _work(workers: Workers, stop: threading.Event) -> int:
    try:
        workers.look()
        while not stop.wait(LOOK_SECONDS):
            workers.look()
    finally:
        workers.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
