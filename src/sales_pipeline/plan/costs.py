"""Computes what a load costs per month, part by part. A month has 730 hours.

It uses list prices without free tiers and volume discounts. So it is too high for a small account, and for a very large
load.
"""

import math
from dataclasses import dataclass, replace

from sales_pipeline.plan import prices
from sales_pipeline.plan.capacity import (
    DAY_SECONDS,
    QUERY_CUTOFF_BYTES,
    TRANSFORM_MEMORY_MIB,
    Capacity,
    Load,
    Mode,
    Sizes,
    capacity,
    sizes,
)
from sales_pipeline.plan.prices import GIB, KIB, MIB, TIB
from sales_pipeline.terminal.amounts import counted

HOURS = 730
SECONDS = HOURS * 3600
DAYS = SECONDS / DAY_SECONDS

METRICS = 4  # of the transform; those of AWS' services are free
ALARMS = 14  # metrics that alarms read: ten have one each, StoppedPipeAlarm has four
GENERATOR_MEMORY_MIB = 128
CENT = 0.01

# Assumptions. Per call, the transform writes a line of 502 bytes with its metrics; Lambda writes the other lines.
LOG_BYTES_PER_INVOCATION = 950
CRAWLER_DPUS = 1
GENERATOR_SECONDS = 58  # the last of its orders is due 57 s after the first
STREAM_POLLS_PER_SECOND = 4  # as often as Lambda reads a shard; AWS does not document it for pipes
# With AWS' own keys for stream and table. Kinesis: "approximately 12 times every 5 minutes" for each set of credentials
# (Developer Guide: Costs, Regions, and performance considerations), of which pipe and Firehose have one each. DynamoDB:
# once in five minutes for each caller (Developer Guide: Encryption at Rest), of which the writers and the pipe are two.
KMS_SECONDS = 300
KMS_REQUESTS = 12 * 2 + 2


@dataclass(frozen=True)
class Part:
    """The cost of one part per month."""

    name: str
    usd: float
    basis: str
    """The amounts that AWS bills, for a person."""


@dataclass(frozen=True)
class Lever:
    """A change that saves money."""

    name: str
    saves_usd: float
    """USD per month."""
    takes: str
    """What the change needs, or what is lost by it."""


def crawl_usd(seconds: float, dpus: int = CRAWLER_DPUS) -> float:
    """Return the price of one crawl. AWS bills at least 10 minutes of each DPU."""
    return prices.CRAWLER_DPU_HOUR.of(dpus * max(seconds, prices.CRAWL_MINIMUM.value) / 3600)


def query_usd(scanned_bytes: float) -> float:
    """Return the price of one query. AWS bills whole megabytes, and at least 10."""
    whole = math.ceil(scanned_bytes / MIB) * MIB
    return prices.ATHENA_TB.of(max(whole, prices.ATHENA_MINIMUM.value) / TIB)


def firehose_usd(records: float, record_bytes: int) -> float:
    """Return the price of records of this size in Firehose. AWS bills each in steps of 5 KB."""
    unit = prices.FIREHOSE_UNIT.value
    return prices.FIREHOSE_GB.of(records * math.ceil(record_bytes / unit) * unit / GIB)


def generator_usd(*, arm64: bool = False) -> float:
    """Return what the generator function costs per month. It is in no plan: real orders do not come from it."""
    minutes = SECONDS / 60
    gb_seconds = minutes * GENERATOR_SECONDS * GENERATOR_MEMORY_MIB / 1024
    return prices.LAMBDA_REQUEST.of(minutes) + (prices.LAMBDA_ARM if arm64 else prices.LAMBDA_X86).of(gb_seconds)


def dashboard_usd(hours: float = HOURS) -> float:
    """Return what the stack's dashboard costs, by default per month. It is in no plan, because it is off by default.

    The first three dashboards of an account are free.
    """
    return prices.CLOUDWATCH_DASHBOARD.of(hours / HOURS)


def stream_reads_usd(needs: Capacity) -> float:
    """Return the price per month of the pipe's reads of the table's stream.

    AWS bills reads by all consumers but Lambda (DynamoDB Developer Guide: Evaluate your DynamoDB streams usage). That
    page does not name pipes.
    """
    return prices.DYNAMODB_STREAM_READ.of(needs.table_partitions * STREAM_POLLS_PER_SECOND * SECONDS)


