"""Each alarm counts what its description says, and has exactly one section in the runbook."""

import json
import operator
import re
from pathlib import Path

import pytest

from local_aws.firehose.error_log import s3_failure
from sales_pipeline.status import metrics as status_metrics
from sales_pipeline.status import stages
from tests import ROOT
from tests.unit.events import change_event, firehose_event, image
from tests.unit.template.parsed import TEMPLATE, chosen, holds, resolve
from tests.unit.template.test_existing_table import FORMS
from transform import app

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
GENERAL = {"start-here", "how-much-time-you-have", "a-failed-crawl", "a-deleted-object", "a-message-that-never-came"}

RESOURCES = TEMPLATE["Resources"]
ALARMS = {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == "AWS::CloudWatch::Alarm"}
STREAM_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/order_table/stream/2026-10-21T00:00:00.000"
# As the Amazon EventBridge User Guide shows it.
FAILED_CRAWL = {
    "version": "0",
    "id": "f7965b59-470f-2e06-bb89-a8cebaabefac",
    "detail-type": "Glue Crawler State Change",
    "source": "aws.glue",
    "account": "123456789012",
    "time": "2026-11-22T05:10:08Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "crawlerName": "Crawler",
        "errorMessage": "Internal Service Exception",
        "accountId": "123456789012",
        "cloudWatchLogLink": "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group=/aws-glue/crawlers;stream=Crawler",
        "state": "Failed",
        "message": "Crawler Failed",
    },
}
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
    assert not alarm.keys() & {"OKActions", "InsufficientDataActions", "AlarmName"}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_to_do_and_names_its_section(name):
    *sentences, section = re.split(r"(?<=\.) (?=[A-Z])", ALARMS[name]["AlarmDescription"])
    assert 2 <= len(sentences) <= 3  # what is wrong, then what to do
    assert section.startswith("See ")
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
    source = "".join(path.read_text() for path in Path(stages.__file__).parent.glob("*.py"))
    assert set(re.findall(r"\{RUNBOOK\}#([a-z-]+)", source)) <= sections()


# For the three others `sales status` reads the queue and the pipe's state, and no log.
@pytest.mark.parametrize(
    "name", [name for name in ALARMS if name not in ("DeadLettersAlarm", "DeliveryDeniedAlarm", "StoppedPipeAlarm")]
)
def test_an_alarm_watches_a_metric_that_status_shows_of_the_same_resource(name):
    def value(metric):
        return TEMPLATE["Outputs"][metric.output]["Value"] if metric.output else {"Ref": "AWS::StackName"}

    shown = [
        (metric.namespace, metric.name, [{"Name": metric.dimension, "Value": value(metric)}])
        for metric in status_metrics.METRICS.values()
    ]
    alarm = ALARMS[name]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]) in shown


