"""`sales demo`: runs the whole pipeline once on this machine, from orders to a query, and counts the rows."""

import statistics
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from rich.live import Live

from common.clock import now_ms
from common.console import PlainConsole
from generator.orders import live_orders
from generator.pace import BATCH_SIZE, Stop
from generator.writer import Writer, connect
from sales_pipeline import crawl, query
from sales_pipeline.aws.stack import Stack, find
from sales_pipeline.failures.records import REFUSED_BY_TRANSFORM, read_error_object
from sales_pipeline.failures.report import reasons
from sales_pipeline.local import demo_report, evidence, folders, pipeline, running
from sales_pipeline.local.demo_result import EMULATOR_LOG, compare
from sales_pipeline.terminal.table import print_table
from sales_pipeline.terminal.wrap import wrap
from transform.column_types import DECIMAL, INT32, INT64, Column

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

ORDERS = 300
SECONDS_PER_BATCH = 1.0
SEED = 7
BUFFER_INTERVAL_SECONDS = 5
ARRIVAL_SECONDS = 60.0
POLL_SECONDS = 0.25
_NUMBERS = (INT32, INT64, DECIMAL)
_BESIDE_KEY = 2  # so the rows fit a terminal of 80 columns


@dataclass
class Progress:
    """How many orders each stage holds so far, read from the stages themselves, and how long the orders took."""

    written: dict[str, float] = field(default_factory=dict)
    """Time at which the table took an order, in monotonic seconds, by order id."""
    in_stream: int = 0
    in_lake: int = 0
    refused: int = 0
    failed: int = 0
    objects: int = 0
    delays_seconds: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"table {len(self.written):>4} of {ORDERS}   stream {self.in_stream:>4}   lake {self.in_lake:>4} rows"
            f" in {self.objects} object{'s' * (self.objects != 1)}   refused {self.refused}"
            f"{f'   failed {self.failed}' if self.failed else ''}"
        )


