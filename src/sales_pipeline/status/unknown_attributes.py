"""Reads from the transform's log which attributes no column takes, for `sales status`."""

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from sales_pipeline.aws.stack import Stack

# Amazon CloudWatch Logs User Guide, "Filter pattern syntax": JSON. The emulator finds every line.
_PATTERN = "{ $.UnknownAttributes > 0 }"
_PAGES_MAX = 10  # a busy transform writes more lines than this needs


def read(stack: Stack, since: datetime) -> list[str]:
    """Return the names of attributes that the transform found since a time and that no column takes, sorted.

    Raises the errors of boto3.
    """
    logs: Any = stack.session.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=stack["TransformLogGroupName"],
        filterPattern=_PATTERN,
        startTime=int(since.timestamp() * 1000),
    )
    return names_in(event["message"] for page in islice(pages, _PAGES_MAX) for event in page["events"])


def names_in(lines: Iterable[str]) -> list[str]:
    """Return the names in the transform's lines of batches, sorted. Other lines have none."""
    names: set[str] = set()
    for line in lines:
        try:
            batch = json.loads(line) if '"unknownAttributes"' in line else None
        except ValueError:
            continue
        found = batch.get("unknownAttributes") if isinstance(batch, dict) else None
        if isinstance(found, list):
            names.update(name for name in found if isinstance(name, str))
    return sorted(names)
