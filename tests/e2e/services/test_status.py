"""`sales status` reads every stage of a deployed stack, and sees what goes wrong in one."""

import json
from contextlib import ExitStack, contextmanager

import pytest

from sales_pipeline.aws.stack import find
from sales_pipeline.status import local_logs
from sales_pipeline.status import read as status


@pytest.fixture
def ask(emulator, stack, capsys, monkeypatch):  # noqa: ARG001 - the stack has to be there
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    deployed = find(emulator.session(), "sales")

    def ask():
        code = status.run(deployed, "json", local_logs.MEASUREMENTS)
        report = json.loads(capsys.readouterr().out)
        assert report["ok"] is (code == 0)
        return code, report["stages"]

    return ask


@contextmanager
def error_object(client, stack):
    place = {"Bucket": stack["BucketName"], "Key": "errors/processing-failed/dt=2026-11-22/status"}
    client("s3").put_object(**place, Body=b"{}\n")
    yield "errors"
    # What other tests left there, too.
    for each in client("s3").list_objects_v2(Bucket=place["Bucket"], Prefix="errors/")["Contents"]:
        client("s3").delete_object(Bucket=place["Bucket"], Key=each["Key"])


@contextmanager
def dead_letter(client, stack):
    queue_url = stack["PipeDeadLetterQueueUrl"]
    client("sqs").send_message(QueueUrl=queue_url, MessageBody="{}")
    yield "dead_letters"
    client("sqs").purge_queue(QueueUrl=queue_url)


@contextmanager
def stopped_pipe(client, stack):
    client("pipes").stop_pipe(Name=stack["PipeName"])
    yield "pipe"
    client("pipes").start_pipe(Name=stack["PipeName"])


def dead_letters_alarm(client, stack):
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    (name,) = [
        each["AlarmName"]
        for each in alarms
        if "#dead-letters" in each["AlarmDescription"] and stack["AlarmTopicArn"] in each["AlarmActions"]
    ]
    return name


@contextmanager
def firing_alarm(client, stack):
    name = dead_letters_alarm(client, stack)
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    yield "alarms"
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")


def test_every_stage_of_a_deployed_stack_can_be_read(ask):
    _, stages = ask()
    assert [name for name, stage in stages.items() if "could not be read" in stage["problem"]] == []
    assert stages["pipe"]["state"] == "RUNNING"
    assert stages["alarms"]["alarms"] == 10
    assert stages["stream"]["stream_records_last_hour"] is None, "nothing here counts them"


def test_what_goes_wrong_is_a_problem_for_as_long_as_it_lasts(ask, client, stack):
    failures = (error_object, dead_letter, stopped_pipe, firing_alarm)
    with ExitStack() as until_fixed:
        names = [until_fixed.enter_context(failure(client, stack)) for failure in failures]
        code, stages = ask()
        assert [name for name in names if not stages[name]["problem"]] == []
        assert dead_letters_alarm(client, stack) in stages["alarms"]["firing"]
        assert code == 1
    _, stages = ask()
    # The emulator ignores the dimensions of an alarm: a function that another test broke may fire one here.
    assert dead_letters_alarm(client, stack) not in stages["alarms"]["firing"]
    assert [name for name in names if stages[name]["problem"] and name != "alarms"] == []


def test_what_the_transform_did_is_counted_here_too(ask, client, stack):
    before = ask()[1]["transform"]
    record = {"recordId": "1", "data": "e30="}  # {}
    client("lambda").invoke(FunctionName=stack["TransformFunctionName"], Payload=json.dumps({"records": [record]}))
    after = ask()[1]["transform"]
    assert after["records_failed_last_hour"] == before["records_failed_last_hour"] + 1
    assert after["transform_errors_last_hour"] is not None
