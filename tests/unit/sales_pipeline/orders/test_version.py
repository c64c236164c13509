"""Versions of an order are equal exactly where its fields are, from whichever of the three forms they are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.row import Row, RowReader
from sales_pipeline.orders.version import DELETED, Version, VersionError, Versions, created_ms
from tests.unit.sales_pipeline.columns import FOUR
from transform.column_types import CHANGE_COLUMNS
from transform.record import RowWriter
from transform.values import event_time

NONE, APPEND = RowForm(columns=FOUR), RowForm(change_columns=True, columns=FOUR)
version_of_item, version_of_event = Versions(NONE).of_item, Versions(NONE).of_event
read_row, read_without_change = RowReader(APPEND).read, RowReader(NONE).read
write, write_with_change = RowWriter(FOUR).row, RowWriter(FOUR, change_columns=True).row

LAPTOP = {"orderid": {"S": "1"}, "product_name": {"S": "Laptop"}, "quantity": {"N": "2"}, "price": {"N": "349.99"}}


def change(item):
    return json.dumps({"eventName": "INSERT", "dynamodb": {"NewImage": item}}).encode()


def row(**changes):
    return json.dumps({"orderid": "1", "product_name": "Laptop", "quantity": 2, "price": 349.99} | changes).encode()


def without(name):
    return {each: attribute for each, attribute in LAPTOP.items() if each != name}


def with_change(**changes):
    columns = {"event_id": "e", "event_name": "MODIFY", "event_time": None, "sequence_number": "0100"}
    return row(**columns | changes)


def of_row(line):
    """The version of a row without change columns."""
    read = read_row(line)
    assert (read.sequence_number, read.event_id) == (None, None)
    return Version(read.orderid, read.digest)


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=9)
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
    assert version_of_item(item) == version_of_event(event) == of_row(write(event))


@pytest.mark.parametrize("written", ["349", "349.0", "349.00", "3.49E2", "3490e-1", "0349"])
def test_one_price_is_one_version_however_it_is_written(written):
    assert version_of_item(LAPTOP | {"price": {"N": written}}) == version_of_item(LAPTOP | {"price": {"N": "349"}})


@pytest.mark.parametrize(
    "price",
    [
        *("0", "-0", "0.00", "0E+5", "0.0E-130", "1e-9", "0.0000000010", "349.990000000000"),
        *("9223372036854775808", "-9223372036854775809", "9223372036854775808.50"),
        *("9" * 19, "9" * 19 + "." + "9" * 9, "-1" + "0" * 18, "1E+18"),
    ],
)
def test_a_row_is_the_version_of_its_order_whichever_form_the_transform_chose_for_the_price(price):
    item = LAPTOP | {"price": {"N": price}}
    of_now = of_row(write(change(item)))
    as_it_came = price if "." in price or "e" in price.lower() else f"{price}.0"  # as rows were written earlier
    line = b'{"orderid":"1","product_name":"Laptop","quantity":2,"price":%b}'
    assert of_now == of_row(line % as_it_came.encode()) == version_of_item(item)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("349.99", "349.9900000000000000000000000000000001"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("99999999999999999999999999999999999999", "1E38"),
        ("1E-130", "0"),
    ],
)
def test_prices_that_only_the_order_table_holds_are_two_versions(one, other):
    assert version_of_item(LAPTOP | {"price": {"N": one}}) != version_of_item(LAPTOP | {"price": {"N": other}})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9007199254740993", "9007199254740992"),
        ("9999999999999999999", "9999999999999999998"),
        ("349999999.990000000", "349999999.990000001"),
    ],
)
def test_prices_that_a_double_cant_tell_apart_are_two_versions(one, other):
    line = b'{"orderid":"1","product_name":"Laptop","quantity":2,"price":%b}'
    assert of_row(line % one.encode()) == version_of_item(LAPTOP | {"price": {"N": one}})
    assert of_row(line % one.encode()) != of_row(line % other.encode())


def test_every_field_counts_and_its_type_too():
    seen = [version_of_item(LAPTOP)]
    for name, attribute in [
        ("orderid", {"S": "2"}),
        ("product_name", {"S": "laptop"}),
        ("product_name", {"N": "1"}),
        ("product_name", {"S": "1"}),
        ("quantity", {"N": "3"}),
        ("price", {"S": "349.99"}),
        ("price", {"M": {"amount": {"N": "349.99"}}}),
    ]:
        seen.append(version_of_item(LAPTOP | {name: attribute}))
    seen += [version_of_item(without(name)) for name in LAPTOP if name != "orderid"]
    assert len(set(seen)) == len(seen)


def test_a_row_with_change_columns_is_the_same_version_and_says_its_place():
    version = version_of_item(LAPTOP)
    assert read_row(with_change()) == Row(*version, "0100", "e")
    assert read_without_change(with_change()) == Row(*version)
    assert read_row(row(**dict.fromkeys(CHANGE_COLUMNS))) == Row(*version)  # as SQL shows a row without them


@pytest.mark.parametrize("seconds", [None, 0, 1_795_348_800, 1_795_348_800.999, 253_402_300_799])
def test_every_time_that_the_transform_writes_is_read(seconds):
    time = json.loads(event_time(seconds))
    assert read_row(with_change(event_time=time)).event_id == "e"


def test_a_deletion_is_no_version_of_the_order_from_wherever_it_is_read():
    event = {
        "eventID": "e",
        "eventName": "REMOVE",
        "dynamodb": {"Keys": {"orderid": {"S": "1"}}, "SequenceNumber": "7"},
    }
    assert version_of_event(json.dumps(event).encode()) == ("1", DELETED)
    line = write_with_change(json.dumps(event).encode())
    assert read_row(line) == Row("1", DELETED, "7", "e")
    assert read_without_change(line) == Row("1", DELETED)
    assert version_of_item({"orderid": {"S": "1"}}).digest != DELETED


@pytest.mark.parametrize("name", ["product_name", "quantity", "price"])
def test_a_column_that_a_row_lacks_is_null_as_is_an_attribute_that_the_order_lacks(name):
    absent = {each: value for each, value in json.loads(row()).items() if each != name}
    versions = [of_row(json.dumps(absent).encode()), of_row(row(**{name: None})), version_of_item(without(name))]
    versions.append(version_of_item(LAPTOP | {name: {"NULL": True}}))
    assert set(versions) == {versions[0]}
    assert versions[0] != version_of_item(LAPTOP)


def test_without_change_columns_a_row_without_any_value_is_a_deletion_as_the_view_takes_it():
    nothing = row(**dict.fromkeys(["product_name", "quantity", "price"]))
    assert read_without_change(nothing) == read_without_change(b'{"orderid":"1"}') == Row("1", DELETED)
    assert read_row(nothing).digest == version_of_item({"orderid": {"S": "1"}}).digest


def test_an_attribute_that_no_column_shows_doesnt_count():
    assert version_of_item(LAPTOP | {"colour": {"S": "red"}}) == version_of_item(LAPTOP)
    assert of_row(row(colour="red")) == version_of_item(LAPTOP)


@pytest.mark.parametrize("tail", [b"", b',"colour":null', b',"PRICE_OLD":{"a":"\\""}'])
@pytest.mark.parametrize("name", [b"Laptop", b"", b"\\u004c\\u0061ptop", b'\\"', b"\xe6\x97\xa5", b":,{}"])
def test_a_key_that_is_there_twice_is_seen_whatever_else_is_in_the_line(name, tail):
    line = b'{"orderid":"1","product_name":"%b","quantity":2,"price":349.99%b}' % (name, tail)
    twice = [line[:-1] + b',"%b":%b}' % each for each in ((b"price", b"1.0"), (b"orderid", b'"1"'), (b"Price", b"1.0"))]
    twice += [
        line.replace(b'"quantity"', b'"pr\\u0069ce"', 1),
        b'{"quantity":2,' + line[1:],
        b'{"a":"","a":"",' + line[1:],
    ]
    if name:
        assert of_row(line).orderid == "1"
    for each in twice:
        with pytest.raises(VersionError):
            read_row(each)


def test_binary_values_and_sets_are_equal_as_boto3_and_as_events_have_them():
    as_boto3 = {"M": {"b": {"B": b"\x00\xff"}, "a": {"NS": ["10", "9.0"]}, "l": {"L": [{"BS": [b"b", b"a"]}]}}}
    as_event = {"M": {"a": {"NS": ["9", "1e1"]}, "b": {"B": "AP8="}, "l": {"L": [{"BS": ["YQ==", "Yg=="]}]}}}
    assert version_of_item(LAPTOP | {"price": as_boto3}) == version_of_event(change(LAPTOP | {"price": as_event}))


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
        row(price=[1]),
        row(quantity="2"),
        row(quantity=2.0),
        row(quantity=True),
        row(quantity=2**31),
        row(quantity=-(2**31) - 1),
        row(price="349.99"),
        row(price=True),
        b'{"product_name":"Laptop","quantity":2,"price":1.0}',
        with_change(sequence_number="seven"),
        with_change(sequence_number=7),
        with_change(sequence_number="1" * 41),
        with_change(sequence_number=None),
        row(sequence_number="7"),
        with_change(event_id=7),
        with_change(event_id=None),
        with_change(event_name=None),
        with_change(event_name="CHANGE"),
        with_change(event_time=7),
        with_change(event_time=""),
        with_change(event_time="yesterday"),
        with_change(event_time="2026-11-22T11:26:00Z"),
        with_change(event_time="2026-11-22T11:26:00.000+00:00"),
        with_change(event_time="2026-11-22 11:26:00.000Z"),
        with_change(event_time="2026-02-30T11:26:00.000Z"),
        with_change(event_time="2026-11-22T24:00:00.000Z"),
        with_change(event_time="2026-11-22T11:26:00.000Z\n"),
        with_change(event_name="REMOVE"),
        with_change(event_name="REMOVE", **dict.fromkeys(LAPTOP)),
        row(event_name="REMOVE", **dict.fromkeys(["product_name", "quantity", "price"])),
        with_change(event_id=7.5),
        with_change(sequence_number=7.5),
        b'{"orderid":"1","product_name":"a","quantity":1,"price":1e99999999999999999999}',
        b'{"orderid":"1","product_name":"a","quantity":1,"price":1.' + b"0" * 2000 + b"1}",
        b'{"orderid":"1","product_name":"a","quantity":1,"price":10000000000000000000}',
        b'{"orderid":"1","product_name":"a","quantity":1,"price":1E+19}',
        b'{"orderid":"1","product_name":"a","quantity":1,"price":0.0000000001}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_row_is_refused(line):
    with pytest.raises(VersionError):
        read_row(line)


@given(st.binary() | st.recursive(st.none() | st.text() | st.integers(), lambda v: st.dictionaries(
    st.sampled_from(["dynamodb", "NewImage", "orderid", "price", "S", "N", "SS", "M", "L"]), v) | st.lists(v)
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_no_bytes_of_an_error_record_break_it(event):
    try:
        version = version_of_event(event)
    except VersionError:
        return
    assert version.orderid


def test_the_time_in_an_id_is_read_of_a_uuid7_only():
    assert created_ms("017F22E2-79B0-7CC3-98C4-DC0C0C07398F") == 0x017F22E279B0  # RFC 9562, A.6
    assert created_ms("919108f7-52d1-4320-9bac-f847db4148a8") is None
    assert created_ms("17") is None
