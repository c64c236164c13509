"""`sales plan`: what a load needs, what stops it, and what it costs, computed from list prices."""

import json
import math
import sys
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any, Literal

from sales_pipeline.plan import capacity as planning
from sales_pipeline.plan import costs, prices
from sales_pipeline.plan.capacity import MODES, SHARD_COUNT_MOST, Load, Mode, capacity, sizes
from sales_pipeline.plan.limits import limits, view_days
from sales_pipeline.plan.prices import KIB
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.terminal.table import DataTable, print_table
from sales_pipeline.terminal.wrap import print_prose, wrap

INTERVALS_SECONDS = (60, 300, 900)
"""Values of BufferIntervalSeconds to compare."""

AGES_DAYS = (30, 365)
"""Days of orders to compare the costs of: the first month, and after a year."""

_COMMAND_WIDTH = 76


def run(load: Load, output: Literal["text", "json"]) -> None:
    """Print the plan of a load, as text or as one JSON document."""
    if output == "json":
        sys.stdout.write(json.dumps(document(load), indent=2) + "\n")
    else:
        _print(load)


def document(load: Load) -> dict[str, Any]:
    """Return the whole plan, with plain names and numbers."""
    return {
        "region": prices.REGION,
        "load": asdict(load),
        "sizes": asdict(sizes(load.order_bytes)),
        "capacity": {mode: asdict(capacity(load, mode)) for mode in MODES},
        "limits": [asdict(limit) for limit in limits(load)],
        "usd_per_month": {mode: _by_part(load, mode, load.days) for mode in MODES},
        "usd_per_month_by_days": {
            mode: {str(days): _by_part(load, mode, days) for days in AGES_DAYS} for mode in MODES
        },
        "view": {
            "usd_per_query": {mode: round(costs.view_query_usd(load, mode), 4) for mode in MODES},
            "stopped_after_days": math.floor(view_days(load)),
        },
        "total_usd_per_month": {mode: round(costs.month_usd(load, mode), 2) for mode in MODES},
        "levers": [asdict(lever) for lever in costs.levers(load)],
        "deploy": deploy_line(load),
    }


def _by_part(load: Load, mode: Mode, days: int) -> dict[str, float]:
    return {part.name: round(part.usd, 2) for part in costs.month(replace(load, days=days), mode)}


def deploy_line(load: Load) -> str:
    """Return the command that deploys this plan, in the cheaper mode of the stream."""
    shards = capacity(load, "PROVISIONED").shards
    mode: Mode = min(MODES, key=lambda each: costs.month_usd(load, each))
    if shards > SHARD_COUNT_MOST:
        mode = "ON_DEMAND"
    parameters = [
        f"StreamMode={mode}",
        *([f"ShardCount={shards}"] if mode == "PROVISIONED" else []),
        f"BufferIntervalSeconds={load.buffer_seconds}",
        f"Architecture={'arm64' if load.arm64 else 'x86_64'}",
        "GeneratorState=DISABLED",
        *([] if load.crawls_per_day else ["CrawlerSchedule=OFF"]),
    ]
    return f"sam build && sam deploy --parameter-overrides {' '.join(parameters)}"


def _print(load: Load) -> None:
    needs = capacity(load, "PROVISIONED")
    print_prose(
        f"{load.orders_per_second:,.7g} orders per second of {load.order_bytes:,} bytes each, and {load.peak:g} times "
        f"as many in the busiest second. All numbers are computed from AWS' list prices and quotas in {prices.REGION}. "
        "Nothing was run on AWS.",
    )
    _print_section("Size of one order", _order(load))
    _print_section("Capacity that this load needs, by the mode of the Kinesis stream", _capacity(load))
    if needs.shards < needs.shards_needed:
        print_prose(f"Too few shards: the busiest second needs {needs.shards_needed:,}.")
    _print_section("Limits, and the load that reaches each, in orders per second", _limits(load))
    _print_section("Costs in USD per month; share and basis are those of PROVISIONED", _costs(load))
    _print_section("Costs that grow with the days of orders, in USD per month with PROVISIONED", _growth(load))
    sys.stdout.write("\n")
    print_prose(
        "A query of sales_current reads every day that there is. The workgroup stops it at 10 GiB, so at this load "
        f"after {math.floor(view_days(load)):,} days. A condition on dt does not help, because the view looks for the "
        "newest version of each order. Then raise BytesScannedCutoffPerQuery in template.yaml, or query the table "
        "orders with a condition on dt, which reads only those days."
    )
    if levers := costs.levers(load):
        rows = [(_usd(lever.saves_usd), lever.name, lever.takes) for lever in levers]
        table = DataTable(["USD", "change", "what it takes"], rows, amounts=["USD"])
        _print_section("Changes that save money, in USD per month with PROVISIONED", table)
    sys.stdout.write("\n")
    print_prose(
        f"Not in the costs: the mock generator ({costs.generator_usd(arm64=load.arm64):.0f} USD per month), which the "
        "command below turns off.",
        "Perhaps not billed: the pipe's reads of the table's stream. AWS bills those of all consumers but Lambda, and "
        "does not name pipes.",
        f"Assumed, and not measured on AWS: one buffer of Firehose per shard, {planning.CRAWL_READS_PER_SECOND} "
        f"objects read and {planning.CRAWL_LISTED_PER_SECOND:,} listed per second in a crawl, "
        f"{planning.TRANSFORM_SECONDS_PER_RECORD * 1e6:.0f} µs per record in the transform, "
        f"{planning.PIPE_SECONDS_PER_BATCH:g} s per batch in the pipe.",
        "",
        "Deploy this plan:",
    )
    sys.stdout.write(" \\\n  ".join(wrap(deploy_line(load), _COMMAND_WIDTH)) + "\n")
    if needs.parallelization_factor > 1:
        print_prose(
            f"Before that, set ParallelizationFactor of OrderPipe to {needs.parallelization_factor} in template.yaml."
        )


