"""What the pipe decides, one decision at a time."""

import json
from datetime import UTC, datetime

import pytest

from local_aws.pipe.rules import (
    CALL_BYTES,
    Condition,
    Entry,
    Failure,
    Kind,
    Piece,
    backoff_seconds,
    dead_letter_message,
    entry,
    next_batch,
    next_pieces,
    ready_shards,
    split_at_age,
)
from sales_pipeline.aws.pipe_event import change_event

STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/2026-10-21T00:00:00.000"
CREATED = datetime(2026, 10, 21, tzinfo=UTC)
PATH = "$.dynamodb.Keys.orderid.S"


def record(**image):
    """A stream record as boto3 reads it."""
    return {
        "eventID": "9f1c",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": CREATED,
            "Keys": {"orderid": {"S": "123"}},
            "NewImage": {"orderid": {"S": "123"}} | image,
            "SequenceNumber": "111",
            "SizeBytes": 98,
            "StreamViewType": "NEW_IMAGE",
        },
    }


def entries(count, size_bytes=10, created_seconds=None):
    return [Entry(str(number), created_seconds, "k", b"x" * (size_bytes - 1)) for number in range(count)]


def test_an_event_is_the_record_and_where_it_comes_from():
    put = entry(change_event(record(price={"N": "349.99"}), STREAM_ARN), PATH)
    assert put.data == (
        b'{"eventID":"9f1c","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb",'
        b'"awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1792540800,'
        b'"Keys":{"orderid":{"S":"123"}},"NewImage":{"orderid":{"S":"123"},"price":{"N":"349.99"}},'
        b'"SequenceNumber":"111","SizeBytes":98,"StreamViewType":"NEW_IMAGE"},'
        b'"eventSourceARN":"arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/2026-10-21T00:00:00.000"}'
    )
    assert (put.partition_key, put.sequence_number, put.created_seconds) == ("123", "111", 1792540800)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("$.eventName", "INSERT"),
        ("$.dynamodb.SizeBytes", "98"),
        ("constant", "constant"),
        ("$.dynamodb.Keys.missing.S", ""),
        ("$.dynamodb.Keys", ""),
        ("$.eventName.S", ""),
    ],
)
def test_the_partition_key_is_what_the_path_leads_to(path, key):
    assert entry(change_event(record(), STREAM_ARN), path).partition_key == key


def test_a_batch_is_sent_when_it_is_full_or_its_window_is_over():
    assert list(next_batch(entries(9), 10, window_over=False)) == []
    assert list(next_batch(entries(9), 10, window_over=True)) == entries(9)
    assert list(next_batch(entries(10), 10, window_over=False)) == entries(10)
    assert list(next_batch(entries(11), 10, window_over=True)) == entries(10)
    assert list(next_batch([], 10, window_over=True)) == []


def test_a_batch_ends_before_a_call_would_be_too_large():
    halves = entries(2, CALL_BYTES // 2)
    assert list(next_batch(halves, 10, window_over=False)) == []
    assert list(next_batch([*halves, *entries(1, 1)], 10, window_over=False)) == halves
    assert len(next_batch(entries(2, CALL_BYTES + 1), 10, window_over=False)) == 1


def test_a_partition_key_counts_in_utf_8():
    assert Entry("1", None, "Käse", b"{}").size_bytes == 7


def after(piece, kind, failed=None, *, bisect=True, maximum_retry_attempts=2):
    failure = Failure(kind, piece.entries if failed is None else failed, "reason")
    return next_pieces(piece, failure, bisect=bisect, maximum_retry_attempts=maximum_retry_attempts)


def test_a_refused_call_is_cut_in_two_for_free():
    batch = entries(5)
    assert after(Piece(batch, retries=1, failures=1), Kind.REFUSED) == [Piece(batch[:2], 1), Piece(batch[2:], 1)]


def test_without_bisecting_the_whole_batch_is_tried_again_until_retries_run_out():
    batch = entries(5)
    assert after(Piece(batch), Kind.REFUSED, bisect=False) == [Piece(batch, 1, 1)]
    assert after(Piece(batch, 1, 1), Kind.REFUSED, bisect=False) == [Piece(batch, 2, 2)]
    assert after(Piece(batch, 2, 2), Kind.REFUSED, bisect=False) == []


def test_a_single_record_is_tried_once_and_then_as_often_as_retries_allow():
    assert after(Piece(entries(1)), Kind.REFUSED, maximum_retry_attempts=0) == []
    assert after(Piece(entries(1), 9999, 9999), Kind.REFUSED, maximum_retry_attempts=-1) != []


def test_only_the_failed_records_are_sent_again():
    batch = entries(5)
    assert after(Piece(batch), Kind.PARTIAL, [batch[1], batch[4]]) == [Piece([batch[1], batch[4]], 1, 1)]
    assert after(Piece(batch, 2, 2), Kind.PARTIAL, [batch[1]]) == []


def test_an_internal_error_counts_towards_no_limit():
    batch = entries(5)
    assert after(Piece(batch, 2, 2), Kind.INTERNAL) == [Piece(batch, 2, 3)]


def test_waits_grow_to_a_cap_and_a_new_piece_waits_not_at_all():
    assert Piece([]).wait_seconds == 0
    assert [backoff_seconds(failures) for failures in (1, 2, 3, 4, 5, 100_000)] == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_records_grow_too_old_from_the_front():
    old, new = entries(2, created_seconds=100), entries(2, created_seconds=101)
    assert split_at_age(old + new, 10, 110) == ([], old + new)
    assert split_at_age(old + new, 10, 110.5) == (old, new)
    assert split_at_age(old + new, 10, 112) == (old + new, [])
    assert split_at_age(old + new, -1, 1e12) == ([], old + new)
    assert split_at_age(entries(1), 10, 1e12) == ([], entries(1))


def test_a_dead_letter_says_where_the_batch_lies():
    batch = [Entry("111", 1792540800, "a", b"{}"), Entry("222", 1792540801.9, "b", b"{}")]
    message = dead_letter_message(
        batch,
        Condition.RETRIES,
        pipe_arn="arn:aws:pipes:us-east-1:123456789012:pipe/orders",
        stream_arn=STREAM_ARN,
        shard_id="shardId-1",
        now_seconds=1792544400.25,
    )
    assert json.loads(message) == {
        "context": {
            "partnerResourceArn": "arn:aws:pipes:us-east-1:123456789012:pipe/orders",
            "condition": "RetryAttemptsExhausted",
        },
        "version": "1.0",
        "timestamp": "2026-10-21T01:00:00.250Z",
        "DDBStreamBatchInfo": {
            "shardId": "shardId-1",
            "startSequenceNumber": "111",
            "endSequenceNumber": "222",
            "approximateArrivalOfFirstRecord": "2026-10-21T00:00:00Z",
            "approximateArrivalOfLastRecord": "2026-10-21T00:00:01Z",
            "batchSize": 2,
            "streamArn": STREAM_ARN,
        },
    }


@pytest.mark.parametrize(
    ("closed", "ready"),
    [
        ([], ["orphan", "root"]),
        (["root"], ["orphan", "left", "right"]),
        (["root", "orphan", "left"], ["grandchild", "right"]),
    ],
)
def test_parents_come_before_their_children(closed, ready):
    shards = [
        {"ShardId": "grandchild", "ParentShardId": "left"},
        {"ShardId": "orphan", "ParentShardId": "trimmed"},
        {"ShardId": "root"},
        {"ShardId": "left", "ParentShardId": "root"},
        {"ShardId": "right", "ParentShardId": "root"},
    ]
    assert ready_shards(shards, closed) == ready
