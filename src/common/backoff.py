"""How often a command asks AWS again for what it refuses for a while."""

from collections.abc import Iterator

# A throttled shard takes more within a second; what refuses for longer than these together is to be repaired.
RETRY_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


class RetryError(Exception):
    """AWS refused for too long; the text says what, and what to do next. All that was done so far holds."""


def waits(what_fails: str) -> Iterator[float]:
    """Yield how many seconds to wait after each attempt; raise RetryError, with `what_fails`, after the last."""
    yield from RETRY_SECONDS
    raise RetryError(
        f"{what_fails}: see what throttles or fails it, and run the same command again. Nothing is lost by it."
    )
