"""Answers of AWS that lack what the API promises."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError


class AnswerError(Exception):
    """A call succeeded, but its answer lacks a member. Nobody knows what the call did."""


FAILURES = (BotoCoreError, ClientError, AnswerError)
"""All errors in which a call can end. boto3 raises the first two."""


def required(answer: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the API has under that name
    """Return a member of an answer. Raises AnswerError where it is missing."""
    try:
        return answer[name]
    except KeyError:
        raise AnswerError(f"the answer has no {name}") from None
