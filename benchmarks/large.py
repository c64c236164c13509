"""Measures `sales reconcile` with a million orders: `python -m benchmarks.large`, which `make bench-large` runs.

The orders go through the whole local pipeline first. That takes most of the 15 minutes and 4 GiB of memory.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3

from benchmarks import passage
from benchmarks.passage import Lake
from benchmarks.processes import Process
from benchmarks.report import machine_measured_on, table, target, targets_table
from common.clock import now_ms
from generator.orders import live_orders
from sales_pipeline.aws.stack import find
from sales_pipeline.local import pipeline, running

SEED = 7
SIZES = (100_000, 1_000_000)
GIB_MAX = 1.0
POLL_SECONDS = 0.05
PARAMETERS = {"GeneratorState": "DISABLED"}
SALES = str(Path(sys.executable).with_name("sales"))
RESULTS = "results-large.json"


def measure(report: Callable[[str], None]) -> dict[str, Any]:
    began = time.monotonic()
    with (
        running.claim("benchmark", "A benchmark is running already: wait for it to end.") as home,
        pipeline.run(home, PARAMETERS, report, "make bench-large") as local,
        patch.dict(os.environ, local.emulator.environment),
    ):
        stack = find(boto3.Session(), local.stack_name)
        lake, orders = Lake(stack), live_orders(SEED, clock_ms=now_ms)
        measured: list[dict[str, Any]] = []
        for before, size in zip((0, *SIZES), SIZES, strict=False):
            report(f"writing {size - before:,} orders, and waiting until they are in the lake")
            passed = passage.carry(stack, lake, orders, size - before)
            report(f"reconciling {size:,} orders")
            measured.append(
                _reconcile(local.stack_name, size)
                | {"load_seconds": passed.queryable_seconds, "emulator_mib": passed.peak_mib["emulator"]}
            )
    largest = measured[-1]
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "minutes": (time.monotonic() - began) / 60,
        "machine": machine_measured_on(),
        "measured": measured,
        "targets": [
            target(
                f"sales reconcile, {largest['orders']:,} orders: peak memory in GiB",
                largest["peak_mib"] / 1024,
                at_most=GIB_MAX,
            )
        ],
    }


def _reconcile(stack_name: str, orders: int) -> dict[str, Any]:
    """Run the command; return its time, CPU and memory. Raises RuntimeError if its verdict is not `equal`."""
    arguments = [SALES, "reconcile", "--stack-name", stack_name, "--format", "json"]
    began = time.perf_counter()
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as command:  # noqa: S603 - `sales`
        cpu_seconds, peak_mib = _watch(command)
        out, _ = command.communicate()
    seconds = time.perf_counter() - began
    found = json.loads(out or "{}")
    if (found.get("verdict"), found.get("orders"), found.get("rows")) != ("equal", orders, orders):
        raise RuntimeError(f"sales reconcile does not say that {orders:,} orders are equal: {out}")
    return {
        "orders": orders,
        "objects": found["objects"],
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_mib": peak_mib,
    }


def _watch(command: "subprocess.Popen[str]") -> tuple[float, float]:
    """Wait for a command whose output fits into a pipe's buffer; return its last CPU seconds and peak MiB."""
    process, cpu_seconds, peak_mib = Process(command.pid, "sales reconcile"), 0.0, 0.0
    while command.poll() is None:
        with suppress(ProcessLookupError):  # it has ended since poll()
            cpu_seconds, peak_mib = process.cpu_seconds(), process.peak_mib()
        time.sleep(POLL_SECONDS)
    return cpu_seconds, peak_mib


def to_markdown(results: dict[str, Any]) -> str:
    first = results["measured"][0]
    rows = [
        [
            f"{each['orders']:,}",
            f"**{each['cpu_seconds'] / each['orders'] / (first['cpu_seconds'] / first['orders']):.2f}**",
            f"**{each['peak_mib'] / first['peak_mib']:.2f}**",
            f"{each['cpu_seconds']:.1f}",
            f"{each['seconds']:.1f}",
            f"{each['peak_mib']:.0f}",
            f"{each['objects']:,}",
            f"{each['load_seconds']:.0f}",
            f"{each['emulator_mib']:,.0f}",
        ]
        for each in results["measured"]
    ]
    head = [
        "Orders",
        f"CPU per order, relative to {first['orders']:,}",
        f"memory, relative to {first['orders']:,}",
        "CPU, s",
        "total time, s",
        "peak memory, MiB",
        "objects",
        "time to load, s",
        "emulator, MiB",
    ]
    measured_on = (
        f"`make bench-large` measured this on {results['date']} in {results['minutes']:.0f} minutes. The machine: "
        f"{', '.join(results['machine'].values())}."
    )
    return "\n\n".join([_HEAD, measured_on, targets_table(results["targets"]), table(head, rows)])


_HEADING = "## A million orders"
_HEAD = f"""{_HEADING}

This measures `sales reconcile`. The orders went through the whole pipeline on this machine, from the table to the lake,
with the template's own buffers. CPU and memory are those of the command. **Most of the total time is the emulator's, so
it says nothing about AWS.** For every page of a scan the emulator sorts and hashes the whole table. For every call to
Kinesis it reads all records of the stream. It keeps everything in memory."""


def _report(step: str) -> None:
    sys.stderr.write(f"{step} …\n")


def section(folder: Path) -> str:
    """Return the last section of RESULTS.md from the results in this folder, or nothing if there are none."""
    path = folder / RESULTS
    return f"\n{to_markdown(json.loads(path.read_text()))}\n" if path.exists() else ""


def write(results: dict[str, Any], folder: Path) -> None:
    """Write the results, and replace the last section of RESULTS.md."""
    (folder / RESULTS).write_text(json.dumps(results, indent=1) + "\n")
    shown = folder / "RESULTS.md"
    others = shown.read_text().partition(f"\n{_HEADING}\n")[0] if shown.exists() else "# Results\n"
    shown.write_text(others + section(folder))


def main() -> None:
    write(measure(_report), Path(__file__).parent)


if __name__ == "__main__":
    main()
