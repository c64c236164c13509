"""Carries one shard of the table's stream to Kinesis, in order, one batch at a time."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError, ParamValidationError

from local_aws.answers import FAILURES, AnswerError, required
from local_aws.pipe import rules
from local_aws.pipe.checkpoint import Checkpoint
from local_aws.pipe.rules import Condition, Entry, Failure, Kind, Piece
from local_aws.pipe.settings import Settings
from sales_pipeline.aws.pipe_event import change_event

# AWS Lambda guide, "Using AWS Lambda with Amazon DynamoDB": a shard is polled at a base rate of 4 times a second.
POLL_SECONDS = 0.25

log = logging.getLogger(__name__)


class Stop(Protocol):
    """A `threading.Event` that is set when the worker is to end."""

    def is_set(self) -> bool: ...
    def wait(self, timeout: float) -> bool: ...


@dataclass(frozen=True)
class Pipe:
    """A deployed pipe with clients of its own role, and what a worker lives in."""

    settings: Settings
    streams: Any
    kinesis: Any
    sqs: Any
    state_dir: Path
    stop: Stop
    clock: Callable[[], float]
    """Seconds since the epoch."""


def checkpoint(pipe: Pipe, shard_id: str) -> Checkpoint:
    """Return the shard's checkpoint as it was saved last."""
    return Checkpoint(pipe.state_dir / f"pipe-{shard_id}.json", pipe.settings.source_arn)


