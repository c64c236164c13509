"""Times are short for people, ISO 8601 for programs, and what is no time is none."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sales_pipeline.terminal.times import iso, short, short_period, to_ms

NOW_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z
MINUTE_MS, DAY_MS = 60_000, 86_400_000


@pytest.mark.parametrize(
    ("time", "time_ms"),
    [
        (None, None),
        (datetime(2026, 11, 22, 12, tzinfo=UTC), NOW_MS),
        (datetime(2026, 11, 22, 12), NOW_MS),  # noqa: DTZ001 - as typer reads it
        (datetime(2026, 11, 22, 14, tzinfo=timezone(timedelta(hours=2))), NOW_MS),
    ],
)
def test_a_time_without_a_zone_is_in_utc(time, time_ms):
    assert to_ms(time) == time_ms


def test_iso_is_to_the_second():
    assert iso(NOW_MS + 1999) == "2026-11-22T12:00:01Z"


@pytest.mark.parametrize("time_ms", [None, 10**20, -(10**20)])
def test_what_is_no_time_is_none(time_ms):
    assert iso(time_ms) is None
    assert short(time_ms, NOW_MS) is None
    assert short_period(time_ms, time_ms, NOW_MS) is None


def test_the_year_stands_only_where_it_is_another():
    assert short(NOW_MS, NOW_MS) == "11-22 12:00"
    assert short(NOW_MS - 365 * DAY_MS, NOW_MS) == "2025-11-22 12:00"


@pytest.mark.parametrize(
    ("first_ms", "last_ms", "says"),
    [
        (NOW_MS, NOW_MS + 59_999, "11-22 12:00"),
        (NOW_MS, NOW_MS + 5 * MINUTE_MS, "11-22 12:00 to 12:05"),
        (NOW_MS - DAY_MS, NOW_MS, "11-21 12:00 to 11-22 12:00"),
        (NOW_MS - 365 * DAY_MS, NOW_MS, "2025-11-22 12:00 to 11-22 12:00"),
        (None, NOW_MS, "11-22 12:00"),
        (NOW_MS, None, "11-22 12:00"),
    ],
)
def test_a_period_repeats_nothing(first_ms, last_ms, says):
    assert short_period(first_ms, last_ms, NOW_MS) == says
