"""What `sales demo` keeps of a run that is not equal. The pipeline itself is deleted when it ends."""

from pathlib import Path
from typing import Any

from sales_pipeline.aws.bucket import Bucket, Location
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures.records import read_error_object
from sales_pipeline.local.demo_result import ERRORS_LOG, TRANSFORM_LOG
from sales_pipeline.orders.change import change_of


def refused_orders(stack: Stack) -> set[str]:
    """Return the ids of the orders that have an error record."""
    records = [record for body in _error_objects(stack) for record in read_error_object(body)]
    changes = [change_of(record.data) for record in records if record.data is not None]
    return {change.order_id for change in changes if change.order_id}


def keep(stack: Stack, log_dir: Path) -> None:
    """Write the records that failed and the log of the transform to `log_dir`, where the stand-ins' logs are."""
    (log_dir / ERRORS_LOG).write_bytes(b"".join(_error_objects(stack)))
    logs: Any = stack.session.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=stack["TransformLogGroupName"])
    lines = [event["message"].rstrip("\n") for page in pages for event in page["events"]]
    (log_dir / TRANSFORM_LOG).write_text("".join(f"{line}\n" for line in lines))


def _error_objects(stack: Stack) -> list[bytes]:
    bucket = Bucket.of(stack)
    return [bucket.read(key) or b"" for key in bucket.list(Location.parse(stack["ErrorLocation"]).prefix)]
