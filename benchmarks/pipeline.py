"""Measures the whole pipeline on this machine: orders per second, delay, CPU and memory, for more and more orders."""

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
"""Orders of each run. The runs follow each other on one pipeline; the same sizes come before and after the largest."""
QUICK_RUNS = (20, 40, 80, 40, 20)
PARAMETERS = {"GeneratorState": "DISABLED", "BufferIntervalSeconds": "0"}
EMULATOR = "emulator"
STAND_INS = ("pipe", "Firehose", "crawler", "transform function")
SHOWN_MS_MIN = 0.005
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    if not processes.IS_THERE:
        return {"skipped": "CPU and memory of the processes are read from Linux' /proc, which is not there."}
    with (
        running.claim("benchmark", "A benchmark is running already: wait for it to end.") as home,
        pipeline.run(home, PARAMETERS, lambda step: report(f"pipeline: {step}"), "make bench") as local,
        patch.dict(os.environ, local.emulator.environment),
    ):
        stack = find(boto3.Session(), local.stack_name)
        passage.empty_buffers(stack, local.state_dir)
        return summary(_carried(stack, QUICK_RUNS if quick else RUNS, report))


def _carried(stack: Stack, runs: Sequence[int], report: Callable[[str], None]) -> list[Passage]:
    lake, orders = Lake(stack), live_orders(SEED, clock_ms=now_ms)
    passages, total = [], 0
    for count in (WARM_UP, *runs):
        report(f"pipeline: {count:,} orders")
        passages.append(passage.carry(stack, lake, orders, count))
        total += count
        _check(stack, total)
    return passages[1:]


def _check(stack: Stack, total: int) -> None:
    answer = query.ask(stack, f"SELECT count(*), count(DISTINCT orderid) FROM {stack['DeclaredTable']}")  # noqa: S608
    if answer.rows[0] != (total, total):
        raise RuntimeError(f"The lake holds {answer.rows[0]} rows and orders, but {total} of both were expected.")


def summary(passages: Sequence[Passage]) -> dict[str, Any]:
    """Return the results per number of orders: the medians of its runs, and the largest memory of all its runs."""
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
        "orders_per_second": [median(size / each.queryable_seconds for each in by_size[size]) for size in sizes],
        "puts_per_second": [median(size / each.put_seconds for each in by_size[size]) for size in sizes],
        "delay_seconds": {
            name: [median(_quantile(each.delays_seconds, quantile) for each in by_size[size]) for size in sizes]
            for name, quantile in QUANTILES.items()
        },
        "cpu_ms_per_order": cpu_ms,
        "cpu_ms_per_order_in_all": [median(_cpu_ms(each) for each in by_size[size]) for size in sizes],
        "after_the_largest": {
            "orders": after.orders,
            "ratio": _own_cpu_seconds(after) / _own_cpu_seconds(before),
            "ratio_of_the_emulator": after.cpu_seconds[EMULATOR] / before.cpu_seconds[EMULATOR],
        },
        "peak_mib": peak_mib,
        "emulator_kib_per_order": (passages[largest].peak_mib[EMULATOR] - before.peak_mib[EMULATOR]) * 1024 / sizes[-1],
        "growth": {
            "label": "Pipeline on the emulator: ms of CPU per order",
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
    """Compare each size with the one before it. An order may cost at most a fifth more."""
    sizes = results["sizes"]
    targets = []
    for what, values in (
        ("CPU per order", results["cpu_ms_per_order_in_all"]),
        ("time per order", [1 / rate for rate in results["orders_per_second"]]),
    ):
        for place in range(1, len(sizes)):
            name = f"Pipeline: {what}, {sizes[place]:,} orders relative to {sizes[place - 1]:,}"
            targets.append(target(name, values[place] / values[place - 1], at_most=1.2))
    grown = max(results["peak_mib"][stage][-1] / results["peak_mib"][stage][-2] for stage in STAND_INS)
    what = f"Pipeline: peak memory of any stand-in, {sizes[-1]:,} orders relative to {sizes[-2]:,}"
    return [*targets, target(what, grown, at_most=1.2)]


def to_markdown(results: dict[str, Any]) -> str:
    if "skipped" in results:
        return f"## The pipeline\n\nNot measured: {results['skipped']}"
    sizes = results["sizes"]
    cost, rate = results["cpu_ms_per_order_in_all"], results["orders_per_second"]
    rows = [
        [
            f"{size:,}",
            str(results["runs"][place]),
            f"**{cost[place] / cost[0]:.2f}**",
            f"**{rate[0] / rate[place]:.2f}**",
            f"{rate[place]:,.0f}",
            f"{results['puts_per_second'][place]:,.0f}",
            *[f"{results['delay_seconds'][name][place]:.2f}" for name in QUANTILES],
        ]
        for place, size in enumerate(sizes)
    ]
    head = ["Orders", "Runs", *[f"{what} per order, relative to {sizes[0]:,}" for what in ("CPU", "time")]]
    head += ["orders/s, put to queryable", "puts/s", *[f"delay, s: {name}" for name in QUANTILES]]
    cpu = results["cpu_ms_per_order"] | {"total": cost}
    return "\n\n".join(
        [
            _HEAD,
            table(head, rows),
            "### CPU seconds per 1,000 orders",
            table(
                ["", *[f"{size:,} orders" for size in sizes]],
                [[stage, *[f"{ms:.3f}" for ms in each]] for stage, each in cpu.items()],
            ),
            "### Peak memory, MiB",
            table(
                ["", f"{sizes[-1]:,} relative to {sizes[-2]:,}", *[f"{size:,} orders" for size in sizes]],
                [
                    [stage, f"**{each[-1] / each[-2]:.2f}**", *[f"{mib:.1f}" for mib in each]]
                    for stage, each in results["peak_mib"].items()
                ],
            ),
            _MEMORY.format(
                kib=results["emulator_kib_per_order"],
                orders=results["after_the_largest"]["orders"],
                ratio=results["after_the_largest"]["ratio"],
                emulator=results["after_the_largest"]["ratio_of_the_emulator"],
            ),
        ]
    )


_HEAD = """## The pipeline

**These are figures of the emulator and of this project's stand-ins, all on one machine. They are not AWS' figures.**
The benchmark writes orders in batches of 25, as fast as the table takes them. An order is queryable once its object is
in the bucket. After each run an Athena query counts the rows. All runs use the same pipeline, one after the other. The
figures are medians of the runs. 1,000 orders take about a second; the smaller the run, the larger the share of the CPU
that processes spend on polling.

Firehose's buffers before the transform and before S3 are set to 0 s, so the delay does not include them. The delay is
measured for every order, from the answer to its put to the time that S3 gives its object. It includes the pipe's
window of up to 1 s, which AWS has too. It also includes the wait behind other orders, because the table is written at
full speed."""

_MEMORY = """\
The writer is not in this table, because it is a thread of the benchmark. The emulator is not in it either, because it
keeps everything in memory: the table, both streams and the objects. That takes {kib:.1f} KiB per order, and the
emulator reads all of it again and again. So {orders:,} orders were measured before and after the largest run. The
second time they took {emulator:.2f} times the CPU in the emulator, and {ratio:.2f} times the CPU in the other
processes, which wait for the emulator."""
