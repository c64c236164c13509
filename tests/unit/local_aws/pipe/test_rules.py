"""The pipe's decisions, one at a time."""

import json

import pytest

from local_aws.pipe.rules import (
    CALL_BYTES,
    Condition,
    Entry,
    Kind,
    Piece,
    PutFailure,
    dead_letter_message,
    entry,
    next_batch,
    next_pieces,
    retry_seconds,
    split_at_age,
)

STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/2026-10-21T00:00:00.000"
EVENT = {
    "eventName": "INSERT",
    "dynamodb": {
        "ApproximateCreationDateTime": 1792540800,
        "Keys": {"orderid": {"S": "123"}},
        "SequenceNumber": "111",
    },
}


def entries(count, size_bytes=10, created_seconds=0):
    return [Entry(str(number), created_seconds, "k", b"x" * (size_bytes - 1)) for number in range(count)]


def test_an_entry_is_the_event_with_its_place_in_the_stream():
    put = entry(EVENT, "$.dynamodb.Keys.orderid.S")
    assert (put.sequence_number, put.created_seconds, put.partition_key) == ("111", 1792540800, "123")
    assert json.loads(put.data) == EVENT


@pytest.mark.parametrize(
    "path", ["$.dynamodb.Keys.missing.S", "$.dynamodb.Keys", "$.eventName.S", "$.dynamodb.SizeBytes"]
)
def test_without_a_text_at_the_path_the_partition_key_is_empty(path):
    assert entry(EVENT, path).partition_key == ""


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
    assert Entry("1", 0, "Käse", b"{}").size_bytes == 7


def after(piece, kind, failed=None, *, maximum_retry_attempts=2):
    failure = PutFailure(kind, piece.entries if failed is None else failed, "reason")
    return next_pieces(piece, failure, maximum_retry_attempts)


def test_a_refused_call_is_cut_in_two_and_that_costs_no_retry():
    batch = entries(5)
    assert after(Piece(batch, retries=1, failures=1), Kind.REFUSED) == [Piece(batch[:2], 1), Piece(batch[2:], 1)]


def test_a_single_record_is_tried_again_until_its_retries_run_out():
    record = entries(1)
    assert after(Piece(record), Kind.REFUSED, maximum_retry_attempts=0) == []
    assert after(Piece(record), Kind.REFUSED) == [Piece(record, 1, 1)]
    assert after(Piece(record, 1, 1), Kind.REFUSED) == [Piece(record, 2, 2)]
    assert after(Piece(record, 2, 2), Kind.REFUSED) == []


def test_only_the_failed_records_are_sent_again():
    batch = entries(5)
    assert after(Piece(batch), Kind.PARTIAL, [batch[1], batch[4]]) == [Piece([batch[1], batch[4]], 1, 1)]
    assert after(Piece(batch, 2, 2), Kind.PARTIAL, [batch[1]]) == []


def test_an_internal_error_counts_towards_no_limit():
    batch = entries(5)
    assert after(Piece(batch, 2, 2), Kind.INTERNAL) == [Piece(batch, 2, 3)]


def test_waits_grow_to_a_cap_and_a_new_piece_does_not_wait():
    assert Piece([]).wait_seconds == 0
    assert [retry_seconds(failures) for failures in (1, 2, 3, 4, 5, 100_000)] == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_records_grow_too_old_from_the_front():
    old, new = entries(2, created_seconds=100), entries(2, created_seconds=101)
    assert split_at_age(old + new, 10, 110) == ([], old + new)
    assert split_at_age(old + new, 10, 110.5) == (old, new)
    assert split_at_age(old + new, 10, 112) == (old + new, [])


def test_a_dead_letter_says_where_the_batch_is():
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
