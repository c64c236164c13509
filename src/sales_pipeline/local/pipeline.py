"""The whole pipeline on this machine: emulator, stack, and the stand-ins for what the emulator leaves out."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sales_pipeline.local import emulator as local_emulator
from sales_pipeline.local import guard
from sales_pipeline.local.deploy import Sam
from sales_pipeline.local.emulator import Emulator
from sales_pipeline.stack import DEFAULT_STACK_NAME

ROOT = Path(__file__).parents[3]
WORKERS_STOP_SECONDS = 10.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class Pipeline:
    """A pipeline that runs: its emulator, the name of its stack, and where its logs and its stand-ins' state lie."""

    emulator: Emulator
    stack_name: str
    log_dir: Path
    state_dir: Path


@contextmanager
def run(home: Path, parameters: Mapping[str, str], report: Report) -> Iterator[Pipeline]:
    """Start everything, and end everything on the way out. `report` is told each step as it begins.

    What it writes lies in `home`: logs stay there, the rest goes. Raises EmulatorError and DeployError.
    """
    log_dir = home / "log"
    log_dir.mkdir(parents=True, exist_ok=True)
    report("starting the emulator")
    with local_emulator.start(log_dir / "emulator.log") as emulator:
        sam = Sam(emulator, home)
        report("sam build")
        built = sam.build(ROOT / "template.yaml")
        report("sam deploy")
        sam.deploy(built, DEFAULT_STACK_NAME, parameters)
        report("starting pipe, Firehose and crawler")
        with workers(emulator, DEFAULT_STACK_NAME, home / "state", log_dir):
            yield Pipeline(emulator, DEFAULT_STACK_NAME, log_dir, home / "state")


@contextmanager
def workers(emulator: Emulator, stack_name: str, state_dir: Path, log_dir: Path) -> Iterator[None]:
    """Run the stand-ins; they end with this process, however it ends, and their state goes with them."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (log_dir / "workers.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-I", guard.__file__, str(state_dir)),
                *(sys.executable, "-m", "sales_pipeline.local.workers", "--stack-name", stack_name),
                *("--state-dir", str(state_dir), "--log-dir", str(log_dir)),
            ],
            env=emulator.environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        if process.stdin:
            process.stdin.close()
        process.wait(WORKERS_STOP_SECONDS)
