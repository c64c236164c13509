"""Errors of the programs that stand in for AWS here, and the one line in which a log says each."""

import os

from botocore.exceptions import ClientError

SETTINGS_EXIT_CODE = os.EX_CONFIG
"""Exit code of a stand-in that refuses its settings. Starting it again does not help."""


class LocalAwsError(Exception):
    """A program of this package can't go on. The text is one line that says why, and what to do next."""


class SettingsError(LocalAwsError):
    """A deployed service has a setting that its stand-in does not take."""


class CrawlError(LocalAwsError):
    """A crawl failed."""


def error_code(error: Exception) -> str:
    """Return the error code that AWS answered, or the class of an error that came before an answer."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def one_line(error: Exception) -> str:
    """Return an error as one line. An error of AWS keeps AWS' words: they name the role and the denied action."""
    text = error.response["Error"].get("Message", "") if isinstance(error, ClientError) else str(error)
    line = " ".join(text.split())
    return f"{error_code(error)}: {line}" if isinstance(error, ClientError) else line
