"""The buffers of Firehose: records of a shard wait for the function, then the function's results wait for S3.

Times are arguments, in seconds of a clock that only goes forward.
"""

from dataclasses import dataclass, field

from local_aws.firehose.invocation import Record
from local_aws.firehose.settings import Hints

# The guide says 6 MB, and Lambda takes 6 MiB: this is within both.
REQUEST_BYTES_MAX = 6_000_000
_ENVELOPE_BYTES = 1_000  # more than an event takes besides its records


@dataclass
class ProcessorBuffer:
    """Records of one shard that wait for the function."""

    records: list[Record] = field(default_factory=list)
    data_bytes: int = 0
    request_bytes: int = _ENVELOPE_BYTES
    since: float = 0.0  # when the first was added

    def has_room(self, record: Record) -> bool:
        """Say whether the request with this record stays within 6 MB; an empty buffer takes any record."""
        return not self.records or self.request_bytes + len(record.entry) + 1 <= REQUEST_BYTES_MAX

    def add(self, record: Record, now: float) -> None:
        if not self.records:
            self.since = now
        self.records.append(record)
        self.data_bytes += len(record.data)
        self.request_bytes += len(record.entry) + 1

    def is_full(self, hints: Hints) -> bool:
        return self.data_bytes >= hints.size_bytes

    def due_in(self, hints: Hints, now: float) -> float:
        """Return the seconds until it is due: at most 0 when it is, infinite while it is empty."""
        return _due_in(bool(self.records), self.data_bytes, self.since, hints, now)


@dataclass
class ObjectBuffer:
    """The lines of the next object, and when its oldest record arrived, in milliseconds since 1970."""

    parts: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    oldest_ms: int = 0

    def add(self, part: bytes, arrival_ms: int) -> None:
        self.oldest_ms = min(self.oldest_ms, arrival_ms) if self.parts else arrival_ms
        self.parts.append(part)
        self.size_bytes += len(part)


@dataclass
class DeliveryBuffer:
    """Rows and failures that wait for S3. They are written together, so that one checkpoint holds for both."""

    rows: ObjectBuffer = field(default_factory=ObjectBuffer)
    failures: ObjectBuffer = field(default_factory=ObjectBuffer)
    positions: dict[str, str] = field(default_factory=dict)  # last sequence number in here, by shard
    since: float = 0.0

    def due_in(self, hints: Hints, now: float) -> float:
        """Return the seconds until it is due: at most 0 when it is, infinite while nothing was processed."""
        size_bytes = max(self.rows.size_bytes, self.failures.size_bytes)
        return _due_in(bool(self.positions), size_bytes, self.since, hints, now)


def _due_in(filled: bool, size_bytes: int, since: float, hints: Hints, now: float) -> float:  # noqa: FBT001
    if not filled:
        return float("inf")
    return 0.0 if size_bytes >= hints.size_bytes else since + hints.interval_seconds - now
