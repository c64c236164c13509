"""The declared table shows an object, or not, and orders what it shows by day and by the time in the name."""

from datetime import date

import pytest

from sales_pipeline.reconcile.declared import ProjectedDays, arrival, arrival_at, names_time

DAY = date(2026, 11, 22)
NOON_MS = 1_795_348_800_000
UUID = "9f1c6ab2-d5e8-4c0f-8f3d-1b7a2c4e6d80"


@pytest.mark.parametrize("text", ["2026-01-01,2026-11-22", " 2026-01-01 , NOW "])
def test_both_ends_of_the_range_are_shown(text):
    days = ProjectedDays.parse(text)
    shown = [days.day_of(f"dt={day}/a", NOON_MS) for day in ("2025-12-31", "2026-01-01", "2026-11-22", "2026-11-23")]
    assert shown == [None, date(2026, 1, 1), DAY, None]


@pytest.mark.parametrize(
    "text", ["", "NOW", "2026-01-01", "NOW-3YEARS,NOW", "2026-02-30,NOW", "2026-01-01,NOW,NOW", "1969-12-31,NOW"]
)
def test_another_range_is_refused(text):
    with pytest.raises(ValueError, match="day"):
        ProjectedDays.parse(text)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (f"s-1-2026-11-22-10-11-12-{UUID}.json", f"s-1-2026-11-22-10-11-13-{UUID}.json"),
        ("by-hand.json", f"s-1-0000-00-00-00-00-00-{UUID}.json"),
        ("s-1-2026-11-22-10-11-13-and-2026-11-22-10-11-12", "s-1-2026-11-22-10-11-12-and-2026-11-22-10-11-13"),
        ("9999-99-99-99-99-99/by-hand", "2026-11-22-10-11-12"),
        ("s-1-2026-11-22-10-11-12", "s-1-2026-99-99-99-99-99"),  # compared as text, as the view does
    ],
)
def test_the_last_time_in_a_name_orders_objects(earlier, later):
    assert arrival(DAY, earlier) < arrival(DAY, later)
    assert arrival(DAY, later) < arrival(date(2026, 11, 23), earlier)


def test_objects_of_one_second_have_no_order_and_a_moment_is_as_an_object_that_arrived_then():
    one, other = (arrival(DAY, f"{folder}s-1-2026-11-22-12-00-00-{UUID}.json") for folder in ("", "a/"))
    assert one == other == arrival_at(NOON_MS) == arrival_at(NOON_MS + 999)
    assert (names_time(one), names_time(arrival(DAY, "by-hand"))) == (True, False)


def test_any_day_is_a_number_that_sqlite_holds():
    assert arrival(date(2222, 1, 1), "9999-99-99-99-99-99") < 2**63
