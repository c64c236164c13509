"""What dead letters say: a message of any form is read or called unreadable, and none raises."""

import json

import pytest
from hypothesis import given

from sales_pipeline.failures.messages import OTHER_TABLE_LETTER, UNREADABLE_LETTER, read_dead_letter
from sales_pipeline.terminal.times import iso
from tests.unit.sales_pipeline.failures.letters import bodies, letter


def read(body):
    return read_dead_letter("id", "handle", body, "t")


def test_a_dead_letter_says_how_many_changes_failed_when_and_where_they_are():
    found = read(letter())
    assert (found.reason, found.changes) == ("Pipe.RetryAttemptsExhausted", 7)
    assert (iso(found.oldest_ms), iso(found.newest_ms)) == ("2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z")
    assert iso(found.attempted_ms) == "2026-11-22T13:00:00Z"
    assert (found.range.start_sequence_number, found.range.end_sequence_number) == ("100", "200")


@pytest.mark.parametrize("value", [None, "", "soon", "13 Nov", [], {"": 1}, True, -1, 0, 1e300, 10**30, 253402300800])
def test_what_a_replay_does_not_need_may_have_any_form(value):
    times = dict.fromkeys(("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord", "batchSize"), value)
    found = read(letter({"context": value, "timestamp": value}, **times))
    assert (found.reason, found.range.shard_id) == ("Pipe.Unknown", "shardId-1")
    assert found.changes >= 1
    assert read(letter({"context": {"condition": value}})).reason in {"Pipe.Unknown", f"Pipe.{value}"}


def test_numbers_in_quotes_and_times_in_seconds_are_read():
    found = read(letter({"timestamp": 1795352400}, batchSize="7", approximateArrivalOfFirstRecord="1795348800.0"))
    assert (found.changes, iso(found.oldest_ms), iso(found.attempted_ms)) == (
        7,
        "2026-11-22T12:00:00Z",
        "2026-11-22T13:00:00Z",
    )


@pytest.mark.parametrize(
    "body",
    [
        *("", "hello", "{}", "[]", "null", "7", "\ud800", '"\\ud800"', "\x00\xff", "x" * 2**20, "[" * 2**20),
        *('{"a":' * 100_000, '{"DDBStreamBatchInfo":' + "[" * 100_000, '{"context":' + "[" * 100_000),
        *(letter(**{name: None}) for name in ("shardId", "startSequenceNumber", "endSequenceNumber", "streamArn")),
        *(letter(startSequenceNumber=each) for each in ("", "1.5", "x", "\u0661", "1" * 41, 100, "201")),
        json.dumps({"requestContext": {"condition": "RetryAttemptsExhausted"}, "KinesisBatchInfo": {}}),
    ],
    ids=lambda body: f"{len(body)} {body[:20]!a}",
)
def test_a_message_that_names_no_range_of_a_stream_is_unreadable(body):
    found = read(body)
    assert (found.reason, found.range, found.changes) == (UNREADABLE_LETTER, None, 0)


@pytest.mark.parametrize("stream", ["t2/stream/1", "at/stream/1", "t/index/stream", "T/stream/1"])
def test_a_message_about_another_table_says_so(stream):
    found = read(letter(streamArn=f"arn:aws:dynamodb:us-east-1:1:table/{stream}"))
    assert (found.reason, found.range, found.changes) == (OTHER_TABLE_LETTER, None, 0)


@given(bodies)
def test_no_message_raises(body):
    found = read(body)
    assert (found.range is None) == (found.reason in {UNREADABLE_LETTER, OTHER_TABLE_LETTER})
    assert found.range is None or found.changes >= 1
