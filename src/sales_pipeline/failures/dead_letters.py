"""Reads the pipe's dead-letter queue, and from the table's stream the changes that its messages point to."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from common.answers import error_code
from sales_pipeline.aws.pipe_event import change_event, encode
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures.messages import DeadLetter, StreamRange, read_dead_letter
from sales_pipeline.orders.form import RowForm
from sales_pipeline.terminal.amounts import counted

Matcher = Callable[[Mapping[str, Any]], bool]

EVENT_NAMES = {"NONE": {"INSERT", "MODIFY"}, "APPEND": {"INSERT", "MODIFY", "REMOVE"}}
"""Names of the change events that pass the pipe's filter, by the stack's parameter ChangeColumns."""

HIDDEN_SECONDS = 30
"""How long a listing hides messages from others: enough to list some ten thousand before the first shows again."""
LISTING_SECONDS = HIDDEN_SECONDS + 5.0
"""How long a listing waits for messages that another one hides: until that one has ended, or was killed."""
LIST_AGAIN_SECONDS = 1.0
LIST_WAIT_SECONDS = 1  # without a wait, SQS asks only some of its servers
RANGE_SECONDS = 60.0
"""How long to read in a range of the stream."""
REMAINDER_SECONDS = 5.0
"""How long to look for the rest of a range whose beginning is trimmed."""
# Amazon SQS API Reference, GetQueueAttributes: each may be up to a minute late.
_COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
_CALL_MESSAGES = 10  # Amazon SQS API Reference, ReceiveMessage and ChangeMessageVisibilityBatch

# DynamoDB Streams API Reference, GetShardIterator and GetRecords: for records older than 24 hours, and for a shard that
# held nothing else.
_TRIMMED = {"TrimmedDataAccessException", "ResourceNotFoundException"}


@dataclass(frozen=True)
class Listing:
    """The messages of the queue."""

    letters: list[DeadLetter]
    unseen: int = 0
    """How many more there are, as far as SQS has counted: somebody else is reading them."""

    @property
    def problem(self) -> str | None:
        """One line for a person about messages that could not be listed; None if there are none."""
        if not self.unseen:
            return None
        return (
            f"The dead-letter queue has about {counted(self.unseen, 'more message')} that cannot be read now: somebody "
            "else is reading the queue, or SQS has not updated its count. Run this again in a minute."
        )


class RangeState(Enum):
    """What the table's stream has of a range."""

    WHOLE = "all of it"
    TRIMMED = "its end, or nothing: DynamoDB has trimmed at least its beginning"
    UNFINISHED = "its end did not come in time"
    UNREADABLE = "DynamoDB has no such range"


@dataclass(frozen=True)
class StreamPart:
    """The change events of a range, as the pipe would send them."""

    state: RangeState
    changes: list[bytes]


def list_all(
    stack: Stack,
    seconds: float | None = None,
    sqs: Any = None,  # noqa: ANN401 - no stubs for it
) -> Listing:
    """Return every message of the queue, or with `seconds` those that it lists in this time. All stay in it.

    A thread gives a client, `sqs`: only one thread at a time may make one.

    SQS hides a message from others when it shows it to one; this shows them to all again at the end. If this process is
    killed, SQS shows them again after HIDDEN_SECONDS. Two listings at the same time hide messages from each other, so
    each asks until it has seen as many as SQS counts, for LISTING_SECONDS at most.
    """
    sqs = sqs or stack.session.client("sqs")
    queue_url = stack["PipeDeadLetterQueueUrl"]
    letters: dict[str, DeadLetter] = {}
    deadline = time.monotonic() + (LISTING_SECONDS if seconds is None else seconds)
    while True:
        unseen = _list_once(sqs, queue_url, stack["TableName"], letters, math.inf if seconds is None else deadline)
        if not unseen or time.monotonic() > deadline:
            return Listing(list(letters.values()), unseen)
        time.sleep(LIST_AGAIN_SECONDS)


