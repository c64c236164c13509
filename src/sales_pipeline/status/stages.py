"""What `sales status` says of each stage of the pipeline. Pure: no AWS, environment or clock.

Functions take AWS' own answers, by the names of its API references, and give one stage each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

Described = Mapping[str, Any]
Fact = int | float | str | list[str] | None

RUNBOOK = "docs/runbook.md"
# A table or a stream that is updated works meanwhile.
_USABLE = {"ACTIVE", "UPDATING"}


@dataclass(frozen=True)
class Stage:
    """A part of the pipeline: what AWS says of its state, and what can be told of it beside that."""

    name: str
    state: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """By name, with their unit; None where a thing isn't known."""
    says: Sequence[str] = ()
    """The facts to read."""
    problem: str = ""
    """What is wrong, and what to do next; empty if nothing is."""


@dataclass(frozen=True)
class Measured:
    """Metrics by name: counts over the last hour, and lags as they were last.

    `absent` is why a metric can have no value. It is empty where CloudWatch answered for AWS: there a count without a
    value is zero, and a lag without one means that nothing was read.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    absent: str = ""

    def count(self, name: str) -> float | None:
        return self.values.get(name, None if self.absent else 0.0)

    def facts(self, names: Mapping[str, str]) -> dict[str, Fact]:
        return {f"{name}_last_hour": self.count(name) for name in names}

    def says(self, names: Mapping[str, str]) -> str:
        """Return the counts of these metrics under the labels that they are given."""
        counts = {label: self.count(name) for name, label in names.items()}
        known = [f"{count:,.0f} {label}" for label, count in counts.items() if count is not None]
        unknown = [label for label, count in counts.items() if count is None]
        told = [f"{', '.join(known)} in the last hour"] if known else []
        return "; ".join(told + [f"{', '.join(unknown)} {self.absent}"] * bool(unknown))


@dataclass(frozen=True)
class Objects:
    """What lies under a prefix of the bucket."""

    count: int = 0
    bytes: int = 0
    newest: datetime | None = None

    def __add__(self, other: "Objects") -> "Objects":
        times = [each.newest for each in (self, other) if each.newest]
        return Objects(self.count + other.count, self.bytes + other.bytes, max(times, default=None))


def unread(name: str, reason: str) -> Stage:
    """Return a stage that could not be asked."""
    return Stage(name, "?", problem=f"could not be read: {reason}")


def generator(schedule: Described, measured: Measured) -> Stage:
    """GetSchedule of EventBridge Scheduler; a schedule that is off is how somebody wants it."""
    counts = {"generator_calls": "calls", "generator_errors": "failed"}
    says = [schedule["ScheduleExpression"]]
    if schedule["State"] == "ENABLED":
        says.append(measured.says(counts))
    return Stage("generator", schedule["State"], measured.facts(counts), says)


def table(described: Described) -> Stage:
    """DescribeTable: DynamoDB updates its count about every six hours."""
    orders, size_bytes = described["ItemCount"], described["TableSizeBytes"]
    return Stage(
        "table",
        described["TableStatus"],
        {"orders_about": orders, "bytes_about": size_bytes},
        [f"about {orders:,} orders, {size(size_bytes)} (DynamoDB counts about every six hours)"],
        _unusable(described["TableStatus"]),
    )


def pipe(described: Described, measured: Measured) -> Stage:
    """DescribePipe."""
    counts = {"pipe_changes": "changes", "pipe_failures": "failed attempts"}
    state, reason = described["CurrentState"], described.get("StateReason", "")
    problem = "" if state == "RUNNING" else f"is {state}, not RUNNING: see {RUNBOOK}#a-stopped-pipe"
    says = [measured.says(counts), reason] if reason else [measured.says(counts)]
    return Stage("pipe", state, measured.facts(counts) | {"state_reason": reason}, says, problem)


def dead_letters(attributes: Mapping[str, str]) -> Stage:
    """GetQueueAttributes: both counts are approximate."""
    waiting = int(attributes["ApproximateNumberOfMessages"])
    hidden = int(attributes["ApproximateNumberOfMessagesNotVisible"])
    problem = (
        f"changes wait to be put back: see `sales failures` and {RUNBOOK}#dead-letters" if waiting + hidden else ""
    )
    says = f"about {waiting + hidden:,} messages" if waiting + hidden else "none"
    return Stage("dead letters", "", {"messages_about": waiting, "hidden_messages_about": hidden}, [says], problem)


def stream(summary: Described, measured: Measured) -> Stage:
    """DescribeStreamSummary of Kinesis."""
    counts = {"stream_records": "records in", "stream_throttled": "throttled"}
    shards = summary["OpenShardCount"]
    return Stage(
        "stream",
        summary["StreamStatus"],
        {"open_shards": shards} | measured.facts(counts),
        [_counted(shards, "open shard"), measured.says(counts)],
        _unusable(summary["StreamStatus"]),
    )


def delivery(described: Described, measured: Measured) -> Stage:
    """DescribeDeliveryStream of Firehose."""
    counts = {"delivery_read": "records read", "delivery_written": "rows written"}
    behind_ms = measured.values.get("delivery_behind_ms")
    oldest_seconds = measured.values.get("delivery_oldest_seconds")
    lags = []
    if behind_ms is not None:
        lags.append(f"{duration(behind_ms / 1000)} behind the stream")
    if oldest_seconds is not None:
        lags.append(f"oldest row not delivered {duration(oldest_seconds)} old")
    return Stage(
        "delivery",
        described["DeliveryStreamStatus"],
        measured.facts(counts) | {"behind_ms": behind_ms, "oldest_seconds": oldest_seconds},
        [measured.says(counts), *(lags or [f"lag {measured.absent or 'not measured: nothing read'}"])],
        _unusable(described["DeliveryStreamStatus"]),
    )


def transform(described: Described, measured: Measured) -> Stage:
    """GetFunctionConfiguration of Lambda, where State says whether the function can be called."""
    records = {"records_ok": "ok", "records_dropped": "dropped", "records_failed": "refused"}
    calls = {"transform_errors": "errors", "transform_throttles": "throttles"}
    state = described.get("State", "")
    problem = "" if state in {"", "Active", "Inactive"} else f"is {state}: {described.get('StateReason', '')}"
    return Stage("transform", state, measured.facts(records | calls), [measured.says(records | calls)], problem)


def lake(today: Objects, yesterday: Objects, now: datetime) -> Stage:
    """Objects of rows, by their days in UTC."""
    both = today + yesterday
    newest = f"newest {age(both.newest, now)}" if both.newest else "none yesterday either"
    facts: dict[str, Fact] = {"objects_today": today.count, "bytes_today": today.bytes, "newest": _iso(both.newest)}
    return Stage("lake", "", facts, [f"{_counted(today.count, 'object')} today, {size(today.bytes)}", newest])


def errors(objects: Objects, now: datetime) -> Stage:
    """Error objects: what was replayed isn't among them any more."""
    facts: dict[str, Fact] = {"objects": objects.count, "bytes": objects.bytes, "newest": _iso(objects.newest)}
    if not objects.newest:
        return Stage("errors", "", facts, ["none"])
    says = [f"{_counted(objects.count, 'object')}, {size(objects.bytes)}", f"newest {age(objects.newest, now)}"]
    problem = (
        f"records wait to be put back: `sales failures` says why, and {RUNBOOK}#refused-records or #transform-errors "
        "what to do"
    )
    return Stage("errors", "", facts, says, problem)


