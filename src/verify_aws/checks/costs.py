"""What costs money, and is not documented."""

from datetime import UTC, datetime
from typing import Any

from sales_pipeline.plan.costs import STREAM_POLLS_PER_SECOND
from sales_pipeline.plan.prices import CRAWL_MINIMUM
from verify_aws.pipeline import NotShownError, Pipeline

METRICS_SECONDS = 1200.0  # CloudWatch can list a new metric a quarter of an hour late
HISTORY_SECONDS = 120.0
PERIOD_SECONDS = 60
ROUNDING = 1.1


def crawl(pipeline: Pipeline) -> str:
    """Ask for the last crawl. Its DPU hours are those that AWS bills."""

    def look() -> dict[str, Any]:
        found = pipeline.client("glue").list_crawls(CrawlerName=pipeline.stack["CrawlerName"])["Crawls"]
        ended = [each for each in found if "EndTime" in each and "DPUHour" in each]
        if not ended:
            raise NotShownError(f"Glue lists {len(found)} crawls, and none that has ended")
        return max(ended, key=lambda each: each["StartTime"])

    last = pipeline.wait(look, HISTORY_SECONDS)
    seconds = (last["EndTime"] - last["StartTime"]).total_seconds()
    seen = f"{last['DPUHour']:.3f} DPU hours in {seconds:.0f} s"
    if last["DPUHour"] > ROUNDING * CRAWL_MINIMUM.value / 3600:
        raise NotShownError(f"{seen}, more than ten minutes of one DPU")
    return seen


def stream_polls(pipeline: Pipeline) -> str:
    """Count the calls of GetRecords per minute, by the metric of their latency."""
    cloudwatch, table = pipeline.client("cloudwatch"), pipeline.stack["TableName"]
    named = {"Namespace": "AWS/DynamoDB", "MetricName": "SuccessfulRequestLatency"}
    dimensions = [{"Name": "TableName", "Value": table}, {"Name": "Operation", "Value": "GetRecords"}]
    stream = pipeline.client("dynamodbstreams").describe_stream(StreamArn=pipeline.stack["TableStreamArn"])
    shards = len(stream["StreamDescription"]["Shards"])

    def look() -> float:
        listed = cloudwatch.list_metrics(**named, Dimensions=dimensions)["Metrics"]
        points = [
            point["SampleCount"]
            for each in listed
            for point in cloudwatch.get_metric_statistics(
                **named,
                Dimensions=each["Dimensions"],
                StartTime=pipeline.started,
                EndTime=datetime.now(UTC),
                Period=PERIOD_SECONDS,
                Statistics=["SampleCount"],
            )["Datapoints"]
        ]
        if not points:
            raise NotShownError("no metric counts GetRecords")
        return float(max(points)) / PERIOD_SECONDS

    per_shard = pipeline.wait(look, METRICS_SECONDS) / max(1, shards)
    seen = f"at most {per_shard:.1f} reads per second of each of {shards} shards"
    if per_shard > ROUNDING * STREAM_POLLS_PER_SECOND:
        raise NotShownError(seen)
    return seen
