"""The alarms tell of what they are meant to, and the runbook has a section for each: no more, no fewer."""

import json
import re
from pathlib import Path

import pytest

from local_aws.firehose.log import s3_failure
from sales_pipeline.status import stages as status_report
from tests import ROOT
from tests.unit.events import change_event, firehose_event, image
from tests.unit.template.parsed import TEMPLATE
from transform import app

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
GENERAL = {"start-here", "how-much-time-you-have", "a-stopped-pipe", "a-failed-crawl", "a-message-that-never-came"}

RESOURCES = TEMPLATE["Resources"]
ALARMS = {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
EMAIL = TEMPLATE["Parameters"]["AlarmEmail"]


def anchors(text):
    return re.findall(r"docs/runbook\.md#([a-z-]+)", text)


def sections():
    headings = re.findall(r"^#{2,} (.+)$", RUNBOOK, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_is_silent_where_nothing_happens_and_goes_to_the_topic(name):
    alarm = ALARMS[name]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert not alarm.keys() & {"Metrics", "OKActions", "InsufficientDataActions", "AlarmName"}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_to_do_and_names_its_section(name):
    *sentences, _ = re.split(r"(?<=\.) (?=[A-Z])", ALARMS[name]["AlarmDescription"])
    assert 1 <= len(sentences) <= 2
    words = re.findall("[A-Z][a-z]+", name.removesuffix("Alarm"))
    assert anchors(ALARMS[name]["AlarmDescription"]) == ["-".join(words).lower()]


def test_every_alarm_has_a_section_and_every_section_an_alarm():
    named = {anchor for alarm in ALARMS.values() for anchor in anchors(alarm["AlarmDescription"])}
    assert named | GENERAL == sections()
    assert not named & GENERAL


def test_the_runbook_links_to_sections_that_there_are():
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= sections()


def test_the_runbook_asks_for_outputs_that_the_stack_has():
    assert set(re.findall(r"\$\(output (\w+)\)", RUNBOOK)) <= TEMPLATE["Outputs"].keys()


def test_what_status_refers_to_is_in_the_runbook():
    source = Path(status_report.__file__).read_text()
    assert set(re.findall(r"\{RUNBOOK\}#([a-z-]+)", source)) <= sections()


@pytest.mark.parametrize(
    ("name", "metric", "dimension"),
    [
        ("GeneratorErrors", "AWS/Lambda Errors", "FunctionName GeneratorFunction"),
        ("PipeFailures", "AWS/EventBridge/Pipes ExecutionFailed", "PipeName OrderPipe"),
        ("DeadLetters", "AWS/SQS ApproximateNumberOfMessagesVisible", "QueueName OrderPipeDeadLetterQueue.QueueName"),
        ("StreamThrottles", "AWS/Kinesis WriteProvisionedThroughputExceeded", "StreamName OrderStream"),
        ("StreamLag", "AWS/Firehose KinesisMillisBehindLatest", "DeliveryStreamName DeliveryStream"),
        ("TransformErrors", "AWS/Lambda Errors", "FunctionName TransformFunction"),
        ("TransformThrottles", "AWS/Lambda Throttles", "FunctionName TransformFunction"),
        ("DeliveryLag", "AWS/Firehose DeliveryToS3.DataFreshness", "DeliveryStreamName DeliveryStream"),
    ],
)
def test_an_alarm_watches_a_metric_of_the_resource_it_is_named_for(name, metric, dimension):
    alarm = ALARMS[f"{name}Alarm"]
    (only,) = alarm["Dimensions"]
    (value,) = only["Value"].values()
    assert f"{alarm['Namespace']} {alarm['MetricName']}" == metric
    assert f"{only['Name']} {value if isinstance(value, str) else '.'.join(value)}" == dimension


def test_a_refused_record_is_counted_in_the_metric_that_its_alarm_watches(capsys):
    app.handler(firehose_event(change_event(image(price="cheap"))), None)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    (written,) = line["_aws"]["CloudWatchMetrics"]
    alarm = ALARMS["RefusedRecordsAlarm"]
    (dimension,) = alarm["Dimensions"]
    variables = RESOURCES["TransformFunction"]["Properties"]["Environment"]["Variables"]

    assert line[alarm["MetricName"]] == 1
    assert alarm["Namespace"] == written["Namespace"]
    assert [[dimension["Name"]]] == written["Dimensions"]
    assert dimension["Value"] == variables["POWERTOOLS_SERVICE_NAME"]


def test_what_firehose_is_denied_is_counted_in_the_metric_that_its_alarm_watches():
    counter = RESOURCES["DeliveryDeniedFilter"]["Properties"]
    alarm = ALARMS["DeliveryDeniedAlarm"]
    (counted,) = counter["MetricTransformations"]
    (suffix,) = re.fullmatch(r'\{ \$\.errorCode = "\*(\w+)" \}', counter["FilterPattern"]).groups()

    assert counter["LogGroupName"] == {"Ref": "DeliveryStreamLogGroup"}
    assert (counted["MetricNamespace"], counted["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])
    assert "Dimensions" not in alarm
    for code in ("Kinesis.AccessDenied", "Lambda.InvokeAccessDenied", s3_failure("AccessDenied").code):
        assert code.endswith(suffix)


def test_no_buffer_that_the_stack_may_have_makes_a_delivery_late():
    destination = RESOURCES["DeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    (processor,) = destination["ProcessingConfiguration"]["Processors"]
    settings = {each["ParameterName"]: each["ParameterValue"] for each in processor["Parameters"]}
    calls_seconds = (1 + int(settings["NumberOfRetries"])) * RESOURCES["TransformFunction"]["Properties"]["Timeout"]
    longest_seconds = TEMPLATE["Parameters"]["BufferIntervalSeconds"]["MaxValue"]
    assert ALARMS["DeliveryLagAlarm"]["Threshold"] > (
        longest_seconds + int(settings["BufferIntervalInSeconds"]) + calls_seconds
    )
    assert ALARMS["StreamLagAlarm"]["Threshold"] / 1000 == ALARMS["DeliveryLagAlarm"]["Threshold"]


@pytest.mark.parametrize("name", ["PipeFailuresAlarm", "StreamThrottlesAlarm"])
def test_who_is_called_has_time_before_the_pipe_gives_up(name):
    source = RESOURCES["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    fires_after_seconds = ALARMS[name]["Period"] * ALARMS[name]["EvaluationPeriods"]
    assert fires_after_seconds <= source["MaximumRecordAgeInSeconds"] / 2


def test_cloudwatch_can_publish_to_the_topic():
    # It may not use SNS' own key, and any other must grant it to CloudWatch.
    assert "KmsMasterKeyId" not in RESOURCES["AlarmTopic"]["Properties"]


def test_an_email_address_is_optional_and_looks_like_one():
    assert RESOURCES["AlarmEmailSubscription"]["Condition"] == "HasAlarmEmail"
    assert TEMPLATE["Conditions"]["HasAlarmEmail"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
    for address in ("", "sales@example.com", "on-call+sales@mail.example.co.uk"):
        assert re.fullmatch(EMAIL["AllowedPattern"], address)
    for other in ("sales", "sales@example", "a b@example.com", "a@b@example.com", "https://example.com"):
        assert not re.fullmatch(EMAIL["AllowedPattern"], other)
