"""What a load costs a month, part by part: formulas over `prices` and `planning`, a month being 730 hours.

List prices, no free tier and no volume tier: too much for a small account, and for a very large load.
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
    capacity,
    sizes,
)
from sales_pipeline.plan.prices import GIB, MIB, TIB

HOURS = 730
SECONDS = HOURS * 3600
DAYS = SECONDS / DAY_SECONDS

METRICS = 4  # those of the transform; those of AWS' services cost nothing
ALARMS = 10
GENERATOR_MEMORY_MIB = 128
CENT = 0.01

# Assumptions. The metrics line of a batch has 502 bytes in the samples; the others are the runtime's.
LOG_BYTES_PER_INVOCATION = 950
CRAWLER_DPUS = 1
GENERATOR_SECONDS = 58  # it waits until its last order is due, 57 s after the first
STREAM_POLLS_PER_SECOND = 4  # as Lambda reads a shard; how often a pipe does isn't documented


@dataclass(frozen=True)
class Part:
    """What one part costs a month, in USD, and what that counts."""

    name: str
    usd: float
    counts: str


@dataclass(frozen=True)
class Lever:
    """Something that would save money, in USD a month, and what it asks for."""

    name: str
    saves_usd: float
    asks: str


def crawl_usd(seconds: float, dpus: int = CRAWLER_DPUS) -> float:
    """Return what one run of a crawler costs, which bills at least 10 minutes of each DPU."""
    return prices.CRAWLER_DPU_HOUR.of(dpus * max(seconds, prices.CRAWL_MINIMUM.value) / 3600)


def query_usd(scanned_bytes: float) -> float:
    """Return what one query costs, which bills at least 10 MB and rounds up to the next."""
    whole = math.ceil(scanned_bytes / MIB) * MIB
    return prices.ATHENA_TB.of(max(whole, prices.ATHENA_MINIMUM.value) / TIB)


def firehose_usd(records: float, record_bytes: int) -> float:
    """Return what records of this size cost in Firehose, which bills each as a multiple of 5 KB."""
    unit = prices.FIREHOSE_UNIT.value
    return prices.FIREHOSE_GB.of(records * math.ceil(record_bytes / unit) * unit / GIB)


def generator_usd(*, arm64: bool = False) -> float:
    """Return what the scheduled generator costs a month: most planned loads don't want it."""
    minutes = SECONDS / 60
    gb_seconds = minutes * GENERATOR_SECONDS * GENERATOR_MEMORY_MIB / 1024
    return prices.LAMBDA_REQUEST.of(minutes) + (prices.LAMBDA_ARM if arm64 else prices.LAMBDA_X86).of(gb_seconds)


def stream_reads_usd(needs: Capacity) -> float:
    """Return what reading the table's stream costs, should AWS bill a pipe for it: only Lambda is named as free."""
    return prices.DYNAMODB_STREAM_READ.of(needs.table_partitions * STREAM_POLLS_PER_SECOND * SECONDS)


def kinesis_usd(load: Load, needs: Capacity) -> float:
    """Return what the data stream costs, which keeps records for 48 hours."""
    size, orders = sizes(load.order_bytes), load.orders_per_second * SECONDS
    if needs.mode == "PROVISIONED":
        shard_hours = needs.shards * HOURS
        hours = prices.KINESIS_SHARD_HOUR.of(shard_hours) + prices.KINESIS_RETENTION_HOUR.of(shard_hours)
        return hours + prices.KINESIS_PUT_UNIT.of(orders * size.put_units)
    gigabytes = orders * size.on_demand_bytes / GIB
    kept = gigabytes / DAYS  # the second of two days, at any time
    flow = prices.KINESIS_IN.of(gigabytes) + prices.KINESIS_OUT.of(gigabytes)
    return prices.KINESIS_STREAM_HOUR.of(HOURS) + flow + prices.KINESIS_KEPT.of(kept)


def transform_usd(load: Load, needs: Capacity) -> float:
    """Return what the transform function costs."""
    invocations = needs.transform_per_second * SECONDS
    gb_seconds = invocations * needs.transform_seconds * TRANSFORM_MEMORY_MIB / 1024
    return prices.LAMBDA_REQUEST.of(invocations) + (prices.LAMBDA_ARM if load.arm64 else prices.LAMBDA_X86).of(
        gb_seconds
    )


