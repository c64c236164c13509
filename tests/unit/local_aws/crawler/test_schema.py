"""Types as Glue names them, from the rows of an object."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.crawler.schema import combine, merge, read, type_of

VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3)
)


def columns(*lines):
    return {each["Name"]: each["Type"] for each in read("\n".join(lines).encode(), whole=True).hive_columns()}


@pytest.mark.parametrize(
    ("json_value", "expected"),
    [
        ("2147483647", "int"),
        ("-2147483648", "int"),
        ("2147483648", "bigint"),
        ("-2147483649", "bigint"),
        ("9223372036854775807", "bigint"),
        ("9223372036854775808", "double"),
        ("349.0", "double"),
        ("349", "int"),
        ("1e3", "double"),
        ("true", "boolean"),
        ('"7"', "string"),
        ("null", "string"),
    ],
)
def test_a_value_has_the_type_that_glue_gives_it(json_value, expected):
    assert columns(f'{{"x": {json_value}}}') == {"x": expected}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1", "2147483648", "bigint"),
        ("1", "1.5", "double"),
        ("2147483648", "1.5", "double"),
        ("1", "null", "int"),
        ("1", '"1"', "string"),
        ("true", "1", "string"),
    ],
)
def test_unlike_values_merge_to_a_type_that_holds_both(one, other, expected):
    assert columns(f'{{"x": {one}}}', f'{{"x": {other}}}') == {"x": expected}
    assert columns(f'{{"x": {other}}}', f'{{"x": {one}}}') == {"x": expected}


@given(VALUES, VALUES, VALUES)
def test_the_order_of_rows_decides_no_type(one, two, three):
    first, second, third = type_of(one), type_of(two), type_of(three)
    assert merge(first, second) == merge(second, first)
    assert merge(merge(first, second), third) == merge(first, merge(second, third))
    assert merge(first, first) == first


@given(st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), max_size=5), st.integers(0, 5))
def test_objects_combine_to_the_schema_of_one_object_of_all_rows(rows, cut):
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    parts = [read(b"".join(part), whole=True) for part in (lines[:cut], lines[cut:])]
    assert combine(parts) == read(b"".join(lines), whole=True)


def test_columns_keep_their_order_and_lose_their_case():
    assert columns('{"orderId": "1", "Price": 1}', '{"price": 1.5, "added": true}') == {
        "orderid": "string",
        "price": "double",
        "added": "boolean",
    }


def test_lines_that_are_no_rows_are_counted_and_left_out():
    schema = read(b'{"a": 1}\n{"a"\n[1]\n7\n\xff\xfe\n{"a": [1]}\n{"a": {}}\n\n{"a": 2}\n' + b"[" * 100_000, whole=True)
    assert (schema.rows, schema.unreadable, schema.columns) == (2, 7, {"a": "int"})


def test_a_line_that_the_sample_cuts_off_counts_as_nothing():
    # Cut off, it would still be JSON here, and of another type.
    cut_off = read(b'{"a": 1}\n{"b": 2}', whole=False)
    assert (cut_off.rows, cut_off.unreadable, cut_off.columns) == (1, 0, {"a": "int"})
    assert read(b'{"a": 1}\n{"b": 2}', whole=True).rows == 2