def test_a_dead_letter_is_counted_in_the_queue_that_the_pipe_sends_it_to():
    source = RESOURCES["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    queue, _ = source["DeadLetterConfig"]["Arn"]["Fn::GetAtt"]
    (dimension,) = ALARMS["DeadLettersAlarm"]["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": [queue, "QueueName"]}
    assert TEMPLATE["Outputs"]["PipeDeadLetterQueueUrl"]["Value"] == {"Ref": queue}


def test_the_times_and_counts_that_alarms_name_are_those_of_the_settings():
    source = RESOURCES["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    gives_up_after_hours = source["MaximumRecordAgeInSeconds"] / 3600
    stream_keeps_hours = RESOURCES["KinesisStream"]["Properties"]["RetentionPeriodHours"]
    calls = {4: "four"}[1 + int(processor_settings()["NumberOfRetries"])]
    named = {
        "PipeFailuresAlarm": "within the hour",
        "StoppedPipeAlarm": "within the hour",
        "StreamThrottlesAlarm": "within the hour",
        "DeadLettersAlarm": f"another {24 - gives_up_after_hours:.0f} hours",  # DynamoDB trims after 24
        "StreamLagAlarm": f"{stream_keeps_hours} hours",
        "TransformErrorsAlarm": f"After {calls} failed calls",
        "TransformThrottlesAlarm": f"After {calls} throttled calls",
    }
    assert gives_up_after_hours == 1
    for name, says in named.items():
        assert says in ALARMS[name]["AlarmDescription"], name


def processor_settings():
    destination = RESOURCES["DeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    (processor,) = destination["ProcessingConfiguration"]["Processors"]
    return {each["ParameterName"]: each["ParameterValue"] for each in processor["Parameters"]}


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
    counter = RESOURCES["DeliveryDeniedMetricFilter"]["Properties"]
    alarm = ALARMS["DeliveryDeniedAlarm"]
    (counted,) = counter["MetricTransformations"]
    (suffix,) = re.fullmatch(r'\{ \$\.errorCode = "\*(\w+)" \}', counter["FilterPattern"]).groups()

    assert counter["LogGroupName"] == {"Ref": "DeliveryStreamLogGroup"}
    assert (counted["MetricNamespace"], counted["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])
    assert "Dimensions" not in alarm
    for code in ("Kinesis.AccessDenied", "Lambda.InvokeAccessDenied", s3_failure("AccessDenied").code):
        assert code.endswith(suffix)


def test_no_buffer_that_the_stack_may_have_makes_a_delivery_late():
    settings = processor_settings()
    calls_seconds = (1 + int(settings["NumberOfRetries"])) * RESOURCES["TransformFunction"]["Properties"]["Timeout"]
    longest_seconds = TEMPLATE["Parameters"]["BufferIntervalSeconds"]["MaxValue"]
    assert ALARMS["DeliveryLagAlarm"]["Threshold"] > (
        longest_seconds + int(settings["BufferIntervalInSeconds"]) + calls_seconds
    )
    assert ALARMS["StreamLagAlarm"]["Threshold"] / 1000 == ALARMS["DeliveryLagAlarm"]["Threshold"]


@pytest.mark.parametrize("name", ["PipeFailuresAlarm", "StoppedPipeAlarm", "StreamThrottlesAlarm"])
def test_an_alarm_fires_long_before_the_pipe_gives_up(name):
    source = RESOURCES["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    (seconds,) = {ALARMS[name].get("Period")} - {None} or {each["Period"] for each in metrics(name).values()}
    assert seconds * ALARMS[name]["EvaluationPeriods"] <= source["MaximumRecordAgeInSeconds"] / 2


def metrics(name):
    return {each["Id"]: each["MetricStat"] for each in ALARMS[name]["Metrics"] if "MetricStat" in each}


def test_one_bad_period_of_a_pipe_is_enough():
    # A pipe that fails tries less and less often, and AWS can stop it. Then it has no failures to count.
    assert ALARMS["PipeFailuresAlarm"]["EvaluationPeriods"] == 3
    assert ALARMS["PipeFailuresAlarm"]["DatapointsToAlarm"] == 1


# What the metrics of a period are. Those that AWS leaves out while nothing happens are missing here too.
RUNNING = {"reads": 3600, "read": 3600}


# AWS does not document whether FILL fills a metric that has no values at all. The alarm must be right in both cases.
@pytest.mark.parametrize("fills_empty_metrics", [True, False])
@pytest.mark.parametrize(
    ("period", "fires"),
    [
        ({}, False),  # stopped or not: nobody writes, so nothing waits
        ({"writes": 0}, False),
        (RUNNING, False),
        ({"writes": 0, **RUNNING}, False),
        ({"writes": 300, "sent": 300, **RUNNING}, False),
        ({"writes": 300, **RUNNING}, False),  # the pipe filters them all out, or they change nothing
        ({"writes": 300, "reads": 3600}, False),  # whichever of the two metrics AWS has
        ({"writes": 300, "read": 3600}, False),
        ({"writes": 300, "sent": 300}, False),
        ({"sent": 300}, False),  # the last records of writes of the period before
        ({"writes": 300}, True),
        ({"writes": 1}, True),
    ],
)
def test_the_alarm_for_a_stopped_pipe_fires_only_when_changes_wait_that_nothing_reads(
    period, fires, fills_empty_metrics
):
    value = value_of("StoppedPipeAlarm", period, fills_empty_metrics)
    assert (value is not None and value > ALARMS["StoppedPipeAlarm"]["Threshold"]) == fires


def test_the_alarm_for_a_stopped_pipe_has_a_value_while_nobody_writes():
    # "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data even if you choose a
    # different option": without a value, an alarm that has fired would never end (CloudWatch, PutMetricAlarm).
    assert value_of("StoppedPipeAlarm", {}, fills_empty_metrics=True) == 0


class Series:
    """A metric in one period, which may be missing, as the CloudWatch User Guide computes it: "Using metric math"."""

    def __init__(self, value):
        self.value = value

    def _with(self, other, compute):
        """Two series: "Missing values in a time series are treated as 0", if the other one has a value."""
        if isinstance(other, Series):
            missing = self.value is None and other.value is None
            return Series(None if missing else compute(self.value or 0, other.value or 0))
        return Series(None if self.value is None else compute(self.value, other))

    def __add__(self, other):
        return self._with(other, operator.add)

    def __rmul__(self, other):
        return self._with(other, operator.mul)

    def __gt__(self, other):
        return self._with(other, lambda one, two: int(one > two))

    def __eq__(self, other):
        return self._with(other, lambda one, two: int(one == two))

    def __and__(self, other):
        return self._with(other, lambda one, two: int(bool(one and two)))

    __hash__ = None


def value_of(name, period, fills_empty_metrics):
    """Compute the expression of an alarm; None where its result is missing."""
    (expression,) = [each["Expression"] for each in ALARMS[name]["Metrics"] if "Expression" in each]

    def fill(series, filler):
        return Series(filler) if series.value is None and fills_empty_metrics else series

    def choose(condition, one, other):
        return None if condition.value is None else one if condition.value else other

    functions = {"FILL": fill, "IF": choose}
    series = {each: Series(period.get(each)) for each in metrics(name)}
    return eval(expression.replace(" AND ", " & "), {"__builtins__": functions}, series)  # noqa: S307


@pytest.mark.parametrize(
    ("form", "table", "stream"),
    [
        ("own", {"Ref": "OrderTable"}, ["OrderTable", "StreamArn"]),
        ("existing", {"Fn::GetAtt": ["TableCheck", "TableName"]}, ["TableCheck", "StreamArn"]),
    ],
)
def test_the_alarm_for_a_stopped_pipe_counts_on_the_table_and_streams_of_the_stack(form, table, stream):
    counted = chosen(metrics("StoppedPipeAlarm"), **FORMS[form])
    assert counted["writes"]["Metric"]["Dimensions"] == [{"Name": "TableName", "Value": table}]
    assert counted["sent"]["Metric"]["Dimensions"] == [{"Name": "StreamName", "Value": {"Ref": "KinesisStream"}}]
    for name in ("reads", "read"):
        dimensions = {each["Name"]: each["Value"] for each in counted[name]["Metric"]["Dimensions"]}
        assert dimensions.keys() == {"TableName", "Operation", "StreamLabel"}
        assert dimensions["TableName"] == table
        assert dimensions["Operation"] == "GetRecords"
        index, (separator, arn) = dimensions["StreamLabel"]["Fn::Select"][0], split(dimensions["StreamLabel"])
        assert arn == {"Fn::GetAtt": stream}
        assert STREAM_ARN.split(separator)[index] == "2026-10-21T00:00:00.000"


def matches(pattern, event):
    """Whether an event has one of the values that the pattern lists, in every field that it names."""
    return all(
        matches(wanted, event[name]) if isinstance(wanted, dict) else event[name] in wanted
        for name, wanted in pattern.items()
    )


def split(select):
    return select["Fn::Select"][1]["Fn::Split"]


def test_a_failed_crawl_reaches_the_topic():
    rule = RESOURCES["FailedCrawlRule"]["Properties"]
    pattern = resolve(rule["EventPattern"])  # in which the crawler's name is Crawler
    assert matches(pattern, FAILED_CRAWL)
    assert not matches(pattern, FAILED_CRAWL | {"detail": FAILED_CRAWL["detail"] | {"state": "Succeeded"}})
    assert not matches(pattern, FAILED_CRAWL | {"detail": FAILED_CRAWL["detail"] | {"crawlerName": "Another"}})


@pytest.mark.parametrize("left_out", ["errorMessage", "cloudWatchLogLink", "message"])
def test_the_message_of_a_failed_crawl_is_whole_whatever_the_event_leaves_out(left_out):
    # "If you specify a variable to match a JSON path that doesn't exist in the event, that variable isn't created and
    # won't appear in the output" (EventBridge User Guide). Then the text would be no JSON.
    detail = {name: each for name, each in FAILED_CRAWL["detail"].items() if name != left_out}
    message = json.loads(sent(FAILED_CRAWL | {"detail": detail}))
    assert message.pop("crawl") == detail
    (problem,) = message.values()
    assert set(anchors(problem)) <= sections()


def sent(event):
    """Text that EventBridge sends to the topic."""
    (target,) = RESOURCES["FailedCrawlRule"]["Properties"]["Targets"]
    assert target["Arn"] == {"Ref": "AlarmTopic"}
    text = target["InputTransformer"]["InputTemplate"]
    for name, path in target["InputTransformer"]["InputPathsMap"].items():
        value = event
        for key in path.removeprefix("$.").split("."):
            value = value and value.get(key)
        text = text.replace(f"<{name}>", "" if value is None else json.dumps(value))
    return text


def test_the_lag_alarm_fires_a_day_before_the_stream_drops_what_firehose_has_not_read():
    kept_seconds = RESOURCES["KinesisStream"]["Properties"]["RetentionPeriodHours"] * 3600
    assert kept_seconds - ALARMS["StreamLagAlarm"]["Threshold"] / 1000 > 24 * 3600


def test_alarms_and_failed_crawls_can_publish_to_the_topic_and_nothing_else():
    # CloudWatch may not use SNS' own key, and any other must grant it to CloudWatch.
    assert "KmsMasterKeyId" not in RESOURCES["AlarmTopic"]["Properties"]
    policy = RESOURCES["AlarmTopicPolicy"]["Properties"]
    assert policy["Topics"] == [{"Ref": "AlarmTopic"}]
    statements = {each["Principal"]["Service"]: each for each in policy["PolicyDocument"]["Statement"]}
    assert statements.keys() == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    for each in statements.values():
        assert (each["Effect"], each["Action"], each["Resource"]) == ("Allow", "sns:Publish", {"Ref": "AlarmTopic"})
    # "You can't use Condition blocks in Amazon SNS topic policies for EventBridge" (EventBridge User Guide).
    assert "Condition" not in statements["events.amazonaws.com"]
    assert "${AWS::AccountId}:alarm:*" in str(statements["cloudwatch.amazonaws.com"]["Condition"])


def test_an_email_address_is_optional_and_looks_like_one():
    condition = RESOURCES["AlarmEmailSubscription"]["Condition"]
    assert not holds(condition)
    assert holds(condition, AlarmEmail="sales@example.com")
    for address in ("", "sales@example.com", "on-call+sales@mail.example.co.uk"):
        assert re.fullmatch(EMAIL["AllowedPattern"], address)
    for other in ("sales", "sales@example", "a b@example.com", "a@b@example.com", "https://example.com"):
        assert not re.fullmatch(EMAIL["AllowedPattern"], other)
