"""Every price and quota that `sales plan` uses, in one table: list prices, without free tiers or volume discounts.

Each has the date of the page that it was read from: AWS' own page, unless the source says "secondary". "undated": the
page has no date. "recalled": from memory. AWS changes all of them, so look one up before you decide by it.
"""

from dataclasses import dataclass

REGION = "us-east-1"


@dataclass(frozen=True)
class Price:
    """The price of `per` units, in USD."""

    usd: float
    per: int
    unit: str
    source: str
    date: str

    def of(self, units: float) -> float:
        """Return the price of so many units, in USD."""
        return units * self.usd / self.per


@dataclass(frozen=True)
class Quota:
    """The most that AWS allows, or the step to which it rounds up, in `unit`."""

    value: int
    unit: str
    source: str
    date: str


KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4
MILLION = 1_000_000

# ── Prices ───────────────────────────────────────────────────────────────────────────────────────
DYNAMODB_WRITE = Price(0.625, MILLION, "write request unit", "Amazon DynamoDB pricing, secondary", "undated")
DYNAMODB_STORAGE = Price(0.25, 1, "GB-month", "Amazon DynamoDB pricing", "undated")
DYNAMODB_PITR = Price(0.20, 1, "GB-month", "Amazon DynamoDB pricing", "recalled")
DYNAMODB_STREAM_READ = Price(0.02, 100_000, "GetRecords call", "Amazon DynamoDB pricing, Streams, secondary", "undated")
DYNAMODB_TO_KINESIS = Price(0.10, MILLION, "change of 1 KB", "Amazon DynamoDB pricing, secondary", "undated")
PIPE_REQUEST = Price(0.40, MILLION, "64 KB after the filter", "Amazon EventBridge pricing, secondary", "2026-03")
KINESIS_SHARD_HOUR = Price(0.015, 1, "shard-hour", "Amazon Kinesis Data Streams pricing, secondary", "2023-09")
KINESIS_RETENTION_HOUR = Price(
    0.020, 1, "shard-hour beyond 24 h", "Amazon Kinesis Data Streams pricing, secondary", "undated"
)
KINESIS_PUT_UNIT = Price(0.014, MILLION, "25 KB put unit", "Amazon Kinesis Data Streams pricing, secondary", "2023-09")
KINESIS_STREAM_HOUR = Price(
    0.04, 1, "on-demand stream-hour", "Amazon Kinesis Data Streams pricing, secondary", "2026-03"
)
KINESIS_IN = Price(0.08, 1, "GB in, on demand", "Amazon Kinesis Data Streams pricing, secondary", "2026-03")
KINESIS_OUT = Price(0.04, 1, "GB out, on demand", "Amazon Kinesis Data Streams pricing, secondary", "2026-03")
KINESIS_KEPT = Price(0.10, 1, "GB-month beyond 24 h, on demand", "Amazon Kinesis Data Streams pricing", "recalled")
FIREHOSE_GB = Price(0.029, 1, "GB from a Kinesis stream", "Amazon Data Firehose pricing, secondary", "undated")
LAMBDA_REQUEST = Price(0.20, MILLION, "invocation", "AWS Lambda pricing, secondary", "2026-05")
LAMBDA_X86 = Price(0.0000166667, 1, "GB-second, x86_64", "AWS Lambda pricing, secondary", "2026-05")
LAMBDA_ARM = Price(0.0000133334, 1, "GB-second, arm64", "AWS Lambda pricing, secondary", "2026-05")
S3_STORAGE = Price(0.023, 1, "GB-month", "Amazon S3 pricing", "recalled")
S3_PUT = Price(0.005, 1000, "PUT or LIST", "Amazon S3 pricing, secondary", "undated")
S3_GET = Price(0.0004, 1000, "GET", "Amazon S3 pricing, secondary", "undated")
KMS_REQUEST = Price(0.03, 10_000, "request", "AWS Key Management Service pricing, secondary", "2019-10")
CRAWLER_DPU_HOUR = Price(0.44, 1, "DPU-hour", "AWS Glue pricing, secondary", "undated")
ATHENA_TB = Price(5.0, 1, "TB scanned", "Amazon Athena pricing, secondary", "2020-10")
CLOUDWATCH_METRIC = Price(0.30, 1, "metric-month", "Amazon CloudWatch pricing, secondary", "2026-02")
CLOUDWATCH_ALARM = Price(0.10, 1, "alarm-month", "Amazon CloudWatch pricing", "recalled")
CLOUDWATCH_DASHBOARD = Price(
    3.0, 1, "dashboard-month beyond the third", "Amazon CloudWatch pricing, secondary", "2026-06"
)
CLOUDWATCH_LOGS = Price(0.50, 1, "GB of logs taken in", "Amazon CloudWatch pricing, secondary", "2026-06")
CLOUDWATCH_READ = Price(
    0.01, 1000, "metric of GetMetricData, or other request", "Amazon CloudWatch pricing, secondary", "undated"
)
SQS_REQUEST = Price(0.40, MILLION, "request to a standard queue", "Amazon SQS pricing, secondary", "2026-06")

