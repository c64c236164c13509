"""What the checks make of answers that only AWS gives. The end-to-end test runs them all on the emulator."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from sales_pipeline.aws.stack import Stack
from tests.unit.template.parsed import TEMPLATE
from verify_aws import pipeline as pipelines
from verify_aws.checks import deletion, failed_crawls, metrics, updates
from verify_aws.pipeline import NotShownError, Pipeline, Place

STREAM_ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-11-22T00:00:00.000"
OUTPUTS = {"CrawlerName": "crawler", "TableStreamArn": STREAM_ARN}
ALARM = "sales-verify-StoppedPipeAlarm"
ALARM_RESOURCE = {
    "ResourceType": "AWS::CloudWatch::Alarm",
    "LogicalResourceId": metrics.STOPPED,
    "PhysicalResourceId": ALARM,
}


def pipeline(*clients, resources=()):
    """Return a pipeline that does not wait, with these clients of AWS."""
    services = {each.meta.service_model.service_name: each for each in clients}
    session = SimpleNamespace(client=services.__getitem__, region_name="eu-west-1")
    found = Pipeline(Stack("sales-verify", OUTPUTS, session), Place(), "queue", resources=list(resources))
    found.patient = False
    return found


def client(service):
    return boto3.client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106


@pytest.mark.parametrize(
    ("line", "memory"),
    [
        (
            '{"type":"platform.report","record":{"metrics":{"memorySizeMB":128,"maxMemoryUsedMB":61}}}',
            (61, 128),
        ),
        ("REPORT RequestId: 0\tDuration: 1.00 ms\tMemory Size: 128 MB\tMax Memory Used: 61 MB\t\n", (61, 128)),
        ('{"time":"2026-11-22T10:00:00Z","type":"platform.start","record":{}}', None),
    ],
)
def test_the_memory_of_a_call_is_read_in_both_forms_of_lambdas_log(line, memory):
    assert metrics.memory(line) == memory


@pytest.mark.parametrize(
    ("dimensions", "shown"), [(["TableName", "Operation", "StreamLabel"], True), (["TableName"], False)]
)
def test_the_reads_of_a_stream_are_shown_only_with_the_streams_own_label(dimensions, shown):
    values = {"TableName": "orders", "Operation": "GetRecords", "StreamLabel": "2026-11-22T00:00:00.000"}
    found = {
        "MetricName": "ReturnedRecordsCount",
        "Dimensions": [{"Name": name, "Value": values[name]} for name in dimensions],
    }
    cloudwatch = client("cloudwatch")
    with Stubber(cloudwatch) as stub:
        stub.add_response("list_metrics", {"Metrics": [found]})
        stub.add_response("list_metrics", {"Metrics": []})
        if shown:
            assert "StreamLabel 2026" in metrics.stream_label(pipeline(cloudwatch))
        else:
            with pytest.raises(NotShownError, match="listed: ReturnedRecordsCount of TableName orders"):
                metrics.stream_label(pipeline(cloudwatch))


DASHBOARD = {
    "DashboardName": "sales-verify-PipelineDashboard",
    "DashboardBody": json.dumps(
        {
            "widgets": [
                {"type": "text", "properties": {"markdown": "# A text"}},
                {
                    "type": "metric",
                    "properties": {"metrics": [["N", "M", "D", "v", {"id": "m"}], [{"expression": "m"}]]},
                },
            ]
        }
    ),
}
DASHBOARD_RESOURCE = {
    "ResourceType": "AWS::CloudWatch::Dashboard",
    "LogicalResourceId": "PipelineDashboard",
    "PhysicalResourceId": DASHBOARD["DashboardName"],
}


@pytest.mark.parametrize("messages", [[], [{"DataPath": "/widgets/1", "Message": "Should NOT have this"}]])
def test_a_body_is_valid_if_cloudwatch_has_nothing_to_say_against_it(messages):
    cloudwatch = client("cloudwatch")
    with Stubber(cloudwatch) as stub:
        stub.add_response("get_dashboard", DASHBOARD)
        stub.add_response("put_dashboard", {"DashboardValidationMessages": messages}, DASHBOARD)
        tried = pipeline(cloudwatch, resources=[DASHBOARD_RESOURCE])
        if messages:
            with pytest.raises(NotShownError, match="/widgets/1 Should NOT have this"):
                metrics.dashboard_is_valid(tried)
        else:
            assert metrics.dashboard_is_valid(tried) == "2 widgets, and no message"


@pytest.mark.parametrize("listed", [[], [{"Dimensions": [{"Name": "D", "Value": "v"}]}]])
def test_the_metrics_of_the_dashboard_are_looked_for_with_their_dimensions(listed):
    cloudwatch = client("cloudwatch")
    with Stubber(cloudwatch) as stub:
        stub.add_response("get_dashboard", DASHBOARD)
        asked = {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "D", "Value": "v"}]}
        stub.add_response("list_metrics", {"Metrics": listed}, asked)
        tried = pipeline(cloudwatch, resources=[DASHBOARD_RESOURCE])
        if listed:
            assert metrics.of_dashboard(tried) == "1 metrics; without a value: none"
        else:
            with pytest.raises(NotShownError, match="not listed: M"):
                metrics.of_dashboard(tried)


@pytest.mark.parametrize(("stopped", "shown"), [([0.0, 1.0], True), ([0.0], False), ([], False)])
def test_the_alarms_expression_is_tried_without_the_metrics_of_a_running_pipe(stopped, shown):
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {"Namespace": "N", "MetricName": name, "Dimensions": [{"Name": "TableName", "Value": "t"}]},
                "Period": 900,
                "Stat": "Sum",
            },
        }
        for name in ("writes", "reads", "read", "sent")
    ]
    queries = [{"Id": "stopped", "Expression": "IF(...)"}, *queries]
    sent = []
    cloudwatch = client("cloudwatch")
    cloudwatch.meta.events.register(
        "before-parameter-build.cloudwatch.GetMetricData", lambda params, **_: sent.append(params["MetricDataQueries"])
    )
    with Stubber(cloudwatch) as stub:
        stub.add_response("describe_alarms", {"MetricAlarms": [{"AlarmName": ALARM, "Metrics": queries}]})
        for values in ([0.0], stopped):
            stub.add_response("get_metric_data", {"MetricDataResults": [{"Id": "stopped", "Values": values}]})
        tried = pipeline(cloudwatch, resources=[ALARM_RESOURCE])
        if shown:
            metrics.missing_is_zero(tried)
        else:
            with pytest.raises(NotShownError, match="without these metrics"):
                metrics.missing_is_zero(tried)
    real, without = (
        {each["Id"]: each["MetricStat"]["Metric"]["Dimensions"][0]["Value"] for each in one[1:]} for one in sent
    )
    assert real == dict.fromkeys(["writes", "reads", "read", "sent"], "t")
    assert without == {"writes": "t"} | dict.fromkeys(["reads", "read", "sent"], "t-none")


def test_the_names_that_the_checks_use_are_those_of_the_template():
    resources = TEMPLATE["Resources"]
    in_alarm = {each["Id"] for each in resources[metrics.STOPPED]["Properties"]["Metrics"]}
    assert in_alarm == metrics.NEEDS | {"stopped", "writes"}
    assert resources["Crawler"]["Properties"]["Schedule"]["ScheduleExpression"]["Fn::If"][2] == updates.NEVER
    pattern = resources["FailedCrawlRule"]["Properties"]["EventPattern"]
    assert pattern["detail-type"] == [failed_crawls.DETAIL_TYPE]
    for parameter, value in updates.CHANGES.items():
        assert str(TEMPLATE["Parameters"][parameter]["Default"]) != value


@pytest.mark.parametrize(("code", "shown"), [("CrawlerRunningException", True), ("AccessDeniedException", False)])
def test_only_the_right_refusal_shows_that_a_running_crawler_cannot_be_changed(code, shown):
    glue = client("glue")
    with Stubber(glue) as stub:
        stub.add_client_error("start_crawler", "CrawlerRunningException")  # the schedule has started it
        stub.add_client_error("update_crawler", code)
        if shown:
            assert deletion.crawler_refuses_changes(pipeline(glue)) == code
        else:
            with pytest.raises(ClientError):
                deletion.crawler_refuses_changes(pipeline(glue))


@pytest.mark.parametrize(("name", "left"), [("/aws/vendedlogs/pipes/sales-verify", True), ("/aws/lambda/f", False)])
def test_what_only_begins_with_a_name_is_not_left_over(name, left):
    logs = client("logs")
    with Stubber(logs) as stub:
        groups = ["/aws/vendedlogs/pipes/sales-verify-2", "/aws/vendedlogs/pipes/sales-verify", "/aws/lambda/f2"]
        found = [each for each in groups if each.startswith(name)]
        stub.add_response("describe_log_groups", {"logGroups": [{"logGroupName": each} for each in found]})
        assert deletion.is_there(pipeline(logs), "AWS::Logs::LogGroup", name) is left


@pytest.mark.parametrize(
    ("crawler", "problem"),
    [
        ({"State": "READY", "Schedule": {"ScheduleExpression": updates.NEVER, "State": "SCHEDULED"}}, ""),
        ({"State": "READY", "Schedule": {"ScheduleExpression": "cron(10 0/6 * * ? *)"}}, "the schedule is cron"),
        ({"State": "RUNNING", "Schedule": {"ScheduleExpression": updates.NEVER}}, "the crawler RUNNING"),
        (
            {
                "State": "READY",
                "Schedule": {"ScheduleExpression": updates.NEVER},
                "LastCrawl": {"StartTime": datetime.now(UTC) + timedelta(hours=1)},
            },
            "after the update",
        ),
    ],
)
def test_a_crawler_is_off_if_it_has_the_schedule_and_has_not_run_since(crawler, problem):
    glue = client("glue")
    with Stubber(glue) as stub:
        stub.add_response("get_crawler", {"Crawler": crawler})
        found = pipeline(glue)
        found.updated = datetime.now(UTC)
        if problem:
            with pytest.raises(NotShownError, match=problem):
                updates.crawler_is_off(found)
        else:
            assert "no crawl in 0 minutes" in updates.crawler_is_off(found)


def test_the_longer_a_check_waits_the_less_often_it_looks(monkeypatch):
    clock, looks = [0.0], []
    monkeypatch.setattr(pipelines.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(pipelines.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    found = pipeline()
    found.patient = True

    def look():
        looks.append(clock[0])
        raise NotShownError("not yet")

    with pytest.raises(NotShownError, match=r"not yet \(after 1200 s\)"):
        found.wait(look, 1200)
    assert looks[1] <= 0.5
    assert 100 < len(looks) < 200
    assert looks[-1] >= 1200