class Stores:
    """Counts what arrives in the Kinesis stream and in the bucket, through AWS' API alone."""

    def __init__(self, stack: Stack) -> None:
        self._kinesis: KinesisClient = stack.session.client("kinesis")
        self._s3: S3Client = stack.session.client("s3")
        self._bucket = stack["BucketName"]
        self._seen: set[str] = set()
        shards = self._kinesis.list_shards(StreamName=stack["StreamName"])["Shards"]
        self._iterators = [
            self._kinesis.get_shard_iterator(
                StreamName=stack["StreamName"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in shards
        ]

    def look(self, progress: Progress) -> None:
        """Add to `progress` what has arrived since the last call."""
        for position, iterator in enumerate(self._iterators):
            answer = self._kinesis.get_records(ShardIterator=iterator)
            progress.in_stream += len(answer["Records"])
            self._iterators[position] = answer["NextShardIterator"]
        for prefix in ("sales_data/", "errors/"):
            for key in self._new_keys(prefix):
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
                if prefix == "errors/":
                    errors = [record.error for record in read_error_object(body)]
                    refused = errors.count(REFUSED_BY_TRANSFORM)
                    progress.refused += refused
                    progress.failed += len(errors) - refused
                    continue
                lines = body.splitlines()
                progress.objects += 1
                progress.in_lake += len(lines)
                now = time.monotonic()
                for line in lines:
                    orderid = line.split(b'"', 4)[3].decode()
                    progress.delays_seconds.append(now - progress.written.get(orderid, now))

    def _new_keys(self, prefix: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        keys = {found["Key"] for page in pages for found in page.get("Contents", [])} - self._seen
        self._seen |= keys
        return sorted(keys)


class Clock:
    """Prints each step when it begins, and at the end how long each one took."""

    def __init__(self, console: PlainConsole) -> None:
        self._console = console
        self._steps: list[tuple[str, float]] = []

    def step(self, name: str) -> None:
        self._steps.append((name, time.monotonic()))
        self._console.print(f"{name} …")

    def __str__(self) -> str:
        ends = [began for _, began in self._steps[1:]] + [time.monotonic()]
        spent = [(name, end - began) for (name, began), end in zip(self._steps, ends, strict=True)]
        listed = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in spent if round(seconds))
        return f"Time: {sum(seconds for _, seconds in spent):.0f} s ({listed})."


def run() -> int:
    """Start the pipeline, write orders, run a query, compare orders with rows, and stop everything.

    Returns 0 if the result is equal, else 1. Raises SalesError.
    """
    console = PlainConsole()
    clock = Clock(console)
    parameters = {"GeneratorState": "DISABLED", "BufferIntervalSeconds": str(BUFFER_INTERVAL_SECONDS)}
    with (
        running.claim("demo", "a demo runs already: wait for it to end") as home,
        pipeline.run(home, parameters, clock.step, "sales demo") as local,
    ):
        report_path = home / demo_report.NAME
        folders.discard(report_path)  # from the run before
        stack = find(boto3.Session(), local.stack_name)
        clock.step("orders")
        console.print(f"  Firehose gathers rows for {BUFFER_INTERVAL_SECONDS} s here, not for 60")
        progress = _send_orders(stack, console)
        comparison = demo_report.Comparison(local.stack_name)
        if progress.in_lake:
            comparison.start()
        rows = _query_rows(stack, console, clock, local.state_dir) if progress.in_lake else {}
        has_errors = progress.refused + progress.failed > 0
        result = compare(set(progress.written), rows, *(evidence.orders_with_errors(stack) if has_errors else ()))
        if has_errors:
            console.print("\nWhy records failed:")
            print_table(reasons(stack), headings=1)
        if progress.failed and (cause := evidence.last_failure(local.log_dir)):
            console.print(f"\nThe last error of a function in {EMULATOR_LOG}:\n  {cause}")
        if not result.equal:
            evidence.keep(stack, local.log_dir)
        if rows:
            clock.step("report")
            demo_report.write(stack, report_path, comparison)
        console.print()
        clock.step("stop")
    delays = sorted(progress.delays_seconds)
    if delays:
        middle = statistics.median(delays)
        console.print(f"An order took {middle:.1f} s (median), at most {delays[-1]:.1f} s, to reach the lake.")
    _say(console, str(clock))
    if not result.equal:
        console.print(result.advice(local.log_dir))
    console.print(str(result))
    if rows:
        console.print(demo_report.invitation(report_path))
    return 0 if result.equal else 1


def _say(console: PlainConsole, text: str, indent: str = "") -> None:
    """Print a text: on a terminal in lines that fit it, and otherwise in one."""
    for line in wrap(text, console.width - len(indent)) if console.is_terminal else [text]:
        console.print(f"{indent}{line}")


def _query_rows(stack: Stack, console: PlainConsole, clock: Clock, state_dir: Path) -> dict[str, int]:
    """Run the crawler and the query; return the number of rows of each order in the lake."""
    clock.step("crawl")
    _say(console, crawl.run(stack, partial(pipeline.crawl, state_dir)), indent="  ")
    clock.step("query")
    console.print()
    table, key = stack["CrawledTable"], f'"{stack.key.name}"'
    sql = latest_orders(table, stack.columns)
    _say(console, sql)
    console.print()
    query.run(stack, sql, "table")
    counted = query.ask(stack, f"SELECT {key}, count(*) FROM {table} GROUP BY {key}")  # noqa: S608
    return dict(counted.rows)


def latest_orders(table: str, columns: Sequence[Column]) -> str:
    """Return a query of ten orders that shows some of these columns: those of the mock orders if they are there."""
    key = columns[0].name if columns[0].name.isidentifier() else f'"{columns[0].name}"'
    types = {column.name: column.type for column in columns[1:]}
    shown = [key, *[name for name in ("product_name", "price", "quantity") if name in types][:_BESIDE_KEY]]
    where = " WHERE price > 100" if types.get("price") in _NUMBERS else ""
    return f"SELECT {', '.join(shown)} FROM {table}{where} ORDER BY {key} DESC LIMIT 10"  # noqa: S608


def _send_orders(stack: Stack, console: PlainConsole) -> Progress:
    """Write the orders and wait until all are in the lake or failed, at most 60 s after the last was written."""
    progress, stores = Progress(), Stores(stack)
    failures: list[Exception] = []
    writing = threading.Thread(target=_write, args=(stack, progress, failures), daemon=True)
    live = Live(console=console, get_renderable=lambda: f"  {progress}") if console.is_terminal else nullcontext()
    with live:
        writing.start()
        deadline = time.monotonic() + ARRIVAL_SECONDS
        while writing.is_alive() or progress.in_lake + progress.refused + progress.failed < len(progress.written):
            if writing.is_alive():
                deadline = time.monotonic() + ARRIVAL_SECONDS
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_SECONDS)
            stores.look(progress)
    if not console.is_terminal:
        console.print(f"  {progress}")
    if failures:
        raise failures[0]
    return progress


def _write(stack: Stack, progress: Progress, failures: list[Exception]) -> None:
    try:
        writer = Writer(connect(None, None, None), stack["TableName"], Stop().wait)
        orders = islice(live_orders(SEED, clock_ms=now_ms), ORDERS)
        while batch := list(islice(orders, BATCH_SIZE)):
            for order in writer.write(batch):
                progress.written[order.orderid] = time.monotonic()
            time.sleep(SECONDS_PER_BATCH)
    except Exception as error:  # noqa: BLE001 - it is raised again in the thread that waits
        failures.append(error)
