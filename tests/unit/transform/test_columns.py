import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.events import change_event
from transform import record
from transform.columns import CHANGE_COLUMNS, COLUMNS, ORDER_ID, Column
from transform.record import row_writer
from transform.values import RecordError, decimal_number, text, whole_number

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
kinds = st.sampled_from([("S", text), ("N", whole_number), ("N", decimal_number)])
VALUES = {
    text: st.text(characters, min_size=1),
    whole_number: int32s,
    decimal_number: st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**18), max_value=10**18),
}


@st.composite
def rows(draw):
    """Columns with any names, and a value for each, by name."""
    own_names = names.filter(lambda name: name not in CHANGE_COLUMNS)
    columns = [Column(name, *draw(kinds)) for name in draw(st.lists(own_names, unique=True, min_size=1, max_size=13))]
    return columns, {column.name: draw(VALUES[column.encode]) for column in columns}


def image_of(columns, values):
    return {column.name: {column.type: str(values[column.name])} for column in columns}


def members(line):
    """Return the keys and values of a row in their order: a dict would hide a key that occurs twice."""
    assert line.endswith(b"\n")
    return json.loads(line, object_pairs_hook=list, parse_float=Decimal)


@given(rows(), st.booleans())
def test_a_column_may_have_any_name(row, escaped):
    columns, values = row
    to_row, to_row_with_change = row_writer(columns)
    image = image_of(columns, values)
    event = change_event(dict(reversed(image.items())))
    if escaped:
        event = json.dumps(json.loads(event)).encode()
    with_unknown = change_event(image | {"\N{SNOWMAN} unknown": {"S": "1"}})

    unknown = []
    assert members(to_row(event, unknown)) == list(values.items())
    with_change = members(to_row_with_change(event, unknown))
    assert with_change[: len(columns)] == list(values.items())
    assert [name for name, _ in with_change[len(columns) :]] == list(CHANGE_COLUMNS)
    assert unknown == []
    assert to_row(with_unknown, unknown) == to_row(event, [])
    assert to_row_with_change(with_unknown, unknown) == to_row_with_change(event, [])
    assert unknown == ["\N{SNOWMAN} unknown"] * 2


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_an_unusual_name_is_as_fast_as_any_other(name, monkeypatch):
    monkeypatch.delattr(record, "values_of")
    to_row, to_row_with_change = row_writer([*COLUMNS, Column(name, "S", text)])
    image = {column.name: {column.type: "1"} for column in COLUMNS} | {name: {"S": "this"}}

    assert members(to_row(change_event(image), []))[-1] == (name, "this")
    assert dict(members(to_row_with_change(change_event(image), [])))[name] == "this"


@pytest.mark.parametrize("name", ["n" * 65_535, "\N{GRINNING FACE}" * 16_383], ids=["ASCII", "emoji"])
def test_a_name_may_be_as_long_as_dynamodb_allows(name):
    to_row, _ = row_writer([Column(name, "N", whole_number)])
    assert members(to_row(change_event({name: {"N": "7"}}), [])) == [(name, 7)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 300])
def test_a_row_may_have_any_number_of_columns(count):
    columns = [Column(f"column {position}", "N", whole_number) for position in range(count)]
    values = {column.name: position for position, column in enumerate(columns)}
    to_row, _ = row_writer(columns)
    assert members(to_row(change_event(image_of(columns, values)), [])) == list(values.items())


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
    ],
)
@pytest.mark.parametrize("way", [0, 1], ids=["to_row", "to_row_with_change"])
def test_a_reason_names_a_column_so_that_it_cannot_be_taken_for_another(name, path, way):
    convert = row_writer([Column(ORDER_ID, "S", text), Column(name, "N", decimal_number)])[way]
    for attributes, found in (({name: {"S": "1"}}, "S"), ({}, "nothing")):
        with pytest.raises(RecordError) as error:
            convert(change_event({ORDER_ID: {"S": "1"}} | attributes), [])
        assert str(error.value) == f"{path}: expected N, found {found}"


def test_the_row_of_a_removal_has_the_order_id_wherever_its_column_is():
    columns = [Column("gift-wrap", "S", text), Column(ORDER_ID, "S", text), Column("class", "N", whole_number)]
    to_row, to_row_with_change = row_writer(columns)
    event = change_event({ORDER_ID: {"S": "7"}}, "REMOVE")

    assert to_row(event, []) is None
    row = members(to_row_with_change(event, []))
    assert row[:3] == [("gift-wrap", None), (ORDER_ID, "7"), ("class", None)]


def test_the_order_id_is_a_column_for_a_removal_has_nothing_else():
    assert Column(ORDER_ID, "S", text) in COLUMNS


@pytest.mark.parametrize("name", ["price", *ESCAPED_NAMES[:2], *CHANGE_COLUMNS])
def test_two_columns_never_have_the_same_name(name):
    columns = [Column(each, "S", text) for each in ("price", *ESCAPED_NAMES[:2], name)]
    with pytest.raises(ValueError, match=r"^The row has 2 columns with the name '.*': see transform/columns\.py\.$"):
        row_writer(columns)
