"""The steps of an order: one chain for each change, with the delay of each stage, and each row at its change."""

import pytest

from sales_pipeline.orders.version import DELETED
from sales_pipeline.trace.found import Place
from sales_pipeline.trace.timeline import timeline
from tests.unit.sales_pipeline.trace.made import NOON_MS, B, change, evidence, failed, in_kinesis, in_stream, row


def told(found):
    return [
        (
            (step.time_ms - NOON_MS) / 1000,
            None if step.after_ms is None else step.after_ms / 1000,
            step.place,
            step.what,
        )
        for step in timeline(found)
    ]


def test_from_the_id_to_the_lake():
    found = evidence(id_time=0.25, sightings=[in_stream(), in_kinesis(1.5)], rows=[row(seconds=65)])
    assert told(found) == [
        (0.25, None, "id", "the time in the id"),
        (0, 0, "table", "INSERT, version 414141"),
        (1.5, 1.5, "Kinesis stream", "arrived"),
        (65, 63.5, "lake", "row, version 414141"),
    ]
    assert [step.where for step in timeline(found)] == ["", "", "shard-2", "sales_data/dt=2026-11-22/65.json:1"]


CASES = {
    "refused, corrected": (
        evidence(B, sightings=[in_stream(), failed(9), in_stream(version=B, seconds=100)], rows=[row(B, 165)]),
        [
            (0, None, "table", "INSERT, version 414141"),
            (9, 9, "errors/", "failed: Lambda.ProcessingFailedStatus: $.price: expected N, found S"),
            (100, None, "table", "INSERT, version 424242"),
            (165, 65, "lake", "row, version 424242"),
        ],
    ),
    "written again with the same values": (
        evidence(sightings=[in_stream(), in_stream(seconds=200)], rows=[row(), row(seconds=260)]),
        [
            (0, None, "table", "INSERT, version 414141"),
            (60, 60, "lake", "row, version 414141"),
            (200, None, "table", "INSERT, version 414141"),
            (260, 60, "lake", "row, version 414141"),
        ],
    ),
    "given up, replayed": (
        evidence(
            sightings=[
                failed(30, place=Place.dead_letters, reason="Pipe.X"),
                failed(90, place=Place.replayed, reason=""),
                in_kinesis(91),
            ],
            rows=[row(seconds=150)],
        ),
        [
            (0, None, "table", "INSERT, version 414141"),
            (30, 30, "dead letters", "the pipe gave up on it: Pipe.X"),
            (90, 60, "replay/sent/", "replayed"),
            (91, 1, "Kinesis stream", "arrived"),
            (150, 59, "lake", "row, version 414141"),
        ],
    ),
    "backfilled": (
        evidence(sightings=[in_kinesis(200, change(seconds=199, event_id="backfill-7"))], rows=[row(seconds=260)]),
        [
            (199, None, "backfill", "sent again from the table, version 414141"),
            (200, 1, "Kinesis stream", "arrived"),
            (260, 60, "lake", "row, version 414141"),
        ],
    ),
    "deleted": (
        evidence(DELETED, sightings=[in_stream(version=DELETED)]),
        [(0, None, "table", "REMOVE")],
    ),
    "rows that name their changes": (
        evidence(
            sightings=[in_stream(number=1), in_stream(seconds=5, number=2)],
            rows=[row(seconds=60, number=2, event_id="event 2"), row(seconds=61, number=1, event_id="event 1")],
        ),
        [
            (0, None, "table", "INSERT, version 414141"),
            (5, None, "table", "INSERT, version 414141"),
            (60, 55, "lake", "row, version 414141"),
            (61, 61, "lake", "row, version 414141"),
        ],
    ),
    "a row twice": (
        evidence(sightings=[in_kinesis(1)], rows=[row(seconds=60), row(seconds=61)]),
        [
            (0, None, "table", "INSERT, version 414141"),
            (1, 1, "Kinesis stream", "arrived"),
            (60, 59, "lake", "row, version 414141"),
            (61, 1, "lake", "row, version 414141"),
        ],
    ),
    "a version twice: the row comes from the change before it": (
        evidence(
            sightings=[in_stream(), in_stream(version=B, seconds=100), in_stream(seconds=200)], rows=[row(seconds=160)]
        ),
        [
            (0, None, "table", "INSERT, version 414141"),
            (100, None, "table", "INSERT, version 424242"),
            (160, 160, "lake", "row, version 414141"),
            (200, None, "table", "INSERT, version 414141"),
        ],
    ),
    "rows whose changes are gone from the streams": (
        evidence(id_time=0, rows=[row(seconds=60), row(B, 900)]),
        [
            (0, None, "id", "the time in the id"),
            (60, 60, "lake", "row, version 414141"),
            (900, None, "lake", "row, version 424242"),
        ],
    ),
    "no row, and one that is not shown": (
        evidence(rows=[row(None), row(is_shown=False, seconds=70)]),
        [
            (60, None, "lake", "no row: the line cannot be read"),
            (70, None, "lake", "row, version 414141, not shown"),
        ],
    ),
    "the clock of a stage is late": (
        evidence(id_time=1.9, sightings=[in_stream(), in_kinesis(-1)]),
        [
            (1.9, None, "id", "the time in the id"),
            (-1, 0, "Kinesis stream", "arrived"),
            (0, 1, "table", "INSERT, version 414141"),
        ],
    ),
    "nothing": (evidence(), []),
}


@pytest.mark.parametrize("case", CASES)
def test_the_steps(case):
    found, steps = CASES[case]
    assert told(found) == steps


def test_a_hundred_changes_each_have_their_steps():
    changes = [change(version=bytes([number]) * 16, seconds=number) for number in range(100)]
    found = evidence(
        sightings=[in_kinesis(number + 1, each) for number, each in enumerate(changes)],
        rows=[row(each.version, 160, line=number) for number, each in enumerate(changes, 1)],
    )
    steps = timeline(found)
    assert len(steps) == 300
    assert [len([step for step in steps if step.change == each.identity]) for each in changes] == [3] * 100
