"""Columns of every type, other attributes, and keys of type N: a row is a version of the order it was made of."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.aws.pipe_event import encode
from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.row import Row, RowReader
from sales_pipeline.orders.version import DELETED, VersionError, Versions
from tests.unit.sales_pipeline.columns import EVERY_TYPE
from transform.column_types import DECIMAL, INT32, INT64, JSON, STRING, Column
from transform.record import RowWriter

FORMS = [RowForm(change, other, EVERY_TYPE) for change in (False, True) for other in (False, True)]
DROP, KEEP = FORMS[0], FORMS[1]
ITEM = {
    "orderNo": {"N": "12"},
    "image": {"S": "a.png"},
    "class": {"BOOL": True},
    "gift-wrap": {"M": {"colour": {"S": "red"}, "sizes": {"NS": ["10", "9.5"]}}},
    "order id": {"N": "-7"},
    "Total": {"N": "349.99"},
    "views": {"N": "9007199254740993"},
    "paid": {"BOOL": False},
    "shipping": {"L": [{"N": "1"}, {"NULL": True}]},
}
ROW = {
    "order_no": 12,
    "image": "a.png",
    "class": True,
    "gift-wrap": '{"colour":"red","sizes":[9.5,10]}',
    "order id": -7,
    "price": 349.99,
    "views": 9007199254740993,
    "paid": False,
    "shipping": "[1,null]",
}
OPTIONAL = [column for column in EVERY_TYPE if column.optional]
VERSION = Versions(DROP).of_item(ITEM)


def line(**changes):
    return json.dumps(ROW | changes).encode()


def of_row(text, form=DROP):
    row = RowReader(form).read(text)
    return row.orderid, row.digest


def event(item, name="MODIFY"):
    """The change event of an item as boto3 has it."""
    image = {"NewImage": item} if name != "REMOVE" else {}
    keys = {"orderNo": item["orderNo"]}
    return encode({"eventID": "e", "eventName": name, "dynamodb": {"Keys": keys, "SequenceNumber": "7", **image}})


texts = st.text(st.characters(codec="utf-8"))
numbers = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**18), max_value=10**18).map(str),
    st.sampled_from(["0", "1E+2", "-0.50", "1e-130", "9" * 38, "100", "100.0"]),
)
attributes = st.recursive(
    st.one_of(
        st.builds(lambda value: {"S": value}, texts),
        st.builds(lambda value: {"N": value}, numbers),
        st.builds(lambda value: {"B": value}, st.binary()),
        st.builds(lambda value: {"BOOL": value}, st.booleans()),
        st.just({"NULL": True}),
        st.builds(lambda value: {"SS": sorted(value)}, st.sets(texts, min_size=1)),
        st.builds(lambda value: {"BS": sorted(value)}, st.sets(st.binary(), min_size=1)),
        st.builds(lambda value: {"NS": list(value)}, st.lists(numbers, min_size=1, unique_by=float)),
    ),
    lambda inner: st.one_of(
        st.builds(lambda value: {"L": value}, st.lists(inner, max_size=3)),
        st.builds(lambda value: {"M": value}, st.dictionaries(texts, inner, max_size=3)),
    ),
    max_leaves=8,
)


def values(column):
    """Attributes that the transform takes for a column."""
    number = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**18), max_value=10**18)
    found = {
        STRING: st.builds(lambda value: {"S": value}, texts),
        INT32: st.builds(lambda value: {"N": str(value)}, st.integers(-(2**31), 2**31 - 1)),
        INT64: st.builds(lambda value: {"N": str(value)}, st.integers(-(2**63), 2**63 - 1)),
        DECIMAL: st.builds(lambda value: {"N": str(value)}, number),
        JSON: attributes.filter(lambda attribute: attribute != {"NULL": True}),
    }.get(column.type, st.builds(lambda value: {"BOOL": value}, st.booleans()))
    return found | st.just({"NULL": True}) if column.optional else found


items = st.builds(
    lambda known, others: {**others, **known},
    st.fixed_dictionaries(
        {column.attribute: values(column) for column in EVERY_TYPE if not column.optional},
        optional={column.attribute: values(column) for column in OPTIONAL},
    ),
    st.dictionaries(texts, attributes, max_size=2),
)


@pytest.mark.parametrize("form", FORMS, ids=str)
@given(item=items)
def test_an_item_its_event_and_the_transforms_row_are_one_version(form, item):
    versions = Versions(form)
    written = RowWriter(EVERY_TYPE, change_columns=form.change_columns, other_attributes=form.other_attributes)
    row = RowReader(form).read(written.row(event(item)))
    assert versions.of_item(item) == versions.of_event(event(item)) == (row.orderid, row.digest)


def test_a_row_of_todays_form_is_the_version_of_its_order():
    assert of_row(line()) == VERSION == ("12", VERSION.digest)


def test_every_column_counts():
    others = {
        "orderNo": {"N": "13"},
        "image": {"S": ""},
        "class": {"BOOL": False},
        "gift-wrap": {"M": {"colour": {"S": "red"}, "sizes": {"SS": ["10", "9.5"]}}},
        "order id": {"N": "7"},
        "Total": {"N": "349.990000001"},
        "views": {"N": "9007199254740992"},
        "paid": {"BOOL": True},
        "shipping": {"L": [{"NULL": True}, {"N": "1"}]},
    }
    changed = [Versions(DROP).of_item(ITEM | {name: value}) for name, value in others.items()]
    changed += [Versions(DROP).of_item({name: ITEM[name] for name in ITEM if name != each}) for each in [*ITEM][1:]]
    assert len({VERSION, *changed}) == 2 * len(EVERY_TYPE)


@pytest.mark.parametrize("column", EVERY_TYPE[1:], ids=str)
def test_nothing_null_and_an_attribute_of_type_null_are_one_value(column):
    without = {name: value for name, value in ITEM.items() if name != column.attribute}
    version = Versions(DROP).of_item(without)
    assert version == Versions(DROP).of_item(ITEM | {column.attribute: {"NULL": True}})
    assert version == of_row(line(**{column.name: None}))
    assert version == of_row(json.dumps({name: value for name, value in ROW.items() if name != column.name}).encode())
    assert version != VERSION


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('{ "sizes": [9.50, 1e1], "colour": "r\\u0065d" }', True),
        ('{"colour":"red","sizes":[10,9.5]}', False),
        ('{"colour":"red","sizes":["9.5","10"]}', False),
        ('{"colour":"red","sizes":[9.5,10],"more":null}', False),
        ("null", False),
    ],
)
def test_json_compares_by_value(text, same):
    assert (of_row(line(**{"gift-wrap": text})) == VERSION) is same


@pytest.mark.parametrize(
    "changes",
    [
        {"order_no": None},
        {"order_no": "12"},
        {"order_no": 12.0},
        {"order_no": True},
        {"order_no": 2**63},
        {"image": ["a.png"]},
        {"class": 1},
        {"class": "true"},
        {"gift-wrap": {"colour": "red"}},
        {"order id": 2**31},
        {"order id": True},
        {"price": False},
        {"price": 1e19},
        {"views": 2**63},
        {"views": -(2**63) - 1},
        {"views": 1.0},
        {"views": False},
        {"shipping": []},
    ],
    ids=str,
)
def test_a_value_of_another_type_is_no_row(changes):
    with pytest.raises(VersionError):
        of_row(line(**changes))


def test_the_limits_of_whole_numbers_are_in_a_row():
    for name, attribute, limit in (("order id", "order id", 2**31), ("views", "views", 2**63)):
        for value in (-limit, limit - 1):
            item = ITEM | {attribute: {"N": str(value)}}
            assert of_row(line(**{name: value})) == Versions(DROP).of_item(item)


@pytest.mark.parametrize(
    ("value", "same"), [({"S": "349.99"}, False), ({"N": "349.990"}, True), ({"NS": ["1"]}, False)]
)
def test_an_attribute_of_another_type_is_a_version_that_no_row_is(value, same):
    assert (Versions(DROP).of_item(ITEM | {"Total": value}) == VERSION) is same


def test_an_attribute_with_two_types_is_none():
    with pytest.raises(VersionError):
        Versions(DROP).of_item(ITEM | {"Total": {"N": "349.99", "S": "x"}})


def test_an_empty_text_is_not_null():
    columns = (Column("id", STRING), Column("a", STRING, optional=True), Column("b", STRING))
    read = RowReader(RowForm(columns=columns)).read
    assert read(b'{"id":"1","a":"","b":"x"}') != read(b'{"id":"1","a":null,"b":"x"}')


OTHERS = {"note": {"S": "a"}, "file": {"B": b"\x00\xff"}, "tags": {"SS": ["b", "a"]}}
OTHER_TEXT = json.dumps({"note": "a", "file": base64.b64encode(b"\x00\xff").decode(), "tags": ["a", "b"]})


def test_other_attributes_count_only_where_the_rows_hold_them():
    with_others = line(other_attributes=OTHER_TEXT)
    assert Versions(DROP).of_item(ITEM | OTHERS) == of_row(with_others) == of_row(line()) == VERSION
    assert of_row(line(other_attributes=7)) == VERSION  # a table without the column does not look
    kept = Versions(KEEP).of_item(ITEM | OTHERS)
    assert kept == of_row(with_others, KEEP) == of_row(line(OTHER_ATTRIBUTES=OTHER_TEXT), KEEP)
    assert kept not in {of_row(line(), KEEP), Versions(KEEP).of_item(ITEM | OTHERS | {"note": {"S": "b"}})}


def test_a_row_without_other_attributes_is_one_of_an_order_that_has_none():
    assert Versions(KEEP).of_item(ITEM) == of_row(line(), KEEP) == of_row(line(other_attributes=None), KEEP)


@pytest.mark.parametrize("value", [7, {}, "", "{", "[]", '"note"', "null", '{"a":1,"a":1}'])
def test_what_is_no_text_of_an_object_is_no_row_of_a_table_with_other_attributes(value):
    with pytest.raises(VersionError):
        of_row(line(other_attributes=value), KEEP)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_scan_asks_for_the_attributes_that_make_a_version(form):
    names = Versions(form).attributes
    assert names == ([] if form.other_attributes else [column.attribute for column in EVERY_TYPE])


def test_a_deletion_has_its_id_and_nothing_else():
    removal = event(ITEM, "REMOVE")
    row = RowWriter(EVERY_TYPE, change_columns=True, other_attributes=True).row(removal)
    assert Versions(KEEP).of_event(removal) == ("12", DELETED)
    for form in FORMS:
        place = ("7", "e") if form.change_columns else ()
        assert RowReader(form).read(row) == Row("12", DELETED, *place)
    for name in ("image", "other_attributes"):
        wrong = json.dumps(json.loads(row) | {name: "{}"}).encode()
        with pytest.raises(VersionError):
            RowReader(FORMS[3]).read(wrong)


REQUIRED_NOTHING = (Column("id", STRING), Column("a", STRING, optional=True))


def test_a_row_without_values_is_no_deletion_where_an_order_may_lack_everything_but_its_key():
    removal = b'{"eventID":"e","eventName":"REMOVE","dynamodb":{"Keys":{"id":{"S":"1"}},"SequenceNumber":"7"}}'
    row = RowWriter(REQUIRED_NOTHING, change_columns=True).row(removal)
    none, append = (RowForm(change_columns=change, columns=REQUIRED_NOTHING) for change in (False, True))
    empty = Versions(none).of_item({"id": {"S": "1"}})
    assert of_row(row, none) == of_row(b'{"id":"1"}', none) == of_row(b'{"id":"1"}', append) == empty
    assert of_row(row, append) == ("1", DELETED)


def test_one_required_value_is_enough_for_a_row_to_be_no_deletion():
    for column in EVERY_TYPE[1:]:
        alone = json.dumps({"order_no": 12, column.name: ROW[column.name]}).encode()
        assert (of_row(alone)[1] == DELETED) is column.optional


@pytest.mark.parametrize(
    ("type_", "value", "order_id"),
    [
        (INT32, "-7", "-7"),
        (INT64, "100", "100"),
        (DECIMAL, "12.0", "12"),
        (DECIMAL, "1.20E+1", "12"),
        (DECIMAL, "0.50", "0.5"),
    ],
)
def test_an_id_is_one_text_of_the_keys_number(type_, value, order_id):
    columns = (Column("id", type_), Column("a", STRING))
    form = RowForm(columns=columns)
    item = {"id": {"N": value}, "a": {"S": "x"}}
    assert Versions(form).of_item(item) == of_row(f'{{"id":{value},"a":"x"}}'.encode(), form)
    assert Versions(form).of_item(item).orderid == order_id


def test_a_line_with_quotes_in_its_texts_is_read_and_a_key_that_is_there_twice_is_seen():
    for text in ('"', "\\", '\\"', '\\\\"x', '{"a":"\\""}'):
        row = line(image=text)
        assert of_row(row) == Versions(DROP).of_item(ITEM | {"image": {"S": text}})
        for again in (b',"image":"x"}', b',"IMAGE":"x"}', b',"im\\u0061ge":null}'):
            with pytest.raises(VersionError):
                of_row(row[:-1] + again)
