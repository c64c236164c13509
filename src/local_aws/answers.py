"""Answers of AWS that lack what the API promises."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.answers import AnswerError

FAILURES = (BotoCoreError, ClientError)
"""All errors in which a call can end. An AnswerError is a BotoCoreError."""


def required(answer: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - whatever the API has under that name
    """Return a member of an answer. Raises AnswerError where it is missing."""
    try:
        return answer[name]
    except KeyError:
        raise AnswerError(f"it has no {name}") from None
