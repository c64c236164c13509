"""Types as Glue names them, from what lies in an object."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.crawler.schema import SAMPLE_BYTES, combine, hive, merge, read, type_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from("abc"), each, max_size=3),
    max_leaves=8,
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
        ("[]", "array<string>"),
        ("[1, 2.5]", "array<double>"),
        ("{}", "string"),
        ('{"a": 1, "b": [{"c": null}]}', "struct<a:int,b:array<struct<c:string>>>"),
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
        ("[1]", "[1.5]", "array<double>"),
        ("[]", "[1]", "array<int>"),
        ('{"a": 1}', '{"a": 1.5, "b": true}', "struct<a:double,b:boolean>"),
        ('{"a": 1}', "[1]", "string"),
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
def test_objects_combine_to_what_one_object_of_all_rows_shows(rows, cut):
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    parts = [read(b"".join(part), whole=True) for part in (lines[:cut], lines[cut:])]
    together, every = combine(parts), read(b"".join(lines), whole=True)
    assert (together.columns, together.records, together.size_bytes) == (every.columns, every.records, every.size_bytes)


def test_columns_keep_their_order_and_lose_their_case():
    assert columns('{"orderId": "1", "Price": 1}', '{"price": 1.5, "added": true}') == {
        "orderid": "string",
        "price": "double",
        "added": "boolean",
    }


def test_unreadable_lines_are_counted_and_left_out():
    schema = read(b'{"a": 1}\n{"a"\n[1]\n7\n\xff\xfe\n\n{"a": 2}\n' + b"[" * 100_000, whole=True)
    assert (schema.records, schema.unreadable, schema.columns) == (2, 5, {"a": "int"})


def test_a_line_that_the_sample_cuts_off_counts_as_nothing():
    # Cut off, it would still be JSON here, and of another type.
    cut_off = read(b'{"a": 1}\n{"b": 2}', whole=False)
    assert (cut_off.records, cut_off.unreadable, cut_off.columns) == (1, 0, {"a": "int"})
    assert read(b'{"a": 1}\n{"b": 2}', whole=True).records == 2


def test_gzip_is_read_like_the_text_in_it_whole_or_cut_off():
    rows = b"".join(b'{"a": %d}\n' % number for number in range(2000))
    packed = gzip.compress(rows)
    assert read(packed, whole=True) == read(rows, whole=True)
    beginning = read(packed[: len(packed) // 2], whole=False)
    assert 0 < beginning.records < 2000
    assert beginning.unreadable == 0


def test_gzip_is_unpacked_no_further_than_a_sample():
    schema = read(gzip.compress(b'{"a": 1}\n' * SAMPLE_BYTES), whole=True)
    assert SAMPLE_BYTES - 100 < schema.size_bytes <= SAMPLE_BYTES
    assert schema.unreadable == 0


def test_what_claims_to_be_gzip_and_is_not_shows_nothing():
    assert read(b"\x1f\x8bnot gzip at all", whole=True).records == 0


def test_no_type_of_the_catalog_is_null():
    assert hive({"a": ["null"], "b": "null", "c": {}}) == "struct<a:array<string>,b:string,c:string>"
