"""Which changes wait in Firehose's buffers, and when it writes them. Pure: no AWS, environment or clock.

Nothing says it directly. Firehose writes an object when its oldest record has waited for the transform's buffer and for
that of S3. So all of this is an estimate from the last object, and from the changes that arrived since. Times are in
milliseconds since 1970.
"""

from bisect import bisect_right
from dataclasses import dataclass

from sales_pipeline.watch.passing import Passed

RATE_MS = 60_000
RATE_MIN_MS = 20_000
"""A rate over less says little."""


@dataclass(frozen=True)
class Times:
    """How long a change may wait, in seconds: for the transform, for S3, and in all stages together."""

    transform_seconds: float
    buffer_seconds: float
    delivery_seconds: float

    @property
    def buffers_ms(self) -> int:
        """The time after which Firehose writes a record that arrived in an empty buffer."""
        return int((self.transform_seconds + self.buffer_seconds) * 1000)


@dataclass(frozen=True)
class Waiting:
    """The changes in Firehose's buffers."""

    count: int
    oldest_ms: int | None = None
    """When the oldest arrived; None where none waits."""


def waiting(passed: Passed | None, flushed_ms: int | None, times: Times) -> Waiting | None:
    """Return what arrived after Firehose filled the last object, which it wrote at `flushed_ms`; None if not known."""
    if passed is None or passed.since_ms is None:
        return None
    # What arrived just before may still have waited for the transform, and so is in the next object.
    after_ms = passed.since_ms if flushed_ms is None else flushed_ms - int(times.transform_seconds * 1000)
    if passed.was_skipped and passed.since_ms > after_ms:
        return None
    arrivals = passed.arrivals[bisect_right(passed.arrivals, after_ms) :]
    return Waiting(len(arrivals), arrivals[0]) if arrivals else Waiting(0)


def next_object_ms(found: Waiting | None, flushed_ms: int | None, times: Times) -> int | None:
    """Return when Firehose writes its next object, about; None if nothing waits."""
    if found:
        return None if found.oldest_ms is None else found.oldest_ms + times.buffers_ms
    return None if flushed_ms is None else flushed_ms + int(times.buffer_seconds * 1000)


def rate_per_minute(passed: Passed | None, now_ms: int) -> float | None:
    """Return how many changes arrived per minute, over the last minute; None if too little of it was read."""
    if passed is None or passed.since_ms is None:
        return None
    since_ms = max(passed.since_ms, now_ms - RATE_MS)
    if now_ms - since_ms < RATE_MIN_MS:
        return None
    count = len(passed.arrivals) - bisect_right(passed.arrivals, since_ms)
    return count * 60_000 / (now_ms - since_ms)
