"""Reads counts from logs, for `sales status` on this machine, where CloudWatch has only the metrics of Lambda."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sales_pipeline.aws.stack import Stack
from sales_pipeline.status.measured import Series
from sales_pipeline.status.read import Measurements, Rhythm

_CRAWLERS_LOG_GROUP = "/aws-glue/crawlers"  # the log group of all crawlers of an account; each has a log stream
_RECORDS = {"RecordsOk": "records_ok", "RecordsDropped": "records_dropped", "RecordsFailed": "records_failed"}

LogLine = tuple[datetime, str]


def count_records(stack: Stack, since: datetime) -> Series:
    """Return the records that the transform accepted, dropped and refused since a time, by the names in `metrics`."""
    lines = _log(stack, stack["TransformLogGroupName"], startTime=int(since.timestamp() * 1000))
    return records_of(lines)


def last_crawl(stack: Stack) -> dict[str, Any]:
    """Return the last crawl in the form of GetCrawler's LastCrawl; empty if there was none."""
    logs: Any = stack.session.client("logs")
    try:
        return last_crawl_of(_log(stack, _CRAWLERS_LOG_GROUP, logStreamNames=[stack["CrawlerName"]]))
    except logs.exceptions.ResourceNotFoundException:
        return {}


def _log(stack: Stack, group: str, **which: object) -> Iterator[LogLine]:
    logs: Any = stack.session.client("logs")
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, **which):
        for event in page["events"]:
            yield datetime.fromtimestamp(event["timestamp"] / 1000, UTC), event["message"]


def records_of(lines: Iterable[LogLine]) -> Series:
    """Return the values in the log lines that AWS turns into metrics (embedded metric format)."""
    values: dict[str, list[tuple[datetime, float]]] = {name: [] for name in _RECORDS.values()}
    for time, message in lines:
        if '"_aws"' not in message:
            continue
        line = json.loads(message)
        for metric, name in _RECORDS.items():
            values[name].append((time, float(line.get(metric, 0))))
    return values


def last_crawl_of(lines: Iterable[LogLine]) -> dict[str, Any]:
    """Return the last crawl in a crawler's log, in the form of GetCrawler's LastCrawl."""
    crawl: dict[str, Any] = {}
    for time, message in lines:
        _, _, text = message.partition(" : ")
        if text.startswith("Running Start Crawl"):
            crawl = {"StartTime": time, "Status": "RUNNING"}
        elif "] ERROR : " in message:
            crawl |= {"Status": "FAILED", "ErrorMessage": text}
        elif text.startswith("Crawler has finished") and crawl.get("Status") == "RUNNING":
            crawl["Status"] = "SUCCEEDED"
    return crawl


# The emulator reports every crawl as succeeded, and does not count the pipe's records and calls.
MEASUREMENTS = Measurements(
    "not measured here",
    count_records,
    lambda stack, _: last_crawl(stack),
    rhythm=Rhythm(read_seconds=5.0, late=timedelta(), span=timedelta(minutes=1)),
)
