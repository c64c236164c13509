"""What a load of orders asks of each part of the pipeline, and which quota stops it first: formulas only.

An order is counted in the bytes of its DynamoDB item. Rates are means over a month unless they say "peak".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sales_pipeline.errors import SalesError
from sales_pipeline.plan import prices
from sales_pipeline.plan.prices import KIB, MIB

Mode = Literal["PROVISIONED", "ON_DEMAND"]
MODES: tuple[Mode, ...] = ("PROVISIONED", "ON_DEMAND")
DAY_SECONDS = 86_400

# ── What template.yaml sets: a test holds these to it ────────────────────────────────────────────
PIPE_BATCH = 500
PROCESSOR_BUFFER_BYTES = MIB
PROCESSOR_BUFFER_SECONDS = 10
S3_BUFFER_BYTES = 64 * MIB
TRANSFORM_MEMORY_MIB = 512
QUERY_CUTOFF_BYTES = 10 * 1024**3
SHARD_COUNT_MOST = 500

# ── Sizes, as events/firehose.json has them: a test holds these to it ────────────────────────────
EVENT_ENVELOPE_BYTES = 520  # what a change event holds besides the item
PARTITION_KEY_BYTES = 36  # an order id, which counts towards a shard's bytes
FIREHOSE_METADATA_BYTES = 374  # what a record takes in the transformation event besides its data
ROW_JSON_BYTES = 28  # what a row holds besides the item

# ── Assumptions: nobody has measured these on AWS ────────────────────────────────────────────────
TRANSFORM_SECONDS_PER_RECORD = 25e-6  # about 7 µs a record, the runtime's JSON included, on 512 MiB's 0.29 of a CPU
TRANSFORM_SECONDS_PER_INVOCATION = 0.005
PIPE_SECONDS_PER_BATCH = 0.2  # to read a batch, filter it and put it
CATCH_UP = 2  # a pipe that was held up drains its backlog at this multiple of the peak
CRAWL_START_SECONDS = 60
CRAWL_OBJECTS_PER_SECOND = 100  # CRAWL_EVERYTHING lists every object and reads its beginning
BUFFERS_PER_SHARD = 1  # Firehose buffers in channels that grow with its source; how many isn't documented


class PlanError(SalesError):
    """A load that can't be planned; the text names the option and what it takes."""


@dataclass(frozen=True)
class Load:
    """What is asked of the pipeline. Raises PlanError for a value out of its bounds."""

    orders_per_second: float
    order_bytes: int = 90
    peak: float = 1.5  # the busiest second, as a multiple of the mean
    shards: int | None = None  # None: as many as the peak needs
    buffer_seconds: int = 60
    crawls_per_day: float = 4
    days: int = 30  # for which orders and rows have gathered
    queries_per_day: float = 10
    query_days: int = 1  # days of rows that a query scans
    arm64: bool = False

    def __post_init__(self) -> None:
        bounds = {
            "orders_per_second": (1e-6, 1e8),
            "order_bytes": (40, prices.DYNAMODB_ITEM.value),
            "peak": (1, 1000),
            "shards": (1, SHARD_COUNT_MOST),
            "buffer_seconds": (0, 900),
            "crawls_per_day": (0, 288),
            "days": (1, 36_500),
            "queries_per_day": (0, 1e6),
            "query_days": (1, 36_500),
        }
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:  # NaN is in no bounds
                option = name.replace("_", "-")
                raise PlanError(f"--{option} {value:g} can't be planned: give a number from {least:g} to {most:,.0f}")


@dataclass(frozen=True)
class Sizes:
    """Bytes of one order at each stage, and what each stage counts it as."""

    write_units: int
    event_bytes: int
    pipe_units: int
    put_units: int
    on_demand_bytes: int
    firehose_event_bytes: int
    firehose_billed_bytes: int
    row_bytes: int


