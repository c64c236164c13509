"""A crawler is due when AWS' cron says so, or when somebody asked after the last crawl began."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.crawler.schedule import Cron, ScheduleError, call_to_crawl

NOW = datetime(2026, 11, 22, 12, 10, 0, 300_000, tzinfo=UTC)  # a Sunday
DEPLOYED = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The table of examples in the guide, and the wildcards that it describes.
@pytest.mark.parametrize(
    ("expression", "matching", "others"),
    [
        ("0 10 * * ? *", ["2026-11-22 10:00"], ["2026-11-22 10:01", "2026-11-22 11:00"]),
        ("15 12 * * ? *", ["2026-11-22 12:15"], ["2026-11-22 12:14"]),
        ("0 18 ? * MON-FRI *", ["2026-11-23 18:00", "2026-11-27 18:00"], ["2026-11-22 18:00", "2026-11-28 18:00"]),
        ("0 8 1 * ? *", ["2026-11-01 08:00"], ["2026-11-02 08:00"]),
        ("0/15 * * * ? *", ["2026-11-22 01:00", "2026-11-22 01:45"], ["2026-11-22 01:46"]),
        ("0/10 * ? * MON-FRI *", ["2026-11-23 01:50"], ["2026-11-22 01:50"]),
        ("0/5 8-17 ? * MON-FRI *", ["2026-11-23 17:55"], ["2026-11-23 18:00", "2026-11-23 07:55"]),
        ("1/10 * * * ? *", ["2026-11-22 01:01", "2026-11-22 01:51"], ["2026-11-22 01:00"]),
        ("*/30 * * * ? *", ["2026-11-22 01:00", "2026-11-22 01:30"], ["2026-11-22 01:15"]),
        ("0 0 1-15 JAN,FEB,MAR ? *", ["2026-02-15 00:00"], ["2026-02-16 00:00", "2026-04-01 00:00"]),
        ("0 0 ? * 1 *", ["2026-11-22 00:00"], ["2026-11-23 00:00"]),
        ("0 0 ? * L *", ["2026-11-28 00:00"], ["2026-11-22 00:00"]),
        ("0 0 ? * 6L *", ["2026-11-27 00:00"], ["2026-11-20 00:00"]),
        ("0 0 L * ? *", ["2026-02-28 00:00", "2028-02-29 00:00"], ["2028-02-28 00:00"]),
        ("0 0 22W * ? *", ["2026-11-23 00:00"], ["2026-11-22 00:00", "2026-11-20 00:00"]),
        ("0 0 21W * ? *", ["2026-11-20 00:00"], ["2026-11-21 00:00", "2026-11-23 00:00"]),
        ("0 0 1W * ? *", ["2026-08-03 00:00"], ["2026-07-31 00:00"]),
        ("0 0 LW * ? *", ["2026-05-29 00:00"], ["2026-05-31 00:00", "2026-06-01 00:00"]),
        ("0 0 1 1 ? 2027", ["2027-01-01 00:00"], ["2026-01-01 00:00"]),
        ("10 0/6 * * ? *", ["2026-11-22 00:10", "2026-11-22 18:10"], ["2026-11-22 03:10"]),
    ],
)
def test_a_cron_expression_means_what_the_guide_says(expression, matching, others):
    cron = Cron(f"cron({expression})")
    assert [moment for moment in matching if not cron.matches(at(moment))] == []
    assert [moment for moment in others if cron.matches(at(moment))] == []


@pytest.mark.parametrize(
    "expression",
    [
        "rate(5 minutes)",
        "cron(0 10 * * ?)",
        "cron(0 10 * * * *)",
        "cron(0 10 ? * ? *)",
        "cron(60 10 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 0 * ? *)",
        "cron(0 0 ? * 8 *)",
        "cron(0 0 ? * FRI-MON *)",
        "cron(0 0 * FOO ? *)",
        "cron(0/0 0 * * ? *)",
        "cron(0-5-9 0 * * ? *)",
        "0 10 * * ? *",
    ],
)
def test_what_glue_takes_for_no_schedule_is_refused(expression):
    with pytest.raises(ScheduleError):
        Cron(expression)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.integers(0, 4000))  # noqa: DTZ001 - made aware below
def test_the_latest_minute_is_the_one_that_a_look_at_every_minute_finds(until, minutes):
    until = until.replace(tzinfo=UTC)
    after = until - timedelta(minutes=minutes)
    cron = Cron("cron(5/20 3-5,22 ? * TUE-SAT *)")
    moment = until.replace(second=0, microsecond=0)
    while moment > after and not cron.matches(moment):
        moment -= timedelta(minutes=1)
    assert cron.latest(after, until) == (moment if moment > after else None)


def test_the_latest_minute_is_after_the_one_and_up_to_the_other():
    cron, due = Cron("cron(10 0/6 * * ? *)"), at("2026-11-22 12:10")
    assert cron.latest(due - timedelta(microseconds=1), due) == due
    assert cron.latest(due, due + timedelta(hours=1)) is None


def crawler(**state):
    schedule = {"ScheduleExpression": "cron(10 0/6 * * ? *)"}
    return {"State": "READY", "LastUpdated": DEPLOYED, "Schedule": schedule, **state}


def call(seen, began=None, *, was_running=False, now=NOW):
    return call_to_crawl(seen, was_running=was_running, last_crawl_began=began, now=now)


def test_the_schedule_calls_once_at_its_minute():
    assert call(crawler(), now=at("2026-11-22 12:09:59.999")) is None
    assert "due at 12:10" in call(crawler())
    assert call(crawler(), began=NOW) is None


def test_a_minute_that_passed_while_nobody_watched_still_calls():
    assert "due at 18:10" in call(crawler(), began=at("2026-11-22 11:00"), now=at("2026-11-23 00:09"))
    assert call(crawler(), began=at("2026-11-22 18:10:01"), now=at("2026-11-23 00:09")) is None


def test_what_was_due_before_the_schedule_was_set_does_not_call():
    assert call(crawler(LastUpdated=at("2026-11-22 12:10:01")), began=at("2026-11-20 00:00")) is None


@pytest.mark.parametrize(
    "schedule", [{}, {"ScheduleExpression": "cron(10 0/6 * * ? *)", "State": "NOT_SCHEDULED"}], ids=["none", "stopped"]
)
def test_without_a_schedule_no_minute_calls(schedule):
    assert call(crawler(Schedule=schedule)) is None


def test_a_start_calls_once_while_it_runs():
    running = crawler(State="RUNNING", Schedule={})
    assert call(running) == "StartCrawler"
    assert call(running, began=NOW, was_running=True) is None


def test_a_start_that_ended_unwatched_calls():
    ended = crawler(Schedule={}, LastCrawl={"StartTime": at("2026-11-22 12:00")})
    assert call(ended) == "StartCrawler at 12:00:00"
    assert call(ended, began=at("2026-11-22 11:59:59")) == "StartCrawler at 12:00:00"
    assert call(ended, began=at("2026-11-22 12:00:00")) is None


def test_a_start_during_a_crawl_calls_again():
    again = crawler(Schedule={}, LastCrawl={"StartTime": at("2026-11-22 12:00:07")})
    assert call(again, began=at("2026-11-22 12:00"), was_running=True) == "StartCrawler at 12:00:07"
