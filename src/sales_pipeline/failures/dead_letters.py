"""The pipe's dead-letter queue, and the changes in the table's stream that its messages lead to."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from sales_pipeline.aws.pipe_event import change_event, encode
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.failures.records import DeadLetter, StreamRange, read_dead_letter

Matcher = Callable[[Mapping[str, Any]], bool]

EVENT_NAMES = {"NONE": {"INSERT", "MODIFY"}, "APPEND": {"INSERT", "MODIFY", "REMOVE"}}
"""Names of the change events that the pipe lets through, by the stack's parameter ChangeColumns."""

# Long enough to list some ten thousand messages before the first ones come round again.
HIDDEN_SECONDS = 30
# What somebody else lists at the same time can be seen once they are done, or were killed.
LISTING_SECONDS = HIDDEN_SECONDS + 5.0
LIST_AGAIN_SECONDS = 1.0
LIST_WAIT_SECONDS = 1  # without a wait SQS asks only some of its servers
RANGE_SECONDS = 60.0
REMAINDER_SECONDS = 5.0
# Amazon SQS API reference, GetQueueAttributes: each lags behind by up to a minute.
_COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
_CALL_MESSAGES = 10  # SQS API reference, ReceiveMessage and the batch calls

# DynamoDB Streams API reference, GetShardIterator and GetRecords: what is older than 24 h; a shard that went with it.
GONE = {"TrimmedDataAccessException", "ResourceNotFoundException"}


class ReplayError(SalesError):
    """A replay can't go on; the text says why, and what to do next. All that it did so far holds."""


@dataclass(frozen=True)
class Listing:
    """The messages of the queue; `unseen` is how many more there are, as far as SQS can tell."""

    letters: list[DeadLetter]
    unseen: int = 0

    @property
    def problem(self) -> str | None:
        """What to say to a person about what could not be listed."""
        if not self.unseen:
            return None
        return (
            f"The dead-letter queue has about {self.unseen:,} more messages that can't be seen now: somebody else is "
            "reading it, or SQS counts late. Ask again in a minute."
        )


@dataclass(frozen=True)
class Read:
    """What the stream has of a range, as the pipe would send it; `is_whole` is False where its beginning is gone."""

    changes: list[bytes]
    is_whole: bool


def list_all(stack: Stack) -> Listing:
    """Return every message of the queue. SQS can only list what it hides: afterwards they can be seen again.

    Two that list at once hide messages from each other, so each asks for what SQS counts until it has seen that many,
    for LISTING_SECONDS at most. Where this process is killed, its messages can be seen again after HIDDEN_SECONDS.
    """
    sqs = stack.session.client("sqs")
    queue_url = stack["PipeDeadLetterQueueUrl"]
    letters: dict[str, DeadLetter] = {}
    deadline = time.monotonic() + LISTING_SECONDS
    while True:
        unseen = _list(sqs, queue_url, letters)
        if not unseen or time.monotonic() > deadline:
            return Listing(list(letters.values()), unseen)
        time.sleep(LIST_AGAIN_SECONDS)


def _list(sqs: Any, queue_url: str, letters: dict[str, DeadLetter]) -> int:  # noqa: ANN401 - no stubs for it
    """Add what can be seen of the queue; return how many messages of it were never seen."""
    hidden: dict[str, str] = {}
    # Before and after: what is hidden or shown again while SQS counts, it may count nowhere.
    counted = _count(sqs, queue_url)
    try:
        while messages := sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=_CALL_MESSAGES,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=LIST_WAIT_SECONDS,
        ).get("Messages"):
            come_round_again = all(each["MessageId"] in hidden for each in messages)
            for each in messages:
                hidden[each["MessageId"]] = each["ReceiptHandle"]
                letters[each["MessageId"]] = read_dead_letter(each["MessageId"], each["ReceiptHandle"], each["Body"])
            if come_round_again:
                break
        return max(0, max(counted, _count(sqs, queue_url)) - len(letters))
    finally:
        handles = list(hidden.values())
        for start in range(0, len(handles), _CALL_MESSAGES):
            sqs.change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[start : start + _CALL_MESSAGES])
                ],
            )


def _count(sqs: Any, queue_url: str) -> int:  # noqa: ANN401
    counts = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=_COUNTS)["Attributes"]
    return sum(map(int, counts.values()))


def delete(stack: Stack, letter: DeadLetter) -> None:
    """Delete a message. Where somebody else has listed it since, it may stay, and goes with the next replay."""
    sqs = stack.session.client("sqs")
    sqs.delete_message(QueueUrl=stack["PipeDeadLetterQueueUrl"], ReceiptHandle=letter.receipt_handle)


def pipe_filter(stack: Stack) -> Matcher:
    """Return the test for change events that the pipe lets through: template.yaml, the pipe's FilterCriteria."""
    event_names = EVENT_NAMES[stack.parameters.get("ChangeColumns", "NONE")]
    return lambda event: event.get("eventName") in event_names


def read_range(streams: Any, batch: StreamRange, matches: Matcher) -> Read:  # noqa: ANN401 - no stubs for it
    """Return the changes of a range that the stream still has: DynamoDB keeps them for 24 hours. Raises ReplayError."""
    try:
        changes = _read_from(streams, batch, matches, RANGE_SECONDS, {"SequenceNumber": batch.start_sequence_number})
    except ParamValidationError:  # no stream gave out such a position
        return Read([], is_whole=False)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
    else:
        if changes is None:
            raise ReplayError(
                f"The table's stream did not come to the end of a batch in {RANGE_SECONDS:.0f} s ({batch.shard_id}, "
                f"sequence number {batch.end_sequence_number}): try again later."
            )
        return Read(changes, is_whole=True)
    try:
        # Perhaps only the beginning is gone. Where all of it is, nothing may follow that would tell.
        remainder = _read_from(streams, batch, matches, REMAINDER_SECONDS)
    except ClientError as error:
        if error.response["Error"]["Code"] not in GONE:
            raise
        remainder = None
    return Read(remainder or [], is_whole=False)


def _read_from(
    streams: Any,  # noqa: ANN401
    batch: StreamRange,
    matches: Matcher,
    patience_seconds: float,
    start: Mapping[str, str] | None = None,
) -> list[bytes] | None:
    """Read from the range's start, or from what the shard still has; None where its end doesn't come."""
    iterator_type = "AT_SEQUENCE_NUMBER" if start else "TRIM_HORIZON"
    iterator = streams.get_shard_iterator(
        StreamArn=batch.stream_arn, ShardId=batch.shard_id, ShardIteratorType=iterator_type, **(start or {})
    )["ShardIterator"]
    first, last = int(batch.start_sequence_number), int(batch.end_sequence_number)
    changes: list[bytes] = []
    deadline = time.monotonic() + patience_seconds
    while iterator:
        page = streams.get_records(ShardIterator=iterator)
        for record in page["Records"]:
            sequence_number = int(record["dynamodb"]["SequenceNumber"])
            if sequence_number > last:
                return changes
            event = change_event(record, batch.stream_arn)
            if sequence_number >= first and matches(event):
                changes.append(encode(event))
            if sequence_number == last:
                return changes
        if time.monotonic() > deadline:
            return None
        iterator = page.get("NextShardIterator")
    return changes
