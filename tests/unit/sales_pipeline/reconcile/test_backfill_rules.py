"""What a backfill decides about one order, and the event that it makes of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.row import Row, RowReader
from sales_pipeline.orders.version import DELETED, Versions
from sales_pipeline.reconcile.backfill_rules import (
    BackfillEvents,
    BackfillOutcome,
    BackfillTally,
    lack,
    never_sent,
    next_sequence_number,
    outside,
    why_not,
)
from sales_pipeline.reconcile.ledger import Difference, Kind
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from transform.record import RowWriter

STREAM_ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-11-22T00:00:00.000"
NOW_MS = 1_795_348_800_123
FORM, APPEND = RowForm(columns=FOUR), RowForm(change_columns=True, columns=FOUR)
insertion, removal = BackfillEvents(FORM, STREAM_ARN).insertion, BackfillEvents(FORM, STREAM_ARN).removal
version_of_item = Versions(FORM).of_item
write, write_with_change = RowWriter(FOUR).row, RowWriter(FOUR, change_columns=True).row
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
    made = event(insertion(ORDER, "0099", NOW_MS))
    assert made == {
        "eventID": f"backfill-{version_of_item(ORDER).digest.hex()}",
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
    change = insertion(ORDER, None, NOW_MS)
    assert change.partition_key == "ä 1"
    assert RowReader(FORM).read(write(change.data)) == Row(*version_of_item(ORDER))
    row = json.loads(write_with_change(change.data))
    assert (row["event_name"], row["event_time"], row["sequence_number"]) == ("INSERT", "2026-11-22T12:00:00.000Z", "0")


def test_a_removal_becomes_a_row_that_says_so_and_nothing_without_change_columns():
    change = removal("ä 1", "99", NOW_MS)
    assert change.partition_key == "ä 1"
    assert write(change.data) is None
    row = RowReader(APPEND).read(write_with_change(change.data))
    assert (row.orderid, row.digest, row.sequence_number) == ("ä 1", DELETED, "100")


def test_an_order_whose_key_is_a_number_is_sent_under_its_text_and_removed_by_it():
    events = BackfillEvents(RowForm(change_columns=True, other_attributes=True, columns=EVERY_TYPE), STREAM_ARN)
    item = {"orderNo": {"N": "12"}, "class": {"BOOL": True}, "Total": {"N": "1"}, "shipping": {"M": {}}}
    for change in (events.insertion(item, None, NOW_MS), events.removal("12", None, NOW_MS)):
        assert event(change)["dynamodb"]["Keys"] == {"orderNo": {"N": "12"}}
        assert (change.partition_key, change.order_id) == ("12", "12")


def test_other_attributes_make_another_version_only_if_the_rows_hold_them():
    other = ORDER | {"photo": {"B": b"1"}}
    keep = BackfillEvents(RowForm(other_attributes=True, columns=FOUR), STREAM_ARN).insertion
    for send, is_same in ((insertion, True), (keep, False)):
        ids = {event(send(item, None, NOW_MS))["eventID"] for item in (ORDER, other)}
        assert (len(ids) == 1) is is_same


def test_a_version_has_the_same_event_id_whenever_it_is_sent():
    once, again = (event(insertion(ORDER, newest, NOW_MS + ms)) for newest, ms in ((None, 0), ("7", 9999)))
    assert once["eventID"] == again["eventID"]
    ids = {once["eventID"], event(insertion(ORDER | {"price": {"N": "1"}}, None, NOW_MS))["eventID"]}
    ids |= {event(removal(orderid, number, NOW_MS))["eventID"] for orderid in "ab" for number in "12"}
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
        (OLD, NEW_MS, BackfillOutcome.EARLIER),
        ("17", NEW_MS, BackfillOutcome.UNDATED),
        ("919108f7-52d1-4320-9bac-f847db4148a8", 0, BackfillOutcome.UNDATED),
    ],
)
def test_a_time_takes_orders_by_the_time_in_their_ids(orderid, since_ms, outcome):
    assert outside(orderid, since_ms) is outcome


@pytest.mark.parametrize(
    ("difference", "lacks"),
    [
        (Difference("a", Kind.missing, b"1", None), "no row"),
        (Difference("a", Kind.stale, b"1", "7"), "only older rows"),
        (Difference("a", Kind.undetermined, b"1", None), "versions that are equally new"),
        (Difference("a", Kind.stale, DELETED, "7"), "its deletion is missing"),
        (Difference("a", Kind.undetermined, DELETED, None), "versions that are equally new"),
    ],
)
def test_only_a_row_with_change_columns_can_say_that_an_order_was_deleted(difference, lacks):
    assert lack(difference) == lacks
    assert why_not(difference, None, has_change_columns=True) is None
    expected = BackfillOutcome.NEEDS_COLUMNS if difference.version == DELETED else None
    assert why_not(difference, None, has_change_columns=False) is expected
    assert why_not(difference, 0, has_change_columns=False) is BackfillOutcome.UNDATED


def test_orders_that_the_lake_still_lacks_afterwards_are_left():
    left = {outcome for outcome in BackfillOutcome if outcome.is_left}
    assert left == {BackfillOutcome.UNDATED, BackfillOutcome.NEEDS_COLUMNS, BackfillOutcome.REFUSED}
    assert left == {outcome for outcome in BackfillOutcome if outcome.value.startswith("left: ")}


def test_a_tally_counts_what_is_sent_and_left_and_samples_the_first_that_are_sent():
    tally = BackfillTally(1)
    tally.add(BackfillOutcome.EARLIER, "no row", "a")
    assert (tally.sends_any(), tally.leaves_any()) == (False, False)
    tally.add(BackfillOutcome.REFUSED, "no row", "b")
    for orderid in "cd":
        tally.add(BackfillOutcome.SEND, "no row", orderid)
    assert (tally.sends_any(), tally.leaves_any(), tally.samples) == (True, True, ["c"])
    assert tally.orders[BackfillOutcome.SEND, "no row"] == 2


def test_deletions_are_sent_with_change_columns_only():
    assert "deletions" in never_sent(change_columns=False)
    assert "deletions" not in never_sent(change_columns=True)
