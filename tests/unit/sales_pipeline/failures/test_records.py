"""What error objects and dead letters say: every line is read or called unreadable, and none is mistaken."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.failures import records
from sales_pipeline.failures.records import (
    UNREADABLE_RECORD,
    Failure,
    Selection,
    by_reason,
    read_error_object,
)
from tests.unit.sales_pipeline.columns import FOUR
from transform.record import RowWriter

WRITERS = records._writers
MINUTE_MS = 60_000
NOON_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z


def event(**image):
    change = {"NewImage": image, "SequenceNumber": "1"}
    return json.dumps({"eventID": "e1", "eventName": "INSERT", "dynamodb": change}).encode()


BAD_EVENT = event(orderid={"S": "1"}, product_name={"S": "a"}, quantity={"N": "1"}, price={"S": "cheap"})
GOOD_EVENT = event(orderid={"S": "1"}, product_name={"S": "a"}, quantity={"N": "1"}, price={"N": "2"})


def error_line(data, code="Lambda.ProcessingFailedStatus", **more):
    line = {
        "attemptsMade": 4,
        "arrivalTimestamp": NOON_MS,
        "errorCode": code,
        "errorMessage": "ProcessingFailed status set for record",
        "attemptEndingTimestamp": NOON_MS + MINUTE_MS,
        "rawData": base64.b64encode(data).decode(),
    }
    return json.dumps(line | more).encode() + b"\n"


@pytest.fixture(autouse=True)
def four_columns(monkeypatch):
    monkeypatch.setattr(records, "_writers", lambda: [RowWriter(FOUR)])


def test_a_refused_record_carries_the_reason_that_only_the_functions_log_has():
    (record,) = read_error_object(error_line(BAD_EVENT))
    assert record.reason == "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.price: expected N, found S"
    assert (record.data, record.attempts, record.oldest_ms) == (BAD_EVENT, 4, NOON_MS)
    assert record.attempted_ms == NOON_MS + MINUTE_MS


def test_a_record_that_the_transform_accepts_by_now_says_so():
    (record,) = read_error_object(error_line(GOOD_EVENT))
    assert record.reason == "Lambda.ProcessingFailedStatus: this version of the transform accepts it"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"eventName": "REMOVE", "dynamodb": 7}, "$.dynamodb: expected an object, found a number"),
        ({"eventName": "REMOVE", "dynamodb": {}}, "$.dynamodb.Keys: expected an object, found nothing"),
    ],
)
def test_a_reason_that_only_change_columns_give_is_found_in_every_stack(monkeypatch, change, reason):
    monkeypatch.setattr(records, "_writers", WRITERS)
    assert records.refusal(json.dumps(change).encode()) == reason


def test_what_failed_for_the_function_keeps_the_reason_that_firehose_gives():
    (record,) = read_error_object(error_line(GOOD_EVENT, "Lambda.FunctionTimedOut", errorMessage="It timed out."))
    assert record.reason == "Lambda.FunctionTimedOut: It timed out."


def test_fields_that_aws_adds_or_writes_in_quotes_change_nothing():
    (record,) = read_error_object(error_line(BAD_EVENT, lambdaARN="arn", attemptsMade="4", arrivalTimestamp="17"))
    assert (record.attempts, record.oldest_ms, record.data) == (4, 17, BAD_EVENT)


@pytest.mark.parametrize(
    "line",
    [
        *(b"no JSON", b"[]", b"{}", b'{"rawData": 1}', b'{"rawData": "*"}', b'{"rawData": "\xff"}'),
        b'{"rawData": "", "x":' + b"[" * 10_000,
    ],
    ids=lambda line: repr(line[:20]),
)
def test_an_unreadable_line_is_reported_and_costs_its_neighbours_nothing(line):
    records = read_error_object(error_line(BAD_EVENT) + line + b"\n" + error_line(GOOD_EVENT))
    assert [record.data for record in records] == [BAD_EVENT, None, GOOD_EVENT]
    assert (records[1].reason, records[1].line) == (UNREADABLE_RECORD, line)


@given(st.lists(st.one_of(st.binary(), st.binary().map(error_line))))
def test_no_byte_of_an_error_object_is_lost_whatever_it_holds(parts):
    body = b"\n".join(parts)
    kept = b"\n".join(record.line for record in read_error_object(body))
    assert [line for line in kept.split(b"\n") if line.strip()] == [line for line in body.split(b"\n") if line.strip()]


def test_reasons_are_counted_with_their_oldest_and_newest_the_most_frequent_first():
    grouped = by_reason(
        [
            Failure(reason="a", changes=1, oldest_ms=5, newest_ms=5, attempts=4),
            Failure(reason="b", changes=7),
            Failure(reason="a", changes=1, oldest_ms=3, newest_ms=3, attempts=1, replays=2),
            Failure(reason="a", changes=1),
        ]
    )
    assert grouped == [
        Failure(reason="b", changes=7),
        Failure(reason="a", changes=3, oldest_ms=3, newest_ms=5, attempts=4, replays=2),
    ]


@pytest.mark.parametrize(
    ("selection", "is_taken"),
    [
        (Selection(), True),
        (Selection(reason="PRICE"), True),
        (Selection(reason="quantity"), False),
        (Selection(since_ms=20), True),
        (Selection(since_ms=21), False),
        (Selection(until_ms=11), True),
        (Selection(until_ms=10), False),
        (Selection(since_ms=15, until_ms=16, reason="price"), True),
    ],
)
def test_a_failure_is_selected_by_reason_and_by_any_moment_that_it_covers(selection, is_taken):
    assert selection.includes(Failure(reason="$.price", changes=2, oldest_ms=10, newest_ms=20)) == is_taken


def test_a_failure_without_a_time_is_in_no_period():
    assert not Selection(since_ms=0).includes(Failure(reason="", changes=1))
    assert not Selection(until_ms=10**15).includes(Failure(reason="", changes=1))


@pytest.mark.parametrize(
    ("reason", "error", "message"),
    [
        ("Lambda.FunctionError: it failed: here", "Lambda.FunctionError", "it failed: here"),
        ("Pipe.RetryAttemptsExhausted", "Pipe.RetryAttemptsExhausted", ""),
        (": no name", "", "no name"),
    ],
)
def test_a_reason_is_an_error_and_its_message(reason, error, message):
    failure = Failure(reason=reason, changes=1)
    assert (failure.error, failure.message) == (error, message)