def sizes(order_bytes: int) -> Sizes:
    """Return what an order of this item size becomes, all of it in attributes that the row takes."""
    event_bytes = order_bytes + EVENT_ENVELOPE_BYTES
    return Sizes(
        write_units=_units(order_bytes, prices.DYNAMODB_WRITE_UNIT.value),
        event_bytes=event_bytes,
        pipe_units=_units(event_bytes, prices.PIPE_UNIT.value),
        put_units=_units(event_bytes, prices.KINESIS_PUT_UNIT_SIZE.value),
        on_demand_bytes=_units(event_bytes, KIB) * KIB,
        firehose_event_bytes=math.ceil(event_bytes / 3) * 4 + FIREHOSE_METADATA_BYTES,
        firehose_billed_bytes=_units(event_bytes, prices.FIREHOSE_UNIT.value) * prices.FIREHOSE_UNIT.value,
        row_bytes=order_bytes + ROW_JSON_BYTES,
    )


def _units(size_bytes: int, unit_bytes: int) -> int:
    return math.ceil(size_bytes / unit_bytes)


@dataclass(frozen=True)
class Capacity:
    """What the load needs, in one mode of the stream."""

    mode: Mode
    shards: int
    shards_needed: int
    table_partitions: int
    pipe_batch: int
    parallelization_factor: int
    pipe_executions: int
    transform_records: float
    transform_seconds: float
    transform_per_second: float
    transform_concurrency: int
    objects_per_day: float
    object_bytes: float
    gathered_objects: float
    crawl_seconds: float


def shard_orders_per_second(order_bytes: int) -> float:
    """Orders a second that one shard takes: 1,000 records or 1 MB, whichever is less."""
    record_bytes = sizes(order_bytes).event_bytes + PARTITION_KEY_BYTES
    return min(prices.SHARD_RECORDS.value, prices.SHARD_BYTES.value / record_bytes)


