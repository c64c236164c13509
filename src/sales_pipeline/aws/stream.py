"""Puts changes into the Kinesis stream, again while it throttles them."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import ClientError

from sales_pipeline.aws.retry import waits
from sales_pipeline.orders.change import Change

_REFUSALS = {"ValidationException", "InvalidArgumentException"}


def put(
    kinesis: Any,  # noqa: ANN401 - no stubs for it
    stream_name: str,
    changes: Sequence[Change],
    when_taken: Callable[[set[str]], None] = lambda _: None,
) -> set[str]:
    """Put changes, as many as one call takes; return the digests of those that Kinesis will never take.

    `when_taken` gets the digests of what it took, after each attempt. Raises RetryError.
    """
    for wait_seconds in waits(f"Kinesis stream {stream_name} does not take what is put to it"):
        entries = [{"Data": each.data, "PartitionKey": each.partition_key} for each in changes]
        try:
            answer = kinesis.put_records(StreamName=stream_name, Records=entries)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSALS:
                raise
            # One of them is to blame, and the call doesn't say which.
            if len(changes) == 1:
                return {changes[0].digest}
            middle = len(changes) // 2
            return put(kinesis, stream_name, changes[:middle], when_taken) | put(
                kinesis, stream_name, changes[middle:], when_taken
            )
        results = list(zip(changes, answer["Records"], strict=True))
        when_taken({each.digest for each, result in results if not result.get("ErrorCode")})
        changes = [each for each, result in results if result.get("ErrorCode")]
        if not changes:
            break
        time.sleep(wait_seconds)
    return set()
