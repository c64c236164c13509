"""What a backfill decides about one order, and the event that it makes of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders import version as versions
from sales_pipeline.orders.version import GONE, Row
from sales_pipeline.reconcile.backfill_rules import (
    Outcome,
    excluded,
    insertion,
    needs_columns,
    next_sequence_number,
    removal,
    what_is_gone,
)
from sales_pipeline.reconcile.ledger import Difference
from transform.record import to_row, to_row_with_change

STREAM_ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-11-22T00:00:00.000"
NOW_MS = 1_795_348_800_123
ORDER = {
    "orderid": {"S": "ä 1"},
    "product_name": {"S": "PC\n"},
    "quantity": {"N": "2"},
    "price": {"N": "349"},
    "photo": {"B": b"\x00\xff"},
}
NEW, OLD = "01a0c5ab-1d00-7000-8000-000000000000", "01a0c5ab-1cff-7000-8000-000000000000"
NEW_MS = 0x01A0C5AB1D00


def event(change):
    return json.loads(change.data)


def test_an_order_becomes_an_event_as_the_pipe_sends_it():
    made = event(insertion(ORDER, "0099", STREAM_ARN, NOW_MS))
    assert made == {
        "eventID": f"backfill-{versions.of_item(ORDER).digest.hex()}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": NOW_MS // 1000,
            "Keys": {"orderid": {"S": "ä 1"}},
            "NewImage": ORDER | {"photo": {"B": "AP8="}},
            "SequenceNumber": "0100",
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": STREAM_ARN,
    }


def test_the_transform_makes_of_it_the_row_of_the_order_in_both_shapes():
    change = insertion(ORDER, None, STREAM_ARN, NOW_MS)
    assert change.partition_key == "ä 1"
    assert versions.of_row(to_row(change.data, [])) == Row(*versions.of_item(ORDER))
    row = json.loads(to_row_with_change(change.data, []))
    assert (row["event_name"], row["event_time"], row["sequence_number"]) == ("INSERT", "2026-11-22T12:00:00.000Z", "0")


def test_a_removal_becomes_a_row_that_says_so_and_nothing_without_change_columns():
    change = removal("ä 1", "99", STREAM_ARN, NOW_MS)
    assert change.partition_key == "ä 1"
    assert to_row(change.data, []) is None
    row = versions.of_row(to_row_with_change(change.data, []))
    assert (row.orderid, row.digest, row.sequence_number) == ("ä 1", GONE, "100")


def test_a_version_has_the_same_event_id_whenever_it_is_sent():
    once, again = (event(insertion(ORDER, newest, STREAM_ARN, NOW_MS + ms)) for newest, ms in ((None, 0), ("7", 9999)))
    assert once["eventID"] == again["eventID"]
    ids = {once["eventID"], event(insertion(ORDER | {"price": {"N": "1"}}, None, STREAM_ARN, NOW_MS))["eventID"]}
    ids |= {event(removal(orderid, number, STREAM_ARN, NOW_MS))["eventID"] for orderid in "ab" for number in "12"}
    assert len(ids) == 6


@given(st.from_regex(r"\A[0-9]{1,39}\Z"))
def test_a_backfilled_row_is_newer_than_every_row_of_the_lake_and_next_to_it(newest):
    following = next_sequence_number(newest)
    assert (len(following), following) > (len(newest), newest) >= (1, next_sequence_number(None))
    assert int(following) == int(newest) + 1


@pytest.mark.parametrize(
    ("orderid", "since_ms", "outcome"),
    [
        (NEW, None, None),
        ("17", None, None),
        (NEW, NEW_MS, None),
        (OLD, NEW_MS, Outcome.EARLIER),
        ("17", NEW_MS, Outcome.UNDATED),
        ("919108f7-52d1-4320-9bac-f847db4148a8", 0, Outcome.UNDATED),
    ],
)
def test_a_time_takes_orders_by_the_time_in_their_ids(orderid, since_ms, outcome):
    assert excluded(orderid, since_ms) is outcome


@pytest.mark.parametrize(
    ("difference", "needs"),
    [
        (Difference("a", "missing", b"1", None), False),
        (Difference("a", "stale", b"1", None), False),
        (Difference("a", "stale", b"1", "7"), True),
        (Difference("a", "stale", GONE, "7"), True),
    ],
)
def test_what_the_lake_knows_by_numbers_only_a_number_can_supersede(difference, needs):
    assert needs_columns(difference) == needs


def test_deletions_come_back_with_change_columns_only():
    assert "deletions" in what_is_gone(change_columns=False)
    assert "deletions" not in what_is_gone(change_columns=True)
