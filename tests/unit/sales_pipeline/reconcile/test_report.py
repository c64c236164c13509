"""A report names every count, and says only what holds for the rows that there are."""

import json

import pytest

from sales_pipeline.reconcile.ledger import Found
from sales_pipeline.reconcile.report import Reconciliation, Unread, Verdict, to_json, to_text

NONE = Found(0, ())
SOME = Found(1, ["a"])
NOTHING_UNREAD = Unread(NONE, NONE, 0, 0)
WRONG = ("missing", "stale", "undetermined")
KINDS = (*WRONG, "duplicate", "unknown", "not_shown", "errors", "dead_letters", "in_progress")


def report(rows=2, rows_with_sequence_number=0, unread=NOTHING_UNREAD, orders=2, **found):
    return Reconciliation(
        has_change_columns=found.pop("has_change_columns", False),
        has_other_attributes=found.pop("has_other_attributes", False),
        orders=orders,
        rows=rows,
        rows_with_sequence_number=rows_with_sequence_number,
        objects=1,
        unread=unread,
        **dict.fromkeys(KINDS, NONE) | found,
    )


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({}, Verdict.equal),
        ({"missing": SOME, "errors": SOME}, Verdict.not_equal),
        ({"unread": Unread(SOME, NONE, 0, 0)}, Verdict.not_equal),
        ({"unread": Unread(NONE, SOME, 0, 0)}, Verdict.not_equal),
        ({"unread": Unread(NONE, NONE, 1, 1, 1)}, Verdict.equal),
        *[({name: SOME}, Verdict.not_equal) for name in WRONG],
        *[({name: SOME}, Verdict.accounted_for) for name in KINDS if name not in WRONG],
    ],
)
def test_the_verdict(found, verdict):
    assert report(**found).verdict is verdict


BY_ARRIVAL = "The row in the object that arrived last is the newest."
BY_NUMBER_FIRST = "Rows without change columns count as older than rows with them."


@pytest.mark.parametrize(
    ("has_change_columns", "rows_with_sequence_number", "duplicate_says", "says"),
    [
        (False, 0, "Several rows hold one version", [BY_ARRIVAL]),
        (True, 2, "Several rows hold one change: ", []),
        (True, 1, "Several rows hold one version", [BY_NUMBER_FIRST]),
        (True, 0, "Several rows hold one version", [BY_NUMBER_FIRST]),
    ],
)
def test_a_report_says_only_what_holds_for_the_stack_and_its_rows(
    has_change_columns, rows_with_sequence_number, duplicate_says, says
):
    text = to_text(
        report(
            has_change_columns=has_change_columns,
            rows_with_sequence_number=rows_with_sequence_number,
            duplicate=SOME,
        )
    )
    assert duplicate_says in text
    assert [each for each in (BY_ARRIVAL, BY_NUMBER_FIRST) if each in text] == says
    assert "Versions before the newest are not checked." in text


@pytest.mark.parametrize("has_other_attributes", [False, True])
@pytest.mark.parametrize("has_change_columns", [False, True])
def test_an_attribute_without_a_column_makes_no_version_unless_the_rows_hold_all(
    has_change_columns, has_other_attributes
):
    found = report(has_change_columns=has_change_columns, has_other_attributes=has_other_attributes, duplicate=SOME)
    assert ("if an attribute changed that has no column" in to_text(found)) is not has_other_attributes


@pytest.mark.parametrize("has_change_columns", [False, True])
def test_an_undetermined_order_gets_the_advice_that_helps_in_its_stack(has_change_columns):
    text = to_text(report(has_change_columns=has_change_columns, undetermined=SOME))
    assert "run `sales backfill`" in text
    assert ("ChangeColumns=APPEND prevents it" in text) is not has_change_columns


def test_a_report_without_findings_is_counts_alone():
    assert to_text(report()).splitlines()[-3:] == [
        "unreadable DLQ              0",
        "unseen DLQ                  0",
        "Equal: 2 orders in the table, 2 rows in the lake, 0 missing, 0 stale, 0 duplicate.",
    ]


def test_a_report_samples_few_and_says_how_many_more():
    lines = to_text(report(missing=Found(1_234, ["000", "\x1b[31m"]))).splitlines()
    assert lines[:5] == [
        "missing                 1,234",
        "  The lake has no row: fix what `sales status` shows, then run `sales backfill`.",
        "    000",
        "    \\x1b[31m",
        "    and 1,232 more",
    ]
    assert lines[-1].startswith("NOT EQUAL: 2 orders in the table, 2 rows in the lake, 1,234 missing, 0 stale")


def test_the_last_line_says_how_many_wait_and_where():
    last = to_text(report(errors=SOME, dead_letters=SOME, in_progress=SOME)).splitlines()[-1]
    assert "rows in the lake, 1 in progress, 1 in errors/, 1 in the DLQ, 0 missing" in last
    assert last.startswith("Accounted for: ")
    last = to_text(report(undetermined=SOME, not_shown=SOME)).splitlines()[-1]
    assert last.endswith("0 missing, 0 stale, 1 undetermined, 1 not shown, 0 duplicate.")


@pytest.mark.parametrize("has_change_columns", [False, True])
def test_every_line_but_the_last_fits_a_terminal(has_change_columns):
    everything = report(
        has_change_columns=has_change_columns, unread=Unread(SOME, SOME, 1, 1, 1), **dict.fromkeys(KINDS, SOME)
    )
    *lines, _ = to_text(everything).splitlines()  # the last line has all counts
    assert max(map(len, lines)) <= 80


def test_json_names_what_was_found():
    found = json.loads(to_json(report(missing=SOME)))
    assert found["verdict"] == "not equal"
    assert found["missing"] == {"count": 1, "samples": ["a"]}
    assert found.keys() >= {*KINDS, "unread", "orders", "rows", "objects"}


def test_an_empty_table_and_an_empty_lake_are_equal_and_the_report_says_plainly_that_nothing_was_compared():
    empty = report(orders=0, rows=0)
    assert empty.verdict is Verdict.equal
    assert to_text(empty).splitlines()[-1] == (
        "Equal: the table and the lake are both empty. "
        "If you expected orders, check the stack, the account and the region."
    )
    for other in (report(orders=0), report(rows=0, missing=SOME), report(orders=0, rows=0, not_shown=SOME)):
        assert "both empty" not in to_text(other)
