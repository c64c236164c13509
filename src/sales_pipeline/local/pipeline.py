"""Runs the whole pipeline on this machine: the emulator, the stack, and the stand-ins."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from common.streams import OutputError
from local_aws import disk, guard
from local_aws import emulator as local_emulator
from local_aws.deploy import Sam
from local_aws.emulator import Emulator
from local_aws.environment import proxies, use_only
from local_aws.errors import LocalAwsError
from sales_pipeline.aws.stack import DEFAULT_STACK_NAME, Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.local import folders
from sales_pipeline.local.health import Health, Process, Supervisor, say
from sales_pipeline.local.running import LOG, TEMPLATE, WORK

CRAWL_SECONDS = 120.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Report = Callable[[str], None]


@dataclass(frozen=True)
class Pipeline:
    """A running pipeline: its emulator, its stack's name, and the folders of its logs and of its stand-ins' state."""

    emulator: Emulator
    stack_name: str
    log_dir: Path
    state_dir: Path


@contextmanager
def run(
    home: Path, parameters: Mapping[str, str], report: Report, command: str, say: Report = say
) -> Iterator[Pipeline]:
    """Start emulator, stack and stand-ins; stop them all when the `with` block ends.

    Calls `report` before each step, and `say` about each stand-in that stops or works again. `command` is what a person
    runs to start it again.

    It writes only to `home`, which the caller has claimed. At the end it keeps the logs there and deletes the rest. The
    first Ctrl-C, SIGTERM or SIGHUP raises KeyboardInterrupt. Further ones are ignored, so that nothing interrupts the
    clean-up. A process that ends interrupts the `with` block too, if nothing starts it again. From the emulator's start
    on, this process and all others see only the emulator's settings of AWS and of proxies. Raises SalesError.
    """
    # From the run before; one that was killed leaves its work_dir, too.
    log_dir, work_dir = folders.empty(home / LOG), folders.empty(home / WORK)
    # nohup ignores SIGHUP, and that stays.
    numbers = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    handlers = {number: signal.signal(number, _interrupt) for number in numbers}
    try:
        report("starting the emulator")
        with local_emulator.start(log_dir / "emulator.log") as emulator, Health(say) as health:
            health.add(Process("the emulator", emulator.process, emulator.log_path, command))
            sam = Sam(emulator, work_dir, log_dir / "sam.log", proxies(os.environ))
            use_only(emulator.environment)
            report("sam build")
            built = sam.build(TEMPLATE)
            report("sam deploy")
            sam.deploy(built, DEFAULT_STACK_NAME, parameters)
            report("starting pipe, Firehose and crawler")
            state_dir = work_dir / "state"
            with workers(emulator, DEFAULT_STACK_NAME, state_dir, log_dir, command) as supervisor:
                health.add(supervisor)
                try:
                    yield Pipeline(emulator, DEFAULT_STACK_NAME, log_dir, state_dir)
                finally:
                    _ignore_signals()
                    health.end()
    except LocalAwsError as error:
        raise SalesError(str(error)) from None
    except OSError as error:
        if error.errno not in disk.FULL or isinstance(error, OutputError):
            raise
        raise SalesError(f"the disk that holds {home} is full: {disk.ADVICE}, then run `{command}` again") from None
    finally:
        _ignore_signals()
        folders.delete(work_dir)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    _ignore_signals()
    os.write(sys.stderr.fileno(), b"stopping ...\n")  # print is not safe in a signal handler
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def workers(
    emulator: Emulator, stack_name: str, state_dir: Path, log_dir: Path, again: str = "sales up"
) -> Iterator[Supervisor]:
    """Run the stand-ins, from when all of them do their work. `again` is the command that starts a new pipeline.

    They end with this process, even when it is killed, and their state is deleted then. Raises GoneError.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "local_aws.workers", "--stack-name", stack_name]
    command += ["--state-dir", str(state_dir), "--log-dir", str(log_dir)]
    log_path = log_dir / "workers.log"
    with log_path.open("ab") as log:
        guarded = guard.start(state_dir, command, emulator.environment, log)
    try:
        process = Process("the supervisor of the stand-ins", guarded, log_path, again)
        supervisor = Supervisor(process, state_dir, log_dir)
        supervisor.wait_until_all_run()
        yield supervisor
    finally:
        guarded.stop()


def crawl(state_dir: Path, stack: Stack) -> None:
    """Crawl with the stand-in, whose state is in `state_dir`, and wait. Raises SalesError if the crawl fails.

    The emulator's own crawler only reports SUCCEEDED after 5 s, without a crawl.
    """
    command = [sys.executable, "-m", "local_aws.crawler", "--once"]
    command += ["--stack-name", stack.name, "--state-dir", str(state_dir / "crawler")]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CRAWL_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise SalesError(
            f"the crawl took longer than {CRAWL_SECONDS:.0f} s: see `sales status`, and try again"
        ) from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [guard.how_it_ended(done.returncode)]
        raise SalesError(f"the crawl failed: {lines[-1].rpartition(' ERROR ')[2]}")
