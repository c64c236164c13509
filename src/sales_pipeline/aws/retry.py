"""How often a command asks AWS again for what it refuses for a while."""

from collections.abc import Iterator

from common.backoff import backoff_seconds
from sales_pipeline.errors import SalesError

# 13 s together. A throttled shard takes more within a second; what refuses for longer needs a person.
RETRY_SECONDS = tuple(backoff_seconds(failures, 0.1, 8.0) for failures in range(1, 8))


class RetryError(SalesError):
    """AWS refused for too long. What was done so far holds."""


def waits(what_fails: str) -> Iterator[float]:
    """Yield how many seconds to wait after each attempt; raise RetryError, with `what_fails`, after the last."""
    yield from RETRY_SECONDS
    raise RetryError(
        f"{what_fails}: find out what throttles or fails it, then run the same command again. Nothing is lost."
    )
