import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.firehose.invocation import (
    DUPLICATED_RECORD_ID,
    FUNCTION_ERROR,
    FUNCTION_TIMED_OUT,
    MISSING_RECORD_ID,
    PROCESSING_FAILED_STATUS,
    UNREADABLE_ANSWER,
    error_line,
    event,
    function_failed,
    outcomes,
    read_record,
    refused,
)
from tests import ROOT

EVENTS = ROOT / "events"
ROW = base64.b64encode(b"row\n").decode()


def records(number):
    return [read_record("shardId-000000000000", str(each), f"key-{each}", each, b"{}") for each in range(number)]


def result(record, result="Ok", **more):
    return {"recordId": record.record_id, "result": result, "data": ROW} | more


def answer(*results):
    return json.dumps({"records": results}).encode()


def test_an_event_is_what_aws_sends():
    expected = json.loads((EVENTS / "firehose.json").read_text())
    read = [
        read_record(
            each["kinesisRecordMetadata"]["shardId"],
            each["kinesisRecordMetadata"]["sequenceNumber"],
            each["kinesisRecordMetadata"]["partitionKey"],
            each["approximateArrivalTimestamp"],
            base64.b64decode(each["data"]),
        )
        for each in expected["records"]
    ]
    sent = event(read, expected["invocationId"], expected["sourceKinesisStreamArn"], expected["deliveryStreamArn"])
    assert json.loads(sent) == expected


def test_an_answer_is_taken_record_by_record():
    batch = records(3)
    results = [
        result(batch[2]),
        result(batch[0], "Dropped", data=""),
        result(batch[1], "ProcessingFailed"),
    ]
    assert outcomes(batch, answer(*results)) == [None, PROCESSING_FAILED_STATUS, b"row\n"]


def test_a_missing_record_fails_alone():
    batch = records(3)
    assert outcomes(batch, answer(result(batch[0]), result(batch[2]))) == [b"row\n", MISSING_RECORD_ID, b"row\n"]


def test_a_doubled_record_fails_alone():
    batch = records(2)
    doubled = answer(result(batch[0]), result(batch[0]), result(batch[1]))
    assert outcomes(batch, doubled) == [DUPLICATED_RECORD_ID, b"row\n"]


def test_a_record_that_nobody_asked_for_is_ignored():
    batch = records(2)
    assert outcomes(batch[:1], answer(result(batch[0]), result(batch[1]))) == [b"row\n"]


@pytest.mark.parametrize("status", ["OK", "ok", "Failed", None, 1, ["Ok"]])
def test_an_unknown_result_fails_the_whole_batch(status):
    batch = records(2)
    assert outcomes(batch, answer(result(batch[0]), result(batch[1], status))) == [UNREADABLE_ANSWER] * 2


@pytest.mark.parametrize("payload", [b"", b"nonsense", b"\xff"])
def test_an_answer_that_is_no_json_fails_the_whole_batch(payload):
    assert outcomes(records(2), payload) == [UNREADABLE_ANSWER] * 2


@pytest.mark.parametrize("payload", [b"null", b"[]", b"{}", b'{"records": null}', b'{"records": ["x", 1]}', b'"text"'])
def test_an_answer_without_records_leaves_all_of_them_out(payload):
    assert outcomes(records(2), payload) == [MISSING_RECORD_ID] * 2


@pytest.mark.parametrize("data", [None, 7, "not base64!", "YQ"])
def test_data_that_cannot_be_delivered_fails_its_record_alone(data):
    batch = records(2)
    failed, delivered = outcomes(batch, answer(result(batch[0], data=data), result(batch[1])))
    assert (failed.code, delivered) == ("Lambda.InvalidReturnFormat", b"row\n")


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["Ok", "Dropped", "ProcessingFailed"]))))
def test_every_record_has_one_outcome_whatever_is_answered(answered):
    batch = records(5)
    found = outcomes(batch, answer(*[result(batch[number], status) for number, status in answered]))
    for number, outcome in enumerate(found):
        statuses = [status for each, status in answered if each == number]
        if len(statuses) == 1:
            assert (
                outcome == {"Ok": b"row\n", "Dropped": None, "ProcessingFailed": PROCESSING_FAILED_STATUS}[statuses[0]]
            )
        else:
            assert outcome == (DUPLICATED_RECORD_ID if statuses else MISSING_RECORD_ID)


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        (b'{"errorType": "ValueError", "errorMessage": "no"}', FUNCTION_ERROR),
        (b'{"errorMessage": "2026-11-22T10:00:00.000Z 1-2-3 Task timed out after 60.00 seconds"}', FUNCTION_TIMED_OUT),
        (b'{"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: 1-2-3 Error"}', FUNCTION_TIMED_OUT),
        (b"null", FUNCTION_ERROR),
        (b"nonsense", FUNCTION_ERROR),
    ],
)
def test_a_function_that_times_out_is_told_from_one_that_raises(payload, failure):
    assert function_failed(payload) == failure


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDeniedException", "Lambda.InvokeAccessDenied"),
        ("TooManyRequestsException", "Lambda.InvokeLimitExceeded"),
        ("ResourceNotFoundException", "Lambda.ResourceNotFound"),
        ("ReadTimeoutError", "Lambda.FunctionTimedOut"),
        ("ENILimitReachedException", "Lambda.ENILimitReachedException"),
    ],
)
def test_a_refused_invocation_fails_under_the_guides_code(code, expected):
    assert refused(code).code == expected


def test_an_error_line_has_the_record_as_it_came_and_why():
    record = read_record("shard", "1", "key", 1795346765200, "späť\n".encode())
    line = error_line(record, MISSING_RECORD_ID, 4, 1795346770000, "arn:aws:lambda:us-east-1:123456789012:function:f")
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "rawData": base64.b64encode("späť\n".encode()).decode(),
        "errorCode": "Lambda.MissingRecordId",
        "errorMessage": MISSING_RECORD_ID.message,
        "attemptsMade": 4,
        "arrivalTimestamp": 1795346765200,
        "attemptEndingTimestamp": 1795346770000,
        "lambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:f",
    }
