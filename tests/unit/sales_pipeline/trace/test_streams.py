"""What the streams hold of one order, read in bounds: never more calls, bytes or seconds than it says."""

import pytest
from botocore.exceptions import ClientError

from sales_pipeline.trace import streams, where
from sales_pipeline.trace.budget import Budget
from sales_pipeline.trace.found import Place
from sales_pipeline.trace.streams import CALLS_PER_SECOND, EMPTY_PAGES, KinesisStream, TableStream
from tests.unit.sales_pipeline.columns import EVERY_TYPE
from tests.unit.sales_pipeline.trace.fakes import Kinesis, TableStreams, event, order, record, stack
from tests.unit.sales_pipeline.trace.made import NOON_MS, ms


class Waits(Budget):
    """A budget whose seconds pass only while it is waited for."""

    passed = 0.0

    @property
    def is_over(self):
        return self.passed >= self.seconds

    @property
    def left_seconds(self):
        return max(0.0, self.seconds - self.passed)

    def wait(self, seconds):
        self.passed += seconds


def read_table_stream(shards, seconds=60.0, gone=()):
    client = TableStreams(shards)
    client.gone = set(gone)
    found, gaps = TableStream(stack(dynamodbstreams=client), order()).read(Waits(seconds), NOON_MS)
    return found, gaps, client.calls


def test_changes_of_the_order_in_every_shard_of_the_table_s_stream():
    shards = {
        "old": [[record("o", 1), record("other", 2)], [], [record("o", 3, name="MODIFY")], None],
        "middle": [None],
        "new": [[], [record("o", 5, seconds=9, name="REMOVE")]],
    }
    found, gaps, _ = read_table_stream(shards)
    assert gaps == []
    assert sorted((each.where, each.change.sequence_number, each.change.name) for each in found) == [
        ("new", "5", "REMOVE"),
        ("old", "1", "INSERT"),
        ("old", "3", "MODIFY"),
    ]
    assert {each.time_ms for each in found} == {NOON_MS, ms(9)}
    assert {each.place for each in found} == {Place.table_stream}


def test_an_open_shard_has_ended_after_some_empty_answers_in_a_row():
    found, gaps, calls = read_table_stream({"new": [[], [], [record("o", 1)], *[[]] * 9]})
    assert ([each.change.sequence_number for each in found], gaps) == (["1"], [])
    assert len(calls) == 3 + EMPTY_PAGES


def test_a_shard_that_dynamodb_has_just_deleted_is_no_error():
    assert read_table_stream({"old": [None], "new": [[]]}, gone=["old"])[:2] == ([], [])


def test_a_busy_stream_is_read_for_so_long_and_no_longer():
    shards = {name: [[record("other", 1, seconds=number)] for number in range(500)] for name in "abcdef"}
    found, [gap], calls = read_table_stream(shards, seconds=3.0)
    assert found == []
    assert gap.place is Place.table_stream
    assert gap.why.startswith("6 shards of 6 could not be read to the end in 3 s, up to 11-22 12:")
    assert len(calls) <= 3 * CALLS_PER_SECOND + streams.SHARDS_AT_ONCE
    assert {call[0] for call in calls} <= set("cdef")  # the newest come first


def read_kinesis(client, *, seconds=60.0, created=None, of=None, now=0):
    windows = where.windows(None if created is None else ms(created), ms(now))
    return KinesisStream(stack(kinesis=client), of or order()).read(Waits(seconds), windows, ms(now))


def test_changes_of_the_order_in_the_one_shard_of_its_key():
    client = Kinesis.with_keys(4, *[(number, "o", event("o", number, number)) for number in range(5)])
    found, gaps = read_kinesis(client, now=10)
    assert (sorted(each.time_ms for each in found), gaps) == ([ms(number) for number in range(5)], [])
    assert len({call[0] for call in client.calls}) == 1


def test_what_only_looks_like_the_order_is_none_of_its_changes():
    client = Kinesis([(0, "o", b"{}"), (0, "o", event("other", 1)), (0, "other", event("o", 2)), (0, "o", b"\xff")])
    assert read_kinesis(client, now=1) == ([], [])


def test_a_long_key_can_be_in_every_shard():
    of = order("x" * 300)
    client = Kinesis([], [(0, "digest", event("x" * 300, 1))])
    assert [each.where for each in read_kinesis(client, of=of, now=1)[0]] == ["1"]


