"""Samples in, screen out: rates, ages, the next object, what waits, what is wrong, and the first minute."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sales_pipeline.status import stages
from sales_pipeline.status.measured import Measured
from sales_pipeline.watch.model import line
from sales_pipeline.watch.rows import Level
from tests.unit.sales_pipeline.watch.samples import (
    MEASURED,
    NOW,
    NOW_MS,
    STAGES,
    changes,
    lake,
    letters,
    look,
    objects,
    order,
    replayed,
    stage,
)

NOT_READ = None
EMPTY = {"lake": lake()}


def row(screen, name):
    (found,) = [each for each in screen.rows if each.stage == name]
    return found


def texts(screen, name):
    return [each.text for each in row(screen, name).phrases]


def marked(screen, name, level):
    return [each.text for each in row(screen, name).phrases if each.level is level]


def test_a_healthy_pipeline_has_a_row_per_stage_and_no_problem():
    screen = look()
    assert [each.stage for each in screen.rows] == [*STAGES[:7], "lake", *STAGES[7:]]
    assert (screen.problems, screen.note.text) == ([], "")
    assert {each.level for each in screen.rows} == {Level.fine}
    assert texts(screen, "generator") == ["`sales up` writes the orders"]
    assert texts(screen, "pipe") == ["newest change took 2 s"]
    assert texts(screen, "transform") == ["108 rows in the last hour"]
    assert texts(screen, "crawler") == ["last crawl SUCCEEDED, 3 min ago"]


@pytest.mark.parametrize(
    ("changed", "waits", "when", "oldest"),
    [
        # The last object was written 10 s ago. What came up to 10 s before it may be in the next one.
        ({"changes": changes(0, 3, 12, 25)}, "about 3 wait", "next object in 58 s", 12.0),
        ({"changes": changes(25)}, "nothing waits", None, None),
        ({"changes": changes(80), "lake": lake(90)}, "about 1 waits", "next object due now", 80.0),
        # Errors are objects of Firehose, too.
        (
            {"changes": changes(3, 30), "lake": lake(90), "errors": stages.errors(objects(5), None, NOW)},
            "about 1 waits",
            "next object in 67 s",
            3.0,
        ),
        # Nothing was skipped, so nothing older waits, as far as anybody knows.
        ({"changes": changes(3, since=5)}, "about 1 waits", "next object in 67 s", 3.0),
        ({"changes": NOT_READ}, None, "next object in 50 s", None),
    ],
)
def test_what_waits_for_firehose_and_until_when(changed, waits, when, oldest):
    screen = look(**changed)
    assert texts(screen, "delivery") == [each for each in (waits, when) if each]
    assert marked(screen, "delivery", Level.waits) == ([waits] if oldest else [])
    assert row(screen, "delivery").oldest_seconds == oldest


def test_of_a_stream_that_was_not_read_whole_only_the_metrics_know_what_waits():
    skipped = changes(0, 1, since=2, was_skipped=True)
    measured = Measured({"delivery_oldest_seconds": 33.0}, "", {"stream_records": 60_000.0})
    screen = look(changes=skipped, metrics=measured)
    assert texts(screen, "delivery") == ["next object in 50 s"]
    assert row(screen, "delivery").oldest_seconds == 33.0
    assert row(screen, "stream").per_minute == 60_000.0


@pytest.mark.parametrize(
    ("seen", "per_minute"),
    [
        (changes(0, 3, 59, 61, 100), 3.0),
        (changes(1, 2, 3, since=30), 6.0),
        (changes(1, 2, 3, since=19), None),  # over so short a time, a rate says little
        (changes(), 0.0),
        (NOT_READ, None),
    ],
)
def test_the_rate_of_the_stream_is_that_of_the_last_minute(seen, per_minute):
    assert row(look(changes=seen), "stream").per_minute == per_minute


def test_what_the_metrics_count_is_shown_and_what_went_wrong_is_marked():
    counts = {
        "records_ok": 100.0,
        "records_failed": 2.0,
        "records_dropped": 1.0,
        "transform_errors": 3.0,
        "pipe_failures": 1.0,
        "stream_throttled": 4.0,
        "generator_errors": 5.0,
        "transform_throttles": 0.0,
    }
    screen = look(metrics=Measured(counts, "", {"pipe_changes": 7.5, "delivery_written": 6.0, "records_ok": 6.5}))
    assert texts(screen, "transform")[0] == "100 rows in the last hour"
    assert marked(screen, "transform", Level.wrong) == ["2 refused", "3 failed calls in the last hour"]
    assert marked(screen, "pipe", Level.wrong) == ["1 failed attempt in the last hour"]
    assert marked(screen, "stream", Level.wrong) == ["4 throttled records in the last hour"]
    assert marked(screen, "generator", Level.wrong) == ["5 failed calls in the last hour"]
    rates = {each.stage: each.per_minute for each in screen.rows}
    assert (rates["pipe"], rates["delivery"], rates["transform"]) == (7.5, 6.0, 6.5)


def test_what_is_not_measured_here_is_not_shown_as_zero():
    screen = look(metrics=Measured({}, "not measured here"))
    assert texts(screen, "transform") == []
    assert row(screen, "pipe").per_minute is None


def test_what_waits_for_a_person_is_marked_with_the_age_of_the_oldest():
    screen = look(
        errors=stages.errors(objects(5, 200, 4000), None, NOW),
        dead_letters=stage("dead letters", **letters(3)),
    )
    assert marked(screen, "errors", Level.wrong) == ["3 objects, 3.1 KB"]
    assert row(screen, "errors").oldest_seconds == 4000.0
    assert marked(screen, "dead letters", Level.wrong) == ["about 3 messages to replay"]
    assert row(screen, "dead letters").oldest_seconds == 7300
    assert [each.stage for each in screen.rows if each.level is Level.wrong] == ["dead letters", "errors"]
    assert [name for name, _ in screen.problems] == ["dead letters", "errors"]
    assert "sales failures" in dict(screen.problems)["errors"]


def test_what_was_replayed_is_no_problem():
    screen = look(errors=replayed())
    assert texts(screen, "errors")[0] == "none now"
    assert screen.problems == []


def test_a_stage_that_is_down_and_an_alarm_that_fires_are_wrong():
    screen = look(pipe=stage("pipe", CurrentState="STOPPED"), alarms=stage("alarms", StateValue="ALARM"))
    assert row(screen, "pipe").level is row(screen, "alarms").level is Level.wrong
    assert marked(screen, "alarms", Level.wrong) == ["1 fires"]


def test_a_stage_that_cannot_be_read_says_so_keeps_what_was_known_and_hides_no_other():
    screen = look(failing={"lake": ("slow down", 960.0), "metrics": ("denied", 990.0), "changes": ("throttled", 999.5)})
    assert row(screen, "lake").level is Level.unknown
    assert texts(screen, "lake") == ["2 objects today", "newest 10 s ago"]
    assert dict(screen.problems) == {
        "metrics": "could not be read for 10 s: denied",
        "stream": "could not be read for 0 s: throttled",
        "lake": "could not be read for 40 s: slow down",
    }
    unread = look(failing={"crawler": ("no", 1000.0)}, crawler=NOT_READ, alarms=NOT_READ)
    assert (texts(unread, "crawler"), texts(unread, "alarms")) == (["not read"], ["…"])
    assert row(unread, "crawler").level is Level.unknown


def test_a_change_that_waits_too_long_is_late_and_has_a_section_in_the_runbook():
    screen = look(changes=changes(1, 106), lake=lake(300))
    assert marked(screen, "delivery", Level.wrong) == ["late"]
    assert screen.problems == [("delivery", "changes wait for more than 105 s: see docs/runbook.md#delivery-lag")]
    assert look(changes=changes(1, 104), lake=lake(300)).problems == []


@pytest.mark.parametrize(
    ("seen", "note", "level"),
    [
        (
            changes(8, 12, newest=[(8, order(1))]),
            "The first rows come at about 12:00:58 UTC, in 58 s.",
            Level.waits,
        ),
        (changes(75), "The first rows come at about 11:59:55 UTC, in 0 s.", Level.waits),
        (changes(95), "They should have come 25 s ago: `sales status` says more.", Level.wrong),
        (changes(), "in S3 yet. No order has come lately.", Level.fine),
        (NOT_READ, "No row of today or of yesterday is in S3 yet.", Level.fine),
    ],
)
def test_the_time_before_the_first_rows_is_explained(seen, note, level):
    screen = look(changes=seen, **EMPTY)
    assert screen.note.text.startswith("No row of today or of yesterday is in S3 yet.")
    assert screen.note.text.endswith(note)
    assert screen.note.level is level


def test_rows_of_yesterday_need_no_explanation():
    assert look(lake=lake(before_today=[50_000]), changes=changes()).note.text == ""


def test_no_age_is_negative_and_nothing_fails_where_the_clock_jumps():
    for jump in (-timedelta(days=400), -timedelta(seconds=61), timedelta(minutes=5), timedelta(days=400)):
        screen = look(NOW_MS + int(jump.total_seconds() * 1000))
        ages = [each.oldest_seconds for each in screen.rows if each.oldest_seconds is not None]
        ages += [each.age_seconds for each in screen.changes]
        assert min([*ages, screen.lake_age_seconds]) >= 0
        assert line(screen)


def test_the_newest_orders_pass_by_with_their_age():
    screen = look()
    assert [(each.age_seconds, each.order.values) for each in screen.changes] == [
        (3.0, "Tablet 11-inch, 1, 349.00"),
        (6.0, "Laptop, 1, 349.00"),
    ]
    assert (screen.lake_age_seconds, screen.lake_rows[0].values) == (10.0, "Drone, 1, 349.00")


def test_one_line_says_how_it_goes():
    assert line(look()) == (
        "2026-11-22T12:00:00Z  no problem  stream: 6 changes per minute  "
        "delivery: about 6 wait, next object in 55 s, the oldest for 15 s  "
        "transform: 108 rows in the last hour  lake: 2 objects today, newest 10 s ago  errors: none  "
        "dead letters: none"
    )
    rows = [replace(each, per_minute=1.0) if each.stage == "stream" else each for each in look().rows]
    assert "  stream: 1 change per minute  " in line(replace(look(), rows=rows))
    wrong = look(pipe=stage("pipe", CurrentState="STOPPED"), errors=stages.errors(objects(1), None, NOW))
    assert line(wrong).startswith("2026-11-22T12:00:00Z  2 problems: pipe, errors  ")


def test_before_anything_is_read_the_screen_is_there():
    nothing = dict.fromkeys((*[name.replace(" ", "_") for name in STAGES], "lake", "metrics", "changes"))
    screen = look(**nothing)
    assert {texts(screen, each.stage)[0] for each in screen.rows} == {"…"}
    assert line(screen) == "2026-11-22T12:00:00Z  no problem  " + "  ".join(
        f"{name}: …" for name in ("delivery", "transform", "lake", "errors", "dead letters")
    )
    assert MEASURED.count("records_ok") == 108
