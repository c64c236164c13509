import math

from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.firehose.buffers import REQUEST_BYTES_MAX, DeliveryBuffer, ObjectBuffer, ProcessorBuffer
from local_aws.firehose.invocation import event, read_record
from local_aws.firehose.settings import Hints

HINTS = Hints(size_bytes=100, interval_seconds=10)


def record(data=b"", key="key"):
    return read_record("shardId-000000000000", "1", key, 0, data)


def test_an_empty_buffer_is_never_due():
    assert ProcessorBuffer().due_in(HINTS, 1000) == math.inf
    assert DeliveryBuffer().due_in(HINTS, 1000) == math.inf


def test_a_buffer_is_due_an_interval_after_its_first_record():
    buffer = ProcessorBuffer()
    buffer.add(record(), 5)
    buffer.add(record(), 14)
    assert buffer.due_in(HINTS, 14) == 1
    assert buffer.due_in(HINTS, 15) == 0


def test_a_buffer_is_due_at_its_size_in_data():
    buffer = ProcessorBuffer()
    buffer.add(record(bytes(99)), 0)
    assert buffer.due_in(HINTS, 0) == 10
    buffer.add(record(b"1"), 0)
    assert buffer.is_full(HINTS)
    assert buffer.due_in(HINTS, 0) == 0


def test_either_object_makes_a_delivery_due():
    for name in ("rows", "failures"):
        buffer = DeliveryBuffer(positions={"shard": "1"})
        getattr(buffer, name).add(bytes(100), 0)
        assert buffer.due_in(HINTS, 0) == 0


def test_a_delivery_of_dropped_records_alone_comes_due_too():
    # Nothing is written then, but the checkpoint moves on.
    assert DeliveryBuffer(positions={"shard": "1"}, since=5).due_in(HINTS, 15) == 0


def test_an_object_is_as_old_as_its_oldest_record():
    content = ObjectBuffer()
    for arrival_ms in (7, 5, 6):
        content.add(b"row\n", arrival_ms)
    assert (content.oldest_ms, content.size_bytes) == (5, 12)


def test_an_empty_buffer_takes_a_record_of_any_size():
    assert ProcessorBuffer().has_room(record(bytes(REQUEST_BYTES_MAX)))


@settings(max_examples=20)
@given(st.integers(1_000, 1_000_000), st.text(min_size=1, max_size=256))
def test_a_request_fills_6_mb_and_no_more(size_bytes, key):
    buffer = ProcessorBuffer()
    large = record(bytes(size_bytes), key)
    while buffer.has_room(large):
        buffer.add(large, 0)
    arn = "arn:aws:firehose:us-east-1:123456789012:deliverystream/" + "n" * 64
    request_bytes = len(event(buffer.records, "i" * 36, arn, arn))
    assert REQUEST_BYTES_MAX - len(large.entry) - 1_000 <= request_bytes <= REQUEST_BYTES_MAX
