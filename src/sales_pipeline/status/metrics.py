"""Reads the metrics of the last hour from CloudWatch, for `sales status`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sales_pipeline.aws.stack import Stack

_PERIOD = timedelta(minutes=1)
_GENERATOR = "GeneratorFunctionName"


@dataclass(frozen=True)
class _Metric:
    namespace: str
    name: str
    dimension: str
    output: str
    """Output of the stack that holds the dimension's value, alone or as the end of a URL; if empty, the value is the
    stack's name."""
    is_lag: bool = False
    """Whether its last value says more than its sum."""


def _firehose(name: str, *, is_lag: bool = False) -> _Metric:
    return _Metric("AWS/Firehose", name, "DeliveryStreamName", "DeliveryStreamName", is_lag)


# Sources: the pages about CloudWatch metrics in the guides of Lambda, EventBridge Pipes, SQS, Kinesis Data Streams and
# Data Firehose; src/transform/app.py for the namespace SalesDataProjection.
METRICS = {
    "generator_calls": _Metric("AWS/Lambda", "Invocations", "FunctionName", _GENERATOR),
    "generator_errors": _Metric("AWS/Lambda", "Errors", "FunctionName", _GENERATOR),
    "pipe_changes": _Metric("AWS/EventBridge/Pipes", "EventCount", "PipeName", "PipeName"),
    "pipe_failures": _Metric("AWS/EventBridge/Pipes", "ExecutionFailed", "PipeName", "PipeName"),
    "dead_letters_oldest_seconds": _Metric(
        "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "PipeDeadLetterQueueUrl", is_lag=True
    ),
    "stream_records": _Metric("AWS/Kinesis", "IncomingRecords", "StreamName", "StreamName"),
    "stream_throttled": _Metric("AWS/Kinesis", "WriteProvisionedThroughputExceeded", "StreamName", "StreamName"),
    "delivery_read": _firehose("DataReadFromKinesisStream.Records"),
    "delivery_written": _firehose("DeliveryToS3.Records"),
    "delivery_behind_ms": _firehose("KinesisMillisBehindLatest", is_lag=True),
    "delivery_oldest_seconds": _firehose("DeliveryToS3.DataFreshness", is_lag=True),
    "records_ok": _Metric("SalesDataProjection", "RecordsOk", "service", ""),
    "records_dropped": _Metric("SalesDataProjection", "RecordsDropped", "service", ""),
    "records_failed": _Metric("SalesDataProjection", "RecordsFailed", "service", ""),
    "transform_errors": _Metric("AWS/Lambda", "Errors", "FunctionName", "TransformFunctionName"),
    "transform_throttles": _Metric("AWS/Lambda", "Throttles", "FunctionName", "TransformFunctionName"),
}

LAGS = {name for name, metric in METRICS.items() if metric.is_lag}


def read(stack: Stack, since: datetime, until: datetime) -> dict[str, list[tuple[datetime, float]]]:
    """Return the values per minute of the metrics that have one. Raises the errors of boto3."""
    values: dict[str, list[tuple[datetime, float]]] = {}
    pages = (
        stack.session.client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=[
                _query(stack, name, metric)
                for name, metric in METRICS.items()
                if not (stack.reads_existing_table and metric.output == _GENERATOR)
            ],
            StartTime=since,
            EndTime=until,
            ScanBy="TimestampAscending",
        )
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            if result["Values"]:
                found = zip(result["Timestamps"], result["Values"], strict=True)
                values.setdefault(result["Id"], []).extend(found)
    return values


def _query(stack: Stack, name: str, metric: _Metric) -> Any:  # noqa: ANN401 - .venv has no type stubs of CloudWatch
    value = stack[metric.output].rpartition("/")[2] if metric.output else stack.name
    dimension = {"Name": metric.dimension, "Value": value}
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": [dimension]},
            "Period": int(_PERIOD.total_seconds()),
            "Stat": "Maximum" if metric.is_lag else "Sum",
        },
    }
