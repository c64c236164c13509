import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.events import change_event
from tests.unit.transform.sales import COLUMNS
from transform import record
from transform.column_types import CHANGE_COLUMNS, DECIMAL, INT32, STRING, Column
from transform.complete import other_names
from transform.record import RowWriter
from transform.values import RecordError

# None of these is special to DynamoDB. Each is special to something else that the transform uses.
NAMES = [
    *("image", "NewImage", "dynamodb", "eventName", "S", "N", "value", "values", "self", "c0", "c1"),
    *("class", "None", "lambda", "__class__", "__dict__", "__init__", "__struct_fields__", "_", "__"),
    *("gift-wrap", "gift_wrap", "order id", " ", "1st", "0", "a.b", "a:b", "$", "#0", "a,b", "[0]", "it's"),
    *("{}", "{name}", "%", "%b", "%%b", "100%", "%(name)s", "\x7f", "\u2028", "\N{RIGHT-TO-LEFT OVERRIDE}"),
    *("größe", "价格", "\N{WRAPPED PRESENT}", "\N{WRAPPED PRESENT} wrap", "e\N{COMBINING ACUTE ACCENT}", "é"),
]
ESCAPED_NAMES = ['"', 'say "hi"', "\\", "\\u0041", "C:\\", "\0", "\n", "tab\there", "\x1f"]

characters = st.characters(exclude_categories=["Cs"])
int32s = st.integers(-(2**31), 2**31 - 1)
names = st.sampled_from(NAMES + ESCAPED_NAMES) | st.text(characters, min_size=1, max_size=255)
VALUES = {
    STRING: st.text(characters, min_size=1),
    INT32: int32s,
    DECIMAL: st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**18), max_value=10**18),
}


@st.composite
def rows(draw):
    """Columns of any attributes, with names of their own, and a value for each attribute."""
    attributes = draw(st.lists(names, unique=True, min_size=1, max_size=13))
    columns = [
        Column(attribute, draw(st.sampled_from(list(VALUES))), name=f"{position} {attribute}")
        for position, attribute in enumerate(attributes)
    ]
    return columns, {column.attribute: draw(VALUES[column.type]) for column in columns}


def image_of(columns, values):
    return {column.attribute: {column.type.attribute_type: str(values[column.attribute])} for column in columns}


def members(line):
    """Return the keys and values of a row in their order: a dict would hide a key that occurs twice."""
    assert line.endswith(b"\n")
    return json.loads(line, object_pairs_hook=list, parse_float=Decimal)


@given(rows(), st.booleans())
def test_a_column_and_its_attribute_may_have_any_name(row, escaped):
    columns, values = row
    writer, writer_with_change = RowWriter(columns), RowWriter(columns, change_columns=True)
    expected = [(column.name, values[column.attribute]) for column in columns]
    image = image_of(columns, values)
    event = change_event(dict(reversed(image.items())))
    if escaped:
        event = json.dumps(json.loads(event)).encode()
    with_unknown = change_event(image | {"\N{SNOWMAN} unknown": {"S": "1"}})

    assert members(writer.row(event)) == expected
    with_change = members(writer_with_change.row(event))
    assert with_change[: len(columns)] == expected
    assert [name for name, _ in with_change[len(columns) :]] == list(CHANGE_COLUMNS)
    assert writer.row(with_unknown) == writer.row(event)
    assert writer_with_change.row(with_unknown) == writer_with_change.row(event)


@pytest.mark.parametrize("change_columns", [False, True])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_an_unusual_name_is_as_fast_as_any_other(name, change_columns, monkeypatch):
    monkeypatch.delattr(record, "values_of")
    writer = RowWriter([*COLUMNS, Column(name, STRING, name=name)], change_columns=change_columns)
    image = {column.attribute: {column.type.attribute_type: "1"} for column in COLUMNS} | {name: {"S": "this"}}

    assert (name, "this") in members(writer.row(change_event(image)))


