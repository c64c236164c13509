"""Which dead letters are about an order: those whose part of the table's stream has a change of it."""

import pytest
from botocore.exceptions import ClientError

from sales_pipeline.failures import dead_letters
from sales_pipeline.trace.budget import Budget
from sales_pipeline.trace.found import Place
from sales_pipeline.trace.letters import Letters
from tests.unit.sales_pipeline.failures.letters import letter
from tests.unit.sales_pipeline.trace.fakes import ARN, Queue, order, record, stack
from tests.unit.sales_pipeline.trace.made import change, in_stream, ms

ARRIVED = {
    "approximateArrivalOfFirstRecord": "2026-11-22T12:00:00Z",
    "approximateArrivalOfLastRecord": "2026-11-22T12:01:00Z",
}


class Streams:
    """The table's stream, which holds these records; or nothing but an error."""

    def __init__(self, *records, error=None):
        self.records, self.error, self.reads = records, error, 0

    def get_shard_iterator(self, **_):
        self.reads += 1
        if self.error:
            raise ClientError({"Error": {"Code": self.error}}, "GetShardIterator")
        return {"ShardIterator": "i"}

    def get_records(self, **_):
        return {"Records": self.records}


def of_own_table(start, end, **more):
    return letter(streamArn=ARN, shardId="shard-1", startSequenceNumber=str(start), endSequenceNumber=str(end), **more)


def read(queue, streams, in_stream=(), created=None, seconds=60.0):
    of_stack = stack(sqs=queue, dynamodbstreams=streams)
    object.__setattr__(of_stack, "outputs", {**of_stack.outputs, "PipeDeadLetterQueueUrl": "q", "TableName": "orders"})
    letters = Letters(of_stack, order())
    listing = letters.listed(Budget(0.0 if queue.unseen else 60.0))
    return letters.changes(listing, in_stream, created, Budget(seconds))


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr("sales_pipeline.failures.dead_letters.LIST_AGAIN_SECONDS", 0)


def test_a_change_that_the_stream_showed_is_in_the_letter_about_its_place():
    streams, own = Streams(), change(number=150)
    for start, end, count in ((100, 200, 1), (150, 150, 1)):
        found, gaps = read(Queue(of_own_table(start, end)), streams, [in_stream(own)])
        assert ([each.change for each in found], gaps) == ([own] * count, [])
    [each] = found
    assert (each.place, each.where, each.reason) == (Place.dead_letters, "message 0", "Pipe.RetryAttemptsExhausted")
    assert streams.reads == 0


def test_the_part_of_the_stream_is_read_if_no_known_change_is_in_it():
    streams = Streams(record("other", 100), record("o", 101), record("o", 300))
    found, gaps = read(Queue(of_own_table(100, 200)), streams, [in_stream(change(number=300))])
    assert ([each.change.sequence_number for each in found], gaps) == (["101"], [])


def test_a_known_change_of_another_shard_is_not_in_the_letter():
    streams = Streams(record("o", 150))
    queue = Queue(letter(streamArn=ARN, shardId="shard-2", startSequenceNumber="100", endSequenceNumber="200"))
    found, _ = read(queue, streams, [in_stream(change(number=150, event_id="of shard 1"))])
    assert ([each.change.event_id for each in found], streams.reads) == (["event 150"], 1)


def test_clocks_differ_so_a_letter_from_just_before_the_order_is_read():
    streams = Streams(record("o", 150))
    assert len(read(Queue(of_own_table(100, 200, **ARRIVED)), streams, created=ms(64))[0]) == 1
    assert len(read(Queue(of_own_table(100, 200, **ARRIVED)), streams, created=ms(66))[0]) == 0


def test_changes_that_did_not_come_in_time_are_counted(monkeypatch):
    unfinished = dead_letters.StreamPart(dead_letters.RangeState.UNFINISHED, [])
    monkeypatch.setattr(dead_letters, "read_range", lambda *_: unfinished)
    _, [gap] = read(Queue(of_own_table(100, 200)), Streams())
    assert gap.why == "the changes of 1 message could not be read in time"


def test_letters_from_before_the_order_and_those_of_no_form_are_left():
    streams = Streams()
    queue = Queue(of_own_table(100, 200, **ARRIVED), "hello", letter(streamArn="arn:aws:dynamodb:x:1:table/t/stream/1"))
    assert read(queue, streams, created=ms(3600)) == ([], [])
    assert streams.reads == 0


@pytest.mark.parametrize(
    ("streams", "says"),
    [
        (
            Streams(error="TrimmedDataAccessException"),
            "DynamoDB no longer has the changes of 1 message: they may be about",
        ),
        (Streams(error="ResourceNotFoundException"), "DynamoDB no longer has the changes of 1 message"),
    ],
)
def test_changes_that_dynamodb_no_longer_has(streams, says):
    found, [gap] = read(Queue(of_own_table(100, 200)), streams)
    assert (found, gap.place, says in gap.why) == ([], Place.dead_letters, True)


def test_what_time_does_not_allow_and_what_others_read():
    found, [gap] = read(Queue(of_own_table(100, 200)), Streams(), seconds=0.0)
    assert (found, gap.why) == ([], "the changes of 1 message could not be read in time")
    found, [gap] = read(Queue(unseen=3), Streams())
    assert (found, gap.why) == ([], "3 messages could not be listed: somebody reads them")
