"""Why a place could not be looked at, in one line for a person."""

from botocore.exceptions import BotoCoreError, ClientError

from common.aws_errors import explain

_OPTIONS = ("--profile", "--region", "--stack-name")


def reason_of(error: Exception) -> str:
    """Return an error as a reason for a person."""
    if isinstance(error, ClientError | BotoCoreError):
        return explain(error, what="the stack's resources", place="AWS", options=_OPTIONS)
    return " ".join(str(error).split())
