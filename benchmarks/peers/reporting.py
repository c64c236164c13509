"""Writes a batch's log lines and metrics for the other handlers: the same lines as ours."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

LOOKED_AT = 4
"""In so many records of a batch, a handler looks for attributes that no column takes."""

logger = Logger()
metrics = Metrics(namespace="SalesDataProjection")


def looks_at_every(event: dict[str, Any]) -> int:
    """Return how far apart the records are that a handler looks at."""
    return max(1, len(event["records"]) // LOOKED_AT)


def report(
    event: dict[str, Any], records: int, dropped: int, unknown: set[str], failures: list[tuple[str, str]]
) -> None:
    """Log each failure (recordId and reason), and write the metrics of the batch."""
    for record_id, reason in failures:
        logger.warning("record failed", extra={"recordId": record_id, "reason": reason})
    metrics.add_metadata("message", "batch transformed")
    metrics.add_metadata("invocationId", event["invocationId"])
    metrics.add_metadata("unknownAttributes", sorted(unknown))
    metrics.add_metric("RecordsOk", MetricUnit.Count, records - dropped - len(failures))
    metrics.add_metric("RecordsDropped", MetricUnit.Count, dropped)
    metrics.add_metric("RecordsFailed", MetricUnit.Count, len(failures))
    metrics.add_metric("UnknownAttributes", MetricUnit.Count, len(unknown))
    metrics.flush_metrics()