def view_query_usd(load: Load, mode: Mode) -> float:
    """Return the price of one query of sales_current, which reads every day: the scan, and the requests to S3."""
    scanned = load.orders_per_second * load.days * DAY_SECONDS * sizes(load.order_bytes).row_bytes
    return query_usd(scanned) + read_usd(capacity(load, mode).gathered_objects)


def read_usd(objects: float) -> float:
    """Return the price of the requests to S3 that read objects: a GET for each, and a LIST for a thousand."""
    return prices.S3_GET.of(objects) + prices.S3_PUT.of(objects / 1000)


def kinesis_usd(load: Load, needs: Capacity) -> float:
    """Return what the Kinesis stream costs per month. It keeps records for 48 hours."""
    size, orders = sizes(load.order_bytes), load.orders_per_second * SECONDS
    if needs.mode == "PROVISIONED":
        shard_hours = needs.shards * HOURS
        hours = prices.KINESIS_SHARD_HOUR.of(shard_hours) + prices.KINESIS_RETENTION_HOUR.of(shard_hours)
        return hours + prices.KINESIS_PUT_UNIT.of(orders * size.put_units)
    gigabytes = orders * size.on_demand_bytes / GIB
    kept = gigabytes / DAYS  # at any time, the records of one day beyond the first
    flow = prices.KINESIS_IN.of(gigabytes) + prices.KINESIS_OUT.of(gigabytes)
    return prices.KINESIS_STREAM_HOUR.of(HOURS) + flow + prices.KINESIS_KEPT.of(kept)


def transform_usd(load: Load, needs: Capacity) -> float:
    """Return what the transform function costs per month."""
    invocations = needs.transform_per_second * SECONDS
    gb_seconds = invocations * needs.transform_seconds * TRANSFORM_MEMORY_MIB / 1024
    return prices.LAMBDA_REQUEST.of(invocations) + (prices.LAMBDA_ARM if load.arm64 else prices.LAMBDA_X86).of(
        gb_seconds
    )


def month(load: Load, mode: Mode) -> list[Part]:
    """Return what each part costs per month, in the order in which the data flows."""
    needs, size = capacity(load, mode), sizes(load.order_bytes)
    orders = load.orders_per_second * SECONDS
    gathered = load.orders_per_second * load.days * DAY_SECONDS
    table_gb = gathered * (load.order_bytes + prices.DYNAMODB_ITEM_OVERHEAD.value) / GIB
    crawl_seconds = min(max(needs.crawl_seconds, prices.CRAWL_MINIMUM.value), prices.CRAWL_MOST.value)
    crawls = min(load.crawls_per_day * DAYS, SECONDS / crawl_seconds)  # a crawler runs once at a time
    crawl_requests = prices.S3_GET.of(needs.crawled_objects) + prices.S3_PUT.of(needs.gathered_objects / 1000)
    scanned = load.orders_per_second * load.query_days * DAY_SECONDS * size.row_bytes
    logs_gb = needs.transform_per_second * SECONDS * LOG_BYTES_PER_INVOCATION / GIB
    monitoring = prices.CLOUDWATCH_METRIC.of(METRICS) + prices.CLOUDWATCH_ALARM.of(ALARMS)
    kms_requests = KMS_REQUESTS * SECONDS / KMS_SECONDS
    write_units, requests = counted(size.write_units, "write unit"), counted(size.pipe_units, "request")
    firehose_kb = size.firehose_billed_bytes // KIB
    return [
        Part("DynamoDB, writes", prices.DYNAMODB_WRITE.of(orders * size.write_units), f"{write_units} per order"),
        Part(
            "DynamoDB, storage and recovery",
            prices.DYNAMODB_STORAGE.of(table_gb) + prices.DYNAMODB_PITR.of(table_gb),
            f"{table_gb:,.1f} GB after {counted(load.days, 'day')}",
        ),
        Part("Pipe", prices.PIPE_REQUEST.of(orders * size.pipe_units), f"{requests} per order"),
        Part(
            "Pipe, reads of the stream",
            stream_reads_usd(needs),
            f"{counted(needs.table_partitions, 'shard')}, {STREAM_POLLS_PER_SECOND} reads per second each",
        ),
        Part("Kinesis, kept 48 hours", kinesis_usd(load, needs), _stream(size, needs)),
        Part("Firehose", firehose_usd(orders, size.event_bytes), f"{firehose_kb:,} KB per order"),
        Part(
            "Transform function", transform_usd(load, needs), f"{counted(needs.transform_records, 'record')} per call"
        ),
        Part(
            "S3",
            prices.S3_PUT.of(needs.objects_per_day * DAYS) + prices.S3_STORAGE.of(gathered * size.row_bytes / GIB),
            f"{counted(needs.objects_per_day, 'object')} per day, rows of {counted(load.days, 'day')}",
        ),
        Part(
            "Crawler",
            crawls * (crawl_usd(crawl_seconds) + crawl_requests),
            f"{counted(crawls, 'run')} of {crawl_seconds / 60:,.0f} minutes, {CRAWLER_DPUS} DPU",
        ),
        Part(
            "Athena, queries of orders",
            load.queries_per_day * DAYS * (query_usd(scanned) + read_usd(needs.objects_per_day * load.query_days)),
            _queries(load.queries_per_day, scanned),
        ),
        Part(
            "Athena, queries of the view",
            load.view_queries_per_day * DAYS * view_query_usd(load, mode),
            _queries(load.view_queries_per_day, load.orders_per_second * load.days * DAY_SECONDS * size.row_bytes),
        ),
        Part("KMS", prices.KMS_REQUEST.of(kms_requests), f"{kms_requests:,.0f} requests for AWS' own keys"),
        Part(
            "CloudWatch",
            monitoring + prices.CLOUDWATCH_LOGS.of(logs_gb),
            f"{METRICS} metrics, {ALARMS} metrics in alarms, logs",
        ),
    ]


