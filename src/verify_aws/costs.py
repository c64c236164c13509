"""What a run takes and costs, in us-east-1. Pure: no AWS, environment or clock."""

from sales_pipeline.plan import prices
from sales_pipeline.plan.costs import ALARMS, METRICS, STREAM_POLLS_PER_SECOND, dashboard_usd

MINUTES = 60
HOURS_MOST = 4
"""With every check that waits for the end of its time."""
CRAWLS = 2
CRAWL_DPUS = 2
QUERIES = 30
_MONTH_HOURS = 730


def usd(hours: float = MINUTES / 60) -> float:
    """Return the price of a run: the parts that run all the time, the crawls and the queries."""
    return (
        prices.KINESIS_SHARD_HOUR.of(hours)
        + prices.KINESIS_RETENTION_HOUR.of(hours)
        + prices.CRAWLER_DPU_HOUR.of(CRAWLS * CRAWL_DPUS * prices.CRAWL_MINIMUM.value / 3600)
        + prices.ATHENA_TB.of(QUERIES * prices.ATHENA_MINIMUM.value / prices.TIB)
        + prices.CLOUDWATCH_ALARM.of(ALARMS * hours / _MONTH_HOURS)
        + prices.CLOUDWATCH_METRIC.of(METRICS * hours / _MONTH_HOURS)
        + dashboard_usd(hours)
        + prices.LAMBDA_X86.of(hours * 3600 * 0.125)
        + prices.DYNAMODB_STREAM_READ.of(hours * 3600 * STREAM_POLLS_PER_SECOND)
    )