def _print_section(title: str, table: DataTable) -> None:
    sys.stdout.write(f"\n{title}\n")
    print_table(table)


def _order(load: Load) -> DataTable:
    size = sizes(load.order_bytes)
    rows = [
        ("order in DynamoDB", load.order_bytes, counted(size.write_units, "write unit") + " of 1 KB"),
        ("change event in the pipe", size.event_bytes, counted(size.pipe_units, "request") + " of 64 KB"),
        ("change event in Kinesis, PROVISIONED", size.event_bytes, counted(size.put_units, "put unit") + " of 25 KB"),
        ("change event in Kinesis, ON_DEMAND", size.event_bytes, f"{size.on_demand_bytes / KIB:,.0f} KB"),
        ("change event in Firehose", size.event_bytes, f"{size.firehose_billed_bytes / KIB:,.0f} KB"),
        ("change event in the transform's input", size.firehose_event_bytes, "time of the function"),
        ("row in S3", size.row_bytes, "its bytes"),
    ]
    texts = [(name, f"{size_bytes:,}", bills) for name, size_bytes, bills in rows]
    return DataTable(["stage", "bytes", "AWS bills"], texts, amounts=["bytes"])


def _capacity(load: Load) -> DataTable:
    both = [capacity(load, mode) for mode in MODES]
    rows: list[tuple[str, list[float]]] = [
        ("Kinesis: shards", [each.shards for each in both]),
        ("DynamoDB: partitions, at least", [each.table_partitions for each in both]),
        ("pipe: records per batch", [each.pipe_batch for each in both]),
        ("pipe: ParallelizationFactor", [each.parallelization_factor for each in both]),
        ("pipe: executions at the same time, at most", [each.pipe_executions for each in both]),
        ("transform: records per call", [each.transform_records for each in both]),
        ("transform: calls at the same time", [each.transform_concurrency for each in both]),
        ("S3: bytes per object", [each.object_bytes for each in both]),
    ]
    for seconds in sorted({load.buffer_seconds, *INTERVALS_SECONDS}):
        loads = [capacity(replace(load, buffer_seconds=seconds), mode) for mode in MODES]
        rows.append((f"S3: objects per day, BufferIntervalSeconds={seconds}", [each.objects_per_day for each in loads]))
    texts = [(name, *(f"{count:,.0f}" for count in counts)) for name, counts in rows]
    return DataTable(["", *MODES], texts, amounts=MODES)


def _limits(load: Load) -> DataTable:
    found = limits(load)
    columns = ["load", "limit", "what to do then"]
    rows: list[tuple[str, ...]] = [(_rate(limit.orders_per_second), limit.name, limit.then) for limit in found]
    if any(limit.orders_per_second < load.orders_per_second for limit in found):
        columns.insert(0, "")
        passed = ["passed" if limit.orders_per_second < load.orders_per_second else "" for limit in found]
        rows = [(mark, *row) for mark, row in zip(passed, rows, strict=True)]
    return DataTable(columns, rows, amounts=["load"])


def _costs(load: Load) -> DataTable:
    by_mode = {mode: costs.month(load, mode) for mode in MODES}
    totals = [sum(part.usd for part in parts) for parts in by_mode.values()]
    rows: list[tuple[str, ...]] = [
        (one.name, _usd(one.usd), _usd(other.usd), f"{one.usd / totals[0]:.0%}", one.basis)
        for one, other in zip(*by_mode.values(), strict=True)
    ]
    rows.append(("together", *map(_usd, totals), "", ""))
    return DataTable(["part", *MODES, "share", "basis"], rows, amounts=[*MODES, "share"])


def _growth(load: Load) -> DataTable:
    """Return the parts that cost more once the lake is older, and the total."""
    ages = [costs.month(replace(load, days=days), "PROVISIONED") for days in AGES_DAYS]
    columns = [f"after {days} days" for days in AGES_DAYS]
    rows: list[tuple[str, ...]] = [
        (young.name, _usd(young.usd), _usd(old.usd))
        for young, old in zip(*ages, strict=True)
        if _usd(young.usd) != _usd(old.usd)
    ]
    rows.append(("together, with all other parts", *(_usd(sum(part.usd for part in parts)) for parts in ages)))
    return DataTable(["part", *columns], rows, amounts=columns)


def _usd(usd: float) -> str:
    return f"{usd:,.2f}"


def _rate(orders_per_second: float) -> str:
    if orders_per_second >= 10:  # noqa: PLR2004 - below, the second digit counts
        return f"{orders_per_second:,.0f}"
    return f"{Decimal(f'{orders_per_second:.2g}'):f}"
