"""What `sales status` makes of AWS' answers: a number only where one is known, a problem only where there is one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.status import stages as status_report
from sales_pipeline.status.local_logs import last_crawl_of, records_of
from sales_pipeline.status.stages import Measured, Objects, Stage

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOT_HERE = "not measured here"
ALARM = {"AlarmName": "a", "StateValue": "OK", "AlarmDescription": "Do this."}
CRAWLER = {"State": "READY", "Schedule": {"ScheduleExpression": "cron(10 0/6 * * ? *)"}}


def ago(**time):
    return NOW - timedelta(**time)


def test_a_count_without_a_value_is_zero_on_aws_and_unknown_elsewhere():
    labels = {"stream_records": "records in", "stream_throttled": "throttled"}
    some = {"stream_records": 1234.0}
    assert Measured(some).says(labels) == "1,234 records in, 0 throttled in the last hour"
    assert Measured(some, NOT_HERE).says(labels) == "1,234 records in in the last hour; throttled not measured here"
    assert Measured({}, NOT_HERE).says(labels) == "records in, throttled not measured here"
    assert Measured({}, NOT_HERE).facts(labels) == {
        "stream_records_last_hour": None,
        "stream_throttled_last_hour": None,
    }


def test_a_lag_without_a_value_is_never_zero():
    described = {"DeliveryStreamStatus": "ACTIVE"}
    idle = status_report.delivery(described, Measured())
    assert idle.says[-1] == "lag not measured: nothing read"
    assert (idle.facts["behind_ms"], idle.facts["oldest_seconds"]) == (None, None)
    assert status_report.delivery(described, Measured({}, NOT_HERE)).says[-1] == "lag not measured here"
    late = status_report.delivery(described, Measured({"delivery_behind_ms": 3_600_000, "delivery_oldest_seconds": 0}))
    assert late.says[1:] == ["1 h behind the stream", "oldest row not delivered 0 s old"]


@pytest.mark.parametrize("state", ["STOPPED", "STOPPING", "START_FAILED", "CREATE_ROLLBACK_FAILED"])
def test_a_pipe_that_does_not_run_is_a_problem(state):
    stage = status_report.pipe({"CurrentState": state, "StateReason": "denied"}, Measured())
    assert state in stage.problem
    assert "denied" in stage.says


def test_a_pipe_that_runs_is_none():
    assert not status_report.pipe({"CurrentState": "RUNNING"}, Measured()).problem


@pytest.mark.parametrize(("status", "is_problem"), [("ACTIVE", False), ("UPDATING", False), ("DELETING", True)])
def test_what_is_updated_works_meanwhile(status, is_problem):
    stages = [
        status_report.table({"TableStatus": status, "ItemCount": 1, "TableSizeBytes": 1}),
        status_report.stream({"StreamStatus": status, "OpenShardCount": 1}, Measured()),
        status_report.delivery({"DeliveryStreamStatus": status}, Measured()),
    ]
    assert [bool(stage.problem) for stage in stages] == [is_problem] * 3


@pytest.mark.parametrize(("state", "is_problem"), [("Active", False), ("Inactive", False), ("Failed", True)])
def test_an_idle_function_can_still_be_called(state, is_problem):
    # Lambda makes a function Inactive that nobody has called for weeks, and wakes it with the next call.
    assert bool(status_report.transform({"State": state}, Measured()).problem) is is_problem


@pytest.mark.parametrize(("waiting", "hidden"), [(1, 0), (0, 1)])
def test_a_dead_letter_is_a_problem_even_while_somebody_lists_it(waiting, hidden):
    attributes = {"ApproximateNumberOfMessages": waiting, "ApproximateNumberOfMessagesNotVisible": hidden}
    assert status_report.dead_letters({name: str(count) for name, count in attributes.items()}).problem
    assert not status_report.dead_letters(dict.fromkeys(attributes, "0")).problem


def test_error_objects_are_a_problem_and_say_their_age():
    stage = status_report.errors(Objects(2, 2048, ago(minutes=3, seconds=59)), NOW)
    assert list(stage.says) == ["2 objects, 2.0 KB", "newest 3 min ago"]
    assert stage.problem
    assert not status_report.errors(Objects(), NOW).problem


def test_the_lake_at_midnight_still_has_the_newest_object_of_the_day_before():
    stage = status_report.lake(Objects(), Objects(5, 100, ago(seconds=40)), NOW)
    assert list(stage.says) == ["0 objects today, 0 B", "newest 40 s ago"]
    assert stage.facts["newest"] == "2026-11-22T11:59:20+00:00"
    assert status_report.lake(Objects(), Objects(), NOW).facts["newest"] is None


def test_only_a_failed_crawl_is_a_problem():
    failed = {"Status": "FAILED", "StartTime": ago(hours=2), "ErrorMessage": "denied"}
    stage = status_report.crawler(CRAWLER, failed, NOW)
    assert stage.problem
    assert list(stage.says) == ["last crawl FAILED 2 h ago", "cron(10 0/6 * * ? *)", "denied"]
    for last in ({}, {"Status": "SUCCEEDED", "StartTime": ago(days=3)}, {"Status": "CANCELLED", "StartTime": NOW}):
        assert not status_report.crawler(CRAWLER, last, NOW).problem
    assert status_report.crawler(CRAWLER, {}, NOW).says[0] == "not crawled yet"


@pytest.mark.parametrize(
    ("states", "says"),
    [
        (["OK", "OK"], ["2 alarms", "none rings"]),
        (["ALARM", "OK"], ["2 alarms", "1 rings"]),
        (["ALARM", "ALARM", "INSUFFICIENT_DATA"], ["3 alarms", "2 ring", "1 without data so far"]),
    ],
)
def test_alarms_that_ring_are_named_with_what_to_do(states, says):
    stage = status_report.alarms([ALARM | {"StateValue": state} for state in states])
    assert list(stage.says) == says
    assert stage.problem == "; ".join(["a: Do this."] * states.count("ALARM"))


def test_the_status_is_well_only_if_every_stage_is():
    well, ill = Stage("a"), status_report.unread("b", "denied")
    assert status_report.is_well([well])
    assert not status_report.is_well([well, ill])
    report = json.loads(status_report.to_json("sales", [well, ill], NOW))
    assert (report["ok"], report["time"]) == (False, "2026-11-22T12:00:00+00:00")
    assert report["stages"]["b"]["problem"] == "could not be read: denied"


@given(st.floats(0, 1e9))
def test_a_duration_never_says_more_than_it_was(seconds):
    units = {"s": 1, "min": 60, "h": 3600, "days": 86400}
    number, unit = status_report.duration(seconds).split()
    assert int(number) * units[unit] <= seconds + 0.5
    assert seconds - int(number) * units[unit] <= units[unit]


@pytest.mark.parametrize(("size_bytes", "says"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2.5e12, "2.5 TB")])
def test_a_size_is_in_the_unit_that_fits(size_bytes, says):
    assert status_report.size(size_bytes) == says


def test_the_lines_of_the_transform_add_up_and_others_are_passed_over():
    def line(**counts):
        return NOW, json.dumps({"_aws": {}} | counts)

    lines = [
        (NOW, "START RequestId: 1"),
        line(RecordsOk=3, RecordsDropped=1, RecordsFailed=0),
        (NOW, '{"level":"WARNING","message":"record failed"}'),
        line(RecordsOk=4, RecordsDropped=0, RecordsFailed=2),
    ]
    assert records_of(lines) == {"records_ok": 7, "records_dropped": 1, "records_failed": 2}


def test_the_last_crawl_of_a_log_is_the_last_that_began():
    began, ended = "[1] BENCHMARK : Running Start Crawl for Crawler c", "[1] BENCHMARK : Crawler has finished running"
    failed = "[1] ERROR : denied"
    assert last_crawl_of([]) == {}
    assert last_crawl_of([(NOW, began)])["Status"] == "RUNNING"
    assert last_crawl_of([(ago(hours=1), began), (NOW, ended)]) == {"StartTime": ago(hours=1), "Status": "SUCCEEDED"}
    failure = last_crawl_of([(NOW, began), (NOW, ended), (NOW, began), (NOW, failed), (NOW, ended)])
    assert (failure["Status"], failure["ErrorMessage"]) == ("FAILED", "denied")
    assert (
        last_crawl_of([(NOW, began), (NOW, failed), (NOW, ended), (NOW, began), (NOW, ended)])["Status"] == "SUCCEEDED"
    )
