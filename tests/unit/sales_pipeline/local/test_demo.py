"""The demo's result is equal only if each order has exactly one row in the lake."""

import pytest

from sales_pipeline.local.demo import DemoResult, compare


@pytest.mark.parametrize(
    ("rows_by_order", "result"),
    [
        ({"a": 1, "b": 1}, DemoResult(written=2, rows=2, lost=0, duplicate=0)),
        ({"a": 1}, DemoResult(written=2, rows=1, lost=1, duplicate=0)),
        ({"a": 2, "b": 1}, DemoResult(written=2, rows=3, lost=0, duplicate=1)),
        ({"a": 2}, DemoResult(written=2, rows=2, lost=1, duplicate=1)),
        ({"a": 1, "b": 1, "c": 1}, DemoResult(written=2, rows=3, lost=0, duplicate=0)),
        ({"a": 1, "c": 1}, DemoResult(written=2, rows=2, lost=1, duplicate=0)),
        ({}, DemoResult(written=2, rows=0, lost=2, duplicate=0)),
    ],
    ids=["equal", "lost", "duplicate", "lost-and-duplicate", "unknown", "lost-and-unknown", "nothing"],
)
def test_orders_are_compared_with_rows(rows_by_order, result):
    assert compare({"a", "b"}, rows_by_order) == result
    assert result.equal == (rows_by_order == {"a": 1, "b": 1})


def test_a_result_is_printed_as_one_line():
    assert str(compare({"a"}, {"a": 1})) == "Equal: 1 orders written, 1 rows in the lake, 0 lost, 0 duplicate."
    assert str(compare({"a"}, {"a": 2})) == "NOT EQUAL: 1 orders written, 2 rows in the lake, 0 lost, 1 duplicate."


def test_a_demo_that_wrote_nothing_is_not_equal():
    assert not compare(set(), {}).equal