@dataclass
class Shard:
    """One shard of the stream, from its checkpoint on."""

    pipe: Pipe
    shard_id: str
    checkpoint: Checkpoint
    pending: list[Entry] = field(default_factory=list)
    pending_since: float = 0.0
    read_through: str | None = None
    iterator: str | None = None

    def carry(self) -> None:
        """Carry records until the shard has been closed and read to its end, or the worker is to stop."""
        self.read_through = self.checkpoint.sequence_number
        while (page := self._read()) is not None:
            more, closed = self._gather(page), "NextShardIterator" not in page
            if not self._put_what_is_due(closed=closed):
                return
            if not self.pending and (closed or self.read_through != self.checkpoint.sequence_number):
                self.checkpoint.save(self.read_through, closed=closed)
            if closed:
                return
            if not more:
                self.pipe.stop.wait(self._idle_seconds())

    def _read(self) -> dict[str, Any] | None:
        """Return the next page of records, however long it takes; None when the worker is to stop."""
        failures = 0
        while not self.pipe.stop.is_set():
            try:
                self.iterator = self.iterator or self._new_iterator()
                page: dict[str, Any] = self.pipe.streams.get_records(
                    ShardIterator=self.iterator, Limit=rules.PAGE_RECORDS
                )
                required(page, "Records")
            except FAILURES as error:
                if _code(error) == "TrimmedDataAccessException":
                    self.read_through = None
                self.iterator = None
                failures += 1
                self._log_error("could not read its stream: %s", in_one_line(error))
                self.pipe.stop.wait(rules.backoff_seconds(failures))
            else:
                self.iterator = page.get("NextShardIterator")
                return page
        return None

    def _new_iterator(self) -> str:
        position = {"ShardIteratorType": "TRIM_HORIZON"}
        if self.read_through:
            position = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.read_through}
        answer = self.pipe.streams.get_shard_iterator(
            StreamArn=self.pipe.settings.source_arn, ShardId=self.shard_id, **position
        )
        iterator: str = required(answer, "ShardIterator")
        return iterator

    def _gather(self, page: dict[str, Any]) -> bool:
        """Add the page's records to those pending, filters permitting; return whether the stream may hold more now."""
        settings, size_bytes, was_empty = self.pipe.settings, 0, not self.pending
        for record in page["Records"]:
            event = change_event(record, settings.source_arn)
            entry = rules.entry(event, settings.partition_key)
            size_bytes += entry.size_bytes
            self.read_through = entry.sequence_number
            is_new = entry.created_seconds is None or entry.created_seconds >= settings.starting_seconds
            if is_new and settings.matches(event):
                self.pending.append(entry)
        if was_empty:
            self.pending_since = self.pipe.clock()
        return rules.page_is_full(len(page["Records"]), size_bytes)

    def _put_what_is_due(self, *, closed: bool) -> bool:
        """Put full batches, and the last one when its window is over; return False when the worker is to stop."""
        while batch := rules.next_batch(
            self.pending, self.pipe.settings.batch_size, window_over=closed or self._window_seconds_left() <= 0
        ):
            if not self._put(batch):
                return False
            del self.pending[: len(batch)]
            self.pending_since = self.pipe.clock()
        return True

    def _window_seconds_left(self) -> float:
        return self.pending_since + self.pipe.settings.maximum_batching_window_seconds - self.pipe.clock()

    def _idle_seconds(self) -> float:
        return min(POLL_SECONDS, max(self._window_seconds_left(), 0)) if self.pending else POLL_SECONDS

    def _put(self, batch: Sequence[Entry]) -> bool:
        """Put a batch, or give up on what fails for too long; return False when the worker is to stop."""
        settings = self.pipe.settings
        pieces = [Piece(batch)]
        while pieces:
            piece = pieces.pop(0)
            if self.pipe.stop.wait(piece.wait_seconds):
                return False
            expired, entries = rules.split_at_age(piece.entries, settings.maximum_record_age_seconds, self.pipe.clock())
            if expired and not self._give_up(expired, Condition.AGE):
                return False
            failure = self._call(entries) if entries else None
            if failure:
                self._log_error(
                    "could not put %d of %d records to Kinesis: %s", len(failure.entries), len(entries), failure.reason
                )
                again = rules.next_pieces(
                    piece, failure, bisect=settings.bisect, maximum_retry_attempts=settings.maximum_retry_attempts
                )
                pieces[:0] = again
                if again:
                    continue
                if not self._give_up(failure.entries, Condition.RETRIES):
                    return False
            self.checkpoint.save(piece.entries[-1].sequence_number)
        return True

    def _call(self, entries: Sequence[Entry]) -> Failure | None:
        """Put entries to Kinesis in one call; return what it didn't take."""
        records = [{"Data": entry.data, "PartitionKey": entry.partition_key} for entry in entries]
        try:
            answer = self.pipe.kinesis.put_records(StreamARN=self.pipe.settings.target_arn, Records=records)
            results = required(answer, "Records")
            if len(results) != len(entries):
                raise AnswerError(f"the answer has {len(results)} results for {len(entries)} records")
        except FAILURES as error:
            return Failure(Kind.REFUSED if _is_refusal(error) else Kind.INTERNAL, entries, in_one_line(error))
        failed = [(entry, result) for entry, result in zip(entries, results, strict=True) if result.get("ErrorCode")]
        if not failed:
            return None
        _, first = failed[0]
        return Failure(
            Kind.PARTIAL, [entry for entry, _ in failed], f"{first['ErrorCode']}: {first.get('ErrorMessage')}"
        )

    def _give_up(self, entries: Sequence[Entry], condition: Condition) -> bool:
        """Write to the dead-letter queue, however long it takes; return False when the worker is to stop."""
        settings, failures = self.pipe.settings, 0
        message = rules.dead_letter_message(
            entries,
            condition,
            pipe_arn=settings.arn,
            stream_arn=settings.source_arn,
            shard_id=self.shard_id,
            now_seconds=self.pipe.clock(),
        )
        while settings.dead_letter_queue_url:
            try:
                self.pipe.sqs.send_message(QueueUrl=settings.dead_letter_queue_url, MessageBody=message)
                break
            except FAILURES as error:
                failures += 1
                self._log_error("could not write to its dead-letter queue: %s", in_one_line(error))
            if self.pipe.stop.wait(rules.backoff_seconds(failures)):
                return False
        where = "the dead-letter queue says where they lie" if settings.dead_letter_queue_url else "they are lost"
        self._log_error("gave up on %d records (%s): %s", len(entries), condition.value, where)
        self.checkpoint.save(entries[-1].sequence_number)
        return True

    def _log_error(self, text: str, *details: object) -> None:
        log.error("Pipe %s, %s: it %s", self.pipe.settings.name, self.shard_id, text % details)


def _is_refusal(error: Exception) -> bool:
    """Whether the request is to blame, and not the service or the way there."""
    if isinstance(error, ClientError):
        return error.response["ResponseMetadata"]["HTTPStatusCode"] < HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, ParamValidationError)


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def in_one_line(error: Exception) -> str:
    """Return the service's own words in one line: of a missing permission they name role and action."""
    text = error.response["Error"]["Message"] if isinstance(error, ClientError) else str(error)
    return f"{_code(error)}: {' '.join(text.split())}"
