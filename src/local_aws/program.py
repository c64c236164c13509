"""What the programs of this package have in common: their arguments, their log, their reports, and how they end."""

import argparse
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from common.printable import visible
from common.streams import make_log_visible
from local_aws.errors import SETTINGS_EXIT_CODE, LocalAwsError, SettingsError, one_line
from local_aws.saving import Report
from sales_pipeline.aws.stack import StackError

BEAT_SECONDS = 2.0
BEAT = " "
"""A line of the reports that only says that the process is not frozen. No problem is such a line."""

log = logging.getLogger(__name__)


def parser(module: str) -> argparse.ArgumentParser:
    """Return a parser of the arguments that every program takes."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--stack-name", required=True, help="the deployed stack")
    parser.add_argument("--state-dir", required=True, type=Path, help="where it keeps what it has done")
    parser.add_argument("--report-fd", type=int, help="file descriptor of a pipe to the supervisor")
    return parser


class _Formatter(logging.Formatter):
    """Keeps a message in one line, whatever others wrote into it: a name in S3 could look like another line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        return visible(super().formatMessage(record))


def reporter(report_fd: int | None) -> Report:
    """Return what tells the supervisor that this program works, or why it waits. Without a supervisor it does nothing.

    Each report is one line. An empty one says that the program works. From now on a thread adds signs of life: whatever
    the program waits for has a time limit of its own, so only a process that is frozen gives none.
    """

    def write(line: str) -> None:
        if report_fd is not None:
            with suppress(BrokenPipeError):  # the guard ends this process in a moment
                os.write(report_fd, line.encode(errors="replace") + b"\n")

    def beat() -> None:
        while True:
            write(BEAT)
            time.sleep(BEAT_SECONDS)

    if report_fd is not None:
        threading.Thread(target=beat, daemon=True).start()
    return lambda problem: write(" ".join(problem.split()))


def run(work: Callable[[], int]) -> int:
    """Do the program's work and return its exit code. Log an expected error as one line.

    The exit code is 1 for an error after which the program may be started again, and SETTINGS_EXIT_CODE for settings
    that it refuses.
    """
    make_log_visible()
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("botocore").setLevel(logging.WARNING)
    try:
        return work()
    except (LocalAwsError, StackError, ClientError, BotoCoreError, OSError) as error:
        log.error("%s", one_line(error))  # noqa: TRY400 - the line says it all
        return SETTINGS_EXIT_CODE if isinstance(error, SettingsError) else 1
