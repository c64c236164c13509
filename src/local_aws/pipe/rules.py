"""What a pipe from a table's stream to a Kinesis stream decides: no AWS, environment or clock in here.

Sources: Amazon EventBridge user guide, "Amazon EventBridge Pipes batching and concurrency" and "Amazon EventBridge
Pipes error handling and troubleshooting"; Pipes API reference, PipeSourceDynamoDBStreamParameters; AWS Lambda guide,
"Retain discarded records for a DynamoDB event source", where the guides of Pipes are silent.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sales_pipeline.aws.pipe_event import encode
from sales_pipeline.aws.stream import CALL_BYTES

# DynamoDB Streams API reference, GetRecords: a page ends at 1,000 records or before it passes 1 MB, by a measure of its
# own. So a page is taken for full well below that: the price is one more read, of a page that may be empty.
PAGE_RECORDS = 1000
FULL_PAGE_BYTES = 64 * 1024

# AWS publishes neither how long a pipe waits between two attempts nor how the wait grows. These go on within 2 s of a
# repair, keep a lasting failure below one call a second, and let a maximum age decide before 10,000 attempts do.
FIRST_RETRY_SECONDS = 0.2
LAST_RETRY_SECONDS = 2.0


class Condition(Enum):
    """Why a pipe gave up on records, in the words of its dead-letter message (observed; AWS lists none)."""

    RETRIES = "RetryAttemptsExhausted"
    AGE = "RecordAgeExceeded"


class Kind(Enum):
    """What a failed attempt means for the next one."""

    INTERNAL = "no answer, or an error of the service: all again, and it counts towards no limit but age"
    REFUSED = "the call was refused: one of its records may be to blame"
    PARTIAL = "only some of its records were refused: these again"


@dataclass(frozen=True)
class Entry:
    """A change event on its way: `created_seconds` is since the epoch, and None where the stream doesn't say."""

    sequence_number: str
    created_seconds: float | None
    partition_key: str
    data: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.data) + len(self.partition_key.encode())


@dataclass(frozen=True)
class Failure:
    """A failed attempt: the entries that it leaves, and the service's reason."""

    kind: Kind
    entries: Sequence[Entry]
    reason: str


@dataclass(frozen=True)
class Piece:
    """Entries to put in one call: a batch, or what failing attempts left or cut of it."""

    entries: Sequence[Entry]
    retries: int = 0
    """Attempts that count towards MaximumRetryAttempts."""
    failures: int = 0
    """Failed attempts with just these entries, whether they count or not."""

    @property
    def wait_seconds(self) -> float:
        """How long to wait before this attempt: not at all for a new piece, however it came about."""
        return backoff_seconds(self.failures)


def backoff_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row."""
    return min(FIRST_RETRY_SECONDS * 2 ** min(failures - 1, 16), LAST_RETRY_SECONDS) if failures else 0.0


def entry(event: Mapping[str, Any], partition_key_path: str) -> Entry:
    """Return an event in the form in which it is put: UTF-8 JSON without a newline."""
    change = event["dynamodb"]
    return Entry(
        sequence_number=change["SequenceNumber"],
        created_seconds=created_seconds(event),
        partition_key=_partition_key(event, partition_key_path),
        data=encode(event),
    )


def created_seconds(event: Mapping[str, Any]) -> float | None:
    """Return when the table was changed, in seconds since the epoch, if the event says so."""
    seconds: float | None = event["dynamodb"].get("ApproximateCreationDateTime")
    return seconds


def _partition_key(event: Mapping[str, Any], path: str) -> str:
    """Return the value at the path; where there is none, the empty key, which Kinesis refuses."""
    if not path.startswith("$"):
        return path
    value: object = event
    for name in path.split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return str(value) if isinstance(value, str | int | float) else ""


def page_is_full(records: int, size_bytes: int) -> bool:
    """Whether the stream is likely to hold more than this page."""
    return records >= PAGE_RECORDS or size_bytes >= FULL_PAGE_BYTES


def next_batch(pending: Sequence[Entry], batch_size: int, *, window_over: bool) -> Sequence[Entry]:
    """Return the entries of the next batch: as many as go into one call, or none while it may still grow."""
    size_bytes = 0
    for count, each in enumerate(pending):
        size_bytes += each.size_bytes
        if count == batch_size or (count and size_bytes > CALL_BYTES):
            return pending[:count]
    return pending if window_over or len(pending) == batch_size else []


def next_pieces(piece: Piece, failure: Failure, *, bisect: bool, maximum_retry_attempts: int) -> list[Piece]:
    """Return what to put next, in order, after an attempt failed; nothing when it is time to give up on its entries.

    Cutting a piece in two consumes no retry, so that a good record gets away from a bad one before either runs out.
    `maximum_retry_attempts` is -1 for infinite.
    """
    failed = failure.entries
    if failure.kind is Kind.INTERNAL:
        return [Piece(failed, piece.retries, piece.failures + 1)]
    if failure.kind is Kind.REFUSED and bisect and len(failed) > 1:
        middle = len(failed) // 2
        return [Piece(failed[:middle], piece.retries), Piece(failed[middle:], piece.retries)]
    if 0 <= maximum_retry_attempts <= piece.retries:
        return []
    return [Piece(failed, piece.retries + 1, piece.failures + 1)]


def split_at_age(
    entries: Sequence[Entry], maximum_record_age_seconds: int, now_seconds: float
) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Return the entries that are too old, and the others. The age is -1 for infinite."""
    if maximum_record_age_seconds < 0:
        return [], entries
    oldest_seconds = now_seconds - maximum_record_age_seconds
    count = 0
    while count < len(entries) and _is_before(entries[count].created_seconds, oldest_seconds):
        count += 1
    return entries[:count], entries[count:]


def _is_before(created_seconds: float | None, limit_seconds: float) -> bool:
    return created_seconds is not None and created_seconds < limit_seconds


def dead_letter_message(  # noqa: PLR0913 - what the message holds
    entries: Sequence[Entry], condition: Condition, *, pipe_arn: str, stream_arn: str, shard_id: str, now_seconds: float
) -> str:
    """Return the message that says where in the stream a batch lies that was given up on; it holds no order."""
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


def _iso(seconds: float | None, timespec: str) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def ready_shards(shards: Iterable[Mapping[str, Any]], closed: Collection[str]) -> list[str]:
    """Return the shards to read now: those not read to their end whose parent is, or is no longer in the stream."""
    parents = {shard["ShardId"]: shard.get("ParentShardId") for shard in shards}
    return [
        shard_id
        for shard_id, parent in parents.items()
        if shard_id not in closed and (parent not in parents or parent in closed)
    ]
