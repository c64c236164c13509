"""Versions of an order are equal exactly where its fields are, from whichever of the three forms they are read."""

import json
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders import version as versions
from sales_pipeline.orders.version import GONE, Row, Version, VersionError
from transform.record import to_row, to_row_with_change

LAPTOP = {"orderid": {"S": "1"}, "product_name": {"S": "Laptop"}, "quantity": {"N": "2"}, "price": {"N": "349.99"}}


def change(item):
    return json.dumps({"eventName": "INSERT", "dynamodb": {"NewImage": item}}).encode()


def row(**changes):
    return json.dumps({"orderid": "1", "product_name": "Laptop", "quantity": 2, "price": 349.99} | changes).encode()


def of_row(line):
    """The version of a row without change columns."""
    read = versions.of_row(line)
    assert (read.sequence_number, read.event_id) == (None, None)
    return Version(read.orderid, read.digest)


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=9)
items = st.fixed_dictionaries(
    {
        "orderid": st.fixed_dictionaries({"S": st.text(st.characters(codec="utf-8"), min_size=1)}),
        "product_name": st.fixed_dictionaries({"S": st.text(st.characters(codec="utf-8"), min_size=1)}),
        "quantity": st.fixed_dictionaries({"N": st.integers(-(2**31), 2**31 - 1).map(str)}),
        "price": st.fixed_dictionaries({"N": numbers.map(str)}),
    }
)


@given(items)
def test_an_item_its_change_event_and_the_transforms_row_are_one_version(item):
    event = change(item)
    assert versions.of_item(item) == versions.of_change(event) == of_row(to_row(event, []))


@pytest.mark.parametrize("written", ["349", "349.0", "349.00", "3.49E2", "3490e-1", "0349"])
def test_one_price_is_one_version_however_it_is_written(written):
    assert versions.of_item(LAPTOP | {"price": {"N": written}}) == versions.of_item(LAPTOP | {"price": {"N": "349"}})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("349.99", "349.9900000000000000000000000000000001"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("99999999999999999999999999999999999999", "1E38"),
        ("1E-130", "0"),
        ("9007199254740993", "9007199254740992"),
    ],
)
def test_prices_that_a_double_cant_tell_apart_are_two_versions(one, other):
    assert versions.of_item(LAPTOP | {"price": {"N": one}}) != versions.of_item(LAPTOP | {"price": {"N": other}})
    line = b'{"orderid":"1","product_name":"Laptop","quantity":2,"price":%b}'
    assert of_row(line % one.encode()) == versions.of_item(LAPTOP | {"price": {"N": one}})
    assert of_row(line % one.encode()) != of_row(line % other.encode())


def test_every_field_counts_and_its_type_too():
    seen = [versions.of_item(LAPTOP)]
    for name, attribute in [
        ("orderid", {"S": "2"}),
        ("product_name", {"S": "laptop"}),
        ("product_name", {"N": "1"}),
        ("product_name", {"S": "1"}),
        ("quantity", {"N": "3"}),
        ("price", {"S": "349.99"}),
        ("price", {"NULL": True}),
        ("price", {"M": {"amount": {"N": "349.99"}}}),
    ]:
        seen.append(versions.of_item(LAPTOP | {name: attribute}))
    seen.append(versions.of_item({name: LAPTOP[name] for name in LAPTOP if name != "price"}))
    assert len(set(seen)) == len(seen)


def with_change(**changes):
    columns = {"event_id": "e", "event_name": "MODIFY", "event_time": None, "sequence_number": "0100"}
    return row(**columns | changes)


def test_a_row_with_change_columns_is_the_same_version_and_says_its_place():
    version = versions.of_item(LAPTOP)
    assert versions.of_row(with_change()) == Row(*version, "0100", "e")
    assert versions.of_row(with_change(sequence_number=None)) == Row(*version)


