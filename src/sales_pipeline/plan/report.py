"""`sales plan`: what a load needs, what stops it, and what it costs, computed from list prices."""

import json
from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any, Literal

import typer

from sales_pipeline.plan import capacity as planning
from sales_pipeline.plan import costs, prices
from sales_pipeline.plan.capacity import MODES, SHARD_COUNT_MOST, Load, Mode, capacity, limits, sizes
from sales_pipeline.query import Answer, print_table

INTERVALS_SECONDS = (60, 300, 900)


def run(load: Load, output: Literal["text", "json"]) -> None:
    """Print the plan of a load, to read or as one JSON document."""
    if output == "json":
        typer.echo(json.dumps(document(load), indent=2))
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
        "usd_a_month": {mode: {part.name: round(part.usd, 2) for part in costs.month(load, mode)} for mode in MODES},
        "total_usd_a_month": {mode: round(costs.month_usd(load, mode), 2) for mode in MODES},
        "levers": [asdict(lever) for lever in costs.levers(load)],
        "deploy": deploy_line(load),
    }


def deploy_line(load: Load) -> str:
    """Return the command that deploys what is planned, in the cheaper mode of the stream."""
    shards = capacity(load, "PROVISIONED").shards
    mode: Mode = min(MODES, key=lambda each: costs.month_usd(load, each))
    if shards > SHARD_COUNT_MOST:
        mode = "ON_DEMAND"
    wanted = [f"StreamMode={mode}"]
    if mode == "PROVISIONED":
        wanted.append(f"ShardCount={shards}")
    wanted.append(f"BufferIntervalSeconds={load.buffer_seconds}")
    wanted.append(f"Architecture={'arm64' if load.arm64 else 'x86_64'}")
    wanted.append("GeneratorState=DISABLED")
    return f"sam deploy --parameter-overrides {' '.join(wanted)}"


def _print(load: Load) -> None:
    size, needs = sizes(load.order_bytes), capacity(load, "PROVISIONED")
    typer.echo(
        f"{load.orders_per_second:,.7g} orders a second of {load.order_bytes:,} bytes, {load.peak:g} times that at the "
        f"busiest second.\nComputed from list prices and quotas of {prices.REGION}; nothing of it was run on AWS.\n\n"
        f"An order is {_count(size.write_units, 'write unit')} of DynamoDB, {size.event_bytes:,} bytes as a change "
        f"event ({_count(size.pipe_units, 'pipe unit')}, {_count(size.put_units, 'put unit')}),\n"
        f"{size.firehose_event_bytes:,} bytes of the event that the transform gets, {size.firehose_billed_bytes:,} on "
        f"Firehose's bill, and a row of {size.row_bytes:,}.\n"
    )
    _print_capacity(load)
    if needs.shards < needs.shards_needed:
        typer.echo(f"\nToo few shards: the peak needs {needs.shards_needed:,}.")
    typer.echo()
    _print_limits(load)
    typer.echo()
    _print_costs(load)
    if found := costs.levers(load):
        typer.echo()
        rows = [(_usd(lever.saves_usd), lever.name, lever.asks) for lever in found]
        print_table(Answer(["would save USD", "by", "and asks for"], rows))
    typer.echo(
        f"\nNot counted: the scheduled generator ({costs.generator_usd(arm64=load.arm64):.0f} USD, off below), and "
        f"{costs.stream_reads_usd(needs):,.0f} USD for the pipe's reads of the table's\nstream, should AWS bill them: "
        "it names only Lambda's as free. Assumed, and not measured on AWS: one buffer of\nFirehose a shard, "
        f"{planning.CRAWL_OBJECTS_PER_SECOND} objects a second in a crawl, "
        f"{planning.TRANSFORM_SECONDS_PER_RECORD * 1e6:.0f} µs a record in the transform, "
        f"{planning.PIPE_SECONDS_PER_BATCH:g} s a batch in the pipe.\n\n{deploy_line(load)}"
    )
    if needs.parallelization_factor > 1:
        typer.echo(f"and in template.yaml, at OrderPipe: ParallelizationFactor: {needs.parallelization_factor}")


def _print_capacity(load: Load) -> None:
    both = [capacity(load, mode) for mode in MODES]
    rows: list[tuple[Any, ...]] = [
        ("Kinesis shards", *(each.shards for each in both)),
        ("DynamoDB partitions, at least", *(each.table_partitions for each in both)),
        ("pipe: records a batch", *(each.pipe_batch for each in both)),
        ("pipe: ParallelizationFactor", *(each.parallelization_factor for each in both)),
        ("pipe: executions at once, at most", *(each.pipe_executions for each in both)),
        ("transform: records a call", *(round(each.transform_records) for each in both)),
        ("transform: calls at once", *(each.transform_concurrency for each in both)),
        ("objects a day, in one partition", *(round(each.objects_per_day) for each in both)),
        ("bytes an object", *(round(each.object_bytes) for each in both)),
    ]
    for seconds in INTERVALS_SECONDS:
        if seconds != load.buffer_seconds:
            other = replace(load, buffer_seconds=seconds)
            counts = (round(capacity(other, mode).objects_per_day) for mode in MODES)
            rows.append((f"objects a day at BufferIntervalSeconds={seconds}", *counts))
    print_table(Answer(["", *MODES], rows))


def _print_limits(load: Load) -> None:
    rows = [
        (_rate(limit.orders_per_second), "passed" if limit.orders_per_second < load.orders_per_second else "", *text)
        for limit in limits(load)
        for text in [(limit.name, limit.then)]
    ]
    print_table(Answer(["reached at orders/s", "", "limit", "then"], rows))


def _print_costs(load: Load) -> None:
    by_mode = {mode: costs.month(load, mode) for mode in MODES}
    totals = [sum(part.usd for part in parts) for parts in by_mode.values()]
    rows: list[tuple[Any, ...]] = [
        (one.name, _usd(one.usd), _usd(other.usd), f"{one.usd / totals[0]:.0%}", one.counts)
        for one, other in zip(*by_mode.values(), strict=True)
    ]
    rows.append(("together", *map(_usd, totals), "", ""))
    print_table(Answer(["USD a month", *MODES, "share", "what PROVISIONED counts"], rows))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _usd(usd: float) -> Decimal:
    return Decimal(f"{usd:.2f}")


def _rate(orders_per_second: float) -> Decimal:
    return Decimal(f"{orders_per_second:.0f}" if orders_per_second >= 10 else f"{orders_per_second:.2g}")  # noqa: PLR2004
