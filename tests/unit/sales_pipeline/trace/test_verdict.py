"""The verdict follows from what was found: every way that an order can go, and what nobody could look at."""

from datetime import date

import pytest

from sales_pipeline.orders.version import DELETED
from sales_pipeline.trace.found import Answer, Place
from sales_pipeline.trace.verdict import Kind, decide
from tests.unit.sales_pipeline.trace.made import A, B, change, evidence, failed, gap, in_kinesis, in_stream, row

ELSEWHERE = {"lake_days": [date(2026, 11, 22), date(2026, 1, 1)]}
NUMBERED = {"change_columns": True}

CASES = {
    "it arrived": (
        evidence(sightings=[in_stream(), in_kinesis(2)], rows=[row(seconds=65)]),
        (Kind.in_the_lake, "In the lake since 11-22 12:01:05 UTC, 65 s after the change."),
    ),
    "it arrived long ago, and only its id says when": (
        evidence(id_time=0.5, now=10**6, rows=[row()]),
        (Kind.in_the_lake, "since 11-22 12:01:00 UTC, 59 s after the time in its id."),
    ),
    "a row that is older than the id tells no time": (
        evidence(id_time=70, rows=[row()]),
        (Kind.in_the_lake, "In the lake since 11-22 12:01:00 UTC."),
    ),
    "it has the same row twice": (
        evidence(rows=[row(), row(seconds=61)]),
        (Kind.in_the_lake, "since 11-22 12:01:00 UTC, in 2 rows."),
    ),
    "it was changed, and the change arrived": (
        evidence(B, sightings=[in_stream(version=B, seconds=200)], rows=[row(), row(B, 260)]),
        (Kind.in_the_lake, "In the lake since 11-22 12:04:20 UTC, 60 s after the change."),
    ),
    "it changed back, and the last change arrived": (
        evidence(rows=[row(), row(B, 70), row(seconds=80)]),
        (Kind.in_the_lake, "In the lake since 11-22 12:01:20 UTC."),
    ),
    "it changed back, and the lake could not tell at first": (
        evidence(rows=[row(), row(B), row(seconds=80)]),
        (Kind.in_the_lake, "In the lake since 11-22 12:01:20 UTC."),
    ),
    "it changed back, and both changes back are known": (
        evidence(
            sightings=[in_stream(), in_stream(seconds=75)], rows=[row(), row(B, 70), row(seconds=80), row(seconds=90)]
        ),
        (Kind.in_the_lake, "In the lake since 11-22 12:01:20 UTC, 5 s after the change, in 2 rows."),
    ),
    "it was written again later, with the same values in all columns": (
        evidence(sightings=[in_stream(), in_stream(seconds=200)], rows=[row(), row(seconds=260)]),
        (Kind.in_the_lake, "In the lake since 11-22 12:01:00 UTC, 60 s after the change, in 2 rows."),
    ),
    "a backfill is no change": (
        evidence(sightings=[in_stream(), in_kinesis(50, change(seconds=50, event_id="Backfill-1"))], rows=[row()]),
        (Kind.in_the_lake, "In the lake since 11-22 12:01:00 UTC, 60 s after the change."),
    ),
    "an older change failed, and the newest arrived": (
        evidence(B, sightings=[failed(9), in_stream(version=B, seconds=200)], rows=[row(B, 260)]),
        (Kind.in_the_lake, "In the lake since 11-22 12"),
    ),
    "with change columns the greatest number is the newest, whenever it arrived": (
        evidence(B, rows=[row(B, 60, number=100), row(A, 70, number=99)], **NUMBERED),
        (Kind.in_the_lake, "In the lake since 11-22 12"),
    ),
    "it is in the table's stream": (
        evidence(sightings=[in_stream()], now=99),
        (
            Kind.in_progress,
            (
                "In progress: it was last seen in the table's stream at 11-22 12:00:00 UTC. The pipe reads "
                "it next, until about 12:01:40 UTC."
            ),
        ),
    ),
    "it is in the Kinesis stream": (
        evidence(sightings=[in_stream(), in_kinesis(2)], now=99),
        (
            Kind.in_progress,
            "in the Kinesis stream at 11-22 12:00:02 UTC. Firehose writes it next, until about 12:01:42",
        ),
    ),
    "it arrived in the Kinesis stream in the second of its change": (
        evidence(sightings=[in_stream(), in_kinesis(0)], now=99),
        (Kind.in_progress, "in the Kinesis stream at 11-22 12:00:00 UTC. Firehose writes it next"),
    ),
    "only the id says that it is new": (
        evidence(id_time=0, now=99),
        (Kind.in_progress, "last seen in the table at 11-22 12:00:00 UTC"),
    ),
    "it was changed back, and that change is in progress": (
        evidence(sightings=[in_stream(seconds=200)], rows=[row(), row(B, 70)], now=250),
        (Kind.in_progress, "In progress: its newest version was last seen in the table's stream at 11-22 12:03:20 UTC"),
    ),
    "it was replayed just now": (
        evidence(sightings=[failed(500, place=Place.replayed, reason="")], now=550),
        (Kind.in_progress, "last seen in a replay to the Kinesis stream at 11-22 12:08:20 UTC"),
    ),
    "it failed, and was sent again just now": (
        evidence(sightings=[failed(9), in_kinesis(500)], now=550),
        (Kind.in_progress, "in the Kinesis stream"),
    ),
    "its deletion is in progress": (
        evidence(
            DELETED, sightings=[in_stream(version=DELETED, seconds=200)], rows=[row(number=1)], now=250, **NUMBERED
        ),
        (Kind.in_progress, "In progress: its deletion was last seen in the table's stream"),
    ),
    "it has had its time": (
        evidence(sightings=[in_stream()], now=100),
        (Kind.late, "Late: it was last seen in the table's stream, 1 min ago"),
    ),
    "the pipe stands still": (
        evidence(sightings=[in_stream()], now=700),
        (Kind.late, "Late: it was last seen in the table's stream, 11 min ago, and it is in no row"),
    ),
    "Firehose stands still": (
        evidence(sightings=[in_stream(), in_kinesis(2)], now=700),
        (Kind.late, "in the Kinesis stream, 11 min ago"),
    ),
    "the transform refused it": (
        evidence(sightings=[in_stream(), in_kinesis(2), failed(9)], now=20),
        (
            Kind.failed,
            "Failed because the transform refused it: $.price: expected N, found S. Correct it in the table.",
        ),
    ),
    "the transform failed": (
        evidence(sightings=[in_kinesis(2), failed(9, reason="Lambda.FunctionError: it broke.")]),
        (Kind.failed, "Failed because of Lambda.FunctionError: it broke. Fix the cause, then run `sales replay`."),
    ),
    "the pipe gave up on it": (
        evidence(sightings=[in_stream(), failed(30, place=Place.dead_letters, reason="Pipe.RetryAttemptsExhausted")]),
        (Kind.failed, "Failed because the pipe gave up on it (RetryAttemptsExhausted)."),
    ),
    "it failed in the moment of its arrival": (
        evidence(sightings=[in_kinesis(9), failed(9)], now=20),
        (Kind.failed, "the transform refused it"),
    ),
    "it failed long after it was sent again": (
        evidence(sightings=[failed(9), in_kinesis(500)]),
        (Kind.failed, "the transform refused it"),
    ),
    "a newer row has an older version": (
        evidence(rows=[row(), row(B, 70)]),
        (Kind.stale, "Stale: the lake has version 414141, but version 424242 counts as newer there."),
    ),
    "a newer row has an older version, of a young order": (
        evidence(id_time=0, rows=[row(), row(B, 70)], now=80),
        (Kind.stale, "version 424242 counts as newer"),
    ),
    "a newer row has an older version, and its own arrived in the second of its row": (
        evidence(sightings=[in_kinesis(60)], rows=[row(), row(B, 70)]),
        (Kind.stale, "version 424242 counts as newer"),
    ),
    "a newer row has an older version, and failures could not be read": (
        evidence(rows=[row(), row(B, 70)], gaps=[gap(Place.errors)]),
        (Kind.stale, "version 424242 counts as newer"),
    ),
    "the lake has another version, and nothing explains it": (
        evidence(B, rows=[row()]),
        (Kind.stale, "the newest row in the lake has version 414141, the table has version 424242, and nothing"),
    ),
    "the lake has another version in these days": (
        evidence(B, rows=[row()], **ELSEWHERE),
        (
            Kind.stale,
            "in these days has version 414141, the table has version 424242, and nothing explains it. `--since`",
        ),
    ),
    "two versions are equally new": (
        evidence(rows=[row(), row(B)]),
        (Kind.undetermined, "Undetermined: rows of 2 versions are equally new, version 414141 among them."),
    ),
    "no row, and nothing explains it": (
        evidence(id_time=0),
        (Kind.missing, "Missing: no row of it is in the lake, and nothing explains it. Else run `sales backfill`."),
    ),
    "no row in these days": (
        evidence(id_time=0, **ELSEWHERE),
        (
            Kind.missing,
            "Missing: no row of it is in these days, and nothing explains it. `--since` looks at more days.",
        ),
    ),
    "a row that the declared table does not show is none": (
        evidence(rows=[row(is_shown=False), row(None)]),
        (Kind.missing, "Missing"),
    ),
    "it was deleted": (
        evidence(DELETED, sightings=[in_stream(), in_stream(version=DELETED, seconds=9)], rows=[row()]),
        (Kind.deleted, "Not in the table: deleted at 11-22 12:00:09 UTC. The lake keeps 1 row of it."),
    ),
    "it was deleted long ago": (
        evidence(DELETED, rows=[row(), row(B, 70)]),
        (Kind.deleted, "Not in the table: deleted. The lake keeps 2 rows of it."),
    ),
    "it failed, and was deleted": (
        evidence(DELETED, sightings=[failed(9)]),
        (Kind.deleted, "Not in the table: deleted. A change of it failed: Lambda.ProcessingFailedStatus"),
    ),
    "the lake knows that it was deleted": (
        evidence(DELETED, rows=[row(number=1), row(DELETED, 70, number=2)], **NUMBERED),
        (Kind.deleted, "Not in the table: deleted. The lake has a row that says so since 11-22 12:01:10 UTC."),
    ),
    "the lake does not know that it was deleted": (
        evidence(DELETED, rows=[row(number=1)], **NUMBERED),
        (Kind.stale, "the newest row in the lake has version 414141, the table does not hold it, and"),
    ),
    "it was deleted, and only Athena shows its rows": (
        evidence(DELETED, answers=[Answer("declared.orders", 3)], gaps=[gap(Place.lake)]),
        (Kind.deleted, "Not in the table: deleted. The lake keeps 3 rows of it."),
    ),
    "it was deleted, and the lake has rows that nobody sees": (
        evidence(DELETED, rows=[row(is_shown=False), row(None)]),
        (Kind.deleted, "Not in the table: deleted."),
    ),
    "nobody ever wrote it": (
        evidence(DELETED),
        (Kind.not_in_the_table, "Not in the table, and no trace of it. Check the id, and the stack."),
    ),
    "nobody wrote it in these days": (
        evidence(DELETED, **ELSEWHERE),
        (
            Kind.not_in_the_table,
            "the stack. If it was deleted, its rows can be in other days: `--since` looks at more.",
        ),
    ),
    "it is not in the table, and not everything could be read": (
        evidence(DELETED, gaps=[gap(Place.kinesis)]),
        (
            Kind.not_in_the_table,
            "no trace of it in what could be looked at. Check the id, and the stack.",
        ),
    ),
    "the table could not be read": (
        evidence(None, gaps=[gap(Place.table)]),
        (Kind.not_known, "Not known: the table could not be read, and no row was found."),
    ),
    "the table could not be read, and the lake has a row": (
        evidence(None, rows=[row(), row(B, 70)]),
        (
            Kind.not_known,
            "the table could not be read. The newest row in the lake has version 424242, since 11-22 12:01",
        ),
    ),
    "the table could not be read, and a change failed": (
        evidence(None, sightings=[failed(9)]),
        (Kind.failed, "the transform refused it"),
    ),
    "not all rows could be read": (
        evidence(rows_are_known=False, gaps=[gap(Place.lake)]),
        (Kind.not_known, "Not known: it was not found, and not everything could be looked at."),
    ),
    "failures could not be read": (
        evidence(sightings=[in_kinesis(2)], gaps=[gap(Place.errors)]),
        (Kind.not_known, "Not known: it was not found"),
    ),
    "a stream could not be read": (
        evidence(gaps=[gap(Place.kinesis)]),
        (Kind.not_known, "Not known: it was not found"),
    ),
    "what could not be read does not matter once it arrived": (
        evidence(rows=[row()], gaps=[gap(place) for place in Place if place is not Place.table]),
        (Kind.in_the_lake, "In the lake"),
    ),
}
GOOD = {Kind.in_the_lake, Kind.in_progress, Kind.deleted}


@pytest.mark.parametrize("case", CASES)
def test_the_verdict(case):
    found, (kind, text) = CASES[case]
    verdict = decide(found)
    assert (verdict.kind, text in verdict.text) == (kind, True), verdict.text
    assert verdict.exit_code == (0 if kind in GOOD else 1)
    assert verdict.is_open == (kind in {Kind.in_progress, Kind.late})
    assert "\n" not in verdict.text


def test_every_kind_of_verdict_has_a_case():
    assert {kind for _, (kind, _) in CASES.values()} == set(Kind)


def test_a_hundred_changes_of_which_the_last_is_in_progress():
    changes = [change(version=bytes([number]) * 16, seconds=number) for number in range(100)]
    rows = [row(each.version, 60 + number, event_id=each.event_id) for number, each in enumerate(changes[:-1])]
    verdict = decide(evidence(changes[-1].version, sightings=[in_stream(each) for each in changes], rows=rows, now=150))
    assert verdict.kind is Kind.in_progress
