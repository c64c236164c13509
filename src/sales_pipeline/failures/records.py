"""Reads error objects: which changes failed, when and why. Pure: no AWS, environment or clock.

Source: Amazon Data Firehose Developer Guide, "Handle failure in data transformation".
"""

import base64
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import msgspec

from sales_pipeline.terminal.times import to_ms
from transform.record import RowWriter
from transform.values import RecordError

UNREADABLE_RECORD = "unreadable: not a line that Firehose writes about a failed record"
# Firehose writes only that the function refused the record. The function's reason is in its log.
REFUSED_BY_TRANSFORM = "Lambda.ProcessingFailedStatus"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Changes that failed for one reason. Times are in milliseconds since 1970, None where they are not known."""

    reason: str
    """The error's name, and after a colon its message, if it has one."""
    changes: int
    oldest_ms: int | None = None
    """When the first of the changes arrived."""
    newest_ms: int | None = None
    """When the last of the changes arrived."""
    attempted_ms: int | None = None
    """When the last attempt ended."""
    attempts: int | None = None
    """How often Firehose tried; None where nobody counted."""
    replays: int = 0
    """How often the changes were replayed before they failed this time."""

    @property
    def error(self) -> str:
        """The error's name, such as `Lambda.FunctionError`."""
        return self.reason.partition(": ")[0]

    @property
    def message(self) -> str:
        """The error's message; empty if it has none."""
        return self.reason.partition(": ")[2]


@dataclass(frozen=True, kw_only=True)
class ErrorRecord(Failure):
    """A line of an error object."""

    line: bytes
    data: bytes | None = None
    """The record that failed; None where the line is unreadable."""


@dataclass(frozen=True)
class Selection:
    """The failures that a person asks for; without any values, all of them.

    A failure whose times are not known is in no period.
    """

    since_ms: int | None = None
    """Only those that arrived at this time or later."""
    until_ms: int | None = None
    """Only those that arrived before this time."""
    reason: str = ""
    """Only those whose reason contains this text, in upper or lower case."""

    @classmethod
    def of(cls, since: datetime | None, until: datetime | None, reason: str) -> "Selection":
        """Return a selection. Times without a zone are in UTC."""
        return cls(to_ms(since), to_ms(until), reason)

    def nothing(self, delivery_seconds: float, replayed: str | None) -> str:
        """Return a text for a person where it includes no failure.

        A change takes `delivery_seconds` to `errors/`, and `replayed` says which changes may fail again.
        """
        which = " that --since, --until and --reason select" if self != Selection() else ""
        words = [
            *([replayed] if replayed else []),
            f"No {'other ' if replayed else ''}failure{which} is in errors/ or in the dead-letter queue yet.",
            f"Firehose writes a failure to errors/ up to {delivery_seconds:.0f} s after the change.",
        ]
        return " ".join(words)

    def includes(self, failure: Failure) -> bool:
        """Say whether a failure, or a part of its period, is selected."""
        if self.reason.lower() not in failure.reason.lower():
            return False
        if self.since_ms is not None and (failure.newest_ms is None or failure.newest_ms < self.since_ms):
            return False
        return self.until_ms is None or (failure.oldest_ms is not None and failure.oldest_ms < self.until_ms)


class _Line(msgspec.Struct):
    rawData: str  # noqa: N815 - AWS' names
    errorCode: str = ""  # noqa: N815
    errorMessage: str = ""  # noqa: N815
    attemptsMade: int | None = None  # noqa: N815
    arrivalTimestamp: int | None = None  # noqa: N815
    attemptEndingTimestamp: int | None = None  # noqa: N815


def read_error_object(body: bytes) -> list[ErrorRecord]:
    """Return the lines of an error object in order, compressed or not. Unreadable lines are among them."""
    if body.startswith(_GZIP):
        try:
            body = gzip.decompress(body)
        except (gzip.BadGzipFile, zlib.error, EOFError):
            return [ErrorRecord(reason=UNREADABLE_RECORD, changes=1, line=body)]
    return [_error_record(line) for line in body.split(b"\n") if line.strip()]


def _error_record(line: bytes) -> ErrorRecord:
    try:
        # Numbers in quotes count as numbers: AWS does not promise to write them without.
        record = msgspec.json.decode(line, type=_Line, strict=False)
        data = base64.b64decode(record.rawData, validate=True)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ErrorRecord(reason=UNREADABLE_RECORD, changes=1, line=line)
    message = record.errorMessage
    if record.errorCode == REFUSED_BY_TRANSFORM:
        message = refusal(data) or "this version of the transform accepts it"
    return ErrorRecord(
        reason=f"{record.errorCode}: {message}",
        changes=1,
        oldest_ms=record.arrivalTimestamp,
        newest_ms=record.arrivalTimestamp,
        attempted_ms=record.attemptEndingTimestamp,
        attempts=record.attemptsMade,
        line=line,
        data=data,
    )


def refusal(data: bytes) -> str | None:
    """Return why this version of the transform refuses a record, in any form of the rows; None if it doesn't."""
    try:
        for writer in _writers():
            writer.row(data)
    except RecordError as error:
        return str(error)
    return None


@cache
def _writers() -> tuple[RowWriter, ...]:
    """Return writers that refuse all that any refuses. What each refuses comes first: that is the likely reason."""
    return RowWriter(), RowWriter(change_columns=True, other_attributes=True)


def by_reason(failures: Iterable[Failure]) -> list[Failure]:
    """Return one failure per reason, those with most changes first.

    Its attempts and replays are the highest of its failures.
    """
    groups: dict[str, Failure] = {}
    for each in failures:
        known = groups.get(each.reason, Failure(reason=each.reason, changes=0))
        groups[each.reason] = Failure(
            reason=each.reason,
            changes=known.changes + each.changes,
            oldest_ms=_least(known.oldest_ms, each.oldest_ms),
            newest_ms=_most(known.newest_ms, each.newest_ms),
            attempted_ms=_most(known.attempted_ms, each.attempted_ms),
            attempts=_most(known.attempts, each.attempts),
            replays=max(known.replays, each.replays),
        )
    return sorted(groups.values(), key=lambda each: (-each.changes, each.reason))


def _least(*numbers: int | None) -> int | None:
    return min((each for each in numbers if each is not None), default=None)


def _most(*numbers: int | None) -> int | None:
    return max((each for each in numbers if each is not None), default=None)
