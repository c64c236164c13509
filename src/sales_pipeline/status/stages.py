"""What `sales status` shows of each stage of the pipeline. Pure: no AWS, environment or clock.

Each function makes one stage of an answer of AWS, whose fields have the names of AWS' API reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from common.printable import printable_json
from sales_pipeline.failures.replayed import Replayed
from sales_pipeline.status.measured import Fact, Measured
from sales_pipeline.terminal.amounts import counted, duration, size

Described = Mapping[str, Any]

RUNBOOK = "docs/runbook.md"
# A table or a stream works while AWS updates it.
_USABLE = {"ACTIVE", "UPDATING"}
_NAMES_SHOWN = 10
_NEVER = "cron(0 0 1 1 ? 2199)"  # what the template sets for CrawlerSchedule=OFF


@dataclass(frozen=True)
class Stage:
    """A part of the pipeline."""

    name: str
    state: str = ""
    """Its state in AWS' word; empty where AWS has none."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """Facts for programs, by names that carry the unit; None where one is not known."""
    details: Sequence[str] = ()
    """The facts for people."""
    problems: Sequence[str] = ()
    """What is wrong, and what to do next."""


@dataclass(frozen=True)
class Objects:
    """The objects under a prefix of the bucket."""

    count: int = 0
    bytes: int = 0
    newest: datetime | None = None
    oldest: datetime | None = None
    newest_key: str = ""

    @classmethod
    def one(cls, key: str, size_bytes: int, modified: datetime) -> "Objects":
        """Return one object, as S3 lists it."""
        return cls(1, size_bytes, modified, modified, key)

    def __add__(self, other: "Objects") -> "Objects":
        both = [each for each in (self, other) if each.newest]
        newest = max(both, key=lambda each: each.newest, default=Objects())  # type: ignore[arg-type,return-value]
        oldest = min((each.oldest for each in both if each.oldest), default=None)
        return Objects(self.count + other.count, self.bytes + other.bytes, newest.newest, oldest, newest.newest_key)


def unread(name: str, reason: str) -> Stage:
    """Return a stage that could not be read."""
    return Stage(name, "?", problems=[f"could not be read: {reason}"])


def pipe(described: Described, measured: Measured) -> Stage:
    """DescribePipe of EventBridge Pipes."""
    labels = {"pipe_changes": "changes", "pipe_failures": "failed attempts"}
    state, reason = described["CurrentState"], described.get("StateReason", "")
    problems = _if(state != "RUNNING", f"it is {state}, not RUNNING: see {RUNBOOK}#stopped-pipe")
    details = [*measured.details(labels), *([reason] if reason else [])]
    return Stage("pipe", state, measured.facts(labels) | {"state_reason": reason}, details, problems)


def dead_letters(attributes: Mapping[str, str], measured: Measured) -> Stage:
    """GetQueueAttributes of SQS. Both counts are approximate."""
    waiting = int(attributes["ApproximateNumberOfMessages"])
    hidden = int(attributes["ApproximateNumberOfMessagesNotVisible"])
    oldest_seconds = measured.values.get("dead_letters_oldest_seconds") if waiting + hidden else None
    facts: dict[str, Fact] = {
        "messages_about": waiting,
        "hidden_messages_about": hidden,
        "oldest_seconds": oldest_seconds,
    }
    if not waiting + hidden:
        return Stage("dead letters", "", facts, ["none"])
    problem = f"changes wait for a replay: see `sales failures`, and {RUNBOOK}#dead-letters"
    details = [f"about {counted(waiting + hidden, 'message')}"]
    if oldest_seconds is not None:
        details.append(f"the oldest: {duration(oldest_seconds)} old")
    return Stage("dead letters", "", facts, details, [problem])


def stream(summary: Described, measured: Measured) -> Stage:
    """DescribeStreamSummary of Kinesis."""
    labels = {"stream_records": "records", "stream_throttled": "throttled"}
    shards, status = summary["OpenShardCount"], summary["StreamStatus"]
    facts: dict[str, Fact] = {"open_shards": shards} | measured.facts(labels)
    return Stage("stream", status, facts, [counted(shards, "open shard"), *measured.details(labels)], unusable(status))


def delivery(described: Described, measured: Measured) -> Stage:
    """DescribeDeliveryStream of Firehose."""
    labels = {"delivery_read": "records read", "delivery_written": "rows written"}
    status = described["DeliveryStreamStatus"]
    behind_ms = measured.values.get("delivery_behind_ms")
    oldest_seconds = measured.values.get("delivery_oldest_seconds")
    lags = []
    if behind_ms is not None:
        lags.append(f"{duration(behind_ms / 1000)} behind the stream")
    if oldest_seconds is not None:
        lags.append(f"oldest waiting row: {duration(oldest_seconds)} old")
    unknown = ["lag"] if measured.absent and not lags else []
    if not lags and not measured.absent:
        lags.append("lag not known: nothing read")
    facts: dict[str, Fact] = {"behind_ms": behind_ms, "oldest_seconds": oldest_seconds}
    details = [*measured.details(labels, *unknown), *lags]
    return Stage("delivery", status, measured.facts(labels) | facts, details, unusable(status))


