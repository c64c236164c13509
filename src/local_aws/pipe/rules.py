"""The decisions of a pipe from a table's stream to a Kinesis stream. Pure: no AWS, environment or clock.

Sources: Amazon EventBridge user guide, "Amazon EventBridge Pipes batching and concurrency" and "Amazon EventBridge
Pipes error handling and troubleshooting"; Pipes API reference, PipeSourceDynamoDBStreamParameters; where these are
silent, AWS Lambda guide, "Retain discarded records for a DynamoDB event source".
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from common.backoff import backoff_seconds
from sales_pipeline.aws.pipe_event import encode
from sales_pipeline.aws.stream import CALL_BYTES

# DynamoDB Streams API reference, GetRecords: a page ends at 1,000 records, or before it passes 1 MB by a measure of its
# own. So a page counts as full well below 1 MB. The price is one more read, of a page that may be empty.
PAGE_RECORDS = 1000
FULL_PAGE_BYTES = 64 * 1024

# AWS does not publish how long a pipe waits between two attempts. With these waits it goes on within 2 s of a repair,
# a lasting failure costs less than one call per second, and the maximum age decides before 10,000 attempts do.
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 2.0


class Condition(Enum):
    """Why a pipe gave up on records, in the words of its dead letter (observed; AWS lists none)."""

    RETRIES = "RetryAttemptsExhausted"
    AGE = "RecordAgeExceeded"


class Kind(Enum):
    """How an attempt failed, which decides what comes next."""

    INTERNAL = "no answer, or an error of the service: all again, and only the maximum age ends it"
    REFUSED = "the call was refused: one of its records may be the cause"
    PARTIAL = "Kinesis refused some of the records: these again"


@dataclass(frozen=True)
class Entry:
    """A change event to put. `created_seconds` is since 1970."""

    sequence_number: str
    created_seconds: float
    partition_key: str
    data: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.data) + len(self.partition_key.encode())


@dataclass(frozen=True)
class PutFailure:
    """A failed attempt: the entries that were not put, and the reason in AWS' words."""

    kind: Kind
    entries: Sequence[Entry]
    reason: str


@dataclass(frozen=True)
class Piece:
    """Entries to put in one call: a batch, or a part of it that failed before."""

    entries: Sequence[Entry]
    retries: int = 0
    """Attempts that count towards MaximumRetryAttempts."""
    failures: int = 0
    """Failed attempts with just these entries, whether they count or not."""

    @property
    def wait_seconds(self) -> float:
        """How long to wait before the next attempt. A new piece does not wait."""
        return retry_seconds(self.failures)


def retry_seconds(failures: int) -> float:
    """Return how long to wait after so many failures in a row."""
    return backoff_seconds(failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)


def entry(event: Mapping[str, Any], partition_key_path: str) -> Entry:
    """Return a change event in the form in which it is put."""
    change = event["dynamodb"]
    return Entry(
        sequence_number=change["SequenceNumber"],
        created_seconds=change["ApproximateCreationDateTime"],
        partition_key=_partition_key(event, partition_key_path),
        data=encode(event),
    )


def _partition_key(event: Mapping[str, Any], path: str) -> str:
    """Return the text at the path. Without one, return the empty key, which Kinesis refuses."""
    value: object = event
    for name in path.split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def page_is_full(records: int, size_bytes: int) -> bool:
    """Say whether the stream is likely to hold more than this page."""
    return records >= PAGE_RECORDS or size_bytes >= FULL_PAGE_BYTES


def next_batch(pending: Sequence[Entry], batch_size: int, *, window_over: bool) -> Sequence[Entry]:
    """Return the entries of the next batch, as many as one call takes; none while the batch may still grow."""
    size_bytes = 0
    for count, each in enumerate(pending):
        size_bytes += each.size_bytes
        if count == batch_size or (count and size_bytes > CALL_BYTES):
            return pending[:count]
    return pending if window_over or len(pending) == batch_size else []


def next_pieces(piece: Piece, failure: PutFailure, maximum_retry_attempts: int) -> list[Piece]:
    """Return the pieces to put next, in order, after an attempt failed; none when the pipe gives up on its entries.

    A refused piece is cut in two, and that costs no retry. So the good records get away from the bad one before their
    retries run out.
    """
    failed = failure.entries
    if failure.kind is Kind.INTERNAL:
        return [Piece(failed, piece.retries, piece.failures + 1)]
    if failure.kind is Kind.REFUSED and len(failed) > 1:
        middle = len(failed) // 2
        return [Piece(failed[:middle], piece.retries), Piece(failed[middle:], piece.retries)]
    if piece.retries >= maximum_retry_attempts:
        return []
    return [Piece(failed, piece.retries + 1, piece.failures + 1)]


def split_at_age(
    entries: Sequence[Entry], maximum_record_age_seconds: int, now_seconds: float
) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Return the entries that are too old, and the others. The oldest come first."""
    oldest_seconds = now_seconds - maximum_record_age_seconds
    count = 0
    while count < len(entries) and entries[count].created_seconds < oldest_seconds:
        count += 1
    return entries[:count], entries[count:]


def dead_letter_message(  # noqa: PLR0913 - the message holds as much
    entries: Sequence[Entry], condition: Condition, *, pipe_arn: str, stream_arn: str, shard_id: str, now_seconds: float
) -> str:
    """Return the message that says where in the stream a given-up batch is. It holds no change event."""
    first, last = entries[0], entries[-1]
    message = {
        "context": {"partnerResourceArn": pipe_arn, "condition": condition.value},
        "version": "1.0",
        "timestamp": _iso(now_seconds, "milliseconds"),
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": _iso(first.created_seconds, "seconds"),
            "approximateArrivalOfLastRecord": _iso(last.created_seconds, "seconds"),
            "batchSize": len(entries),
            "streamArn": stream_arn,
        },
    }
    return json.dumps(message)


def _iso(seconds: float, timespec: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
