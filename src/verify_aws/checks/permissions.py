"""Whether a role was denied anything."""

import json
import time
from collections.abc import Iterator
from typing import Any

from verify_aws.pipeline import NotShownError, Pipeline

DENIED = ("AccessDenied", "Unauthorized", "not authorized")
TRAIL_SECONDS = 1200.0  # AWS CloudTrail User Guide: events are delivered within about five minutes on average
LINE_CHARACTERS = 300
EVENTS_MAX = 20_000
CALL_SECONDS = 0.55  # two calls per second, for the account


def none_denied_in_logs(pipeline: Pipeline) -> str:
    logs = pipeline.client("logs")
    groups = [value for name, value in pipeline.stack.outputs.items() if name.endswith("LogGroupName")]
    read = 0
    since_ms = int(pipeline.started.timestamp() * 1000)
    for group in groups:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since_ms)
        lines = [event["message"] for page in pages for event in page["events"]]
        denied = [line for line in lines if any(word in line for word in DENIED)]
        if denied:
            raise NotShownError(f"{group}: {len(denied)} lines, such as {denied[0][:LINE_CHARACTERS]}")
        read += len(lines)
    return f"none of {read} lines in {len(groups)} log groups"


def none_denied_in_cloudtrail(pipeline: Pipeline) -> str:
    """Wait until the trail has the deletion itself: what happened before is then there too."""
    roles = {each["PhysicalResourceId"] for each in pipeline.resources if each["ResourceType"] == "AWS::IAM::Role"}

    def deletion_is_there() -> None:
        events = _events(pipeline, [{"AttributeKey": "EventName", "AttributeValue": "DeleteStack"}])
        if not any(pipeline.stack.name in each["CloudTrailEvent"] for each in events):
            raise NotShownError("the event history does not have the deletion yet")

    pipeline.wait(deletion_is_there, TRAIL_SECONDS)
    denied, read = set(), 0
    for each in _events(pipeline, []):
        read += 1
        event = json.loads(each["CloudTrailEvent"])
        issuer = _role(event)
        if issuer in roles and any(word in (event.get("errorCode") or "") for word in DENIED):
            denied.add(f"{issuer}: {event['eventSource']} {event['eventName']}")
    if denied:
        raise NotShownError("; ".join(sorted(denied)))
    if read >= EVENTS_MAX:
        raise NotShownError(f"none of the newest {read} events of the account; older ones were not read")
    return f"none of {read} events of the account"


def _role(event: dict[str, Any]) -> str | None:
    """Return the name of the role that made a call; None if it was no role."""
    found: Any = event
    for name in ("userIdentity", "sessionContext", "sessionIssuer", "userName"):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if found else None


def _events(pipeline: Pipeline, attributes: list[dict[str, str]]) -> Iterator[Any]:
    pages = pipeline.client("cloudtrail").get_paginator("lookup_events")
    options = {"PaginationConfig": {"MaxItems": EVENTS_MAX}, "StartTime": pipeline.started}
    for page in pages.paginate(LookupAttributes=attributes, **options):
        yield from page["Events"]
        time.sleep(CALL_SECONDS)
