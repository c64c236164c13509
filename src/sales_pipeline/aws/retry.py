"""How often a command asks AWS again after a throttle or a refusal that may pass."""

from collections.abc import Iterator

from botocore.config import Config

from common.backoff import backoff_seconds
from sales_pipeline.errors import SalesError

# Among many small reads one meets a throttle or a reset sooner or later.
PATIENT_CLIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})

# 13 s together. A throttled shard takes more within a second; a person must look at anything that lasts longer.
RETRY_SECONDS = tuple(backoff_seconds(failures, 0.1, 8.0) for failures in range(1, 8))


class RetryError(SalesError):
    """AWS refused for too long. Everything that was done before stays done."""


def waits(what_fails: str) -> Iterator[float]:
    """Yield how many seconds to wait after each attempt; raise RetryError, with `what_fails`, after the last."""
    yield from RETRY_SECONDS
    raise RetryError(
        f"{what_fails}: find out what throttles or fails it, then run the same command again. Nothing is lost."
    )
