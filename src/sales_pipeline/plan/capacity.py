"""Computes the capacity that a load needs of each part of the pipeline.

The size of an order is that of its DynamoDB item, in bytes. Rates are means over a month unless their names say "peak".
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from sales_pipeline.errors import SalesError
from sales_pipeline.plan import prices
from sales_pipeline.plan.prices import MIB

Mode = Literal["PROVISIONED", "ON_DEMAND"]
MODES: tuple[Mode, ...] = ("PROVISIONED", "ON_DEMAND")
DAY_SECONDS = 86_400

# ── Values of template.yaml: a test compares them ────────────────────────────────────────────────
PIPE_BATCH = 500
PROCESSOR_BUFFER_BYTES = MIB
PROCESSOR_BUFFER_SECONDS = 10
S3_BUFFER_BYTES = 64 * MIB
TRANSFORM_MEMORY_MIB = 512
QUERY_CUTOFF_BYTES = 10 * 1024**3
CRAWL_SAMPLE = 10  # objects of each day that a crawl reads
SHARD_COUNT_MOST = 500

# ── Sizes in events/firehose.json: a test compares them ──────────────────────────────────────────
EVENT_ENVELOPE_BYTES = 520  # of a change event, without the item
PARTITION_KEY_BYTES = 36  # an order's id; counts towards the bytes of a shard
FIREHOSE_METADATA_BYTES = 374  # of a record in the transform's input, without its data
ROW_JSON_BYTES = 28  # of a row, without the item

# ── Assumptions: nobody has measured these on AWS ────────────────────────────────────────────────
TRANSFORM_SECONDS_PER_RECORD = 25e-6  # about 7 µs on a whole CPU; 512 MiB get 0.29 of one
TRANSFORM_SECONDS_PER_INVOCATION = 0.005
PIPE_SECONDS_PER_BATCH = 0.2  # to read, filter and put a batch
CATCH_UP = 2  # a pipe that was held up works off its backlog at this multiple of the peak
CRAWL_START_SECONDS = 60
CRAWL_READS_PER_SECOND = 100  # of the objects in its samples
CRAWL_LISTED_PER_SECOND = 10_000  # it lists every object, 1,000 with each request
BUFFERS_PER_SHARD = 1  # Firehose has more buffers for a larger stream; AWS does not document how many


class PlanError(SalesError):
    """A load that can't be planned. The text names the option and the values that it takes."""


@dataclass(frozen=True)
class Load:
    """The load to plan for. Raises PlanError for a value out of its bounds."""

    orders_per_second: float
    order_bytes: int = 90
    peak: float = 1.5  # orders in the busiest second, as a multiple of the mean
    shards: int | None = None  # None: as many as the peak needs
    buffer_seconds: int = 60
    crawls_per_day: float = 4
    days: int = 30  # days of orders and rows that table and bucket hold
    queries_per_day: float = 10
    query_days: int = 1  # days of rows that each query scans
    view_queries_per_day: float = 1  # of sales_current: each scans every day there is
    arm64: bool = False

    def __post_init__(self) -> None:
        bounds = {
            "orders_per_second": (1e-6, 100_000_000),
            "order_bytes": (40, prices.DYNAMODB_ITEM.value),
            "peak": (1, 1000),
            "shards": (1, SHARD_COUNT_MOST),
            "buffer_seconds": (0, 900),
            "crawls_per_day": (0, 288),
            "days": (1, 36_500),
            "queries_per_day": (0, 1_000_000),
            "query_days": (1, 36_500),
            "view_queries_per_day": (0, 1_000_000),
        }
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:  # NaN is never within bounds
                given = f"--{name.replace('_', '-')} {value:g}"
                raise PlanError(f"{given} is out of bounds: give a number from {_plain(least)} to {most:,}")


@dataclass(frozen=True)
class Sizes:
    """Bytes of one order at each stage, and the units that AWS bills for it."""

    write_units: int
    event_bytes: int
    pipe_units: int
    put_units: int
    on_demand_bytes: int
    firehose_event_bytes: int
    firehose_billed_bytes: int
    row_bytes: int


