"""What the programs of this package have in common: their arguments, their log, and how they end."""

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from common.printable import visible
from common.streams import make_log_visible
from local_aws.errors import SETTINGS_EXIT_CODE, LocalAwsError, SettingsError, one_line
from sales_pipeline.aws.stack import StackError

log = logging.getLogger(__name__)


def parser(module: str) -> argparse.ArgumentParser:
    """Return a parser of the arguments that every program takes."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--stack-name", required=True, help="the deployed stack")
    parser.add_argument("--state-dir", required=True, type=Path, help="where it keeps what it has done")
    return parser


class _Formatter(logging.Formatter):
    """Keeps a message in one line, whatever others wrote into it: a name in S3 could look like another line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        return visible(super().formatMessage(record))


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
    except (LocalAwsError, StackError, ClientError, BotoCoreError) as error:
        log.error("%s", one_line(error))  # noqa: TRY400 - the line says it all
        return SETTINGS_EXIT_CODE if isinstance(error, SettingsError) else 1
