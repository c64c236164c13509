"""Which days, objects and parts of the Kinesis stream are looked at: few, whatever the lake's age."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from sales_pipeline.aws.bucket import Object
from sales_pipeline.trace import where
from sales_pipeline.trace.where import Period
from tests.unit.sales_pipeline.trace.made import NOON_MS, TODAY, change, failed, in_kinesis, in_stream, ms

HOUR_MS = 3_600_000
RECENT = [date(2026, 11, 20), date(2026, 11, 21), TODAY]


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def id_at(time_ms):
    return f"{time_ms >> 16:08x}-{time_ms & 0xFFFF:04x}-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("order_id", "created"),
    [
        (id_at(NOON_MS), NOON_MS),
        (id_at(NOON_MS).upper(), NOON_MS),
        (id_at(NOON_MS + where.SLACK_MS), NOON_MS + where.SLACK_MS),  # clocks differ
        (id_at(NOON_MS + where.SLACK_MS + 1), None),  # it was not made then: the writer's clock was wrong
        (id_at(2**48 - 1), None),  # in the year 10889
        (id_at(0), 0),
        ("order-7", None),
        ("12", None),
    ],
)
def test_the_time_in_an_id(order_id, created):
    assert where.created(order_id, NOON_MS) == created


@pytest.mark.parametrize(
    ("created", "period", "days"),
    [
        (None, Period(), RECENT),
        (NOON_MS, Period(), RECENT),
        (at("2026-03-01T23:59"), Period(), [date(2026, 3, 1), date(2026, 3, 2), *RECENT]),
        (None, Period(at("2026-11-17T10:00")), [date(2026, 11, each) for each in range(17, 23)]),
        (None, Period(at("2026-02-27T10:00"), at("2026-02-28")), [date(2026, 2, 27), date(2026, 2, 28), *RECENT]),
        (None, Period(at("2026-11-20"), at("2030-01-01")), RECENT),
        (None, Period(at("2027-01-01")), RECENT),
    ],
)
def test_the_days(created, period, days):
    assert where.days(created, period, NOON_MS) == days


def test_a_year_has_its_days():
    assert len(where.days(None, Period(at("2025-11-23")), NOON_MS)) == 365


def stored(oldest, seconds):
    """An object whose oldest record arrived at the first time, and that S3 got at the second, both after NOON."""
    time = datetime.fromtimestamp(ms(oldest) / 1000, UTC)
    return Object(f"sales_data/dt=2026-11-22/s-1-{time:%Y-%m-%d-%H-%M-%S}-x.json", ms(seconds))


@pytest.mark.parametrize(
    ("each", "may_hold"),
    [
        (stored(-50, 10), True),
        (stored(2, 70), True),
        (stored(-70, -10), False),
        (stored(-70, -4), True),  # clocks differ
        (stored(100, 160), True),  # the pipe was slow
        (stored(106, 160), False),
        (Object("sales_data/dt=2026-11-22/copy.json", ms(10)), True),
        (Object("sales_data/dt=2026-11-22/copy.json", ms(-10)), False),
    ],
)
def test_the_objects_that_may_hold_what_happened_at_noon(each, may_hold):
    assert where.may_hold(each, [NOON_MS], 100_000) is may_hold
    assert not where.may_hold(each, [], 100_000)


def test_the_objects_of_a_moment_come_first_then_the_newest():
    objects = [stored(-1000, -940), stored(-10, 50), stored(5000, 5060), stored(0, 60)]
    ordered = where.in_order(objects, [NOON_MS], 100_000)
    assert [(each.last_modified_ms - NOON_MS) // 1000 for each in ordered] == [50, 60, 5060, -940]


@pytest.mark.parametrize(
    ("key", "seconds"),
    [
        ("dt=2026-11-22/s-1-2026-11-22-12-00-07-x.json", 7),
        ("dt=2026-11-22/s-1-2026-13-22-12-00-07-x.json", None),
        ("dt=2026-11-22/x.json", None),
    ],
)
def test_the_time_in_a_name(key, seconds):
    assert where.name_ms(key) == (None if seconds is None else ms(seconds))


def test_the_days_of_keys():
    keys = ["sales_data/dt=2026-11-22/a", "errors/dt=2026-11-21/dt=2026-13-01/a", "a"]
    assert where.days_of(keys) == {date(2026, 11, 22), date(2026, 11, 21)}


def test_the_moments_are_those_of_changes_arrivals_and_replays():
    of = change(seconds=3)
    sightings = [in_stream(of), in_kinesis(4, of), failed(5, of), failed(6, of, where.Place.replayed)]
    assert where.moments(ms(1), sightings) == [ms(1), ms(3), ms(4), ms(6)]


@pytest.mark.parametrize("age_hours", [0.01, 0.5, 30, 8000, None])
def test_the_parts_of_the_kinesis_stream_cover_all_since_the_id_and_begin_with_the_likeliest(age_hours):
    created = None if age_hours is None else NOON_MS - int(age_hours * HOUR_MS)
    parts = where.windows(created, NOON_MS)
    if created is not None:
        assert parts[0][0] < created < parts[0][1]
        parts = parts[1:]
    assert parts[0][1] > NOON_MS
    assert all(begin == end for (begin, _), (_, end) in itertools.pairwise(parts))
    longest = timedelta(days=366) // timedelta(milliseconds=1)
    expected = created - where.SLACK_MS if created is not None else NOON_MS - longest
    assert parts[-1][0] == max(expected, NOON_MS - longest)


def test_no_part_of_the_kinesis_stream_begins_in_the_future():
    """Kinesis refuses to read from there: "timestampInMillis cannot be greater than the currentTimestampInMillis"."""
    parts = where.windows(where.created(id_at(NOON_MS + where.SLACK_MS), NOON_MS), NOON_MS)
    assert all(from_ms <= NOON_MS for from_ms, _ in parts)
