"""Errors of the programs that stand in for AWS here, and the one line in which a log says each."""

import os
import re
from pathlib import Path

from botocore.exceptions import ClientError

from common.answers import error_code, error_message
from common.printable import visible

SETTINGS_EXIT_CODE = os.EX_CONFIG
"""Exit code of a stand-in that refuses its settings. Starting it again does not help."""

_ERROR = re.compile(r"\b(ERROR|CRITICAL)\b\W*(?P<logged>.+)|^(?P<raised>[\w.]*(Error|Exception)\b.*)")
_ERROR_CHARACTERS = 300


class LocalAwsError(Exception):
    """A program of this package can't go on. The text is one line that says why, and what to do next."""


class SettingsError(LocalAwsError):
    """A deployed service has a setting that its stand-in does not take."""


class CrawlError(LocalAwsError):
    """A crawl failed."""


def last_error(log_path: Path) -> str:
    """Return the last line of a log, without time and level, if that line is an error; else an empty text.

    An error is a line of the level ERROR or CRITICAL, or the last one of a traceback.
    """
    lines = log_path.read_text(errors="replace").strip().splitlines()
    found = _ERROR.search(lines[-1]) if lines else None
    return (found["logged"] or found["raised"])[:_ERROR_CHARACTERS] if found else ""


def one_line(error: Exception) -> str:
    """Return an error as one line. An error of AWS keeps AWS' words: they name the role and the denied action."""
    line = visible(" ".join(error_message(error).split()))
    return f"{error_code(error)}: {line}" if isinstance(error, ClientError) else line
