"""Computes what it costs on AWS to have `sales watch` run."""

from sales_pipeline.plan import prices
from sales_pipeline.plan.costs import KMS_SECONDS

# By each set of credentials that reads a stream with AWS' own key: see `costs`.
_KMS_REQUESTS = 12


def minute_usd(*, metrics: float, lists: float, gets: float, queue_calls: float, cloudwatch_calls: float) -> float:
    """Return the price of a minute with so many requests: metrics asked for, and calls of S3, SQS and CloudWatch.

    Its other calls cost nothing: those that describe a resource, those that read logs, and those that read a Kinesis
    stream with provisioned shards.
    """
    return (
        prices.CLOUDWATCH_READ.of(metrics + cloudwatch_calls)
        + prices.S3_PUT.of(lists)
        + prices.S3_GET.of(gets)
        + prices.SQS_REQUEST.of(queue_calls)
        + prices.KMS_REQUEST.of(_KMS_REQUESTS * 60 / KMS_SECONDS)
    )