# ── Steps to which AWS rounds up ─────────────────────────────────────────────────────────────────
_FIREHOSE = "Amazon Data Firehose Developer Guide: Amazon Data Firehose Quota"
_KINESIS = "Amazon Kinesis Data Streams Developer Guide: Quotas and limits"
_DYNAMODB = "Amazon DynamoDB Developer Guide: Quotas in Amazon DynamoDB"

DYNAMODB_WRITE_UNIT = Quota(KIB, "bytes", "Amazon DynamoDB pricing", "undated")
DYNAMODB_ITEM_OVERHEAD = Quota(100, "bytes per item stored", "Amazon DynamoDB pricing", "recalled")
KINESIS_PUT_UNIT_SIZE = Quota(25 * KIB, "bytes", "Amazon Kinesis Data Streams pricing", "2023-09")
KINESIS_ON_DEMAND_UNIT = Quota(KIB, "bytes per record", "Amazon Kinesis Data Streams pricing", "undated")
PIPE_UNIT = Quota(64 * KIB, "bytes", "Amazon EventBridge pricing, secondary", "2026-03")
FIREHOSE_UNIT = Quota(5 * KIB, "bytes per record", _FIREHOSE, "undated")
CRAWL_MINIMUM = Quota(600, "seconds per run", "AWS Glue pricing, secondary", "undated")
ATHENA_MINIMUM = Quota(10 * MIB, "bytes per query", "Amazon Athena pricing, secondary", "2020-10")

# ── Quotas ───────────────────────────────────────────────────────────────────────────────────────
DYNAMODB_ITEM = Quota(400 * KIB, "bytes per item", _DYNAMODB, "undated")
DYNAMODB_PARTITION_WRITES = Quota(1000, "write units/s", f"{_DYNAMODB}; Warm throughput scenarios", "undated")
DYNAMODB_NEW_TABLE_WRITES = Quota(4000, "write units/s", "Amazon DynamoDB Developer Guide: Warm throughput", "undated")
DYNAMODB_TABLE_WRITES = Quota(40_000, "write units/s", f"{_DYNAMODB}: Throughput default quotas", "undated")
STREAM_READ_BYTES = Quota(MIB, "bytes per call", "Amazon DynamoDB Developer Guide: Streams usage", "undated")
PIPE_EXECUTIONS = Quota(3000, "concurrent, per account", "Amazon EventBridge User Guide: EventBridge quotas", "undated")
PIPE_KINESIS_BATCH = Quota(500, "records", "Amazon EventBridge User Guide: Pipes batching and concurrency", "undated")
SHARD_RECORDS = Quota(1000, "records/s into a shard", _KINESIS, "undated")
SHARD_BYTES = Quota(MILLION, "bytes/s into a shard", _KINESIS, "undated")  # "1 MB": the smaller of its two meanings
SHARDS = Quota(20_000, "shards per account", _KINESIS, "undated")
ON_DEMAND_START = Quota(4, "MB/s, as 4 shards take them", _KINESIS, "undated")
ON_DEMAND_MOST = Quota(10_000, "MB/s, as 10,000 shards take them", _KINESIS, "undated")
FIREHOSE_CALLS = Quota(5, "concurrent function calls per shard", _FIREHOSE, "undated")
LAMBDA_CONCURRENCY = Quota(1000, "concurrent executions per account", "AWS Lambda Developer Guide: quotas", "undated")
CRAWL_MOST = Quota(86_400, "seconds per run", "AWS Glue Developer Guide: crawler timeout, secondary", "undated")
