"""A crawl is due when the schedule says so, or when StartCrawler was called since the last crawl began."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.crawler.schedule import SCHEDULES, Schedule, call_to_crawl
from local_aws.errors import SettingsError

NOW = datetime(2026, 11, 22, 12, 10, 0, 300_000, tzinfo=UTC)  # a Sunday
NEVER = datetime.min.replace(tzinfo=UTC)
DEPLOYED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EVERY_SIX_HOURS = "cron(10 0/6 * * ? *)"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_due(schedule, minute):
    return schedule.latest(minute - timedelta(minutes=1), minute) == minute


# Among them the guide's examples of this form.
@pytest.mark.parametrize(
    ("expression", "due", "others"),
    [
        ("0 10 * * ? *", ["2026-11-22 10:00"], ["2026-11-22 10:01", "2026-11-22 11:00"]),
        ("15 12 * * ? *", ["2026-11-22 12:15"], ["2026-11-22 12:14"]),
        ("0 18 ? * MON-FRI *", ["2026-11-23 18:00", "2026-11-27 18:00"], ["2026-11-22 18:00", "2026-11-28 18:00"]),
        ("0 18 ? * SUN,WED *", ["2026-11-22 18:00", "2026-11-25 18:00"], ["2026-11-23 18:00"]),
        ("0/15 * * * ? *", ["2026-11-22 01:00", "2026-11-22 01:45"], ["2026-11-22 01:46"]),
        ("1/10 * * * ? *", ["2026-11-22 01:01", "2026-11-22 01:51"], ["2026-11-22 01:00"]),
        ("30 8,20 * * ? *", ["2026-11-22 08:30", "2026-11-22 20:30"], ["2026-11-22 14:30"]),
        ("10 0/6 * * ? *", ["2026-11-22 00:10", "2026-11-22 18:10"], ["2026-11-22 03:10"]),
    ],
)
def test_a_schedule_means_what_the_guide_says(expression, due, others):
    schedule = Schedule(f"cron({expression})")
    assert [minute for minute in due if not is_due(schedule, at(minute))] == []
    assert [minute for minute in others if is_due(schedule, at(minute))] == []


@given(st.from_regex(SCHEDULES, fullmatch=True))
def test_every_schedule_of_the_pattern_can_be_read_and_comes_due_within_a_week(expression):
    due = Schedule(expression).latest(NOW - timedelta(days=7), NOW)
    assert due
    assert Schedule(expression).latest(due, due + timedelta(minutes=4)) is None


@pytest.mark.parametrize(
    "expression",
    [
        "rate(5 minutes)",
        "0 10 * * ? *",
        "cron(0 10 * * ?)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0/4 * * * ? *)",
        "cron(0/7 * * * ? *)",  # 56 and 0 are 4 minutes apart
        "cron(0,30 * * * ? *)",
        "cron(0 8-17 * * ? *)",
        "cron(0 0 1 * ? *)",
        "cron(0 0 L * ? *)",
        "cron(0 0 ? * FRI-MON *)",
        "cron(0 0 ? * 6L *)",
        "cron(0 0 * JAN ? *)",
        "cron(0 0 * * ? 2027)",
    ],
)
def test_every_other_schedule_is_refused_with_examples_of_those_that_can_be_read(expression):
    with pytest.raises(SettingsError, match="It reads schedules such as cron") as raised:
        Schedule(expression)
    assert expression in str(raised.value)
    for example in ("cron(10 0/6 * * ? *)", "cron(0 8,20 * * ? *)", "cron(30 6 ? * MON-FRI *)"):
        assert example in str(raised.value)
        Schedule(example)


def test_the_latest_minute_is_after_the_one_and_up_to_the_other():
    schedule, due = Schedule(EVERY_SIX_HOURS), at("2026-11-22 12:10")
    assert schedule.latest(due - timedelta(microseconds=1), due) == due
    assert schedule.latest(due, due + timedelta(hours=1)) is None
    assert schedule.latest(due - timedelta(days=3), due - timedelta(minutes=1)) == at("2026-11-22 06:10")


def crawler(**state):
    return {"State": "READY", "LastUpdated": DEPLOYED, **state}


def call(seen, began=NEVER, *, schedule=EVERY_SIX_HOURS, was_running=False, now=NOW):
    read = Schedule(schedule) if schedule else None
    return call_to_crawl(seen, read, was_running=was_running, last_crawl_began=began, now=now)


def test_the_schedule_calls_once_at_its_minute():
    assert call(crawler(), now=at("2026-11-22 12:09:59.999")) is None
    assert "due at 12:10" in call(crawler())
    assert call(crawler(), began=NOW) is None


def test_a_minute_that_passed_while_nobody_watched_still_calls():
    assert "due at 18:10" in call(crawler(), began=at("2026-11-22 11:00"), now=at("2026-11-23 00:09"))
    assert call(crawler(), began=at("2026-11-22 18:10:01"), now=at("2026-11-23 00:09")) is None


def test_a_minute_before_the_schedule_was_set_does_not_call():
    assert call(crawler(LastUpdated=at("2026-11-22 12:10:01")), began=at("2026-11-20 00:00")) is None


def test_without_a_schedule_no_minute_calls():
    assert call(crawler(), schedule=None) is None


def test_a_start_calls_once_while_it_runs():
    running = crawler(State="RUNNING")
    assert call(running, schedule=None) == "StartCrawler"
    assert call(running, schedule=None, began=NOW, was_running=True) is None


def test_a_start_that_ended_unwatched_calls():
    ended = crawler(LastCrawl={"StartTime": at("2026-11-22 12:00")})
    assert call(ended, schedule=None) == "StartCrawler at 12:00:00"
    assert call(ended, schedule=None, began=at("2026-11-22 11:59:59")) == "StartCrawler at 12:00:00"
    assert call(ended, schedule=None, began=at("2026-11-22 12:00:00")) is None


def test_a_start_during_a_crawl_calls_again():
    again = crawler(LastCrawl={"StartTime": at("2026-11-22 12:00:07")})
    assert call(again, schedule=None, began=at("2026-11-22 12:00"), was_running=True) == "StartCrawler at 12:00:07"