def test_a_number_has_several_texts():
    data = event("o", 1).replace(b'{"orderid": {"S": "o"}', b'{"orderNo": {"N": "5E-1"}')
    client = Kinesis([(0, "5E-1", data), (0, "0.51", data)], [(0, "0.5", data)])
    found, _ = read_kinesis(client, of=order("0.5", EVERY_TYPE), now=1)
    assert [each.change.order_id for each in found] == ["0.5", "0.5"]


def test_it_begins_around_the_id_and_at_the_end_so_a_busy_stream_holds_no_order_back():
    busy = [(number * 10, "other", event("other", 1)) for number in range(-9_000, 9_000)]
    own = [(2, "o", event("o", 1)), (85_000, "o", event("o", 2))]
    client = Kinesis(sorted(busy + own, key=lambda each: each[0]), page_records=50)
    found, [gap] = read_kinesis(client, seconds=9.0, created=0, now=90_000 - 1)
    assert [each.change.sequence_number for each in found] == ["1"]
    assert gap.why == "not all records older than 1 h could be read in 9 s: --seconds reads longer"
    assert len(client.calls) <= 9 * CALLS_PER_SECOND + 2
    found, gaps = read_kinesis(client, seconds=600.0, created=0, now=90_000 - 1)
    assert ([each.change.sequence_number for each in found], gaps) == (["1", "2"], [])


@pytest.mark.parametrize(
    ("order_id", "is_one_text"), [("7", True), ("1" * 19, True), ("1" * 20, False), ("0.5", False)]
)
def test_the_shard_of_a_number_is_known_if_its_text_is(order_id, is_one_text):
    assert (order(order_id, EVERY_TYPE).hash is not None) is is_one_text


def test_a_change_that_is_in_two_parts_is_there_once():
    client = Kinesis([(0, "o", event("o", 1)), (0, "other", event("other", 2))])
    assert len(read_kinesis(client, created=0, now=30)[0]) == 1


def test_no_more_than_half_of_what_a_shard_gives_is_taken():
    large = b"x" * streams.BYTES_PER_SECOND
    client = Kinesis([(number, "other", large) for number in range(-100, 0)], page_records=5)
    _, [gap] = read_kinesis(client, seconds=20.0)
    assert gap.place is Place.kinesis
    assert len(client.calls) == 20 / 5


def refused(operation, code="ProvisionedThroughputExceededException"):
    return ClientError({"Error": {"Code": code, "Message": "slow down"}}, operation)


def test_what_was_found_stays_when_kinesis_throttles(monkeypatch):
    client = Kinesis([(0, "o", event("o", 1)), *[(number, "other", b"") for number in range(300, 900)]])
    get_records = client.get_records

    def throttled(**which):
        if len(client.calls) > 5:
            raise refused("GetRecords")
        return get_records(**which)

    monkeypatch.setattr(client, "get_records", throttled)
    found, [gap] = read_kinesis(client, created=0, now=900)
    assert [each.change.sequence_number for each in found] == ["1"]
    assert (gap.place, gap.why.startswith("AWS throttled ")) == (Place.kinesis, True)


def test_what_was_found_stays_when_a_shard_of_the_table_s_stream_fails(monkeypatch):
    get_records = TableStreams.get_records

    def expired(self, *, ShardIterator, **which):  # noqa: N803 - boto3's name
        if ShardIterator == "new/1":
            raise refused("GetRecords", "ExpiredIteratorException")
        return get_records(self, ShardIterator=ShardIterator, **which)

    monkeypatch.setattr(TableStreams, "get_records", expired)
    found, [gap], _ = read_table_stream({"new": [[record("o", 1)], [record("o", 2)]]})
    assert ([each.change.sequence_number for each in found], gap.place) == (["1"], Place.table_stream)


def test_an_error_before_anything_was_found_is_one(monkeypatch):
    def throttled(**_):
        raise refused("GetRecords")

    client = Kinesis([(0, "o", event("o", 1))])
    monkeypatch.setattr(client, "get_records", throttled)
    with pytest.raises(ClientError, match="slow down"):
        read_kinesis(client, now=9)


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_a_budget_that_is_over_ends_every_wait(seconds):
    budget = Budget(seconds)
    budget.end()
    budget.wait(60)
    assert (budget.is_over, budget.left_seconds) == (True, 0.0)