def _list_once(
    sqs: Any,  # noqa: ANN401 - no stubs for it
    queue_url: str,
    table_name: str,
    letters: dict[str, DeadLetter],
    stop_at: float,
) -> int:
    """Add the messages that SQS shows until `stop_at` to `letters`; return how many others SQS counts."""
    hidden: dict[str, str] = {}
    # Before and after: SQS may not count a message that is hidden or shown again during the count.
    counted = _count(sqs, queue_url)
    try:
        while messages := sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=_CALL_MESSAGES,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=LIST_WAIT_SECONDS,
        ).get("Messages"):
            has_begun_again = all(each["MessageId"] in hidden for each in messages)
            for each in messages:
                hidden[each["MessageId"]] = each["ReceiptHandle"]
                letters[each["MessageId"]] = read_dead_letter(
                    each["MessageId"], each["ReceiptHandle"], each["Body"], table_name
                )
            if has_begun_again or time.monotonic() > stop_at:
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
    return sum(int(counts[name]) for name in _COUNTS)


def delete(stack: Stack, letter: DeadLetter) -> None:
    """Delete a message. If somebody else has listed it since, SQS may keep it; then the next replay deletes it."""
    sqs = stack.session.client("sqs")
    sqs.delete_message(QueueUrl=stack["PipeDeadLetterQueueUrl"], ReceiptHandle=letter.receipt_handle)


def pipe_filter(stack: Stack) -> Matcher:
    """Return the test that a change event has to pass: template.yaml, FilterCriteria of the pipe."""
    event_names = EVENT_NAMES["APPEND" if RowForm.of(stack.parameters).change_columns else "NONE"]
    return lambda event: event.get("eventName") in event_names


def read_range(
    streams: Any,  # noqa: ANN401 - no stubs for it
    batch: StreamRange,
    matches: Matcher,
    seconds: float | None = None,
) -> StreamPart:
    """Return the changes of a range that the stream still has: DynamoDB keeps each for 24 hours.

    It reads for so many seconds, RANGE_SECONDS by default.
    """
    limit_seconds = RANGE_SECONDS if seconds is None else seconds
    try:
        changes = _read_from(streams, batch, matches, limit_seconds, {"SequenceNumber": batch.start_sequence_number})
    except (ClientError, ParamValidationError) as error:
        # Anybody who may send to the queue can write any place of the stream into a message.
        if isinstance(error, ParamValidationError) or error_code(error) == "ValidationException":
            return StreamPart(RangeState.UNREADABLE, [])
        if error_code(error) not in _TRIMMED:
            raise
    else:
        if changes is None:
            return StreamPart(RangeState.UNFINISHED, [])
        # A pipe writes of one change at least. If there is none, the message names a place where no such batch was.
        return StreamPart(RangeState.WHOLE if changes else RangeState.TRIMMED, changes)
    try:
        # Perhaps only the beginning is trimmed. If everything is, the shard may hold no later record that shows it.
        remainder = _read_from(streams, batch, matches, min(limit_seconds, REMAINDER_SECONDS))
    except ClientError as error:
        if error_code(error) not in _TRIMMED:
            raise
        remainder = None
    return StreamPart(RangeState.TRIMMED, remainder or [])


def _read_from(
    streams: Any,  # noqa: ANN401
    batch: StreamRange,
    matches: Matcher,
    limit_seconds: float,
    start: Mapping[str, str] | None = None,
) -> list[bytes] | None:
    """Read a range from its start, or from the oldest record of its shard. None if its end does not come in time."""
    iterator_type = "AT_SEQUENCE_NUMBER" if start else "TRIM_HORIZON"
    iterator = streams.get_shard_iterator(
        StreamArn=batch.stream_arn, ShardId=batch.shard_id, ShardIteratorType=iterator_type, **(start or {})
    )["ShardIterator"]
    first, last = int(batch.start_sequence_number), int(batch.end_sequence_number)
    changes: list[bytes] = []
    deadline = time.monotonic() + limit_seconds
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
