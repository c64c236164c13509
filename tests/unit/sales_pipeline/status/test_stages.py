"""What `sales status` makes of AWS' answers: a number only if it is known, a problem only if there is one."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from sales_pipeline.failures.replayed import Replayed
from sales_pipeline.status import sources, stages
from sales_pipeline.status.local_logs import last_crawl_of, records_of
from sales_pipeline.status.measured import Measured, Period, totals
from sales_pipeline.status.stages import Objects, Stage
from sales_pipeline.status.stand_ins import with_stand_in
from sales_pipeline.status.unknown_attributes import names_in

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOT_HERE = "not measured here"
ALARM = {"AlarmName": "a", "StateValue": "OK", "AlarmDescription": "Do this."}
STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/2026-11-22T00:00:00.000"
TABLE = {
    "TableStatus": "ACTIVE",
    "ItemCount": 1,
    "TableSizeBytes": 1,
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    "LatestStreamArn": STREAM_ARN,
}
CRAWLER = {"State": "READY", "Schedule": {"ScheduleExpression": "cron(10 0/6 * * ? *)"}}


def ago(**time):
    return NOW - timedelta(**time)


def test_a_count_without_a_value_is_zero_on_aws_and_unknown_elsewhere():
    labels = {"stream_records": "records", "stream_throttled": "throttled"}
    some = {"stream_records": 1234.0}
    assert Measured(some).details(labels) == ["last hour: 1,234 records, 0 throttled"]
    assert Measured(some, NOT_HERE).details(labels) == ["last hour: 1,234 records", "not measured here: throttled"]
    assert Measured({}, NOT_HERE).details(labels) == ["not measured here: records, throttled"]
    assert Measured({}, NOT_HERE).facts(labels) == {
        "stream_records_last_hour": None,
        "stream_throttled_last_hour": None,
    }


def test_a_count_per_minute_is_of_the_last_minutes_alone_and_a_lag_is_its_newest_value():
    series = {
        "stream_records": [(ago(minutes=30), 1000.0), (ago(minutes=4), 6.0), (ago(minutes=3), 4.0), (NOW, 50.0)],
        "delivery_behind_ms": [(ago(minutes=4), 900.0), (ago(minutes=3), 0.0)],
    }
    found = Measured.of(series, NOT_HERE, {"delivery_behind_ms"}, Period(ago(minutes=5), NOW))
    assert found.values == {"stream_records": 1060.0, "delivery_behind_ms": 0.0}
    assert (found.rate("stream_records"), found.rate("pipe_changes")) == (2.0, None)
    assert Measured.of(series, "", (), Period(ago(minutes=5), NOW)).rate("pipe_changes") == 0.0


def test_of_several_objects_the_newest_is_named_and_the_oldest_dated():
    listed = [("b", 3, ago(minutes=1)), ("a", 2, ago(minutes=9)), ("c", 5, ago(minutes=5))]
    objects = sum((Objects.one(*each) for each in listed), Objects())
    assert objects == Objects(3, 10, ago(minutes=1), ago(minutes=9), "b")
    assert stages.lake(objects, Objects(), NOW).facts["newest_key"] == "b"
    assert stages.errors(objects, None, NOW).facts["oldest"] == "2026-11-22T11:51:00+00:00"


def test_who_writes_the_mock_orders_is_said_whether_the_schedule_is_on_or_not():
    off, on = ({"State": state, "ScheduleExpression": "rate(1 minute)"} for state in ("DISABLED", "ENABLED"))
    assert list(sources.generator(off, Measured()).details) == ["the schedule rate(1 minute) is off"]
    here = sources.generator(off, Measured({}, NOT_HERE), "sales up")
    assert list(here.details) == ["`sales up` writes the orders", "the schedule rate(1 minute) is off"]
    assert (here.state, here.facts["writer"], here.problems) == ("DISABLED", "sales up", ())
    scheduled = sources.generator(on, Measured({"generator_calls": 60.0}))
    assert list(scheduled.details) == ["rate(1 minute)", "last hour: 60 calls, 0 failed"]
    assert scheduled.facts["writer"] is None


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, None),
        # DynamoDB names a disabled stream for another 24 hours.
        ({"StreamSpecification": None}, "its stream is disabled"),
        ({"StreamSpecification": None, "LatestStreamArn": None}, "its stream is disabled"),
        ({"LatestStreamArn": f"{STREAM_ARN}1"}, f"its stream is now {STREAM_ARN}1"),
        ({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}}, "its stream has KEYS_ONLY"),
    ],
)
def test_a_stream_that_the_pipe_cannot_read_is_a_problem(changed, problem):
    described = {name: each for name, each in (TABLE | changed).items() if each is not None}
    found = sources.table(described, STREAM_ARN)
    assert [each.partition(",")[0] for each in found.problems] == ([problem] if problem else [])
    assert all("docs/runbook.md#stopped-pipe" in each for each in found.problems)


def test_a_stack_that_reads_an_existing_table_has_no_generator_and_that_is_no_problem():
    stage = sources.no_generator()
    assert (stage.name, stage.problems) == ("generator", ())
    assert stage.facts.keys() == sources.generator({"State": "", "ScheduleExpression": ""}, Measured()).facts.keys()


def test_a_lag_without_a_value_is_never_zero():
    described = {"DeliveryStreamStatus": "ACTIVE"}
    idle = stages.delivery(described, Measured())
    assert idle.details[-1] == "lag not known: nothing read"
    assert (idle.facts["behind_ms"], idle.facts["oldest_seconds"]) == (None, None)
    assert stages.delivery(described, Measured({}, NOT_HERE)).details == [
        "not measured here: records read, rows written, lag"
    ]
    late = stages.delivery(described, Measured({"delivery_behind_ms": 3_600_000, "delivery_oldest_seconds": 0}))
    assert late.details[1:] == ["1 h behind the stream", "oldest waiting row: 0 s old"]


@pytest.mark.parametrize("state", ["STOPPED", "STOPPING", "START_FAILED", "CREATE_ROLLBACK_FAILED"])
def test_a_pipe_that_does_not_run_is_a_problem(state):
    stage = stages.pipe({"CurrentState": state, "StateReason": "denied"}, Measured())
    assert f"it is {state}" in stage.problems[0]
    assert "denied" in stage.details


def test_a_pipe_that_runs_is_none():
    assert not stages.pipe({"CurrentState": "RUNNING"}, Measured()).problems


@pytest.mark.parametrize(("status", "is_problem"), [("ACTIVE", False), ("UPDATING", False), ("DELETING", True)])
def test_a_stage_works_while_aws_updates_it(status, is_problem):
    found = [
        sources.table(TABLE | {"TableStatus": status}, STREAM_ARN),
        stages.stream({"StreamStatus": status, "OpenShardCount": 1}, Measured()),
        stages.delivery({"DeliveryStreamStatus": status}, Measured()),
    ]
    assert [bool(stage.problems) for stage in found] == [is_problem] * 3


@pytest.mark.parametrize(("state", "is_problem"), [("Active", False), ("Inactive", False), ("Failed", True)])
def test_an_idle_function_can_still_be_called(state, is_problem):
    # Lambda makes a function Inactive that nobody has called for weeks, and wakes it with the next call.
    assert bool(stages.transform({"State": state}, Measured()).problems) is is_problem


@pytest.mark.parametrize(("waiting", "hidden"), [(1, 0), (0, 1)])
def test_a_dead_letter_is_a_problem_even_while_somebody_lists_it(waiting, hidden):
    attributes = {"ApproximateNumberOfMessages": waiting, "ApproximateNumberOfMessagesNotVisible": hidden}
    assert stages.dead_letters({name: str(count) for name, count in attributes.items()}, Measured()).problems
    assert not stages.dead_letters(dict.fromkeys(attributes, "0"), Measured()).problems


def test_the_age_of_the_oldest_dead_letter_is_said_where_it_is_known():
    attributes = {"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "0"}
    old = Measured({"dead_letters_oldest_seconds": 7300})
    assert list(stages.dead_letters(attributes, old).details) == ["about 1 message", "the oldest: 2 h old"]
    assert list(stages.dead_letters(attributes, Measured()).details) == ["about 1 message"]
    assert list(stages.dead_letters(dict.fromkeys(attributes, "0"), old).details) == ["none"]


def test_error_objects_are_a_problem_and_say_their_age():
    stage = stages.errors(Objects(2, 2048, ago(minutes=3, seconds=59)), None, NOW)
    assert list(stage.details) == ["2 objects, 2.0 KB", "newest: 3 min ago"]
    assert stage.problems
    assert not stages.errors(Objects(), None, NOW).problems
    assert list(stages.errors(Objects(), None, NOW).details) == ["none"]


def test_after_a_replay_the_errors_are_none_only_for_now():
    replayed_ms = int(ago(seconds=40).timestamp() * 1000)
    replayed = Replayed(3, replayed_ms, replayed_ms + 105_000)
    note = "3 changes were replayed, the last 40 s ago, and may fail again until about 12:01:05 UTC"
    stage = stages.errors(Objects(), replayed, NOW)
    assert (list(stage.details), stage.facts["replayed_lately"], stage.problems) == (["none now", note], 3, ())
    assert stages.errors(Objects(1, 1, NOW), replayed, NOW).details[-1] == note


def test_the_lake_at_midnight_still_has_the_newest_object_of_the_day_before():
    stage = stages.lake(Objects(), Objects(5, 100, ago(seconds=40)), NOW)
    assert list(stage.details) == ["0 objects today, 0 B", "newest: 40 s ago"]
    assert stage.facts["newest"] == "2026-11-22T11:59:20+00:00"
    assert stages.lake(Objects(), Objects(), NOW).facts["newest"] is None


def test_only_a_failed_crawl_is_a_problem():
    failed = {"Status": "FAILED", "StartTime": ago(hours=2), "ErrorMessage": "denied"}
    stage = stages.crawler(CRAWLER, failed, NOW)
    assert stage.problems
    assert list(stage.details) == ["last crawl FAILED, 2 h ago", "cron(10 0/6 * * ? *)", "denied"]
    for last in ({}, {"Status": "SUCCEEDED", "StartTime": ago(days=3)}, {"Status": "CANCELLED", "StartTime": NOW}):
        assert not stages.crawler(CRAWLER, last, NOW).problems
    assert stages.crawler(CRAWLER, {}, NOW).details[0] == "not crawled yet"


@pytest.mark.parametrize(
    ("state", "words"),
    [("SCHEDULED", "cron(10 0/6 * * ? *)"), ("NOT_SCHEDULED", "the schedule cron(10 0/6 * * ? *) is off")],
)
def test_a_crawler_whose_schedule_somebody_stopped_says_so(state, words):
    schedule = CRAWLER["Schedule"] | {"State": state}
    assert stages.crawler(CRAWLER | {"Schedule": schedule}, {}, NOW).details[1] == words
    assert stages.crawler({"State": "READY"}, {}, NOW).details[1] == "no schedule"


@pytest.mark.parametrize(
    ("states", "details"),
    [
        (["OK", "OK"], ["2 alarms", "none fires"]),
        (["ALARM", "OK"], ["2 alarms", "1 fires"]),
        (["ALARM", "ALARM", "INSUFFICIENT_DATA"], ["3 alarms", "2 fire", "1 without data so far"]),
    ],
)
def test_alarms_that_fire_are_named_with_what_to_do(states, details):
    stage = stages.alarms([ALARM | {"StateValue": state} for state in states])
    assert list(stage.details) == details
    assert stage.facts["firing"] == ["a"] * states.count("ALARM")
    assert list(stage.problems) == ["a: Do this."] * states.count("ALARM")


def test_the_status_is_well_only_if_every_stage_is():
    well, ill = Stage("a"), stages.unread("b c", "denied")
    assert stages.is_well([well])
    assert not stages.is_well([well, ill])
    report = json.loads(stages.to_json("sales", [well, ill], NOW))
    assert (report["ok"], report["time"]) == (False, "2026-11-22T12:00:00+00:00")
    assert report["stages"]["b_c"]["problem"] == "could not be read: denied"


@pytest.mark.parametrize(
    ("names", "kept", "says"),
    [
        ([], False, None),
        (["gift", "tags"], False, "attributes without a column, left out of the rows: gift, tags"),
        (["gift"], True, "attributes without a column, kept in other_attributes: gift"),
        ([f"a{n:02}" for n in range(12)], True, "a08, a09 and 2 more"),
        (None, False, "attributes without a column: the log could not be read"),
    ],
)
def test_the_transform_names_attributes_that_no_column_takes(names, kept, says):
    stage = stages.transform({"State": "Active"}, Measured(), names, kept=kept)
    assert stage.facts["unknown_attributes"] == names
    assert not stage.problems
    assert (says in stage.details[-1]) if says else "without a column" not in "".join(stage.details)


def test_names_come_from_the_lines_of_batches_and_other_lines_are_passed_over():
    lines = [
        '{"unknownAttributes":["tags","gift"]}',
        '{"unknownAttributes":["gift"]}',
        *(
            '{"unknownAttributes":5}',
            '{"unknownAttributes":[5]}',
            '"unknownAttributes"',
            '{"unknownAttributes"',
            "START",
        ),
    ]
    assert names_in(lines) == ["gift", "tags"]


def test_the_lines_of_the_transform_add_up_and_others_are_passed_over():
    def line(**counts):
        return NOW, json.dumps({"_aws": {}} | counts)

    lines = [
        (NOW, "START RequestId: 1"),
        line(RecordsOk=3, RecordsDropped=1, RecordsFailed=0),
        (NOW, '{"level":"WARNING","message":"record failed"}'),
        line(RecordsOk=4, RecordsDropped=0, RecordsFailed=2),
    ]
    assert totals(records_of(lines), ()) == {"records_ok": 7, "records_dropped": 1, "records_failed": 2}


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


@pytest.mark.parametrize(
    ("state", "problem", "said"),
    [
        ("running", "", []),
        ("running", "fails: it says why", ["its stand-in fails: it says why"]),
        ("starting", "", ["its stand-in is starting"]),
        ("ended", "was ended by SIGKILL: see pipe.log", ["its stand-in was ended by SIGKILL: see pipe.log"]),
        ("waiting", "can't save its checkpoint", ["its stand-in can't save its checkpoint"]),
        ("refused", "refuses its settings", ["its stand-in refuses its settings"]),
    ],
)
def test_a_stand_in_that_does_not_work_is_a_problem_of_its_stage(state, problem, said):
    stage = stages.pipe({"CurrentState": "RUNNING"}, Measured())
    since_ms = int(ago(minutes=3).timestamp() * 1000)
    seen = with_stand_in(stage, SimpleNamespace(state=state, since_ms=since_ms, restarts=2, problem=problem), NOW)
    assert seen.problems == said
    assert seen.details[-1] == "stand-in started 3 min ago, 2 restarts"
    assert seen.facts["stand_in"] == state
    assert (seen.facts["stand_in_restarts"], seen.facts["stand_in_since"]) == (2, "2026-11-22T11:57:00+00:00")


def test_a_stand_in_that_is_not_there_is_a_problem_too():
    seen = with_stand_in(stages.pipe({"CurrentState": "RUNNING"}, Measured()), None, NOW)
    assert seen.problems == ["its stand-in does not run: stop this pipeline with `sales down`, and start it again"]
