"""Reads messages of the pipe's dead-letter queue. Pure: no AWS, environment or clock.

AWS does not document the pipe's message: it was seen in practice. AWS Lambda Developer Guide, "Retain discarded records
for a DynamoDB event source", describes nearly the same one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from sales_pipeline.failures.records import Failure
from sales_pipeline.terminal.times import to_ms

UNREADABLE_LETTER = "unreadable: not a message that a pipe writes about a failed batch"
OTHER_TABLE_LETTER = "unreadable: it is about the stream of another table"
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class StreamRange:
    """Where a batch is in the table's stream. The changes with both sequence numbers belong to it."""

    stream_arn: str
    shard_id: str
    start_sequence_number: str
    end_sequence_number: str


@dataclass(frozen=True, kw_only=True)
class DeadLetter(Failure):
    """A message of the pipe's dead-letter queue."""

    message_id: str
    receipt_handle: str
    """What SQS asks for to delete the message."""
    range: StreamRange | None = None
    """None where the message is unreadable."""


# Amazon DynamoDB Streams API Reference, "StreamRecord": up to 40 digits.
_SequenceNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,40}$")]


class _BatchInfo(msgspec.Struct):
    """What a replay needs has a type. The rest is only shown, so it may have any form."""

    shardId: str  # noqa: N815
    startSequenceNumber: _SequenceNumber  # noqa: N815
    endSequenceNumber: _SequenceNumber  # noqa: N815
    streamArn: str  # noqa: N815
    batchSize: Any = None  # noqa: N815
    approximateArrivalOfFirstRecord: Any = None  # noqa: N815
    approximateArrivalOfLastRecord: Any = None  # noqa: N815


class _Message(msgspec.Struct):
    DDBStreamBatchInfo: _BatchInfo
    context: Any = None
    timestamp: Any = None


def read_dead_letter(message_id: str, receipt_handle: str, body: str, table_name: str) -> DeadLetter:
    """Return what a message of the dead-letter queue says. It does not say how many attempts there were.

    It can be read if it names a range of the table's stream, whatever form its other members have. AWS does not
    document whether a pipe sends a test message when it is created: like every other message, that one is unreadable.
    """

    def unreadable(reason: str) -> DeadLetter:
        return DeadLetter(reason=reason, changes=0, message_id=message_id, receipt_handle=receipt_handle)

    try:
        message = msgspec.json.decode(body, type=_Message)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return unreadable(UNREADABLE_LETTER)
    batch = message.DDBStreamBatchInfo
    if int(batch.startSequenceNumber) > int(batch.endSequenceNumber):
        return unreadable(UNREADABLE_LETTER)
    if f":table/{table_name}/stream/" not in batch.streamArn:
        return unreadable(OTHER_TABLE_LETTER)
    condition = message.context.get("condition") if isinstance(message.context, dict) else None
    return DeadLetter(
        reason=f"Pipe.{condition if isinstance(condition, str) and condition else 'Unknown'}",
        changes=max(1, _converted(batch.batchSize, int) or 1),
        oldest_ms=to_ms(_converted(batch.approximateArrivalOfFirstRecord, datetime)),
        newest_ms=to_ms(_converted(batch.approximateArrivalOfLastRecord, datetime)),
        attempted_ms=to_ms(_converted(message.timestamp, datetime)),
        message_id=message_id,
        receipt_handle=receipt_handle,
        range=StreamRange(
            stream_arn=batch.streamArn,
            shard_id=batch.shardId,
            start_sequence_number=batch.startSequenceNumber,
            end_sequence_number=batch.endSequenceNumber,
        ),
    )


def _converted(value: object, type_: type[_T]) -> _T | None:
    """Return a value of JSON as another type, also if it is a number in quotes; None if that is not possible."""
    try:
        return msgspec.convert(value, type_, strict=False)
    except (msgspec.ValidationError, ValueError):  # a year after 9999 is a ValueError
        return None
