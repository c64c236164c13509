"""Carries the table's stream to Kinesis, in order, one batch at a time."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NoReturn

from botocore.exceptions import ClientError, ParamValidationError

from common.answers import AnswerError, error_code, error_status
from local_aws.answers import FAILURES, required
from local_aws.errors import one_line
from local_aws.pipe import rules
from local_aws.pipe.checkpoint import ShardCheckpoint
from local_aws.pipe.rules import Condition, Entry, Kind, Piece, PutFailure
from local_aws.pipe.settings import PipeSettings
from local_aws.saving import Report, until_saved
from sales_pipeline.aws.pipe_event import change_event

# AWS Lambda guide, "Using AWS Lambda with Amazon DynamoDB": a shard is polled at a base rate of 4 times per second.
POLL_SECONDS = 0.25

log = logging.getLogger(__name__)


@dataclass
class Worker:
    """Carries the stream's one shard, with clients of the pipe's role. It may be killed at any point."""

    settings: PipeSettings
    shard_id: str
    checkpoint: ShardCheckpoint
    streams: Any
    kinesis: Any
    sqs: Any
    report: Report
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    """Seconds of a clock that only goes forward, for waits."""
    clock: Callable[[], float]
    """Seconds since 1970, for the age of records."""
    pending: list[Entry] = field(default_factory=list)
    pending_since: float = 0.0
    read_through: str | None = None
    iterator: str | None = None

    def run(self) -> NoReturn:
        """Carry records until the process ends. It puts none while it can't save a checkpoint."""
        self.read_through = self.checkpoint.sequence_number
        self._save(self.read_through)
        records = self._read()
        self.report("")
        while True:
            more = self._gather(records)
            self._put_due_batches()
            if not self.pending and self.read_through != self.checkpoint.sequence_number:
                self._save(self.read_through)
            if not more:
                self.sleep(self._idle_seconds())
            records = self._read()

    def _save(self, sequence_number: str | None) -> None:
        until_saved(lambda: self.checkpoint.save(sequence_number), self.report, self.sleep)

    def _read(self) -> list[dict[str, Any]]:
        """Return the next records, if there are any yet. Try until the stream answers."""
        failures = 0
        while True:
            try:
                self.iterator = self.iterator or self._new_iterator()
                page = self.streams.get_records(ShardIterator=self.iterator, Limit=rules.PAGE_RECORDS)
                records: list[dict[str, Any]] = required(page, "Records")
            except FAILURES as error:
                if error_code(error) == "TrimmedDataAccessException":
                    self.read_through = None
                self.iterator = None
                failures += 1
                self._log_error("could not read its stream: %s", one_line(error))
                self.sleep(rules.retry_seconds(failures))
            else:
                self.iterator = page.get("NextShardIterator")
                return records

    def _new_iterator(self) -> str:
        position = {"ShardIteratorType": "TRIM_HORIZON"}
        if self.read_through:
            position = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.read_through}
        answer = self.streams.get_shard_iterator(StreamArn=self.settings.source_arn, ShardId=self.shard_id, **position)
        iterator: str = required(answer, "ShardIterator")
        return iterator

    def _gather(self, records: Sequence[dict[str, Any]]) -> bool:
        """Add the records that pass the filter to `pending`; return whether the stream may hold more now."""
        size_bytes, was_empty = 0, not self.pending
        for record in records:
            event = change_event(record, self.settings.source_arn)
            entry = rules.entry(event, self.settings.partition_key_path)
            size_bytes += entry.size_bytes
            self.read_through = entry.sequence_number
            if self.settings.matches(event):
                self.pending.append(entry)
        if was_empty:
            self.pending_since = self.monotonic()
        return rules.page_is_full(len(records), size_bytes)

    def _put_due_batches(self) -> None:
        """Put full batches, and the last one when its window is over."""
        while batch := rules.next_batch(
            self.pending, self.settings.batch_size, window_over=self._window_seconds_left() <= 0
        ):
            self._put(batch)
            del self.pending[: len(batch)]
            self.pending_since = self.monotonic()

    def _window_seconds_left(self) -> float:
        return self.pending_since + self.settings.maximum_batching_window_seconds - self.monotonic()

    def _idle_seconds(self) -> float:
        return min(POLL_SECONDS, max(self._window_seconds_left(), 0)) if self.pending else POLL_SECONDS

    def _put(self, batch: Sequence[Entry]) -> None:
        """Put a batch, and give up on records that fail for too long."""
        pieces = [Piece(batch)]
        while pieces:
            piece = pieces.pop(0)
            self.sleep(piece.wait_seconds)
            expired, entries = rules.split_at_age(piece.entries, self.settings.maximum_record_age_seconds, self.clock())
            if expired:
                self._give_up(expired, Condition.AGE)
            failure = self._call(entries) if entries else None
            if failure:
                self._log_error(
                    "could not put %d of %d records to Kinesis: %s", len(failure.entries), len(entries), failure.reason
                )
                again = rules.next_pieces(piece, failure, self.settings.maximum_retry_attempts)
                pieces[:0] = again
                if again:
                    continue
                self._give_up(failure.entries, Condition.RETRIES)
            self._save(piece.entries[-1].sequence_number)

    def _call(self, entries: Sequence[Entry]) -> PutFailure | None:
        """Put entries to Kinesis in one call; return the failure, if some or all were not put."""
        records = [{"Data": entry.data, "PartitionKey": entry.partition_key} for entry in entries]
        try:
            answer = self.kinesis.put_records(StreamARN=self.settings.target_arn, Records=records)
            results = required(answer, "Records")
            if len(results) != len(entries):
                raise AnswerError(f"it has {len(results)} results for {len(entries)} records")
        except FAILURES as error:
            return PutFailure(Kind.REFUSED if _is_refusal(error) else Kind.INTERNAL, entries, one_line(error))
        failed = [(entry, result) for entry, result in zip(entries, results, strict=True) if result.get("ErrorCode")]
        if not failed:
            return None
        _, first = failed[0]
        return PutFailure(
            Kind.PARTIAL, [entry for entry, _ in failed], f"{first['ErrorCode']}: {first.get('ErrorMessage')}"
        )

    def _give_up(self, entries: Sequence[Entry], condition: Condition) -> None:
        """Send a dead letter. Try until the queue takes it."""
        message = rules.dead_letter_message(
            entries,
            condition,
            pipe_arn=self.settings.arn,
            stream_arn=self.settings.source_arn,
            shard_id=self.shard_id,
            now_seconds=self.clock(),
        )
        failures = 0
        while True:
            try:
                self.sqs.send_message(QueueUrl=self.settings.dead_letter_queue_url, MessageBody=message)
                break
            except FAILURES as error:
                failures += 1
                self._log_error("could not write to its dead-letter queue: %s", one_line(error))
                self.sleep(rules.retry_seconds(failures))
        self._log_error("gave up on %d records (%s) and sent a dead letter", len(entries), condition.value)
        self._save(entries[-1].sequence_number)

    def _log_error(self, text: str, *details: object) -> None:
        log.error("Pipe %s: it %s", self.settings.name, text % details)


def _is_refusal(error: Exception) -> bool:
    """Say whether the request is the cause, and not the service or the way there."""
    if isinstance(error, ClientError):
        return (error_status(error) or 0) < HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, ParamValidationError)
