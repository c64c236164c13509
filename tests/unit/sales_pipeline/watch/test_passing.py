"""The stream is followed whole as far as a small part of a shard's throughput goes, and skipped through beyond that."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from sales_pipeline.watch import passing
from sales_pipeline.watch.passing import Passing, Record

START_MS = 1_795_000_000_000
BACK_SECONDS = 210


class Kinesis:
    """A stream of shards, each a list of records. Time passes as the test says."""

    def __init__(self, *shard_ids):
        self.shards = {each: [] for each in shard_ids}
        self.closed = set()
        self.iterators = {}
        self.calls = []
        self.now_ms = START_MS

    def put(self, count, size=600, age_seconds=0.0, shard="a"):
        arrived = datetime.fromtimestamp(self.now_ms / 1000 - age_seconds, UTC)
        self.shards[shard] += [{"ApproximateArrivalTimestamp": arrived, "Data": b"x" * size}] * count

    def list_shards(self, **_):
        return {
            "Shards": [
                {"ShardId": each, "SequenceNumberRange": {"EndingSequenceNumber": "1"} if each in self.closed else {}}
                for each in self.shards
            ]
        }

    def get_shard_iterator(self, ShardId, ShardIteratorType, Timestamp=None, **_):  # noqa: N803 - AWS' names
        records = self.shards[ShardId]
        older = sum(each["ApproximateArrivalTimestamp"] < Timestamp for each in records) if Timestamp else len(records)
        older = 0 if ShardIteratorType == "TRIM_HORIZON" else older
        iterator = f"{ShardId}:{older}"
        self.calls.append(ShardIteratorType)
        return {"ShardIterator": iterator}

    def get_records(self, ShardIterator, Limit):  # noqa: N803
        shard, at = ShardIterator.split(":")
        records = self.shards[shard]
        if at == "expired":
            raise ClientError({"Error": {"Code": "ExpiredIteratorException"}}, "GetRecords")
        found = records[int(at) : int(at) + Limit]
        self.calls.append(len(found))
        following = int(at) + len(found)
        left = records[following:]
        behind = self.now_ms - left[0]["ApproximateArrivalTimestamp"].timestamp() * 1000 if left else 0
        is_over = shard in self.closed and not left
        answer = {"Records": found, "MillisBehindLatest": int(behind)}
        return answer if is_over else answer | {"NextShardIterator": f"{shard}:{following}"}


@pytest.fixture
def kinesis():
    return Kinesis("a")


@pytest.fixture
def follow(kinesis):
    def follow():
        session = SimpleNamespace(client=lambda _: kinesis)
        stack = type("Stack", (dict,), {"session": session})(StreamName="stream")
        return Passing(stack, BACK_SECONDS, lambda: kinesis.now_ms)

    return follow


def test_a_slow_stream_is_seen_whole_from_some_time_back(kinesis, follow):
    kinesis.put(3, age_seconds=1000)
    kinesis.put(25, age_seconds=100)
    reading = follow()
    assert reading.read().since_ms is None  # 15 more wait
    assert reading.pause_seconds == passing.CATCH_UP_SECONDS
    passed = reading.read()
    assert len(passed.arrivals) == 25
    assert (passed.since_ms, passed.was_skipped) == (START_MS - BACK_SECONDS * 1000, False)
    kinesis.put(2)
    passed = reading.read()
    assert passed.newest[0] == Record(START_MS, b"x" * 600)
    assert (len(passed.arrivals), len(passed.newest)) == (27, passing.NEWEST)
    assert kinesis.calls == ["AT_TIMESTAMP", 10, 15, 2]


def test_large_orders_take_no_more_of_the_throughput_than_small_ones(kinesis, follow):
    kinesis.put(5000, size=100_000)
    reading = follow()
    reading.read()
    reading.read()
    assert kinesis.calls[1:] == [10, 5]
    assert passing.CALL_BYTES >= 5 * 100_000


def test_a_busy_stream_is_skipped_through_with_one_call_per_poll(kinesis, follow):
    reading = follow()
    kinesis.put(50_000)
    for _ in range(20):
        passed = reading.read()
        kinesis.now_ms += 5000
        kinesis.put(5000)
    calls = [each for each in kinesis.calls if isinstance(each, int)]
    assert len(calls) == 20
    assert passed.was_skipped
    assert passed.since_ms > kinesis.now_ms - 20_000
    assert passed.newest[0].arrived_ms > kinesis.now_ms - 15_000
    assert reading.pause_seconds == passing.POLL_SECONDS


def test_after_a_burst_the_stream_is_seen_whole_again(kinesis, follow):
    reading = follow()
    reading.read()
    kinesis.put(50_000)
    for _ in range(10):
        reading.read()
    kinesis.now_ms += 5000
    kinesis.put(3)
    passed = reading.read()
    assert kinesis.calls[-1] == 3
    assert passed.since_ms <= kinesis.now_ms - 5000
    assert reading.pause_seconds == passing.POLL_SECONDS


def test_of_many_shards_only_some_are_read_and_nothing_is_said_of_the_whole(follow, kinesis):
    kinesis.shards = {f"{number}": [] for number in range(100)}
    passed = follow().read()
    assert passed.since_ms is None
    assert len([each for each in kinesis.calls if isinstance(each, int)]) == passing.SHARDS_MAX


def test_a_shard_that_was_split_is_followed_by_its_children(kinesis, follow):
    reading = follow()
    kinesis.put(2)
    reading.read()
    kinesis.closed = {"a"}
    kinesis.shards |= {"b": [], "c": []}
    kinesis.put(1, shard="b")
    kinesis.put(1, shard="c")
    passed = reading.read()
    assert passed.since_ms is None  # the children are not read so far
    passed = reading.read()
    assert (len(passed.arrivals), passed.since_ms) == (4, START_MS - BACK_SECONDS * 1000)


def test_of_a_shard_that_another_one_replaces_the_other_shards_are_read_once(kinesis, follow):
    kinesis.shards = {"a": [], "b": []}
    reading = follow()
    kinesis.put(3, shard="b")
    reading.read()
    kinesis.closed, kinesis.shards["c"] = {"a"}, []
    kinesis.put(1, shard="c")
    for _ in range(3):
        passed = reading.read()
    assert len(passed.arrivals) == 4


def test_a_shard_that_ended_while_another_was_throttled_is_followed_by_its_children(kinesis, follow):
    kinesis.shards = {"a": [], "b": []}
    reading, get_records = follow(), kinesis.get_records
    reading.read()

    def throttled(ShardIterator, **options):  # noqa: N803
        if ShardIterator.startswith("b"):
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetRecords")
        return get_records(ShardIterator, **options)

    kinesis.closed, kinesis.shards["c"], kinesis.get_records = {"a"}, [], throttled
    kinesis.put(1, shard="c")
    with pytest.raises(ClientError):
        reading.read()
    kinesis.get_records = get_records
    assert len(reading.read().arrivals) == 1


def test_a_backlog_of_one_shard_hides_no_newer_change_of_another(kinesis, follow, monkeypatch):
    monkeypatch.setattr(passing, "KEPT", 20)
    kinesis.shards = {"a": [], "b": []}
    kinesis.put(2, size=1)
    kinesis.put(30, age_seconds=50, shard="b")
    reading = follow()
    for _ in range(4):
        passed = reading.read()
    assert [each.data for each in passed.newest[:2]] == [b"x", b"x"]
    assert passed.arrivals[-3:] == [START_MS - 50_000, START_MS, START_MS]


def test_an_iterator_that_expired_in_a_sleep_is_made_again(kinesis, follow):
    reading = follow()
    reading.read()
    reading._shards[0].iterator = "a:expired"
    kinesis.put(4)
    reading.read()
    assert len(reading.read().arrivals) == 4


def test_other_errors_pass_through(kinesis, follow):
    def throttled(**_):
        raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetRecords")

    reading = follow()
    kinesis.get_records = throttled
    with pytest.raises(ClientError):
        reading.read()


def test_of_more_changes_than_are_kept_the_oldest_are_forgotten(kinesis, follow, monkeypatch):
    monkeypatch.setattr(passing, "KEPT", 20)
    reading = follow()
    kinesis.put(15)
    kinesis.now_ms += 1000
    kinesis.put(15)
    reading.read()
    passed = reading.read()
    assert (len(passed.arrivals), passed.since_ms, passed.was_skipped) == (20, START_MS, True)