def _stream(size: Sizes, needs: Capacity) -> str:
    if needs.mode == "ON_DEMAND":
        return f"{size.on_demand_bytes / KIB:,.0f} KB per order, in and out"
    return f"{counted(needs.shards, 'shard')}, {counted(size.put_units, 'put unit')} per order"


def _queries(per_day: float, scanned_bytes: float) -> str:
    queries = f"{per_day:,g} {'query' if per_day == 1 else 'queries'} per day, each over {scanned_bytes / MIB:,.0f} MB"
    if scanned_bytes < prices.ATHENA_MINIMUM.value:
        return f"{queries} and billed as {prices.ATHENA_MINIMUM.value / MIB:.0f} MB"
    if scanned_bytes > QUERY_CUTOFF_BYTES:
        return f"{queries}: more than the 10 GiB at which the workgroup stops it"
    return queries


def month_usd(load: Load, mode: Mode) -> float:
    """Return what all parts together cost per month."""
    return sum(part.usd for part in month(load, mode))


def levers(load: Load) -> list[Lever]:
    """Return the changes that save at least a cent per month in PROVISIONED mode, the largest saving first."""
    now, size = month_usd(load, "PROVISIONED"), sizes(load.order_bytes)
    needs, orders = capacity(load, "PROVISIONED"), load.orders_per_second * SECONDS
    firehose = firehose_usd(orders, size.event_bytes)
    packed = prices.FIREHOSE_GB.of(orders * size.event_bytes / GIB)
    pipe = prices.PIPE_REQUEST.of(orders * size.pipe_units)

    def saved(change: Load) -> float:
        return now - month_usd(change, "PROVISIONED")

    found = [
        Lever("BufferIntervalSeconds=900", saved(replace(load, buffer_seconds=900)), "an order takes 15 minutes to S3"),
        Lever(
            "CrawlerSchedule=OFF",
            saved(replace(load, crawls_per_day=0)),
            "query the table orders, not sales_data",
        ),
        Lever("Architecture=arm64", saved(replace(load, arm64=True)), "nothing"),
        Lever(
            "RetentionPeriodHours=24",
            prices.KINESIS_RETENTION_HOUR.of(needs.shards * HOURS),
            "one day, not two, to repair a failed delivery",
        ),
        Lever("records packed to 5 KB", firehose - packed, "a program of your own: a pipe packs no records"),
        Lever(
            "Kinesis Data Streams for DynamoDB",
            pipe + stream_reads_usd(needs) - prices.DYNAMODB_TO_KINESIS.of(orders * size.write_units),
            "no filter and no dead letters; events may come twice and out of order",
        ),
    ]
    return sorted((each for each in found if each.saves_usd >= CENT), key=lambda lever: -lever.saves_usd)
