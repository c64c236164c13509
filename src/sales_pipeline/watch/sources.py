"""What `sales watch` reads, how often, and how: the stages as `sales status` reads them, and the newest orders."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from sales_pipeline.aws.bucket import Location
from sales_pipeline.aws.clients import with_shared_clients
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.stack import Stack
from sales_pipeline.plan.capacity import PROCESSOR_BUFFER_SECONDS
from sales_pipeline.status.measured import Measured
from sales_pipeline.status.read import Measurements, Reader
from sales_pipeline.watch.buffers import Times
from sales_pipeline.watch.model import CHANGES, METRICS, Changes, Lake
from sales_pipeline.watch.orders import Order, of_event, of_rows
from sales_pipeline.watch.passing import Passing
from sales_pipeline.watch.poll import Source
from transform.column_types import Column

# What costs nothing, or changes from second to second, is read often. `plan.watching` computes what a minute costs.
PAUSE_SECONDS = {"lake": 10.0, "table": 15.0, "pipe": 15.0, "dead letters": 15.0, "errors": 15.0}
OTHERS_PAUSE_SECONDS = 60.0
ROWS = 10
TAIL_BYTES = 8192
# A source is read again anyway, so a call that gets no answer should end before long.
CLIENTS = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2})


def times_of(stack: Stack) -> Times:
    """Return how long a change may wait in this stack."""
    buffer_seconds = float(stack.parameters["BufferIntervalSeconds"])
    return Times(PROCESSOR_BUFFER_SECONDS, buffer_seconds, delivery_seconds(stack))


def sources_of(stack: Stack, measurements: Measurements) -> dict[str, Source]:
    """Return all sources by name, the stages in the order of the data. They make their own clients."""
    stack = with_shared_clients(stack, CLIENTS)
    reader = Reader(stack, measurements)
    times = times_of(stack)
    # Twice the time that a change may take, so that all that may still wait is seen.
    passing = Passing(stack, 2 * times.delivery_seconds)
    lake = _Lake(stack, partial(_stage, reader, "lake"))
    found = {
        METRICS: Source(lambda: reader.measure(datetime.now(UTC)), lambda: measurements.rhythm.read_seconds),
        CHANGES: Source(partial(_changes, passing, stack.columns), lambda: passing.pause_seconds),
    }
    for name in reader.names:
        read = lake.read if name == "lake" else partial(_stage, reader, name)
        found[name] = Source(read, partial(PAUSE_SECONDS.get, name, OTHERS_PAUSE_SECONDS))  # type: ignore[arg-type]
    return found


def _stage(reader: Reader, name: str) -> Any:  # noqa: ANN401 - a Stage, of which a source may make more
    # The screen takes all counts from the source METRICS, which is younger.
    return reader.stage(name, datetime.now(UTC), Measured(absent="not read"))


def _changes(passing: Passing, columns: Sequence[Column]) -> Changes:
    passed = passing.read()
    return Changes(passed, [(each.arrived_ms, of_event(each.data, columns)) for each in passed.newest])


class _Lake:
    """Reads the lake's stage, and the end of its newest object each time that there is another one."""

    def __init__(self, stack: Stack, stage: Callable[[], Any]) -> None:
        self._stage = stage
        self._s3: Any = stack.session.client("s3")
        self._bucket = Location.parse(stack["DataLocation"]).bucket
        self._columns = stack.columns
        self._key: object = None
        self._rows: list[Order] = []

    def read(self) -> Lake:
        stage = self._stage()
        key = stage.facts["newest_key"]
        if key and key != self._key:
            self._rows = of_rows(self._tail(key), ROWS, self._columns)
            self._key = key
        return Lake(stage, self._rows)

    def _tail(self, key: str) -> bytes:
        """Return the end of an object from the begin of a line on; nothing if it was deleted meanwhile."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=-{TAIL_BYTES}")
        except ClientError:  # its rows are not worth the stage
            return b""
        body: bytes = answer["Body"].read()
        return body if len(body) < TAIL_BYTES else body.partition(b"\n")[2]
