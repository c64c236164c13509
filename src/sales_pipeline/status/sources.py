"""What `sales status` shows of where orders come from: the generator and the table. Pure, like `stages`."""

from collections.abc import Iterator

from sales_pipeline.status.measured import Fact, Measured
from sales_pipeline.status.stages import RUNBOOK, Described, Stage, unusable
from sales_pipeline.terminal.amounts import counted, size

# Those that have the item as it is after the change: Amazon DynamoDB API reference, "StreamSpecification".
_VIEWS = {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"}
_CALLS = {"generator_calls": "calls", "generator_errors": "failed"}


def generator(schedule: Described, measured: Measured, writer: str = "") -> Stage:
    """GetSchedule of EventBridge Scheduler. One that is off is no problem. `writer` is a command that writes too."""
    state, expression = schedule["State"], schedule["ScheduleExpression"]
    details = [expression, *measured.details(_CALLS)] if state == "ENABLED" else [f"the schedule {expression} is off"]
    others = [f"`{writer}` writes the orders"] if writer else []
    return Stage("generator", state, measured.facts(_CALLS) | {"writer": writer or None}, [*others, *details])


def no_generator() -> Stage:
    """Return the stage of a stack that reads a table which it did not make."""
    facts: dict[str, Fact] = {**dict.fromkeys(Measured().facts(_CALLS)), "writer": None}
    return Stage("generator", "", facts, ["none: the table is not the stack's own"])


def table(described: Described, stream_arn: str) -> Stage:
    """DescribeTable of DynamoDB, which updates both numbers about every six hours. The pipe reads `stream_arn`."""
    orders, size_bytes, status = described["ItemCount"], described["TableSizeBytes"], described["TableStatus"]
    details = [f"about {counted(orders, 'order')}, {size(size_bytes)}", "DynamoDB counts about every six hours"]
    problems = [*unusable(status), *_stream_problems(described, stream_arn)]
    return Stage("table", status, {"orders_about": orders, "bytes_about": size_bytes}, details, problems)


def _stream_problems(described: Described, stream_arn: str) -> Iterator[str]:
    specification, latest = described.get("StreamSpecification", {}), described.get("LatestStreamArn")
    if not specification.get("StreamEnabled"):
        yield f"its stream is disabled, so nothing reads its changes: see {RUNBOOK}#stopped-pipe"
    elif latest != stream_arn:
        yield f"its stream is now {latest}, which the pipe does not read: see {RUNBOOK}#stopped-pipe"
    elif specification["StreamViewType"] not in _VIEWS:
        yield f"its stream has {specification['StreamViewType']}, without new images: see {RUNBOOK}#stopped-pipe"