def test_a_deletion_is_no_version_of_the_order_from_wherever_it_is_read():
    event = {
        "eventID": "e",
        "eventName": "REMOVE",
        "dynamodb": {"Keys": {"orderid": {"S": "1"}}, "SequenceNumber": "7"},
    }
    assert versions.of_change(json.dumps(event).encode()) == ("1", GONE)
    line = to_row_with_change(json.dumps(event).encode(), [])
    assert versions.of_row(line) == Row("1", GONE, "7", "e")
    nothing = {name: LAPTOP["orderid"] if name == "orderid" else {"NULL": True} for name in LAPTOP}
    assert versions.of_item(nothing).digest != GONE


def test_an_attribute_that_no_column_shows_doesnt_count():
    assert versions.of_item(LAPTOP | {"colour": {"S": "red"}}) == versions.of_item(LAPTOP)
    assert of_row(row(colour="red")) == versions.of_item(LAPTOP)


def test_binary_values_and_sets_are_equal_as_boto3_and_as_events_have_them():
    as_boto3 = {"M": {"b": {"B": b"\x00\xff"}, "a": {"NS": ["10", "9.0"]}, "l": {"L": [{"BS": [b"b", b"a"]}]}}}
    as_event = {"M": {"a": {"NS": ["9", "1e1"]}, "b": {"B": "AP8="}, "l": {"L": [{"BS": ["YQ==", "Yg=="]}]}}}
    assert versions.of_item(LAPTOP | {"price": as_boto3}) == versions.of_change(change(LAPTOP | {"price": as_event}))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"{",
        b'{"orderid":"1","price":NaN}',
        row() + row(),
        row(orderid=""),
        row(orderid=None),
        row(orderid=1),
        row(price=[1]),
        row(event_id="e", sequence_number="seven"),
        row(event_id="e", sequence_number=7),
        row(event_id="e", sequence_number="1" * 41),
        row(sequence_number="7"),
        row(event_id=7, sequence_number="7"),
        row(event_name="REMOVE", orderid=None),
        b'{"orderid":"1","product_name":"a","quantity":1,"price":1e99999999999999999999}',
        b'{"orderid":"1","product_name":"a","quantity":1,"price":1.' + b"0" * 2000 + b"1}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_row_is_refused(line):
    with pytest.raises(VersionError):
        versions.of_row(line)


@given(st.binary() | st.recursive(st.none() | st.text() | st.integers(), lambda v: st.dictionaries(
    st.sampled_from(["dynamodb", "NewImage", "orderid", "price", "S", "N", "SS", "M", "L"]), v) | st.lists(v)
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_bytes_of_an_error_record_break_it(event):
    try:
        version = versions.of_change(event)
    except VersionError:
        return
    assert version.orderid


def test_the_time_in_an_id_is_read_of_a_uuid7_only():
    assert versions.created_ms("017F22E2-79B0-7CC3-98C4-DC0C0C07398F") == 0x017F22E279B0  # RFC 9562, A.6
    assert versions.created_ms("919108f7-52d1-4320-9bac-f847db4148a8") is None
    assert versions.created_ms("17") is None


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (
            "sales_data/dt=2026-11-22/stream-1-2026-11-22-10-11-12-9f1c6ab2-d5e8-4c0f-8f3d-1b7a2c4e6d80.json",
            1795342272000,
        ),
        ("sales_data/2020-01-01-00-00-00-/stream-1-2026-11-22-10-11-12-uuid.json.gz", 1795342272000),
        ("sales_data/dt=2026-11-22/stream-1-2026-13-22-10-11-12-uuid.json", 5),
        ("sales_data/by-hand.json", 5),
    ],
)
def test_an_object_arrived_when_its_name_says(key, expected):
    assert versions.arrived_ms(key, 5) == expected


def test_decimal_contexts_of_others_change_nothing():
    with localcontext() as context:
        context.prec = 3
        assert versions._number("12345.6789") == str(Decimal("12345.6789"))