def sizes(order_bytes: int) -> Sizes:
    """Return the sizes of an order whose item has so many bytes, all in attributes that are columns of the row."""
    event_bytes, on_demand_unit = order_bytes + EVENT_ENVELOPE_BYTES, prices.KINESIS_ON_DEMAND_UNIT.value
    return Sizes(
        write_units=_units(order_bytes, prices.DYNAMODB_WRITE_UNIT.value),
        event_bytes=event_bytes,
        pipe_units=_units(event_bytes, prices.PIPE_UNIT.value),
        put_units=_units(event_bytes, prices.KINESIS_PUT_UNIT_SIZE.value),
        on_demand_bytes=_units(event_bytes, on_demand_unit) * on_demand_unit,
        firehose_event_bytes=math.ceil(event_bytes / 3) * 4 + FIREHOSE_METADATA_BYTES,
        firehose_billed_bytes=_units(event_bytes, prices.FIREHOSE_UNIT.value) * prices.FIREHOSE_UNIT.value,
        row_bytes=order_bytes + ROW_JSON_BYTES,
    )


def _units(size_bytes: int, unit_bytes: int) -> int:
    return math.ceil(size_bytes / unit_bytes)


@dataclass(frozen=True)
class Capacity:
    """The capacity that a load needs, in one mode of the stream."""

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
    crawled_objects: float
    crawl_seconds: float


def shard_orders_per_second(order_bytes: int) -> float:
    """Return the orders per second that one shard takes: 1,000 records or 1 MB, whichever is less."""
    record_bytes = sizes(order_bytes).event_bytes + PARTITION_KEY_BYTES
    return min(prices.SHARD_RECORDS.value, prices.SHARD_BYTES.value / record_bytes)


def capacity(load: Load, mode: Mode) -> Capacity:
    """Return the capacity that this load needs of each part."""
    size, rate = sizes(load.order_bytes), load.orders_per_second
    peak = rate * load.peak
    needed = max(1, math.ceil(peak / shard_orders_per_second(load.order_bytes) - 1e-9))
    # In ON_DEMAND mode, AWS keeps capacity for twice the highest peak.
    shards = max(prices.ON_DEMAND_START.value, 2 * needed) if mode == "ON_DEMAND" else load.shards or needed

    partition_writes = prices.DYNAMODB_PARTITION_WRITES.value
    partitions = math.ceil(max(peak * size.write_units, prices.DYNAMODB_NEW_TABLE_WRITES.value) / partition_writes)
    pipe_batch = max(1, min(PIPE_BATCH, prices.STREAM_READ_BYTES.value // size.event_bytes))
    busy = CATCH_UP * peak / partitions * PIPE_SECONDS_PER_BATCH / pipe_batch
    parallel = min(10, max(1, math.ceil(busy)))

    # A buffer passes on its records when it is full, or when its time is over. An empty buffer passes on nothing.
    by_shard = rate / shards
    fullest = max(1, PROCESSOR_BUFFER_BYTES // size.event_bytes)
    invocations = shards * max(by_shard / fullest, min(by_shard, 1 / PROCESSOR_BUFFER_SECONDS))
    records = rate / invocations
    seconds = TRANSFORM_SECONDS_PER_INVOCATION + records * TRANSFORM_SECONDS_PER_RECORD
    buffers = shards * BUFFERS_PER_SHARD
    timed = min(invocations, buffers / load.buffer_seconds if load.buffer_seconds else invocations)
    objects = max(rate * size.row_bytes / S3_BUFFER_BYTES, timed) * DAY_SECONDS
    gathered, crawled = objects * load.days, min(objects, CRAWL_SAMPLE) * load.days
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
        crawled_objects=crawled,
        crawl_seconds=CRAWL_START_SECONDS + crawled / CRAWL_READS_PER_SECOND + gathered / CRAWL_LISTED_PER_SECOND,
    )


def _plain(number: float) -> str:
    """Return a number without an exponent."""
    return f"{Decimal(str(number)):f}"
