"""Reads the changes that pass through the Kinesis stream, within a bound on what it takes of a shard's throughput.

A shard gives all its readers five calls and 2 MB per second together, and Firehose is one of them (Amazon Kinesis Data
Streams Developer Guide, "Quotas and limits"). So each shard is asked once in POLL_SECONDS, for about CALL_BYTES. Where
more arrives than that, the changes in between are skipped.
"""

from collections import deque
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
        self._arrivals: deque[int] = deque(maxlen=KEPT)
        self._newest: deque[Record] = deque(maxlen=NEWEST)
        self._since_ms = 0
        self._was_skipped = False
        self.pause_seconds = POLL_SECONDS

    def read(self) -> Passed:
        """Ask each shard once. `pause_seconds` is when to do so again."""
        if not self._shards:
            self._start()
        self.pause_seconds = POLL_SECONDS
        try:
            ended = [self._read(shard) for shard in self._shards]
        except ClientError as error:
            if error_code(error) != "ExpiredIteratorException":
                raise
            ended = [True]  # after five minutes without a reading, as in a laptop that slept
        if any(ended):  # of a shard that was split or merged
            self._shards = []
        return self._passed()

    def _start(self) -> None:
        listed = self._kinesis.list_shards(StreamName=self._name, ShardFilter={"Type": "AT_LATEST"})["Shards"]
        # The emulator lists closed shards too.
        is_open = [each["ShardId"] for each in listed if not each["SequenceNumberRange"].get("EndingSequenceNumber")]
        self._since_ms, self._was_skipped = self._clock_ms() - self._back_ms, False
        since = datetime.fromtimestamp(self._since_ms / 1000, UTC)
        self._has_all_shards = len(is_open) <= SHARDS_MAX
        self._arrivals.clear()
        self._newest.clear()
        self._shards = [_Shard(each, self._iterator(each, "AT_TIMESTAMP", since)) for each in is_open[:SHARDS_MAX]]

    def _iterator(self, shard_id: str, kind: str, since: datetime | None = None) -> str:
        at = {"Timestamp": since} if since else {}
        answer = self._kinesis.get_shard_iterator(StreamName=self._name, ShardId=shard_id, ShardIteratorType=kind, **at)
        return str(answer["ShardIterator"])

    def _read(self, shard: _Shard) -> bool:
        """Read what a shard has, and return whether it has ended."""
        answer = self._kinesis.get_records(ShardIterator=shard.iterator, Limit=shard.limit)
        found = [
            Record(int(each["ApproximateArrivalTimestamp"].timestamp() * 1000), each["Data"])
            for each in answer["Records"]
        ]
        is_behind = len(found) == shard.limit or answer["MillisBehindLatest"] > POLL_SECONDS * 1000
        shard.learn([len(each.data) for each in found], is_behind=is_behind)
        self._arrivals.extend(each.arrived_ms for each in found)
        self._newest.extend(found)
        iterator = answer.get("NextShardIterator")
        shard.is_behind = is_behind
        if iterator and is_behind and shard.calls_left < 0:
            self._since_ms, self._was_skipped = self._clock_ms(), True
            iterator, shard.is_behind = self._iterator(shard.id, "LATEST"), False
        elif is_behind:
            self.pause_seconds = CATCH_UP_SECONDS
        shard.iterator = iterator or ""
        return not iterator

    def _passed(self) -> Passed:
        arrivals = sorted(self._arrivals)
        since_ms, was_skipped = self._since_ms, self._was_skipped
        if len(arrivals) == KEPT:
            since_ms, was_skipped = max(since_ms, arrivals[0]), True
        is_whole = self._has_all_shards and not any(shard.is_behind for shard in self._shards)
        newest = sorted(self._newest, key=lambda each: each.arrived_ms, reverse=True)
        return Passed(arrivals, newest, since_ms if is_whole else None, was_skipped)
