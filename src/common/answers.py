"""Says which answers are AWS' own. A proxy, a captive portal or a wrong endpoint can answer in the place of AWS.

This module alone decides what an answer may be trusted for:

- AWS' own answer can be parsed, and has a request id (AWS General Reference, "AWS request ID"; Amazon S3 API Reference,
  "Common Response Headers"). Its errors have a code that is a word: where one has none, botocore takes the HTTP status.
- No member is sure to be there, documented as required or not. Reading one that is missing raises AnswerError.
- `_ALWAYS` names the members whose absence would look like "nothing there", and that AWS always sends.
"""

import struct
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.hooks import BaseEventHooks
from botocore.parsers import ResponseParserError

_REQUEST_IDS = {"x-amzn-requestid", "x-amz-request-id"}
# botocore does not catch what its parsers raise for a body of another form.
_UNPARSED = (
    *(ResponseParserError, struct.error, ValueError, LookupError, AttributeError, TypeError, ArithmeticError),
    RecursionError,
)
# Where one of these is missing, this program or PyAthena would see "nothing", such as an empty lake.
_ALWAYS: Mapping[str, tuple[str, ...]] = {
    "BatchWriteItem": ("UnprocessedItems",),
    "GetFunctionConfiguration": ("FunctionName",),
    "GetQueryExecution": ("QueryExecution",),
    "GetQueryResults": ("ResultSet",),
    "ListObjectsV2": ("Name", "IsTruncated"),
    "StartQueryExecution": ("QueryExecutionId",),
}
_HINT = "check the proxy and the endpoint, then run the same command again"


class AnswerError(BotoCoreError):
    """What answered is not AWS, or the answer was cut. Nobody knows whether the call did something.

    `status` is the HTTP status, None where it is not known.
    """

    def __init__(self, problem: str, status: int | None = None) -> None:
        self.fmt = "the answer is not AWS' own ({problem}): {hint}"
        super().__init__(problem=problem, hint=_HINT)
        self.status = status


def error_code(error: Exception) -> str:
    """Return the error code that AWS answered, or the class of an error that came before an answer of AWS."""
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return code or type(error).__name__


def error_message(error: Exception) -> str:
    """Return what AWS or botocore says of an error; empty where AWS says nothing."""
    return error.response.get("Error", {}).get("Message") or "" if isinstance(error, ClientError) else str(error)


def error_status(error: Exception) -> int | None:
    """Return the HTTP status of the answer; None where there was none."""
    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error.status if isinstance(error, AnswerError) else None


def check_answers(events: BaseEventHooks) -> None:
    """Let every client that is made from now on with these events of a session raise AnswerError where it applies."""
    events.register("creating-client-class", _add_check, unique_id="check-answers")


def _add_check(base_classes: list[type], **_: object) -> None:
    base_classes.insert(0, _CheckedClient)


class _CheckedClient:
    """A base class of boto3's clients. `_make_api_call` is the one method that every call of a client goes through."""

    def _make_api_call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer = super()._make_api_call(operation, parameters)  # type: ignore[misc]
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code and not code.isdigit():
                raise
            status = error_status(error)
            raise AnswerError(f"{operation}: status {status}, and no error code", status) from error
        except _UNPARSED as error:
            raise AnswerError(f"{operation}: it has no form of AWS") from error
        if not isinstance(answer, dict) or not _has_request_id(answer):
            raise AnswerError(f"{operation}: no request id")
        checked: Mapping[str, Any] = _checked(answer)
        for name in _ALWAYS.get(operation, ()):
            checked[name]
        return checked


def _has_request_id(answer: Mapping[str, Any]) -> bool:
    metadata = answer.get("ResponseMetadata", {})
    return bool(metadata.get("RequestId") or _REQUEST_IDS & set(metadata.get("HTTPHeaders", {})))


class _Members(dict[str, Any]):
    """An answer, or an object in it: a member that is missing raises AnswerError instead of KeyError."""

    def __missing__(self, name: str) -> Any:  # noqa: ANN401 - it never returns
        raise AnswerError(f"it has no {name}")


class _List(list[Any]):
    """A list in an answer: an item that is missing raises AnswerError instead of IndexError."""

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - as of a list
        try:
            return super().__getitem__(place)
        except IndexError:
            raise AnswerError("it has an empty list, or one that is too short") from None


def _checked(value: Any) -> Any:  # noqa: ANN401 - whatever an answer holds
    # A scan gives millions of objects, so this is written for speed: it changes the answer, and builds in one step.
    if type(value) is dict:
        for name, each in value.items():
            if type(each) is dict or type(each) is list:
                value[name] = _checked(each)
        return _Members(value)
    if type(value) is list:
        return _List(map(_checked, value))
    return value
