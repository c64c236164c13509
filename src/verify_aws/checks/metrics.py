"""Metrics and alarms."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sales_pipeline.status import metrics
from verify_aws import messages
from verify_aws.pipeline import NotShownError, Pipeline

METRICS_SECONDS = 1200.0  # a new metric can take a quarter of an hour to be listed
ALARM_SECONDS = 900.0

# Nothing in a run may cause these, and a metric without a value is not listed.
FAULTS = {"pipe_failures"}
FAULT_METRICS = {"ExecutionFailed", "ExecutionThrottled", "TargetStageFailed", "DeliveriesDenied-"}
FIRES = "RefusedRecordsAlarm"
CAUSED = {FIRES, "TransformErrorsAlarm", "DeadLettersAlarm", "PipeFailuresAlarm"}
"""Alarms that may fire because of what the checks do."""


def of_status(pipeline: Pipeline) -> str:
    def look() -> str:
        found = metrics.read(pipeline.stack, pipeline.started, datetime.now(UTC) + timedelta(minutes=1))
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

    def look() -> str:
        lacking = sorted(metric[1] for metric in watched if not _is_listed(pipeline, *metric))
        needed = [name for name in lacking if not name.startswith(tuple(FAULT_METRICS))]
        if needed:
            raise NotShownError(f"not listed: {', '.join(needed)}")
        return f"{len(watched) - len(lacking)} metrics; without a value: {', '.join(lacking) or 'none'}"

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
        for each in messages.take(pipeline.stack.session, pipeline.messages_url):
            seen[each.get("AlarmName", "none")] = each.get("StateChangeTime", "")
        if name not in seen:
            raise NotShownError(f"messages of {', '.join(seen) or 'no alarm'}")
        return f"messages of {', '.join(f'{alarm} at {at}' for alarm, at in seen.items())}"

    return pipeline.wait(look, ALARM_SECONDS)


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