def test_a_name_is_the_attributes_in_lower_case_or_another_one():
    columns = [Column("orderId", STRING), Column("customerId", STRING, name="customer_id")]
    row = RowWriter(columns).row(change_event({"orderId": {"S": "1"}, "customerId": {"S": "2"}}))
    assert members(row) == [("orderid", "1"), ("customer_id", "2")]


def test_an_attribute_that_a_column_takes_under_another_name_is_none_that_no_column_takes():
    event = change_event({"customerId": {"S": "1"}, "customer_id": {"S": "2"}})
    assert other_names(event, [Column("customerId", STRING, name="customer_id")]) == {"customer_id"}


@pytest.mark.parametrize("name", ["n" * 65_535, "\N{GRINNING FACE}" * 16_383], ids=["ASCII", "emoji"])
def test_a_name_may_be_as_long_as_dynamodb_allows(name):
    row = RowWriter([Column(name, INT32)]).row(change_event({name: {"N": "7"}}))
    assert members(row) == [(name, 7)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 300])
def test_a_row_may_have_any_number_of_columns(count):
    columns = [Column(f"column {position}", INT32) for position in range(count)]
    values = {column.attribute: position for position, column in enumerate(columns)}
    assert members(RowWriter(columns).row(change_event(image_of(columns, values)))) == list(values.items())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("image", "$.dynamodb.NewImage.image"),
        ("class", "$.dynamodb.NewImage.class"),
        ("größe", "$.dynamodb.NewImage.größe"),
        ("gift-wrap", '$.dynamodb.NewImage["gift-wrap"]'),
        ("order id", '$.dynamodb.NewImage["order id"]'),
        ("a.b", '$.dynamodb.NewImage["a.b"]'),
        ("price: expected N", '$.dynamodb.NewImage["price: expected N"]'),
        ("1st", '$.dynamodb.NewImage["1st"]'),
        ('say "hi"', r'$.dynamodb.NewImage["say \"hi\""]'),
        ("C:\\", r'$.dynamodb.NewImage["C:\\"]'),
        ("two\nlines", r'$.dynamodb.NewImage["two\nlines"]'),
        ("\N{WRAPPED PRESENT}", '$.dynamodb.NewImage["\N{WRAPPED PRESENT}"]'),
        ("\N{RIGHT-TO-LEFT OVERRIDE}", r'$.dynamodb.NewImage["\u202e"]'),
        ("n" * 255, "$.dynamodb.NewImage." + "n" * 255),
        ("n" * 65_535, '$.dynamodb.NewImage["' + "n" * 254 + '…"]'),
    ],
    ids=lambda each: ascii(each)[:40],
)
@pytest.mark.parametrize("change_columns", [False, True])
def test_a_reason_names_an_attribute_so_that_it_cannot_be_taken_for_another(name, path, change_columns):
    writer = RowWriter([Column("id", STRING), Column(name, DECIMAL, name="x")], change_columns=change_columns)
    for attributes, found in (({name: {"S": "1"}}, "S"), ({}, "nothing")):
        with pytest.raises(RecordError) as error:
            writer.row(change_event({"id": {"S": "1"}} | attributes))
        assert str(error.value) == f"{path}: expected N, found {found}"


@pytest.mark.parametrize(
    ("kind", "key", "value"), [(STRING, {"S": "7"}, "7"), (DECIMAL, {"N": "7.50"}, Decimal("7.50"))]
)
def test_the_row_of_a_removal_has_the_key_and_nothing_else(kind, key, value):
    columns = [Column("id", kind), Column("gift-wrap", STRING), Column("class", INT32)]
    event = change_event({"orderid": {"S": "1"}}, "REMOVE").replace(
        b'"Keys":{', b'"Keys":{"id":%b,' % json.dumps(key).encode()
    )

    assert RowWriter(columns).row(event) is None
    row = members(RowWriter(columns, change_columns=True).row(event))
    assert row[:3] == [("id", value), ("gift-wrap", None), ("class", None)]