def capacity(load: Load, mode: Mode) -> Capacity:
    """Return what this load needs of each part."""
    size, rate = sizes(load.order_bytes), load.orders_per_second
    peak = rate * load.peak
    needed = max(1, math.ceil(peak / shard_orders_per_second(load.order_bytes) - 1e-9))
    # On demand, AWS keeps room for twice the highest peak.
    shards = max(prices.ON_DEMAND_START.value, 2 * needed) if mode == "ON_DEMAND" else load.shards or needed

    partition_writes = prices.DYNAMODB_PARTITION_WRITES.value
    partitions = math.ceil(max(peak * size.write_units, prices.DYNAMODB_NEW_TABLE_WRITES.value) / partition_writes)
    pipe_batch = max(1, min(PIPE_BATCH, prices.STREAM_READ_BYTES.value // size.event_bytes))
    busy = CATCH_UP * peak / partitions * PIPE_SECONDS_PER_BATCH / pipe_batch
    parallel = min(10, max(1, math.ceil(busy)))

    # A buffer hands on what it has when it is full, or when its time is over and there is something in it.
    by_shard = rate / shards
    fullest = max(1, PROCESSOR_BUFFER_BYTES // size.event_bytes)
    invocations = shards * max(by_shard / fullest, min(by_shard, 1 / PROCESSOR_BUFFER_SECONDS))
    records = rate / invocations
    seconds = TRANSFORM_SECONDS_PER_INVOCATION + records * TRANSFORM_SECONDS_PER_RECORD
    buffers = shards * BUFFERS_PER_SHARD
    timed = min(invocations, buffers / load.buffer_seconds if load.buffer_seconds else invocations)
    objects = max(rate * size.row_bytes / S3_BUFFER_BYTES, timed) * DAY_SECONDS
    gathered = objects * load.days
    return Capacity(
        mode=mode,
        shards=shards,
        shards_needed=needed,
        table_partitions=partitions,
        pipe_batch=pipe_batch,
        parallelization_factor=parallel,
        pipe_executions=partitions * parallel,
        transform_records=records,
        transform_seconds=seconds,
        transform_per_second=invocations,
        transform_concurrency=math.ceil(invocations * load.peak * seconds),
        objects_per_day=objects,
        object_bytes=rate * size.row_bytes * DAY_SECONDS / objects,
        gathered_objects=gathered,
        crawl_seconds=CRAWL_START_SECONDS + gathered / CRAWL_OBJECTS_PER_SECOND,
    )


@dataclass(frozen=True)
class Limit:
    """A bound, the mean load at which it is reached with everything else as planned, and what to do then."""

    name: str
    orders_per_second: float
    then: str


def limits(load: Load) -> list[Limit]:
    """Return what stops the load as it grows, the first one first."""
    size, provisioned = sizes(load.order_bytes), capacity(load, "PROVISIONED")
    shard = shard_orders_per_second(load.order_bytes)
    full = max(1, PROCESSOR_BUFFER_BYTES // size.event_bytes)
    full_seconds = TRANSFORM_SECONDS_PER_INVOCATION + full * TRANSFORM_SECONDS_PER_RECORD
    writes = 1 / size.write_units
    executions = prices.PIPE_EXECUTIONS.value / provisioned.parallelization_factor
    outstanding = provisioned.shards * prices.FIREHOSE_CALLS.value

    peaks = [
        ("Kinesis: ShardCount as planned", provisioned.shards * shard, "raise ShardCount, at most doubling it at once"),
        ("Kinesis: a new ON_DEMAND stream", prices.ON_DEMAND_START.value * shard, "let the load grow over hours"),
        ("DynamoDB: a new on-demand table", prices.DYNAMODB_NEW_TABLE_WRITES.value * writes, "set WarmThroughput"),
        ("DynamoDB: writes to one table", prices.DYNAMODB_TABLE_WRITES.value * writes, "Service Quotas"),
        ("template.yaml: most ShardCount", SHARD_COUNT_MOST * shard, "raise its MaxValue, or ON_DEMAND"),
        ("Pipes: executions at once", executions * prices.DYNAMODB_PARTITION_WRITES.value * writes, "AWS Support"),
        ("Kinesis: the most of ON_DEMAND", prices.ON_DEMAND_MOST.value * shard, "several streams"),
        ("Kinesis: shards of an account", prices.SHARDS.value * shard, "Service Quotas"),
        ("Lambda: executions of an account", prices.LAMBDA_CONCURRENCY.value * full / full_seconds, "Service Quotas"),
        ("Firehose: 5 calls a shard", outstanding * full / full_seconds, "more shards, or more MemorySize"),
    ]
    found = [Limit(name, peak / load.peak, then) for name, peak, then in peaks]
    day = QUERY_CUTOFF_BYTES / (DAY_SECONDS * size.row_bytes)
    found += [
        Limit("Athena: a query over 30 days scans 10 GiB", day / 30, "raise BytesScannedCutoffPerQuery, or Parquet"),
        Limit("Athena: a query over one day scans 10 GiB", day, "the same, and partitions by hour"),
    ]
    if load.crawls_per_day:
        gap = min(DAY_SECONDS / load.crawls_per_day, prices.CRAWL_MOST.value)
        slow = _first_load(load, lambda at: capacity(at, "PROVISIONED").crawl_seconds > gap)
        if slow:
            then = "ask orders, which needs no crawl; then drop the crawler"
            found.append(Limit(f"Glue: a crawl after {load.days} days lasts until the next one", slow, then))
    return sorted(found, key=lambda limit: limit.orders_per_second)


def _first_load(load: Load, exceeds: Callable[[Load], bool]) -> float | None:
    low, high = 1e-6, 1e8
    free = replace(load, shards=None)
    if not exceeds(replace(free, orders_per_second=high)):
        return None
    while high / low > 1.001:  # noqa: PLR2004 - closer than any of the assumptions
        middle = math.sqrt(low * high)
        low, high = (low, middle) if exceeds(replace(free, orders_per_second=middle)) else (middle, high)
    return high
