"""The event that a pipe makes of a stream record, and its bytes."""

import json
from datetime import UTC, datetime

from sales_pipeline.aws.pipe_event import change_event, encode

STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/2026-10-21T00:00:00.000"
CREATED = datetime(2026, 10, 21, tzinfo=UTC)


def record(image, created=CREATED, **more):
    return {
        "eventID": "9f1c",
        "eventName": "INSERT",
        "dynamodb": {"ApproximateCreationDateTime": created, "NewImage": image},
        **more,
    }


def test_an_event_is_the_record_its_time_in_seconds_and_where_it_comes_from():
    assert encode(change_event(record({"price": {"N": "349.99"}}), STREAM_ARN)) == (
        b'{"eventID":"9f1c","eventName":"INSERT","dynamodb":{"ApproximateCreationDateTime":1792540800,'
        b'"NewImage":{"price":{"N":"349.99"}}},"eventSourceARN":"%b"}' % STREAM_ARN.encode()
    )
    later = change_event(record({}, CREATED.replace(microsecond=500_000)), STREAM_ARN)
    assert later["dynamodb"]["ApproximateCreationDateTime"] == 1792540800.5


def test_the_record_stays_as_it_is():
    read = record({"a": {"S": "1"}}, userIdentity={"Type": "Service"})
    change_event(read, STREAM_ARN)
    assert read == record({"a": {"S": "1"}}, userIdentity={"Type": "Service"})


def test_who_deleted_an_expired_order_is_named_as_in_events():
    event = change_event(
        record({}, userIdentity={"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}), STREAM_ARN
    )
    assert event["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_binary_values_are_base64_at_any_depth():
    image = {"a": {"B": b"\x00\xff"}, "b": {"BS": [b"a"]}, "c": {"M": {"l": {"L": [{"B": b"b"}]}}}}
    assert json.loads(encode(change_event(record(image), STREAM_ARN)))["dynamodb"]["NewImage"] == {
        "a": {"B": "AP8="},
        "b": {"BS": ["YQ=="]},
        "c": {"M": {"l": {"L": [{"B": "Yg=="}]}}},
    }


def test_text_is_sent_as_utf_8_in_one_line():
    data = encode(change_event(record({"product_name": {"S": "Käse\n\U0001f600"}}), STREAM_ARN))
    assert "Käse\\n\U0001f600".encode() in data
    assert b"\n" not in data
