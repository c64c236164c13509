"""Changes of the running stack."""

import time
from datetime import UTC, datetime
from typing import Any

from verify_aws.events import reasons
from verify_aws.pipeline import NotShownError, Pipeline

CHANGE_SET = "verify-aws"
CHANGES = {"Architecture": "arm64", "CrawlerSchedule": "OFF"}
"""Parameters that the update changes. The first one deploys the functions anew."""
CHANGE_SET_SECONDS = 300.0
UPDATE_SECONDS = 900.0
PRICE = "6.5"
ORDERS_BEFORE = 5
NEVER = "cron(0 0 1 1 ? 2199)"


def loses_nothing(pipeline: Pipeline) -> str:
    """Write orders right before an update, while it runs, and when it has ended."""
    before = _described(pipeline).get("LastUpdatedTime")
    wanted: set[str] = set()

    def write() -> None:
        wanted.add(pipeline.put(f"update-{len(wanted):03}", price=PRICE))

    def look() -> str:
        write()
        described = _described(pipeline)
        status: str = described["StackStatus"]
        if described.get("LastUpdatedTime") == before or status.endswith("_IN_PROGRESS"):
            raise NotShownError(f"the stack is {status}")
        return status

    change_set = _planned(pipeline)
    for _ in range(ORDERS_BEFORE):
        write()
    begun = time.monotonic()
    pipeline.client("cloudformation").execute_change_set(ChangeSetName=change_set)
    status = pipeline.wait(look, UPDATE_SECONDS)
    seconds = time.monotonic() - begun
    pipeline.updated = datetime.now(UTC)
    if status != "UPDATE_COMPLETE":
        raise NotShownError(f"the stack is {status}.{reasons(pipeline.stack.session, pipeline.stack.name)}")
    write()

    def arrived() -> None:
        missing = wanted - {row["orderid"] for row in pipeline.rows()}
        if missing:
            raise NotShownError(f"{len(missing)} of {len(wanted)} orders are no rows, such as {min(missing)}")

    pipeline.wait(arrived, 3 * pipeline.delivery_seconds)
    changes = ", ".join(f"{name}={value}" for name, value in CHANGES.items())
    return f"all of {len(wanted)} orders, written during an update of {seconds:.0f} s to {changes}"


def crawler_is_off(pipeline: Pipeline) -> str:
    """Look at the crawler some time after the update that has switched it off."""
    crawler = pipeline.client("glue").get_crawler(Name=pipeline.stack["CrawlerName"])["Crawler"]
    schedule = crawler.get("Schedule", {})
    seen = f"the schedule is {', '.join(map(str, schedule.values())) or 'none'}, the crawler {crawler['State']}"
    if schedule.get("ScheduleExpression") != NEVER or crawler["State"] != "READY" or not pipeline.updated:
        raise NotShownError(seen)
    last = crawler.get("LastCrawl", {}).get("StartTime")
    if last and last > pipeline.updated:
        raise NotShownError(f"{seen}; a crawl began at {last:%H:%M:%S}, after the update")
    minutes = (datetime.now(UTC) - pipeline.updated).total_seconds() / 60
    return f"{seen}; no crawl in {minutes:.0f} minutes"


def _planned(pipeline: Pipeline) -> str:
    """Make a change set with the template that the stack has; return its id."""
    client, name = pipeline.client("cloudformation"), pipeline.stack.name
    parameters = [
        {"ParameterKey": key, "ParameterValue": CHANGES[key]}
        if key in CHANGES
        else {"ParameterKey": key, "UsePreviousValue": True}
        for key in pipeline.stack.parameters
    ]
    change_set: str = client.create_change_set(
        StackName=name,
        ChangeSetName=CHANGE_SET,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=parameters,
    )["Id"]

    def look() -> dict[str, Any]:
        found: dict[str, Any] = client.describe_change_set(ChangeSetName=change_set)
        if found["Status"].endswith(("_PENDING", "_IN_PROGRESS")):
            raise NotShownError(f"the change set is {found['Status']}")
        return found

    found = pipeline.wait(look, CHANGE_SET_SECONDS)
    if found["Status"] != "CREATE_COMPLETE":
        raise NotShownError(f"the change set is {found['Status']}: {found.get('StatusReason', 'no reason given')}")
    return change_set


def _described(pipeline: Pipeline) -> Any:  # noqa: ANN401 - an answer of CloudFormation
    return pipeline.client("cloudformation").describe_stacks(StackName=pipeline.stack.name)["Stacks"][0]
