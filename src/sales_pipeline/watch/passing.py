"""Reads the changes that pass through the Kinesis stream, within a bound on what it takes of a shard's throughput.

A shard gives all its readers five calls and 2 MB per second together, and Firehose is one of them (Amazon Kinesis Data
Streams Developer Guide, "Quotas and limits"). So each shard is asked once in POLL_SECONDS, for about CALL_BYTES. Where
more arrives than that, the changes in between are skipped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from common.answers import error_code
from common.clock import now_ms
from sales_pipeline.aws.stack import Stack

POLL_SECONDS = 5.0
CATCH_UP_SECONDS = 1.0
CATCH_UP_CALLS = 5
CALL_BYTES = 500_000
RECORDS_MAX = 1_000
FIRST_RECORDS = 10
"""Records of the first call, before the size of one is known. None is larger than 1 MiB here."""
SHARDS_MAX = 4
KEPT = 10_000
NEWEST = 20


@dataclass(frozen=True)
class Record:
    """A record of the stream: when Kinesis took it, in milliseconds since 1970, and its bytes."""

    arrived_ms: int
    data: bytes


@dataclass(frozen=True)
class Passed:
    """What has passed through the stream. Times are in milliseconds since 1970."""

    arrivals: Sequence[int] = ()
    """When each change arrived, in order."""
    newest: Sequence[Record] = ()
    """The last few, the newest first."""
    since_ms: int | None = None
    """All changes that arrived since then are in `arrivals`. None where some shards are not read, or not up to now."""
    was_skipped: bool = False
    """Whether changes before `since_ms` were skipped; otherwise the reading began there."""


class _Shard:
    def __init__(self, shard_id: str, iterator: str) -> None:
        self.id = shard_id
        self.iterator = iterator
        self.limit = FIRST_RECORDS
        self.calls_left = CATCH_UP_CALLS
        self.is_behind = False

    def learn(self, sizes: Sequence[int], *, is_behind: bool) -> None:
        if sizes:
            self.limit = max(1, min(RECORDS_MAX, CALL_BYTES * len(sizes) // max(1, sum(sizes))))
        self.calls_left = self.calls_left - 1 if is_behind else CATCH_UP_CALLS


class Passing:
    """Follows the stream from `back_seconds` before its first reading. Raises the errors of boto3."""

    def __init__(self, stack: Stack, back_seconds: float, clock_ms: Callable[[], int] = now_ms) -> None:
        self._kinesis: Any = stack.session.client("kinesis")
        self._name = stack["StreamName"]
        self._back_ms = int(back_seconds * 1000)
        self._clock_ms = clock_ms
        self._shards: list[_Shard] = []
        self._has_all_shards = True
        self._arrivals: list[int] = []
        self._newest: list[Record] = []
        self._since_ms = 0
        self._was_skipped = False
        self.pause_seconds = POLL_SECONDS

    def read(self) -> Passed:
        """Ask each shard once. `pause_seconds` is when to do so again."""
        if not self._shards:
            self._start()
        elif any(not shard.iterator for shard in self._shards):  # it was split or merged
            self._go_on_with_children()
        self.pause_seconds = POLL_SECONDS
        try:
            for shard in self._shards:
                self._read(shard)
        except ClientError as error:
            if error_code(error) != "ExpiredIteratorException":
                raise
            self._shards = []  # after five minutes without a reading, as in a laptop that slept
        return self._passed()

    def _start(self) -> None:
        self._since_ms, self._was_skipped = self._clock_ms() - self._back_ms, False
        since = datetime.fromtimestamp(self._since_ms / 1000, UTC)
        self._arrivals, self._newest = [], []
        self._shards = [_Shard(each, self._iterator(each, "AT_TIMESTAMP", since)) for each in self._open_shards()]

    def _go_on_with_children(self) -> None:
        """Read new shards from their begin: nothing in them is older than the end of the shards that they replace."""
        followed = {shard.id: shard for shard in self._shards if shard.iterator}
        self._shards = [
            followed.get(each) or _Shard(each, self._iterator(each, "TRIM_HORIZON")) for each in self._open_shards()
        ]

    def _open_shards(self) -> list[str]:
        listed = self._kinesis.list_shards(StreamName=self._name, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        # The emulator lists closed shards too.
        is_open = [each["ShardId"] for each in listed if not each["SequenceNumberRange"].get("EndingSequenceNumber")]
        self._has_all_shards = len(is_open) <= SHARDS_MAX
        return is_open[:SHARDS_MAX]

    def _iterator(self, shard_id: str, kind: str, since: datetime | None = None) -> str:
        at = {"Timestamp": since} if since else {}
        answer = self._kinesis.get_shard_iterator(StreamName=self._name, ShardId=shard_id, ShardIteratorType=kind, **at)
        return str(answer["ShardIterator"])

    def _read(self, shard: _Shard) -> None:
        """Read what a shard has. One that has ended has no iterator after that."""
        answer = self._kinesis.get_records(ShardIterator=shard.iterator, Limit=shard.limit)
        found = [
            Record(int(each["ApproximateArrivalTimestamp"].timestamp() * 1000), each["Data"])
            for each in answer["Records"]
        ]
        is_behind = len(found) == shard.limit or answer["MillisBehindLatest"] > POLL_SECONDS * 1000
        shard.learn([len(each.data) for each in found], is_behind=is_behind)
        self._arrivals = sorted([*self._arrivals, *(each.arrived_ms for each in found)])[-KEPT:]
        self._newest = sorted([*self._newest, *found], key=lambda each: each.arrived_ms)[-NEWEST:]
        iterator = answer.get("NextShardIterator")
        shard.is_behind = is_behind or not iterator
        if iterator and is_behind and shard.calls_left < 0:
            self._since_ms, self._was_skipped = self._clock_ms(), True
            iterator, shard.is_behind = self._iterator(shard.id, "LATEST"), False
        elif is_behind:
            self.pause_seconds = CATCH_UP_SECONDS
        shard.iterator = iterator or ""

    def _passed(self) -> Passed:
        arrivals = self._arrivals
        since_ms, was_skipped = self._since_ms, self._was_skipped
        if len(arrivals) == KEPT:
            since_ms, was_skipped = max(since_ms, arrivals[0]), True
        is_whole = self._has_all_shards and not any(shard.is_behind for shard in self._shards)
        return Passed(arrivals, self._newest[::-1], since_ms if is_whole else None, was_skipped)
