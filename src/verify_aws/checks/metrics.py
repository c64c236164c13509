"""Metrics, alarms and the dashboard."""

import copy
import json
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from sales_pipeline.status import metrics
from sales_pipeline.status.measured import totals
from verify_aws.pipeline import NotShownError, Pipeline

Metric = tuple[str, str, tuple[tuple[str, str], ...]]
"""Namespace, name and dimensions."""
METRICS_SECONDS = 1200.0  # a new metric can take a quarter of an hour to be listed
ALARM_SECONDS = 900.0
CALLS_SECONDS = 240.0

# A run need not cause these, and a metric without a value is not listed.
FAULTS = {"pipe_failures", "dead_letters_oldest_seconds"}
FAULT_METRICS = {
    *("ApproximateAgeOfOldestMessage", "DeliveriesDenied-"),
    *("ExecutionFailed", "ExecutionThrottled", "TargetStageFailed"),
}
READS = {"SuccessfulRequestLatency", "ReturnedRecordsCount"}
"""Either of them is enough for the alarm, so a check of their own looks for them."""
FIRES = "RefusedRecordsAlarm"
STOPPED = "StoppedPipeAlarm"
NEEDS = {"read", "reads", "sent"}
"""Ids of the metrics in that alarm that a stopped pipe does not have."""
CAUSED = {FIRES, "TransformErrorsAlarm", "DeadLettersAlarm", "PipeFailuresAlarm"}
"""Alarms that may fire because of what the checks do."""


def of_status(pipeline: Pipeline) -> str:
    def look() -> str:
        series = metrics.read(pipeline.stack, pipeline.started, datetime.now(UTC) + timedelta(minutes=1))
        found = totals(series, metrics.LAGS)
        lacking = metrics.METRICS.keys() - found.keys() - FAULTS
        if lacking:
            raise NotShownError(f"no value of {', '.join(sorted(lacking))}")
        return ", ".join(f"{name} {value:.0f}" for name, value in found.items())

    return pipeline.wait(look, METRICS_SECONDS)


def of_alarms(pipeline: Pipeline) -> str:
    parts = [
        part["MetricStat"]["Metric"]
        for each in _alarms(pipeline)
        for part in each.get("Metrics", [])
        if "MetricStat" in part
    ]
    single = [each for each in _alarms(pipeline) if each.get("MetricName")]
    watched = {
        (each["Namespace"], each["MetricName"], tuple((one["Name"], one["Value"]) for one in each["Dimensions"]))
        for each in (*single, *parts)
    }
    return _listed(pipeline, watched)


def dashboard_is_valid(pipeline: Pipeline) -> str:
    """Put the dashboard's body again: only this call says what CloudWatch has against it."""
    cloudwatch, dashboard = pipeline.client("cloudwatch"), _dashboard(pipeline)
    answer = cloudwatch.put_dashboard(
        DashboardName=dashboard["DashboardName"], DashboardBody=dashboard["DashboardBody"]
    )
    messages = [f"{each.get('DataPath', '')} {each['Message']}" for each in answer["DashboardValidationMessages"]]
    if messages:
        raise NotShownError("; ".join(messages))
    return f"{len(json.loads(dashboard['DashboardBody'])['widgets'])} widgets, and no message"


def of_dashboard(pipeline: Pipeline) -> str:
    shown = {
        (namespace, name, tuple(zip(dimensions[::2], dimensions[1::2], strict=True)))
        for widget in json.loads(_dashboard(pipeline)["DashboardBody"])["widgets"]
        for namespace, name, *dimensions, _ in (
            metric for metric in widget["properties"].get("metrics", []) if len(metric) > 1
        )
    }
    return _listed(pipeline, shown)


def _dashboard(pipeline: Pipeline) -> dict[str, str]:
    (name,) = [
        each["PhysicalResourceId"]
        for each in pipeline.resources
        if each["ResourceType"] == "AWS::CloudWatch::Dashboard"
    ]
    found: dict[str, str] = pipeline.client("cloudwatch").get_dashboard(DashboardName=name)
    return found


def _listed(pipeline: Pipeline, wanted: Collection[Metric]) -> str:
    """Wait until CloudWatch lists all of these metrics but those that need a fault; say which it lists."""

    def look() -> str:
        lacking = sorted(metric[1] for metric in wanted if not _is_listed(pipeline, *metric))
        needed = [name for name in lacking if not name.startswith(tuple(FAULT_METRICS | READS))]
        if needed:
            raise NotShownError(f"not listed: {', '.join(needed)}")
        return f"{len(wanted) - len(lacking)} metrics; without a value: {', '.join(lacking) or 'none'}"

    return pipeline.wait(look, METRICS_SECONDS)


def _is_listed(pipeline: Pipeline, namespace: str, name: str, dimensions: tuple[tuple[str, str], ...]) -> bool:
    wanted = [{"Name": key, "Value": value} for key, value in dimensions]
    listed = pipeline.client("cloudwatch").list_metrics(Namespace=namespace, MetricName=name, Dimensions=wanted)
    return any(len(each["Dimensions"]) == len(wanted) for each in listed["Metrics"])