def month(load: Load, mode: Mode) -> list[Part]:
    """Return what each part costs a month, in the order the data flows."""
    needs, size = capacity(load, mode), sizes(load.order_bytes)
    orders = load.orders_per_second * SECONDS
    gathered = load.orders_per_second * load.days * DAY_SECONDS
    table_gb = gathered * (load.order_bytes + prices.DYNAMODB_ITEM_OVERHEAD.value) / GIB
    crawl_seconds = min(max(needs.crawl_seconds, prices.CRAWL_MINIMUM.value), prices.CRAWL_MOST.value)
    crawls = min(load.crawls_per_day * DAYS, SECONDS / crawl_seconds)  # a crawler runs once at a time
    crawl_requests = prices.S3_GET.of(needs.gathered_objects) + prices.S3_PUT.of(needs.gathered_objects / 1000)
    scanned = load.orders_per_second * load.query_days * DAY_SECONDS * size.row_bytes
    logs_gb = needs.transform_per_second * SECONDS * LOG_BYTES_PER_INVOCATION / GIB
    monitoring = prices.CLOUDWATCH_METRIC.of(METRICS) + prices.CLOUDWATCH_ALARM.of(ALARMS)
    return [
        Part("DynamoDB, writes", prices.DYNAMODB_WRITE.of(orders * size.write_units), "units of 1 KB"),
        Part(
            "DynamoDB, storage and recovery",
            prices.DYNAMODB_STORAGE.of(table_gb) + prices.DYNAMODB_PITR.of(table_gb),
            f"{table_gb:,.1f} GB after {load.days} days",
        ),
        Part("Pipe", prices.PIPE_REQUEST.of(orders * size.pipe_units), "units of 64 KB, at least one an order"),
        Part("Kinesis, kept 48 hours", kinesis_usd(load, needs), _stream(needs)),
        Part("Firehose", firehose_usd(orders, size.event_bytes), "every record rounded up to 5 KB"),
        Part("Transform function", transform_usd(load, needs), f"{needs.transform_records:,.0f} records a call"),
        Part(
            "S3",
            prices.S3_PUT.of(needs.objects_per_day * DAYS) + prices.S3_STORAGE.of(gathered * size.row_bytes / GIB),
            f"{needs.objects_per_day:,.0f} objects a day; rows of {load.days} days",
        ),
        Part(
            "Crawler",
            crawls * (crawl_usd(crawl_seconds) + crawl_requests),
            f"{crawls:,.0f} runs of {crawl_seconds / 60:,.0f} min, 1 DPU",
        ),
        Part(
            "Athena",
            load.queries_per_day * DAYS * query_usd(scanned),
            f"{load.queries_per_day:g} queries a day over {scanned / MIB:,.0f} MB, at least 10"
            + (": the workgroup stops at 10 GiB" if scanned > QUERY_CUTOFF_BYTES else ""),
        ),
        Part(
            "CloudWatch", monitoring + prices.CLOUDWATCH_LOGS.of(logs_gb), f"{METRICS} metrics, {ALARMS} alarms, logs"
        ),
    ]


def _stream(needs: Capacity) -> str:
    if needs.mode == "ON_DEMAND":
        return "records rounded up to 1 KB, in and out"
    return f"{needs.shards:,} {'shard' if needs.shards == 1 else 'shards'}, units of 25 KB"


def month_usd(load: Load, mode: Mode) -> float:
    """Return what everything costs a month."""
    return sum(part.usd for part in month(load, mode))


def levers(load: Load) -> list[Lever]:
    """Return what would save a cent a month or more, in PROVISIONED mode, the largest saving first."""
    now, size = month_usd(load, "PROVISIONED"), sizes(load.order_bytes)
    needs, orders = capacity(load, "PROVISIONED"), load.orders_per_second * SECONDS
    firehose = firehose_usd(orders, size.event_bytes)
    packed = prices.FIREHOSE_GB.of(orders * size.event_bytes / GIB)
    pipe = prices.PIPE_REQUEST.of(orders * size.pipe_units)

    def saved(change: Load) -> float:
        return now - month_usd(change, "PROVISIONED")

    found = [
        Lever("BufferIntervalSeconds=900", saved(replace(load, buffer_seconds=900)), "orders wait 15 minutes"),
        Lever("no crawler", saved(replace(load, crawls_per_day=0)), "queries go to the declared table orders"),
        Lever("Architecture=arm64", saved(replace(load, arm64=True)), "nothing"),
        Lever(
            "RetentionPeriodHours 24",
            prices.KINESIS_RETENTION_HOUR.of(needs.shards * HOURS),
            "a day less to repair a delivery that fails",
        ),
        Lever("records of 5 KB to Firehose", firehose - packed, "a consumer of your own: a pipe joins no records"),
        Lever(
            "Kinesis Data Streams for DynamoDB",
            pipe - prices.DYNAMODB_TO_KINESIS.of(orders * size.write_units),
            "no pipe, filter or dead letters; events may come twice and out of order",
        ),
    ]
    return sorted((each for each in found if each.saves_usd >= CENT), key=lambda lever: -lever.saves_usd)
