"""The event of a failed crawl. No crawl is made to fail: what AWS does then is documented, and takes its time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from verify_aws.pipeline import NotShownError, Pipeline

EVENT_SECONDS = 180.0
SOURCE = "verify-aws"
"""Only AWS itself may send events whose source is aws.glue."""
DETAIL_TYPE = "Glue Crawler State Change"


def reaches_the_topic(pipeline: Pipeline) -> str:
    """Try the rule's pattern on AWS' own events, then the way to the topic with an event of ours."""
    events = pipeline.client("events")
    (name,) = [each["PhysicalResourceId"] for each in pipeline.resources if each["ResourceType"] == "AWS::Events::Rule"]
    rule = events.describe_rule(Name=name)
    for state in ("Failed", "Succeeded"):
        event = json.dumps(documented(pipeline, state))
        if events.test_event_pattern(EventPattern=rule["EventPattern"], Event=event)["Result"] != (state == "Failed"):
            raise NotShownError(f"the rule's pattern is wrong about an event with the state {state}")
    detail = json.dumps(documented(pipeline, "Failed")["detail"])

    def look() -> dict[str, Any]:
        entry = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail}
        answer = events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotShownError(f"EventBridge refuses the event: {answer['Entries']}")
        found = [each for each in pipeline.messages() if "problem" in each]
        if not found:
            raise NotShownError(f"none of {len(pipeline.messages())} messages of the topic is of a failed crawl")
        return found[0]

    with _of_this_source(events, rule):
        message = pipeline.wait(look, EVENT_SECONDS)
    return f"the rule matches AWS' event; the topic got {json.dumps(message)}"


def documented(pipeline: Pipeline, state: str) -> dict[str, Any]:
    """Return an event of the stack's crawler as the Amazon EventBridge User Guide shows it."""
    crawler, region = pipeline.stack["CrawlerName"], pipeline.stack.session.region_name
    return {
        "version": "0",
        "id": "05efe8a2-c309-6884-a41b-3508bcdc9695",
        "detail-type": DETAIL_TYPE,
        "source": "aws.glue",
        "account": pipeline.stack.account,
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [],
        "detail": {
            "accountId": pipeline.stack.account,
            "crawlerName": crawler,
            "errorMessage": 'tried by verify-aws: "Internal Service Exception"',
            "cloudWatchLogLink": f"https://console.aws.amazon.com/cloudwatch/home?region={region}",
            "state": state,
            "message": f"Crawler {state}",
        },
    }


@contextmanager
def _of_this_source(events: Any, rule: dict[str, Any]) -> Iterator[None]:  # noqa: ANN401 - .venv has no type stubs of it
    """Let the rule take events of our own source too. Its targets stay as they are."""
    as_it_was = {name: rule[name] for name in ("Name", "EventPattern", "Description") if rule.get(name)}
    pattern = json.loads(rule["EventPattern"])
    changed = json.dumps(pattern | {"source": [*pattern["source"], SOURCE]})
    try:
        events.put_rule(**as_it_was | {"EventPattern": changed})
        yield
    finally:
        events.put_rule(**as_it_was)
