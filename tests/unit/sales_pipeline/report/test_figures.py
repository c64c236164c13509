"""Intervals without gaps, and the distribution of delays."""

from datetime import UTC, datetime

import pytest

from sales_pipeline.report.figures import Bin, Delays, Figures, Interval, Sums
from sales_pipeline.report.queries import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

NOW_MS = int(datetime(2026, 11, 25, 14, 32, 10, tzinfo=UTC).timestamp() * 1000)
ONE = Sums(1, 2.0, 3.5)


def of(*times_ms):
    times = [Interval(each, ONE) for each in sorted(times_ms)]
    return Figures(Sums(len(times)), first_ms=min(times_ms), last_ms=max(times_ms), times=times)


def test_no_orders_have_no_intervals():
    empty = Figures(Sums())
    assert (empty.days(), empty.hours(), empty.moments(NOW_MS)) == ([], [], None)


def test_one_order_shows_in_a_week_and_in_a_day_that_end_with_it():
    days, hours = of(NOW_MS).days(), of(NOW_MS).hours()
    assert [each.sums.orders for each in days] == [0] * 6 + [1]
    assert [each.sums.orders for each in hours] == [0] * 23 + [1]
    assert days[-1].start_ms == NOW_MS - NOW_MS % DAY_MS
    assert hours[-1].start_ms == NOW_MS - NOW_MS % HOUR_MS


def test_days_are_those_of_the_last_year_and_hours_those_of_the_last_week():
    found = of(NOW_MS, NOW_MS - 10 * HOUR_MS, NOW_MS - 400 * DAY_MS)
    assert (len(found.days()), len(found.hours())) == (366, 168)
    assert sum(each.sums.orders for each in found.days()) == 2
    assert found.days()[-1].sums.plus(Sums()) == ONE.plus(ONE)


def test_a_day_has_the_orders_of_all_its_seconds_minutes_and_hours():
    midnight = NOW_MS - NOW_MS % DAY_MS
    found = of(midnight - SECOND_MS, midnight, midnight + 3 * MINUTE_MS, midnight + 9 * HOUR_MS)
    assert [each.sums.orders for each in found.days()[-2:]] == [1, 3]


@pytest.mark.parametrize(
    ("first_ms", "last_ms", "step_ms", "bars"),
    [
        (NOW_MS - 20 * SECOND_MS, NOW_MS - 2 * SECOND_MS, SECOND_MS, 19),
        (NOW_MS - 3 * SECOND_MS, NOW_MS - 2 * SECOND_MS, SECOND_MS, 12),  # no fewer, so that no bar is too wide
        (NOW_MS - 110 * SECOND_MS, NOW_MS, 2 * SECOND_MS, 56),
        (NOW_MS - 20 * MINUTE_MS, NOW_MS - 19 * MINUTE_MS, MINUTE_MS, 12),  # older ones count by the minute
        (NOW_MS - 5 * HOUR_MS, NOW_MS, 10 * MINUTE_MS, 31),
    ],
)
def test_orders_of_a_few_hours_show_by_shorter_intervals(first_ms, last_ms, step_ms, bars):
    found_step_ms, intervals = of(first_ms, last_ms).moments(NOW_MS)
    assert (found_step_ms, len(intervals)) == (step_ms, bars)
    assert sum(each.sums.orders for each in intervals) == 2


@pytest.mark.parametrize("first_ms", [NOW_MS, NOW_MS - 7 * HOUR_MS])
def test_orders_of_one_moment_and_of_a_longer_time_do_not(first_ms):
    assert of(first_ms, NOW_MS).moments(NOW_MS) is None


def test_delays_have_bins_of_one_width_and_what_is_far_away_in_one_more():
    found = Delays([(-5 * SECOND_MS, 1), *((each * SECOND_MS, 10) for each in range(30)), (40 * DAY_MS, 1)])
    bins = found.bins()
    assert bins[0] == Bin(None, 0, 1)
    assert bins[1] == Bin(0, 2 * SECOND_MS, 20)
    assert bins[-1] == Bin(30 * SECOND_MS, None, 1)
    assert sum(each.orders for each in bins) == found.orders == 302
    assert (found.within_ms(0.5), found.within_ms(0.95)) == (14 * SECOND_MS, 28 * SECOND_MS)


@pytest.mark.parametrize("delay_ms", [-HOUR_MS, 0, 1, 59 * SECOND_MS, 30 * DAY_MS])
def test_one_delay_is_in_one_bin(delay_ms):
    bins = Delays([(delay_ms, 1)]).bins()
    assert len(bins) <= 22
    [found] = [each for each in bins if each.orders]
    assert found.from_ms is None or found.from_ms <= delay_ms
    assert found.to_ms is None or delay_ms < found.to_ms


def test_no_delays_have_no_bins():
    assert Delays([]).bins() == []
