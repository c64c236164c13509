"""What failed, as the pipeline's error objects and dead letters say it. Pure: no AWS, environment or clock.

Sources: Amazon Data Firehose Developer Guide, "Handle failure in data transformation"; the pipe's message is observed,
AWS documents none (AWS Lambda guide, "Retain discarded records for a DynamoDB event source", has nearly the same).
"""

import base64
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from transform.record import to_row, to_row_with_change
from transform.values import RecordError

UNREADABLE_RECORD = "unreadable: not what Firehose writes under an error prefix"
UNREADABLE_LETTER = "unreadable: not what a pipe writes to its dead-letter queue"
# Firehose says only that the function refused the record; why is in the function's log.
REFUSED_BY_TRANSFORM = "Lambda.ProcessingFailedStatus"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Changes that failed together. Times are milliseconds since 1970, None where nothing says them."""

    reason: str
    changes: int
    oldest_ms: int | None = None
    """When the first of them arrived."""
    newest_ms: int | None = None
    attempted_ms: int | None = None
    """When the last attempt ended."""
    attempts: int | None = None
    replays: int = 0
    """How often it was put back before it failed this time."""


@dataclass(frozen=True, kw_only=True)
class ErrorRecord(Failure):
    """A line of an error object, and the record that failed; `data` is None where the line can't be read."""

    line: bytes
    data: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class StreamRange:
    """Where a batch lies in the table's stream; both sequence numbers belong to it."""

    stream_arn: str
    shard_id: str
    start_sequence_number: str
    end_sequence_number: str


@dataclass(frozen=True, kw_only=True)
class DeadLetter(Failure):
    """A message of the pipe's dead-letter queue; `range` is None where it can't be read."""

    message_id: str
    receipt_handle: str
    range: StreamRange | None = None


@dataclass(frozen=True)
class Selection:
    """Which failures are meant: those that arrived from `since_ms` on and before `until_ms`, for a reason with this in
    it, in upper or lower case. A time that isn't known is in no period.
    """  # noqa: D205 - one sentence

    since_ms: int | None = None
    until_ms: int | None = None
    reason: str = ""

    def takes(self, failure: Failure) -> bool:
        if self.reason.lower() not in failure.reason.lower():
            return False
        if self.since_ms is not None and (failure.newest_ms is None or failure.newest_ms < self.since_ms):
            return False
        return self.until_ms is None or (failure.oldest_ms is not None and failure.oldest_ms < self.until_ms)


def select(since: datetime | None, until: datetime | None, reason: str) -> Selection:
    """Return a selection; times without a zone are UTC."""
    return Selection(to_ms(since), to_ms(until), reason)


class _Line(msgspec.Struct):
    rawData: str  # noqa: N815 - AWS' names
    errorCode: str = ""  # noqa: N815
    errorMessage: str = ""  # noqa: N815
    attemptsMade: int | None = None  # noqa: N815
    arrivalTimestamp: int | None = None  # noqa: N815
    attemptEndingTimestamp: int | None = None  # noqa: N815


class _Context(msgspec.Struct):
    condition: str


# Amazon DynamoDB Streams API Reference, "StreamRecord": up to 40 digits.
_SequenceNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,40}$")]


class _BatchInfo(msgspec.Struct):
    shardId: str  # noqa: N815
    startSequenceNumber: _SequenceNumber  # noqa: N815
    endSequenceNumber: _SequenceNumber  # noqa: N815
    batchSize: int  # noqa: N815
    streamArn: str  # noqa: N815
    approximateArrivalOfFirstRecord: datetime | None = None  # noqa: N815
    approximateArrivalOfLastRecord: datetime | None = None  # noqa: N815


class _Message(msgspec.Struct):
    context: _Context
    DDBStreamBatchInfo: _BatchInfo
    timestamp: datetime | None = None


def read_error_object(body: bytes) -> list[ErrorRecord]:
    """Return an error object's records in order, unreadable lines too, whether it is compressed or not."""
    if body.startswith(_GZIP):
        try:
            body = gzip.decompress(body)
        except (gzip.BadGzipFile, zlib.error, EOFError):
            return [ErrorRecord(reason=UNREADABLE_RECORD, changes=1, line=body)]
    return [_error_record(line) for line in body.split(b"\n") if line.strip()]


def _error_record(line: bytes) -> ErrorRecord:
    try:
        # Numbers in quotes are taken for numbers: nothing promises that they stay without.
        record = msgspec.json.decode(line, type=_Line, strict=False)
        data = base64.b64decode(record.rawData, validate=True)
    except (msgspec.MsgspecError, ValueError):
        return ErrorRecord(reason=UNREADABLE_RECORD, changes=1, line=line)
    message = record.errorMessage
    if record.errorCode == REFUSED_BY_TRANSFORM:
        message = refusal(data) or "the transform of this version takes it"
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
    """Return why the transform as it is here refuses a record, with change columns or without; None if it takes it."""
    try:
        to_row(data, [])
        to_row_with_change(data, [])
    except RecordError as error:
        return str(error)
    return None


def read_dead_letter(message_id: str, receipt_handle: str, body: str) -> DeadLetter:
    """Return what a message of the dead-letter queue says; its attempts are counted nowhere."""
    try:
        message = msgspec.json.decode(body, type=_Message)
    except (msgspec.MsgspecError, ValueError):
        return DeadLetter(reason=UNREADABLE_LETTER, changes=0, message_id=message_id, receipt_handle=receipt_handle)
    batch = message.DDBStreamBatchInfo
    return DeadLetter(
        reason=f"Pipe.{message.context.condition}",
        changes=batch.batchSize,
        oldest_ms=to_ms(batch.approximateArrivalOfFirstRecord),
        newest_ms=to_ms(batch.approximateArrivalOfLastRecord),
        attempted_ms=to_ms(message.timestamp),
        message_id=message_id,
        receipt_handle=receipt_handle,
        range=StreamRange(
            stream_arn=batch.streamArn,
            shard_id=batch.shardId,
            start_sequence_number=batch.startSequenceNumber,
            end_sequence_number=batch.endSequenceNumber,
        ),
    )


def to_ms(time: datetime | None) -> int | None:
    """Return a time in milliseconds since 1970; one without a zone is in UTC."""
    if time is None:
        return None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def group(failures: Iterable[Failure]) -> list[Failure]:
    """Return one failure a reason, those with most changes first.

    Attempts and replays are the most that one of them had.
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


def iso(time_ms: int | None) -> str | None:
    """Return a time in UTC, to the second."""
    if time_ms is None:
        return None
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
