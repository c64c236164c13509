"""The verdict is equal only if each order is in the lake once."""

import pytest

from sales_pipeline.local.demo import Verdict, judge


@pytest.mark.parametrize(
    ("rows_by_order", "verdict"),
    [
        ({"a": 1, "b": 1}, Verdict(written=2, rows=2, lost=0, doubled=0)),
        ({"a": 1}, Verdict(written=2, rows=1, lost=1, doubled=0)),
        ({"a": 2, "b": 1}, Verdict(written=2, rows=3, lost=0, doubled=1)),
        ({"a": 2}, Verdict(written=2, rows=2, lost=1, doubled=1)),
        ({"a": 1, "b": 1, "c": 1}, Verdict(written=2, rows=3, lost=0, doubled=0)),
        ({"a": 1, "c": 1}, Verdict(written=2, rows=2, lost=1, doubled=0)),
        ({}, Verdict(written=2, rows=0, lost=2, doubled=0)),
    ],
    ids=["equal", "lost", "doubled", "lost-and-doubled", "one-of-somebody-else", "another-in-its-place", "nothing"],
)
def test_orders_are_held_against_rows(rows_by_order, verdict):
    assert judge({"a", "b"}, rows_by_order) == verdict
    assert verdict.equal == (rows_by_order == {"a": 1, "b": 1})


def test_a_verdict_reads_as_one_line():
    assert str(judge({"a"}, {"a": 1})) == "Equal: 1 orders written, 1 rows in the lake, 0 lost, 0 doubled."
    assert str(judge({"a"}, {"a": 2})) == "NOT EQUAL: 1 orders written, 2 rows in the lake, 0 lost, 1 doubled."


def test_nothing_written_is_no_success():
    assert not judge(set(), {}).equal
