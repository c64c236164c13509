"""The whole chain on this machine: how fast, how late, and what each process spends, as the work grows."""

import os
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any
from unittest.mock import patch

import boto3

from benchmarks import passage, processes
from benchmarks.passage import Lake, Passage
from benchmarks.report import table, target
from common.clock import now_ms
from generator.orders import live_orders
from sales_pipeline import query
from sales_pipeline.aws.stack import Stack, find
from sales_pipeline.local import pipeline, running

SEED = 7
WARM_UP = 500
SMALL, MIDDLE, LARGE = 1_000, 10_000, 100_000
RUNS = (SMALL, MIDDLE, SMALL, MIDDLE, LARGE, MIDDLE, SMALL)
"""Orders of each run, one after the other on one pipeline, and as many before the largest as after it."""
QUICK_RUNS = (20, 40, 80, 40, 20)
PARAMETERS = {"GeneratorState": "DISABLED", "BufferIntervalSeconds": "0"}
EMULATOR = "emulator"
STAND_INS = ("pipe", "Firehose", "crawler", "transform function")
SHOWN_MS_MIN = 0.005
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    if not processes.IS_THERE:
        return {"skipped": "What the processes spend is read from Linux' /proc, which is not there."}
    home = running.HOME / "benchmark"
    with (
        running.claim(home, "A benchmark is running already: wait for it to end."),
        pipeline.run(home, PARAMETERS, lambda step: report(f"chain: {step}")) as local,
        patch.dict(os.environ, local.emulator.environment),
    ):
        stack = find(boto3.Session(), local.stack_name)
        passage.empty_buffers(stack, local.state_dir)
        return summary(_carried(stack, QUICK_RUNS if quick else RUNS, report))


def _carried(stack: Stack, runs: Sequence[int], report: Callable[[str], None]) -> list[Passage]:
    lake, orders = Lake(stack), live_orders(SEED, clock_ms=now_ms)
    passages, total = [], 0
    for count in (WARM_UP, *runs):
        report(f"chain: {count:,} orders")
        passages.append(passage.carry(stack, lake, orders, count))
        total += count
        _check(stack, total)
    return passages[1:]


def _check(stack: Stack, total: int) -> None:
    answer = query.ask(stack, f"SELECT count(*), count(DISTINCT orderid) FROM {stack['DeclaredTable']}")  # noqa: S608
    if answer.rows[0] != (total, total):
        raise RuntimeError(f"A query finds {answer.rows[0]} rows and orders in the lake, and not {total} of both.")


def summary(passages: Sequence[Passage]) -> dict[str, Any]:
    """Return the results: of each number of orders the medians of its runs, but the most memory of any."""
    sizes = sorted({each.orders for each in passages})
    by_size = {size: [each for each in passages if each.orders == size] for size in sizes}
    stages = list(passages[0].cpu_seconds)
    cpu_ms = {
        stage: [median(each.cpu_seconds[stage] / size * 1e3 for each in by_size[size]) for size in sizes]
        for stage in stages
    }
    peak_mib = {
        stage: [max(each.peak_mib[stage] for each in by_size[size]) for size in sizes]
        for stage in passages[0].peak_mib
        if stage != EMULATOR
    }
    largest = max(range(len(passages)), key=lambda place: passages[place].orders)
    before, after = passages[largest - 1], passages[largest + 1]
    results = {
        "sizes": sizes,
        "runs": [len(by_size[size]) for size in sizes],
        "orders_a_second": [median(size / each.queryable_seconds for each in by_size[size]) for size in sizes],
        "puts_a_second": [median(size / each.put_seconds for each in by_size[size]) for size in sizes],
        "delay_seconds": {
            name: [median(_quantile(each.delays_seconds, quantile) for each in by_size[size]) for size in sizes]
            for name, quantile in QUANTILES.items()
        },
        "cpu_ms_an_order": cpu_ms,
        "cpu_ms_an_order_in_all": [median(_cpu_ms(each) for each in by_size[size]) for size in sizes],
        "after_the_largest": {
            "orders": after.orders,
            "ratio": _own_cpu_seconds(after) / _own_cpu_seconds(before),
            "ratio_of_the_emulator": after.cpu_seconds[EMULATOR] / before.cpu_seconds[EMULATOR],
        },
        "peak_mib": peak_mib,
        "emulator_kib_an_order": (passages[largest].peak_mib[EMULATOR] - before.peak_mib[EMULATOR]) * 1024 / sizes[-1],
        "growth": {
            "label": "Chain on the emulator: ms of CPU an order",
            "x_label": "orders",
            "x": sizes,
            "series": {stage: each for stage, each in cpu_ms.items() if max(each) >= SHOWN_MS_MIN},
        },
    }
    return results | {"targets": _targets(results)}


