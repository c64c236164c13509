"""Attribute values have one form exactly where they mean the same."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders.attributes import normal, number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "349.99"}, {"N": "349.990"}),
        ({"N": "3.49E2"}, {"N": "0349"}),
        ({"N": "-0.0"}, {"N": "0"}),
        ({"NS": ["1", "2.0"]}, {"NS": ["2", "1"]}),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}),
        ({"B": "AAE="}, {"B": b"\x00\x01"}),
        ({"BS": ["AAE=", "/w=="]}, {"BS": [b"\xff", b"\x00\x01"]}),
        ({"L": [{"M": {"N": {"N": "1.0"}}}]}, {"L": [{"M": {"N": {"N": "1"}}}]}),
        ({"M": {"a": {"S": "1"}, "b": {"NULL": True}}}, {"M": {"b": {"NULL": True}, "a": {"S": "1"}}}),
    ],
)
def test_values_that_mean_the_same_are_equal(one, other):
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"N": "1"}, {"S": "1"}),
        ({"N": "1" * 38}, {"N": "1" * 37 + "2"}),
        ({"SS": ["1", "2.0"]}, {"SS": ["2", "1"]}),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}),
        ({"M": {"a": {"S": "1"}}}, {"M": {"a": {"S": "1"}, "b": {"NULL": True}}}),
    ],
)
def test_values_that_mean_something_else_differ(one, other):
    assert normal(one) != normal(other)


@pytest.mark.parametrize(
    "attribute",
    [
        {},
        [],
        None,
        "N",
        {"S": "a", "N": "1"},
        {"N": "sNaN"},
        {"N": {}},
        {"N": "1." + "0" * 2000 + "1"},
        {"N": "1e99999999999999999999"},
        {"NS": ["1", {}]},
        {"SS": ["a", 1]},
        {"M": [1]},
        {"L": [[]]},
    ],
)
def test_no_attribute_value_is_an_error(attribute):
    with pytest.raises(ValueError, match="no attribute value"):
        normal(attribute)


def test_a_nesting_that_is_too_deep_is_an_error():
    attribute = {"S": "a"}
    for _ in range(5_000):
        attribute = {"L": [attribute]}
    with pytest.raises(ValueError, match="RecursionError"):
        normal(attribute)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(0, 3))
def test_a_number_is_the_same_however_it_is_written(value, zeros):
    assert number(f"{value}{'0' * zeros}") == number(str(value))


def test_decimal_contexts_of_others_change_nothing():
    with localcontext() as context:
        context.prec = 3
        assert number("12345.6789") == str(Decimal("12345.6789"))
