"""Writes a batch's log lines and metrics for the other handlers: the same lines as ours."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
metrics = Metrics(namespace="SalesDataProjection")


def report(event: dict[str, Any], records: int, dropped: int, failures: list[tuple[str, str]]) -> None:
    """Log each failure (recordId and reason), and write the metrics of the batch."""
    for record_id, reason in failures:
        logger.warning("record failed", extra={"recordId": record_id, "reason": reason})
    metrics.add_metadata("message", "batch transformed")
    metrics.add_metadata("invocationId", event["invocationId"])
    metrics.add_metric("RecordsOk", MetricUnit.Count, records - dropped - len(failures))
    metrics.add_metric("RecordsDropped", MetricUnit.Count, dropped)
    metrics.add_metric("RecordsFailed", MetricUnit.Count, len(failures))
    metrics.add_metric("UnknownAttributes", MetricUnit.Count, 0)
    metrics.flush_metrics()
