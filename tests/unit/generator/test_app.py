import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from generator import app
from tests.unit.events import load

EVENT = load("scheduler")
SCHEDULED = datetime(2026, 11, 22, 16, 26, tzinfo=UTC).timestamp()


class Clock:
    """A wall clock that only moves when somebody sleeps."""

    def __init__(self, seconds):
        self.seconds = seconds

    def now(self):
        return self.seconds

    def sleep(self, seconds):
        assert seconds > 0
        self.seconds += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock(SCHEDULED)
    monkeypatch.setattr(app, "now", clock.now)
    monkeypatch.setattr(app, "sleep", clock.sleep)
    return clock


@pytest.fixture
def dynamodb(monkeypatch):
    monkeypatch.setenv("TABLE_NAME", "orders-here")
    with mock_aws():
        app._client.cache_clear()
        client = app._client()
        client.create_table(
            TableName="orders-here",
            KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client
    app._client.cache_clear()


def stored(client):
    return sorted(client.scan(TableName="orders-here")["Items"], key=lambda item: item["orderid"]["S"])


def fail_puts(monkeypatch, client, errors):
    """Let put number n raise errors[n] before it reaches the table."""
    put_item, calls = client.put_item, iter(range(1000))

    def put(**arguments):
        if error := errors.get(next(calls)):
            raise error
        return put_item(**arguments)

    monkeypatch.setattr(client, "put_item", put)


def test_every_order_is_written_when_it_is_due(dynamodb, clock, monkeypatch):
    put_item, moments = dynamodb.put_item, []
    monkeypatch.setattr(dynamodb, "put_item", lambda **a: moments.append(clock.now()) or put_item(**a))
    assert app.handler(EVENT, None) == {"written": 20, "already_there": 0}
    assert moments == [SCHEDULED + 3 * position for position in range(20)]
    ids_ms = [int(item["orderid"]["S"].replace("-", "")[:12], 16) for item in stored(dynamodb)]
    assert ids_ms == [int(moment * 1000) for moment in moments]


def test_the_minute_of_the_sample_event_holds_its_expected_orders(dynamodb):
    expected = load("scheduler.expected")
    assert app.handler(EVENT, None) == expected["result"]
    assert [as_written(item) for item in stored(dynamodb)] == [as_written(item) for item in expected["items"]]


def as_written(item):
    # DynamoDB gives 349.00 back as 349: numbers are compared as numbers.
    return {name: Decimal(value["N"]) if "N" in value else value["S"] for name, value in item.items()}


@pytest.mark.usefixtures("dynamodb")
def test_an_early_invocation_waits_for_its_minute(clock):
    clock.seconds = SCHEDULED - 60
    assert app.handler(EVENT, None)["written"] == 20
    assert clock.now() == SCHEDULED + 57


def test_a_late_invocation_writes_what_is_due_at_once_and_waits_for_the_rest(dynamodb, clock):
    clock.seconds = SCHEDULED + 55.5
    app.handler(EVENT, None)
    assert clock.now() == SCHEDULED + 57
    clock.seconds = SCHEDULED + 86_400
    app.handler({"scheduled_time": "2026-11-22T16:27:00Z"}, None)
    assert clock.now() == SCHEDULED + 86_400
    assert len(stored(dynamodb)) == 40


def test_a_repeated_invocation_writes_no_order_twice(dynamodb):
    app.handler(EVENT, None)
    before = stored(dynamodb)
    assert app.handler(EVENT, None) == {"written": 0, "already_there": 20}
    assert stored(dynamodb) == before


def test_an_order_that_was_changed_since_is_not_overwritten(dynamodb):
    app.handler(EVENT, None)
    changed = {**stored(dynamodb)[0], "quantity": {"N": "99"}}
    dynamodb.put_item(TableName="orders-here", Item=changed)
    app.handler(EVENT, None)
    assert stored(dynamodb)[0] == changed


def test_two_minutes_have_different_orders(dynamodb):
    app.handler(EVENT, None)
    first = stored(dynamodb)
    app.handler({"scheduled_time": "2026-11-22T16:27:00Z"}, None)
    second = [item for item in stored(dynamodb) if item not in first]
    assert len(second) == 20
    assert [item["product_name"] for item in first] != [item["product_name"] for item in second]


def test_a_put_that_fails_does_not_stop_the_others_and_the_retry_fills_the_gap(dynamodb, monkeypatch, caplog):
    throttled = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "PutItem")
    lost = ReadTimeoutError(endpoint_url="https://dynamodb")
    with monkeypatch.context() as patch:
        fail_puts(patch, dynamodb, {0: throttled, 7: lost, 19: throttled})
        with caplog.at_level(logging.INFO), pytest.raises(RuntimeError) as raised:
            app.handler(EVENT, None)
    assert str(raised.value) == "3 of 20 orders not written: ThrottlingException (2), ReadTimeoutError (1)"
    (record,) = caplog.records
    assert (record.written, record.already_there) == (17, 0)
    assert record.failed == {"ThrottlingException": 2, "ReadTimeoutError": 1}
    assert app.handler(EVENT, None) == {"written": 3, "already_there": 17}
    assert len(stored(dynamodb)) == 20


def test_answers_that_are_not_dynamodbs_own_do_not_stop_the_other_puts(dynamodb, monkeypatch):
    unparsed, without_code = AttributeError("'list' object has no attribute 'get'"), ClientError({}, "PutItem")
    with monkeypatch.context() as patch:
        fail_puts(patch, dynamodb, {0: unparsed, 7: without_code})
        with pytest.raises(RuntimeError, match=r"2 of 20 orders not written: AttributeError \(1\), ClientError \(1\)"):
            app.handler(EVENT, None)
    assert app.handler(EVENT, None) == {"written": 2, "already_there": 18}


@pytest.mark.usefixtures("dynamodb")
def test_a_missing_table_is_named_by_its_error_code(monkeypatch):
    monkeypatch.setenv("TABLE_NAME", "gone")
    with pytest.raises(RuntimeError, match=r"^20 of 20 orders not written: ResourceNotFoundException \(20\)$"):
        app.handler(EVENT, None)


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        [],
        "2026-11-22T16:26:00Z",
        {"scheduled_time": None},
        {"scheduled_time": 1_795_364_760},
        {"scheduled_time": ""},
        {"scheduled_time": "<aws.scheduler.scheduled-time>"},
        {"scheduled_time": "2026-11-22T16:26:00"},
        {"scheduled_time": "2026-11-22T16:27:01Z"},
        {"scheduled_time": "1969-12-31T23:59:59Z"},
        {"time": "2026-11-22T16:26:00Z"},
    ],
)
def test_an_event_that_names_no_minute_is_refused_before_anything_is_written(dynamodb, event):
    with pytest.raises(ValueError, match="the event must be") as raised:
        app.handler(event, None)
    assert "<aws.scheduler.scheduled-time>" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert stored(dynamodb) == []


@pytest.mark.usefixtures("dynamodb")
def test_the_offset_of_the_scheduled_time_counts():
    app.handler(EVENT, None)
    there = (datetime.fromtimestamp(SCHEDULED, UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00")
    assert app.handler({"scheduled_time": there}, None)["already_there"] == 20


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_table_name_it_says_what_to_set(monkeypatch, value):
    monkeypatch.delenv("TABLE_NAME", raising=False)
    if value is not None:
        monkeypatch.setenv("TABLE_NAME", value)
    with pytest.raises(RuntimeError, match="TABLE_NAME is not set"):
        app.handler(EVENT, None)