def alarm_fires(pipeline: Pipeline) -> str:
    """Wait for the message about the order that was refused. Others may come before it."""
    name = _names(pipeline)[FIRES]
    seen: dict[str, str] = {}

    def look() -> str:
        for each in pipeline.messages():
            if "AlarmName" in each:
                seen[each["AlarmName"]] = each.get("StateChangeTime", "")
        if name not in seen:
            raise NotShownError(f"messages of {', '.join(seen) or 'no alarm'}")
        return f"messages of {', '.join(f'{alarm} at {at}' for alarm, at in seen.items())}"

    return pipeline.wait(look, ALARM_SECONDS)


def stream_label(pipeline: Pipeline) -> str:
    """Look for the pipe's reads of this stream, with the stream as a dimension."""
    table, _, label = pipeline.stack["TableStreamArn"].partition("/stream/")
    name = table.rpartition("/")[2]
    wanted = {("TableName", name), ("Operation", "GetRecords"), ("StreamLabel", label)}

    def look() -> str:
        pages = [
            page
            for metric in sorted(READS)
            for page in pipeline.client("cloudwatch")
            .get_paginator("list_metrics")
            .paginate(Namespace="AWS/DynamoDB", MetricName=metric, Dimensions=[{"Name": "TableName", "Value": name}])
        ]
        listed = [
            (each["MetricName"], {(one["Name"], one["Value"]) for one in each["Dimensions"]})
            for page in pages
            for each in page["Metrics"]
        ]
        seen = "; ".join(
            f"{metric} of {', '.join(f'{key} {value}' for key, value in sorted(of))}" for metric, of in listed
        )
        if wanted not in [of for _, of in listed]:
            raise NotShownError(f"no metric counts the reads of the stream {label}; listed: {seen or 'nothing'}")
        return seen

    return pipeline.wait(look, METRICS_SECONDS)


def missing_is_zero(pipeline: Pipeline) -> str:
    """Ask for what the alarm's own expression gives, with metrics that do not exist in place of the pipe's."""
    (alarm,) = [each for each in _alarms(pipeline) if each["AlarmName"] == _names(pipeline)[STOPPED]]
    as_if_stopped = copy.deepcopy(alarm["Metrics"])
    for each in as_if_stopped:
        if each["Id"] in NEEDS:
            each["MetricStat"]["Metric"]["Dimensions"][0]["Value"] += "-none"

    def look() -> str:
        real, stopped = _values(pipeline, alarm["Metrics"]), _values(pipeline, as_if_stopped)
        seen = f"the alarm's expression gives {real}, and without these metrics {stopped}"
        if 1 not in stopped:
            raise NotShownError(seen)
        return seen

    return pipeline.wait(look, METRICS_SECONDS)


def _values(pipeline: Pipeline, queries: list[dict[str, Any]]) -> list[float]:
    """Return the values of an alarm's expression since the deploy."""
    until = datetime.now(UTC) + timedelta(minutes=1)
    answer = pipeline.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=pipeline.started, EndTime=until
    )
    return [value for each in answer["MetricDataResults"] for value in each["Values"]]


def generator_memory(pipeline: Pipeline) -> str:
    """Read what Lambda logs of each call of the generator."""
    group = pipeline.stack["GeneratorLogGroupName"]

    def look() -> list[tuple[int, int]]:
        pages = (
            pipeline.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=group, startTime=int(pipeline.started.timestamp() * 1000))
        )
        found = [memory(event["message"]) for page in pages for event in page["events"]]
        used = [each for each in found if each]
        if not used:
            raise NotShownError(f"none of {len(found)} lines of the generator's log says how much memory it took")
        return used

    used = pipeline.wait(look, CALLS_SECONDS)
    most, size = max(used)
    seen = f"at most {most} MB of {size} MB in {len(used)} calls"
    if 2 * most >= size:
        raise NotShownError(seen)
    return seen


def memory(line: str) -> tuple[int, int] | None:
    """Return the memory that a call took, and what it has, in MB, from Lambda's own line about it in either form."""
    most = re.search(r'"maxMemoryUsedMB": ?(\d+)|Max Memory Used: (\d+) MB', line)
    size = re.search(r'"memorySizeMB": ?(\d+)|Memory Size: (\d+) MB', line)
    return (int(most[most.lastindex or 0]), int(size[size.lastindex or 0])) if most and size else None


def others_are_silent(pipeline: Pipeline) -> str:
    caused = {name for logical_id, name in _names(pipeline).items() if logical_id in CAUSED}
    others = [each["AlarmName"] for each in _alarms(pipeline) if each["AlarmName"] not in caused]
    fired = [name for name in others if _has_fired(pipeline, name)]
    if fired:
        raise NotShownError(f"fired: {', '.join(fired)}")
    return f"{len(others)} alarms never fired"


def _has_fired(pipeline: Pipeline, name: str) -> bool:
    history = pipeline.client("cloudwatch").describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    return any("to ALARM" in each["HistorySummary"] for each in history["AlarmHistoryItems"])


def _alarms(pipeline: Pipeline) -> list[dict[str, Any]]:
    names = list(_names(pipeline).values())
    found: list[dict[str, Any]] = pipeline.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return found


def _names(pipeline: Pipeline) -> dict[str, str]:
    """Return the names of the stack's alarms by their logical ids."""
    alarms = [each for each in pipeline.resources if each["ResourceType"] == "AWS::CloudWatch::Alarm"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in alarms}
