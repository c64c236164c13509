"""Answers of AWS that say neither what was asked nor that it failed."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError


class AnswerError(Exception):
    """A call succeeded, and its answer lacks what the API promises: nothing is known about what it did."""


FAILURES = (BotoCoreError, ClientError, AnswerError)
"""What a call can end in. boto3 raises the first two."""


def required(answer: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the API has under that name
    """Return a member of an answer. Raises AnswerError where it is missing."""
    try:
        return answer[name]
    except KeyError:
        raise AnswerError(f"the answer has no {name}") from None
