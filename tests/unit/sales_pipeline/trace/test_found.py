"""A change event is read for what it is, whatever bytes there are."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales_pipeline.aws.keys import Keys
from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.version import DELETED, Versions
from sales_pipeline.trace.found import ChangeReader, short
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR

IMAGE = {"orderid": {"S": "o"}, "product_name": {"S": "PC"}, "quantity": {"N": "1"}, "price": {"N": "2"}}
FORM = RowForm(columns=FOUR)
READER = ChangeReader(Keys(FOUR[0]), Versions(FORM))


def event(name="INSERT", **record):
    usual = {
        "Keys": {"orderid": {"S": "o"}},
        "NewImage": IMAGE,
        "SequenceNumber": "7",
        "ApproximateCreationDateTime": 1_795_348_800,
    }
    return json.dumps({"eventID": "e", "eventName": name, "dynamodb": usual | record}).encode()


def test_what_an_event_says():
    change = READER.read(event())
    assert (change.order_id, change.name, change.event_id, change.sequence_number) == ("o", "INSERT", "e", "7")
    assert change.created_ms == 1_795_348_800_000
    assert change.version == Versions(FORM).of_item(IMAGE).digest


@pytest.mark.parametrize("time", [1_795_348_800_000, "1795348800", 1_795_348_800.0])
def test_a_time_of_any_form(time):
    assert READER.read(event(ApproximateCreationDateTime=time)).created_ms == 1_795_348_800_000


@pytest.mark.parametrize("time", [None, "noon", True, [], -1e30])
def test_no_time(time):
    assert READER.read(event(ApproximateCreationDateTime=time)).created_ms is None


def test_an_event_that_the_transform_refuses_has_a_version_all_the_same():
    refused = IMAGE | {"price": {"S": "2"}}
    assert READER.read(event(NewImage=refused)).version == Versions(FORM).of_item(refused).digest


def test_a_key_that_is_a_number_has_one_id():
    reader = ChangeReader(Keys(EVERY_TYPE[0]), Versions(RowForm(columns=EVERY_TYPE)))
    assert reader.read(event(Keys={"orderNo": {"N": "12.0"}})).order_id == "12"
    assert reader.read(event()) is None


def test_other_events():
    assert READER.read(event("REMOVE", NewImage=None)).version == DELETED
    assert READER.read(event(NewImage=None)).version is None
    assert READER.read(event(Keys=None)).order_id == "o"
    assert READER.read(json.dumps({"NewImage": IMAGE}).encode()).order_id == "o"
    nameless = READER.read(json.dumps({"dynamodb": {"NewImage": IMAGE}}).encode())
    assert len(nameless.identity) == 64


@settings(max_examples=50)
@given(
    st.binary()
    | st.text().map(str.encode)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["dynamodb", "Keys", "NewImage", "orderid", "S", "N", "eventName"]), inner
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes(data):
    change = READER.read(data)
    assert change is None or change.order_id


def test_the_names_of_versions():
    assert (short(DELETED), short(None), short(b"\x00\x01\x02\x03")) == ("deleted", "unreadable", "000102")
