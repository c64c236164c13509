"""Computes the loads at which quotas and settings stop the pipeline."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from sales_pipeline.plan import prices
from sales_pipeline.plan.capacity import (
    DAY_SECONDS,
    PROCESSOR_BUFFER_BYTES,
    QUERY_CUTOFF_BYTES,
    SHARD_COUNT_MOST,
    TRANSFORM_SECONDS_PER_INVOCATION,
    TRANSFORM_SECONDS_PER_RECORD,
    Load,
    capacity,
    shard_orders_per_second,
    sizes,
)
from sales_pipeline.terminal.amounts import counted


@dataclass(frozen=True)
class Limit:
    """A limit, the mean load that reaches it if everything else is as planned, and what to do then."""

    name: str
    orders_per_second: float
    then: str


def limits(load: Load) -> list[Limit]:
    """Return the limits in the order in which a growing load reaches them."""
    size, provisioned = sizes(load.order_bytes), capacity(load, "PROVISIONED")
    shard = shard_orders_per_second(load.order_bytes)
    full = max(1, PROCESSOR_BUFFER_BYTES // size.event_bytes)
    by_call = full / (TRANSFORM_SECONDS_PER_INVOCATION + full * TRANSFORM_SECONDS_PER_RECORD)
    writes = 1 / size.write_units
    partition_writes = prices.DYNAMODB_PARTITION_WRITES.value * writes
    executions = prices.PIPE_EXECUTIONS.value / provisioned.parallelization_factor
    calls = provisioned.shards * prices.FIREHOSE_CALLS.value

    peaks = [
        ("Kinesis: ShardCount as planned", provisioned.shards * shard, "raise ShardCount, at most to twice its value"),
        ("Kinesis: a new ON_DEMAND stream", prices.ON_DEMAND_START.value * shard, "let the load grow over hours"),
        ("DynamoDB: a new on-demand table", prices.DYNAMODB_NEW_TABLE_WRITES.value * writes, "set WarmThroughput"),
        ("DynamoDB: writes to one table", prices.DYNAMODB_TABLE_WRITES.value * writes, "ask for a higher quota"),
        ("template.yaml: MaxValue of ShardCount", SHARD_COUNT_MOST * shard, "raise it, or use ON_DEMAND"),
        ("Pipes: concurrent executions", executions * partition_writes, "ask AWS Support"),
        ("Kinesis: highest capacity of ON_DEMAND", prices.ON_DEMAND_MOST.value * shard, "use several streams"),
        ("Kinesis: shards per account", prices.SHARDS.value * shard, "ask for a higher quota"),
        ("Lambda: concurrent executions", prices.LAMBDA_CONCURRENCY.value * by_call, "ask for a higher quota"),
        ("Firehose: 5 concurrent calls per shard", calls * by_call, "raise ShardCount or MemorySize"),
    ]
    found = [Limit(name, peak / load.peak, then) for name, peak, then in peaks]
    day = QUERY_CUTOFF_BYTES / (DAY_SECONDS * size.row_bytes)
    found += [
        Limit(
            f"Athena: sales_current over {counted(load.days, 'day')} scans 10 GiB",
            day / load.days,
            "raise BytesScannedCutoffPerQuery, or query orders by dt",
        ),
        Limit("Athena: a query over one day scans 10 GiB", day, "use Parquet, and partition the rows by hour"),
    ]
    if load.crawls_per_day:
        gap = min(DAY_SECONDS / load.crawls_per_day, prices.CRAWL_MOST.value)
        slow = _first_load(load, lambda at: capacity(at, "PROVISIONED").crawl_seconds > gap)
        if slow:
            then = "query the table orders instead, with CrawlerSchedule=OFF"
            found.append(Limit(f"Glue: after {load.days} days a crawl lasts until the next one", slow, then))
    return sorted(found, key=lambda limit: limit.orders_per_second)


def view_days(load: Load) -> float:
    """Return the days of rows at which the workgroup stops a query of sales_current.

    The view looks for the newest version of each order, so it reads every day. No condition on `dt` shortens that.
    """
    return QUERY_CUTOFF_BYTES / (load.orders_per_second * DAY_SECONDS * sizes(load.order_bytes).row_bytes)


def _first_load(load: Load, exceeds: Callable[[Load], bool]) -> float | None:
    low, high = 1e-6, 1e8
    free = replace(load, shards=None)
    if not exceeds(replace(free, orders_per_second=high)):
        return None
    while high / low > 1.001:  # noqa: PLR2004 - more exact than any of the assumptions
        middle = math.sqrt(low * high)
        low, high = (low, middle) if exceeds(replace(free, orders_per_second=middle)) else (middle, high)
    return high