def _cpu_ms(each: Passage) -> float:
    return sum(each.cpu_seconds.values()) / each.orders * 1e3


def _own_cpu_seconds(each: Passage) -> float:
    return sum(seconds for stage, seconds in each.cpu_seconds.items() if stage != EMULATOR)


def _quantile(ordered: Sequence[float], quantile: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * quantile))]


def _targets(results: dict[str, Any]) -> list[dict[str, Any]]:
    """Compare each size with the one before it: it may cost less, but not a fifth more."""
    sizes = results["sizes"]
    targets = []
    for what, values in (
        ("CPU an order", results["cpu_ms_an_order_in_all"]),
        ("time an order", [1 / rate for rate in results["orders_a_second"]]),
    ):
        for place in range(1, len(sizes)):
            name = f"chain on the emulator: {what}, {sizes[place]:,} orders, times that of {sizes[place - 1]:,}"
            targets.append(target(name, values[place] / values[place - 1], at_most=1.2))
    grown = max(results["peak_mib"][stage][-1] / results["peak_mib"][stage][-2] for stage in STAND_INS)
    what = f"chain: peak memory of any stand-in, {sizes[-1]:,} orders, times that of {sizes[-2]:,}"
    return [*targets, target(what, grown, at_most=1.2)]


def to_markdown(results: dict[str, Any]) -> str:
    if "skipped" in results:
        return f"## The chain\n\nNot measured: {results['skipped']}"
    sizes = results["sizes"]
    cost, rate = results["cpu_ms_an_order_in_all"], results["orders_a_second"]
    rows = [
        [
            f"{size:,}",
            str(results["runs"][place]),
            f"**{cost[place] / cost[0]:.2f}**",
            f"**{rate[0] / rate[place]:.2f}**",
            f"{rate[place]:,.0f}",
            f"{results['puts_a_second'][place]:,.0f}",
            *[f"{results['delay_seconds'][name][place]:.2f}" for name in QUANTILES],
        ]
        for place, size in enumerate(sizes)
    ]
    head = ["Orders", "Runs", f"× CPU an order of {sizes[0]:,}", f"× time an order of {sizes[0]:,}"]
    head += ["orders/s, put to queryable", "puts/s", *[f"delay, s: {name}" for name in QUANTILES]]
    cpu = results["cpu_ms_an_order"] | {"in all": cost}
    return "\n\n".join(
        [
            _HEAD,
            table(head, rows),
            "### CPU seconds for 1,000 orders",
            table(
                ["", *[f"{size:,} orders" for size in sizes]],
                [[stage, *[f"{ms:.3f}" for ms in each]] for stage, each in cpu.items()],
            ),
            "### MiB at the peak",
            table(
                ["", f"× {sizes[-2]:,} orders", *[f"{size:,} orders" for size in sizes]],
                [
                    [stage, f"**{each[-1] / each[-2]:.2f}**", *[f"{mib:.1f}" for mib in each]]
                    for stage, each in results["peak_mib"].items()
                ],
            ),
            _MEMORY.format(
                kib=results["emulator_kib_an_order"],
                orders=results["after_the_largest"]["orders"],
                ratio=results["after_the_largest"]["ratio"],
                emulator=results["after_the_largest"]["ratio_of_the_emulator"],
            ),
        ]
    )


_HEAD = """## The chain

**Figures of the emulator and of the stand-ins for what it leaves out, all on one machine: none of them is AWS'.**
Orders go into the table in batches of 25, as fast as it takes them, and are queryable once their object is in the
bucket; a query through Athena counts them after each run. All runs go through one pipeline, one after the other.
Medians of the runs. A thousand orders are through in a second: there, what all processes spend on looking for more
weighs most.

The buffers before the transform and before S3 hold nothing back here (0 s), so that the delay is the one beyond them.
It is measured for every order: from the answer to its put to the time that S3 gives the object. The pipe's window of
up to 1 s, which AWS has too, is in it, and so is the wait behind other orders: the table is written at full speed."""

_MEMORY = """The writer runs inside the benchmark. The emulator is no part of this: it keeps all that it is given in
memory, table, both streams and objects, which takes it {kib:.1f} KiB an order, and passes over it again and again.
After the most orders, {orders:,} cost {emulator:.2f} times the CPU in the emulator that they did before, and
{ratio:.2f} times in the others, which wait for it and look again."""