def transform(
    described: Described, measured: Measured, unknown_attributes: Sequence[str] | None = (), *, kept: bool = False
) -> Stage:
    """GetFunctionConfiguration of Lambda. Its State says whether Lambda can call the function.

    `unknown_attributes` are names that no column takes; None if they could not be read. `kept` says whether the rows
    have these attributes all the same.
    """
    labels = {
        "records_ok": "rows",
        "records_dropped": "dropped",
        "records_failed": "refused",
        "transform_errors": "failed calls",
        "transform_throttles": "throttled calls",
    }
    state = described.get("State", "")
    problems = _if(state not in {"", "Active", "Inactive"}, f"it is {state}: {described.get('StateReason', '')}")
    names = None if unknown_attributes is None else [*unknown_attributes]
    details = [*measured.details(labels), *_without_column(names, kept=kept)]
    return Stage("transform", state, measured.facts(labels) | {"unknown_attributes": names}, details, problems)


def _without_column(names: Sequence[str] | None, *, kept: bool) -> list[str]:
    if names is None:
        return ["attributes without a column: the log could not be read"]
    if not names:
        return []
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return [f"attributes without a column, {'kept in other_attributes' if kept else 'left out of the rows'}: {shown}"]


def lake(today: Objects, yesterday: Objects, now: datetime) -> Stage:
    """Return the stage of the objects with rows, by their days in UTC."""
    both = today + yesterday
    newest = f"newest: {age(both.newest, now)}" if both.newest else "none yesterday either"
    facts: dict[str, Fact] = {
        "objects_today": today.count,
        "bytes_today": today.bytes,
        "newest": iso(both.newest),
        "newest_key": both.newest_key or None,
    }
    return Stage("lake", "", facts, [f"{counted(today.count, 'object')} today, {size(today.bytes)}", newest])


def errors(objects: Objects, replayed: Replayed | None, now: datetime) -> Stage:
    """Return the stage of the error objects, and of the changes that a replay took out and that may fail again."""
    facts: dict[str, Fact] = {
        "objects": objects.count,
        "bytes": objects.bytes,
        "newest": iso(objects.newest),
        "oldest": iso(objects.oldest),
        "replayed_lately": replayed.changes if replayed else 0,
    }
    notes = [replayed.text(int(now.timestamp() * 1000)).removesuffix(".")] if replayed else []
    if not objects.newest:
        return Stage("errors", "", facts, ["none now", *notes] if notes else ["none"])
    details = [
        *(f"{counted(objects.count, 'object')}, {size(objects.bytes)}", f"newest: {age(objects.newest, now)}"),
        *notes,
    ]
    problem = (
        f"records wait for a replay: see `sales failures`, and {RUNBOOK}#refused-records or {RUNBOOK}#transform-errors"
    )
    return Stage("errors", "", facts, details, [problem])


def crawler(described: Described, last_crawl: Described, now: datetime) -> Stage:
    """GetCrawler of Glue. `last_crawl` is its LastCrawl, or the same from another source."""
    schedule = described.get("Schedule", {}).get("ScheduleExpression", "no schedule").replace(_NEVER, "no schedule")
    is_off = described.get("Schedule", {}).get("State") == "NOT_SCHEDULED"  # after StopCrawlerSchedule
    status, started = last_crawl.get("Status"), last_crawl.get("StartTime")
    details = [
        f"last crawl {status}, {age(started, now)}" if started else "not crawled yet",
        f"the schedule {schedule} is off" if is_off else schedule,
    ]
    has_failed = status == "FAILED"
    if has_failed:
        details.append(last_crawl.get("ErrorMessage", "no reason given"))
    problems = _if(has_failed, f"the last crawl failed: see {RUNBOOK}#a-failed-crawl")
    facts: dict[str, Fact] = {"last_crawl_status": status, "last_crawl_started": iso(started), "schedule": schedule}
    return Stage("crawler", described["State"], facts, details, problems)


def alarms(described: Sequence[Described]) -> Stage:
    """DescribeAlarms of CloudWatch, for the alarms that go to the stack's topic."""
    firing = [each for each in described if each["StateValue"] == "ALARM"]
    without_data = sum(each["StateValue"] == "INSUFFICIENT_DATA" for each in described)
    names: list[str] = [each["AlarmName"] for each in firing]
    facts: dict[str, Fact] = {"alarms": len(described), "firing": names, "without_data": without_data}
    details = [counted(len(described), "alarm"), f"{len(firing) or 'none'} {'fire' if len(firing) > 1 else 'fires'}"]
    if without_data:
        details.append(f"{without_data} without data so far")
    problems = [f"{each['AlarmName']}: {each.get('AlarmDescription', '')}" for each in firing]
    return Stage("alarms", "", facts, details, problems)


def to_json(stack_name: str, stages: Sequence[Stage], now: datetime) -> str:
    """Return the status as one JSON object."""
    members = {
        each.name.replace(" ", "_"): {"state": each.state, "problem": "; ".join(each.problems), **each.facts}
        for each in stages
    }
    report = {"stack": stack_name, "time": iso(now), "ok": is_well(stages), "stages": members}
    return printable_json(msgspec.json.format(msgspec.json.encode(report), indent=2))


def is_well(stages: Sequence[Stage]) -> bool:
    """Say whether every stage could be read and has no problem."""
    return not any(stage.problems for stage in stages)


def age(time: datetime, now: datetime) -> str:
    return f"{duration(max(0.0, (now - time).total_seconds()))} ago"


def unusable(status: str) -> list[str]:
    """Return what is wrong with a table or a stream in this status."""
    return _if(status not in _USABLE, f"it is {status}, not ACTIVE")


def _if(is_wrong: bool, problem: str) -> list[str]:  # noqa: FBT001 - named by its function
    return [problem] if is_wrong else []


def iso(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None
