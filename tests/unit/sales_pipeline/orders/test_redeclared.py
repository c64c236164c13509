"""Rows from before a column's declaration changed: read as the declared table shows them, or not at all."""

import json

import pytest

from local_aws.athena import objects
from local_aws.athena.errors import QueryFailedError
from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.row import RowReader
from sales_pipeline.orders.version import VersionError, Versions
from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, JSON, STRING, Column
from transform.record import RowWriter

KEY = Column("id", INT64)
TYPES = {each.name: each for each in (STRING, INT32, INT64, DECIMAL, BOOLEAN, JSON)}
VALUES = {
    "STRING": [{"S": "red"}, {"S": ""}, {"S": "7"}, {"S": '"7"'}, {"S": "true"}, {"S": "[1,"}],
    "INT32": [{"N": "7"}, {"N": "-100"}],
    "INT64": [{"N": "7"}, {"N": "9223372036854775807"}],
    "DECIMAL": [{"N": "7"}, {"N": "0.5"}, {"N": "-9223372036854775808"}],
    "BOOLEAN": [{"BOOL": True}, {"BOOL": False}],
    "JSON": [{"S": "red"}, {"N": "7"}, {"N": "1E+2"}, {"BOOL": True}, {"M": {"a": {"N": "1"}}}],
}


def columns(type_):
    return (KEY, Column("old", type_, optional=True), Column("other", STRING))


def item(attribute):
    return {"id": {"N": "1"}, "old": attribute, "other": {"S": "x"}}


def written(type_, attribute):
    """The row that the transform wrote while the column had this type."""
    event = {"eventName": "INSERT", "dynamodb": {"NewImage": item(attribute)}}
    return RowWriter(columns(type_)).row(json.dumps(event).encode()).rstrip()


def read(type_, line):
    row = RowReader(RowForm(columns=columns(type_))).read(line)
    return row.orderid, row.digest


def shown(type_, line):
    """What the declared table on this machine shows in the column."""
    ((row),) = objects.rows("s3://bucket/name", line, {each.name: each.type.catalog_type for each in columns(type_)})
    return row["old"]


def version_now(type_, attribute):
    return Versions(RowForm(columns=columns(type_))).of_item(item(attribute))


CHANGES = [(before, after, attribute) for before, values in VALUES.items() for after in TYPES for attribute in values]


@pytest.mark.parametrize(("before", "after", "attribute"), CHANGES, ids=str)
def test_a_row_is_read_exactly_where_the_table_shows_it(before, after, attribute):
    line = written(TYPES[before], attribute)
    try:
        shown(TYPES[after], line)
    except QueryFailedError:
        with pytest.raises(VersionError):
            read(TYPES[after], line)
    else:
        assert read(TYPES[after], line)[0] == "1"


@pytest.mark.parametrize(
    ("before", "attribute", "after", "now"),
    [
        *((INT32, {"N": "7"}, after, {"N": "7"}) for after in (INT64, DECIMAL, JSON)),
        *((INT64, {"N": "9223372036854775807"}, after, {"N": "9223372036854775807"}) for after in (DECIMAL, JSON)),
        (DECIMAL, {"N": "7"}, JSON, {"N": "7"}),
        (DECIMAL, {"N": "-9223372036854775808"}, JSON, {"N": "-9223372036854775808"}),
        (BOOLEAN, {"BOOL": False}, JSON, {"BOOL": False}),
        (STRING, {"S": '{ "a": 1.0 }'}, JSON, {"M": {"a": {"N": "1"}}}),
        (INT32, {"N": "-100"}, STRING, {"S": "-100"}),
        (DECIMAL, {"N": "7"}, STRING, {"S": "7.0"}),
        (BOOLEAN, {"BOOL": True}, STRING, {"S": "true"}),
        (JSON, {"S": "red"}, STRING, {"S": '"red"'}),
    ],
    ids=str,
)
def test_a_row_is_the_version_of_an_order_whose_value_the_column_shows(before, attribute, after, now):
    line = written(before, attribute)
    assert read(after, line) == version_now(after, now)
    assert read(after, line) != version_now(after, {"S": "another"})


@pytest.mark.parametrize(
    ("before", "after", "attribute"),
    [(STRING, JSON, {"S": "red"}), (STRING, JSON, {"S": "7"}), (JSON, STRING, {"S": "red"}), (JSON, STRING, {"S": ""})],
)
def test_a_row_is_stale_if_the_column_would_show_the_orders_value_otherwise_now(before, after, attribute):
    assert read(after, written(before, attribute)) != version_now(after, attribute)


NO_JSON = ["", "{", "red", "NaN", '{"colour":01}', '{"a":{"b":1,"b":1}}', '"\\ud800"', "[" * 100_000]


@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: text[:20])
def test_a_text_that_is_no_json_is_a_version_that_no_order_has(text):
    found = read(JSON, written(STRING, {"S": text}))
    assert found == read(JSON, written(STRING, {"S": text}))
    others = [read(JSON, written(STRING, {"S": other})) for other in (f"{text} ", json.dumps(text), json.dumps([text]))]
    assert found not in [*others, version_now(JSON, {"S": text}), version_now(JSON, {"L": [{"S": text}]})]


def test_an_empty_text_from_before_its_column_was_required_is_read():
    optional, required = ((KEY, Column("old", STRING, optional=each)) for each in (True, False))
    of_item = Versions(RowForm(columns=required)).of_item
    rows = {text: RowReader(RowForm(columns=required)).read(b'{"id":1,"old":"%b"}' % text) for text in (b"", b"x")}
    assert rows[b""] == RowReader(RowForm(columns=optional)).read(b'{"id":1,"old":""}')
    assert rows[b""][:2] == of_item({"id": {"N": "1"}, "old": {"S": ""}}) != rows[b"x"][:2]


def test_a_number_in_a_key_of_text_is_the_id_that_the_table_shows():
    key = Column("id", STRING)
    read = RowReader(RowForm(columns=(key, Column("other", STRING)))).read
    assert read(b'{"id":7,"other":"x"}') == read(b'{"id":"7","other":"x"}')
