"""What `sales demo` keeps of a run that is not equal. The pipeline itself is deleted when it ends."""

import re
from pathlib import Path
from typing import Any

from sales_pipeline.aws.bucket import Bucket, Location
from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures.records import REFUSED_BY_TRANSFORM, read_error_object
from sales_pipeline.local.demo_result import EMULATOR_LOG, ERRORS_LOG, TRANSFORM_LOG
from sales_pipeline.orders.change import change_of

# In the emulator's log: why a function did not start, or the last line of the traceback of a call.
_CAUSE = re.compile(r"^[-0-9]+ [:0-9]+ ERROR \[lambda\] (.+)$|^ +\S.*\n([A-Za-z_][\w.]*(?:: .*)?)$", re.MULTILINE)


def orders_with_errors(stack: Stack) -> tuple[set[str], set[str]]:
    """Return the ids of the orders that the transform refused, and of those for which it failed itself."""
    refused, failed = set[str](), set[str]()
    for record in (record for body in _error_objects(stack) for record in read_error_object(body)):
        order_id = change_of(record.data, Keys(stack.key)).order_id if record.data is not None else None
        if order_id:
            (refused if record.error == REFUSED_BY_TRANSFORM else failed).add(order_id)
    return refused, failed


def last_failure(log_dir: Path) -> str:
    """Return the last line in which the emulator's log says why a function failed; empty if there is none.

    Firehose's stand-in logs no such text, because it may hold a part of an order.
    """
    causes = _CAUSE.findall((log_dir / EMULATOR_LOG).read_text(errors="replace"))
    return causes[-1][0] or causes[-1][1] if causes else ""


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
