"""Runs the stand-ins for what the emulator leaves out, and starts one again when it ends, as AWS does with its own.

`python -m local_aws.workers --stack-name NAME --state-dir DIR --log-dir DIR` runs until SIGTERM or Ctrl-C.
"""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import boto3

from local_aws import program
from local_aws.errors import SETTINGS_EXIT_CODE
from sales_pipeline.aws.stack import Stack, find

LOOK_SECONDS = 0.1
RESTART_SECONDS = 1.0
STOP_SECONDS = 5.0

log = logging.getLogger("workers")

Start = Callable[[str], "subprocess.Popen[bytes]"]


class Workers:
    """The stand-ins that run, by name. `start` starts one of them; each has a log in `log_dir`."""

    def __init__(self, start: Start, log_dir: Path) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._start = start
        self._log_dir = log_dir

    def start(self, name: str) -> None:
        self.running[name] = self._start(name)

    def restart_ended(self, wait: Callable[[float], object]) -> None:
        """Start those again that ended, a second later; give up on one that refuses its settings."""
        for name, process in list(self.running.items()):
            code = process.poll()
            if code is None:
                continue
            log_path = self._log_dir / f"{name}.log"
            if code == SETTINGS_EXIT_CODE:
                log.error("%s is not started again, because it refuses its settings: %s", name, _last_line(log_path))
                del self.running[name]
                continue
            log.warning("%s ended with exit code %s and is started again: see %s", name, code, log_path)
            wait(RESTART_SECONDS)
            self.start(name)

    def stop(self) -> None:
        """End all of them; kill those that take longer than STOP_SECONDS."""
        for process in self.running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
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

    def start(name: str) -> "subprocess.Popen[bytes]":
        state_dir = arguments.state_dir / name
        state_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", f"local_aws.{name}"]
        command += ["--stack-name", arguments.stack_name, "--state-dir", str(state_dir)]
        with (arguments.log_dir / f"{name}.log").open("ab") as file:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)  # noqa: S603

    workers = Workers(start, arguments.log_dir)
    return program.run(lambda: _work(workers, find(boto3.Session(), arguments.stack_name), stop))


def _work(workers: Workers, stack: Stack, stop: threading.Event) -> int:
    is_pipe_started = False
    try:
        workers.start("firehose")
        workers.start("crawler")
        while not stop.wait(LOOK_SECONDS):
            # Until Firehose's stand-in takes over, the emulator delivers too: a record of the pipe would arrive twice.
            if not is_pipe_started and "firehose" in workers.running and is_taken_over(stack):
                is_pipe_started = True
                workers.start("pipe")
                log.info("all run")
            workers.restart_ended(stop.wait)
    finally:
        workers.stop()
    return 0


def is_taken_over(stack: Stack) -> bool:
    """Say whether the stand-in delivers instead of the emulator: it has then set a destination that goes nowhere."""
    firehose = stack.session.client("firehose")
    described = firehose.describe_delivery_stream(DeliveryStreamName=stack["DeliveryStreamName"])
    destination = described["DeliveryStreamDescription"]["Destinations"][0]
    return "HttpEndpointDestinationDescription" in destination


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()
    return lines[-1] if lines else f"see {path}"


if __name__ == "__main__":
    sys.exit(main())
