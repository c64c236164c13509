"""Puts records into the Kinesis stream, and puts those again that it throttles."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from botocore.exceptions import ClientError

from common.answers import AnswerError, error_code
from sales_pipeline.aws.retry import waits

CALL_RECORDS = 500
"""Records in one call: Kinesis API reference, PutRecords."""
CALL_BYTES = 5 * 1024 * 1024
"""Bytes of data and partition keys in one call. The API takes up to 10 MiB."""
PARTITION_KEY_CHARACTERS = 256
"""Longest partition key: Kinesis API reference, PutRecordsRequestEntry."""

_REFUSALS = {"ValidationException", "InvalidArgumentException"}


class Record(Protocol):
    """What goes into the stream."""

    @property
    def data(self) -> bytes:
        """Bytes as Firehose will get them."""

    @property
    def partition_key(self) -> str:
        """Key that decides on the shard: records of one key keep their order."""

    @property
    def digest(self) -> str:
        """Name of the record, the same for the same data."""


AnyRecord = TypeVar("AnyRecord", bound=Record)


def batches(records: Iterable[AnyRecord]) -> Iterator[list[AnyRecord]]:
    """Yield all records in order, as many at a time as one call takes."""
    batch: list[AnyRecord] = []
    batch_bytes = 0
    for record in records:
        size_bytes = len(record.data) + len(record.partition_key.encode())
        if len(batch) == CALL_RECORDS or (batch and batch_bytes + size_bytes > CALL_BYTES):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(record)
        batch_bytes += size_bytes
    if batch:
        yield batch


def put(
    kinesis: Any,  # noqa: ANN401 - no stubs for it
    stream_name: str,
    records: Sequence[Record],
    when_taken: Callable[[set[str]], None] = lambda _: None,
) -> set[str]:
    """Put the records of one batch; return the digests of those that Kinesis will never take.

    Calls `when_taken` after each attempt with the digests of the records that Kinesis took. Raises RetryError.
    """
    for wait_seconds in waits(f"Kinesis stream {stream_name} does not take what is put to it"):
        entries = [{"Data": each.data, "PartitionKey": each.partition_key} for each in records]
        try:
            answer = kinesis.put_records(StreamName=stream_name, Records=entries)
        except ClientError as error:
            if error_code(error) not in _REFUSALS:
                raise
            # One of the records is at fault, and the answer does not say which: each half is put by itself.
            if len(records) == 1:
                return {records[0].digest}
            middle = len(records) // 2
            return put(kinesis, stream_name, records[:middle], when_taken) | put(
                kinesis, stream_name, records[middle:], when_taken
            )
        if len(answer["Records"]) != len(records):
            raise AnswerError(f"it has {len(answer['Records'])} results for {len(records)} records")
        results = list(zip(records, answer["Records"], strict=True))
        when_taken({each.digest for each, result in results if not result.get("ErrorCode")})
        records = [each for each, result in results if result.get("ErrorCode")]
        if not records:
            break
        time.sleep(wait_seconds)
    return set()
