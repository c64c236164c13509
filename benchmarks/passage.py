"""Sends orders through the local pipeline, and measures their time, and the CPU and memory of each process."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import Process, descendants, this_process
from generator.orders import Order
from generator.pace import BATCH_SIZE
from generator.writer import Writer, connect
from sales_pipeline.aws.bucket import Location
from sales_pipeline.aws.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

POLL_SECONDS = 0.25
STALLED_SECONDS = 120.0  # more than any buffer
TAKE_OVER_SECONDS = 30.0

WRITER = "writer"
# A process belongs to the first of these texts in its command line. A guard's contains the command that it guards.
_STAGES = {
    "guard.py": "supervisors",
    "local_aws.workers": "supervisors",
    "BucketCleanupFunction": "function that cleans up",
    "TransformFunction": "transform function",
    "local_aws.pipe": "pipe",
    "local_aws.firehose": "Firehose",
    "local_aws.crawler": "crawler",
    "local_aws.server": "emulator",
}


@dataclass
class Passage:
    """The measurements of one run. Its seconds are those of the wall clock, because S3 dates the objects by it."""

    orders: int
    put_seconds: float
    """From the first put to the answer to the last put."""
    queryable_seconds: float
    """From the first put to the time of the last object."""
    delays_seconds: list[float]
    """From the answer to an order's put to the time of its object, sorted."""
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)


def empty_buffers(stack: Stack, state_dir: Path) -> None:
    """Set the buffer before the transform to 0 s. No parameter of the template can do that."""
    firehose, name = stack.session.client("firehose"), stack["DeliveryStreamName"]
    _wait_until_taken_over(stack)
    kept = json.loads((state_dir / "firehose" / f"firehose-{name}" / "settings.json").read_text())
    processing = kept["s3"]["ProcessingConfiguration"]
    for parameter in processing["Processors"][0]["Parameters"]:
        if parameter["ParameterName"] == "BufferIntervalInSeconds":
            parameter["ParameterValue"] = "0"
    described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    firehose.update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId=described["VersionId"],
        DestinationId=described["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"ProcessingConfiguration": processing},
    )
    _wait_until_taken_over(stack)


def _is_taken_over(stack: Stack) -> bool:
    """Say whether the stand-in delivers instead of the emulator: it has then set a destination that goes nowhere."""
    firehose = stack.session.client("firehose")
    described = firehose.describe_delivery_stream(DeliveryStreamName=stack["DeliveryStreamName"])
    destination = described["DeliveryStreamDescription"]["Destinations"][0]
    return "HttpEndpointDestinationDescription" in destination


def _wait_until_taken_over(stack: Stack) -> None:
    deadline = time.monotonic() + TAKE_OVER_SECONDS
    while not _is_taken_over(stack):
        if time.monotonic() > deadline:
            raise RuntimeError(f"Firehose's stand-in did not start in {TAKE_OVER_SECONDS:.0f} s: see its log.")
        time.sleep(0.1)


class Lake:
    """Finds the rows that arrive in the bucket."""

    def __init__(self, stack: Stack) -> None:
        self._s3: S3Client = stack.session.client("s3")
        self._bucket, self._prefix = Location.parse(stack["DataLocation"])
        self._seen: set[str] = set()

    def look(self) -> Iterator[tuple[str, float]]:
        """Yield the order id of each row since the last call, and its object's time in seconds since 1970."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for each in [each for page in pages for each in page.get("Contents", [])]:
            if each["Key"] in self._seen:
                continue
            self._seen.add(each["Key"])
            body = self._s3.get_object(Bucket=self._bucket, Key=each["Key"])["Body"].read()
            for line in body.splitlines():
                yield json.loads(line)["orderid"], each["LastModified"].timestamp()


def carry(stack: Stack, lake: Lake, orders: Iterator[Order], count: int) -> Passage:
    """Write orders as fast as the table takes them, and wait until all are in the lake.

    Raises RuntimeError if none arrives for two minutes, or a process of the pipeline ends.
    """
    before = list(descendants(this_process().pid))
    for process in before:
        process.forget_peak()
    spent = {process: -process.cpu_seconds() for process in before}
    with ThreadPoolExecutor(1) as writing:
        began = time.time()
        written = writing.submit(_write, stack["TableName"], islice(orders, count))
        arrived = _wait(lake, count, written)
    answered, writer_seconds = written.result()
    after = list(descendants(this_process().pid))
    if not set(before) <= set(after):
        raise RuntimeError("A process of the pipeline ended and was started again: see the logs, and measure again.")
    passage = Passage(
        count,
        put_seconds=max(answered.values()) - began,
        queryable_seconds=max(arrived.values()) - began,
        delays_seconds=sorted(arrived[orderid] - answered[orderid] for orderid in answered),
        cpu_seconds={WRITER: writer_seconds},
    )
    for process in after:
        name = stage(process)
        seconds = spent.get(process, 0.0) + process.cpu_seconds()
        passage.cpu_seconds[name] = passage.cpu_seconds.get(name, 0.0) + seconds
        passage.peak_mib[name] = passage.peak_mib.get(name, 0.0) + process.peak_mib()
    return passage


def _write(table_name: str, orders: Iterator[Order]) -> tuple[dict[str, float], float]:
    """Write orders; return the time of the answer to each, by order id, and the CPU seconds of this thread."""
    writer = Writer(connect(None, None, None), table_name, lambda _seconds: True)
    answered: dict[str, float] = {}
    began = time.thread_time()
    while batch := list(islice(orders, BATCH_SIZE)):
        settled = writer.write(batch)
        answered |= dict.fromkeys((order.orderid for order in settled), time.time())
    return answered, time.thread_time() - began


def _wait(lake: Lake, count: int, written: "Future[tuple[dict[str, float], float]]") -> dict[str, float]:
    """Wait until this many orders are in the lake; return the time of each order's object, by order id."""
    arrived: dict[str, float] = {}
    deadline = time.monotonic() + STALLED_SECONDS
    while len(arrived) < count:
        time.sleep(POLL_SECONDS)
        before = len(arrived)
        arrived |= dict(lake.look())
        if len(arrived) > before:
            deadline = time.monotonic() + STALLED_SECONDS
        if written.done():
            written.result()  # raises the error of the writing thread, if it failed
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{len(arrived):,} of {count:,} orders are in the lake, and no other came for {STALLED_SECONDS:.0f} s: "
                "see the logs of the pipeline, and errors/ in its bucket."
            )
    return arrived


def stage(process: Process) -> str:
    """Return the name of the part of the pipeline that runs in a process."""
    return next((name for part, name in _STAGES.items() if part in process.command), "others")