def crawler(described: Described, last_crawl: Described, now: datetime) -> Stage:
    """GetCrawler of Glue; `last_crawl` is its LastCrawl, or what is known in its place."""
    schedule = described.get("Schedule", {}).get("ScheduleExpression", "no schedule")
    status, started = last_crawl.get("Status"), last_crawl.get("StartTime")
    says = [f"last crawl {status} {age(started, now)}" if started else "not crawled yet", schedule]
    problem = ""
    if status == "FAILED":
        says.append(last_crawl.get("ErrorMessage", "no reason given"))
        problem = f"the last crawl failed: see {RUNBOOK}#a-failed-crawl"
    facts: dict[str, Fact] = {"last_crawl_status": status, "last_crawl_started": _iso(started), "schedule": schedule}
    return Stage("crawler", described["State"], facts, says, problem)


def alarms(described: Sequence[Described]) -> Stage:
    """DescribeAlarms, of those that go to the stack's topic."""
    ringing = [each for each in described if each["StateValue"] == "ALARM"]
    undecided = sum(each["StateValue"] == "INSUFFICIENT_DATA" for each in described)
    names: list[str] = [each["AlarmName"] for each in ringing]
    facts: dict[str, Fact] = {"alarms": len(described), "ringing": names, "without_data": undecided}
    says = [_counted(len(described), "alarm"), f"{len(ringing) or 'none'} {'ring' if len(ringing) > 1 else 'rings'}"]
    if undecided:
        says.append(f"{undecided} without data so far")
    problem = "; ".join(f"{each['AlarmName']}: {each.get('AlarmDescription', '')}" for each in ringing)
    return Stage("alarms", "", facts, says, problem)


def to_json(stack_name: str, stages: Sequence[Stage], now: datetime) -> str:
    """Return the status as one JSON object."""
    told = {
        each.name.replace(" ", "_"): {"state": each.state, "problem": each.problem, **each.facts} for each in stages
    }
    report = {"stack": stack_name, "time": _iso(now), "ok": is_well(stages), "stages": told}
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()


def is_well(stages: Sequence[Stage]) -> bool:
    """Say whether every stage could be read and has no problem."""
    return not any(stage.problem for stage in stages)


def age(time: datetime | None, now: datetime) -> str:
    """Return how long ago it was, in its greatest unit."""
    return "never" if time is None else f"{duration(max(0.0, (now - time).total_seconds()))} ago"


def duration(seconds: float) -> str:
    """Return a duration in its greatest unit, rounded down."""
    for unit, unit_seconds in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= unit_seconds * (2 if unit == "days" else 1):
            return f"{seconds // unit_seconds:.0f} {unit}"
    return f"{seconds:.0f} s"


def size(size_bytes: float) -> str:
    """Return a size in its greatest decimal unit."""
    for unit in ("B", "KB", "MB", "GB"):
        if size_bytes < 1000:  # noqa: PLR2004 - what the units are made of
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:,.1f} TB"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _unusable(status: str) -> str:
    return "" if status in _USABLE else f"is {status}, not ACTIVE"


def _iso(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None
