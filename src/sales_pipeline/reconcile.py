"""`sales reconcile`: proves that the lake holds the table, or says what it lacks."""

import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sales_pipeline import dead_letters
from sales_pipeline.dead_letters import ReplayError
from sales_pipeline.ledger import Found, Ledger, Place
from sales_pipeline.reconciliation import Reconciliation, Unread, Verdict, conclude, to_json, to_text
from sales_pipeline.sources import GET_KEYS, Folder, Object, Table
from sales_pipeline.stack import Stack
from sales_pipeline.versions import Version, VersionError, arrived_ms, of_change

SAMPLES = 5
READ_UNITS_PER_SECOND = 1_000.0
# What an order takes apart from Firehose's buffer for S3: the window of the pipe and the buffer before the transform
# (template.yaml: 11 s), and what every stage needs to notice and to work, generously.
OTHER_STAGES_SECONDS = 45.0
FIRST_WAIT_SECONDS = 5.0


def run(
    stack: Stack,
    output: Literal["text", "json"],
    *,
    in_flight_seconds: float | None = None,
    samples: int = SAMPLES,
    units_per_second: float = READ_UNITS_PER_SECOND,
) -> int:
    """Compare the table with the lake and print what that comes to; return 0 only if everything is accounted for.

    `in_flight_seconds` is how long an order may take to the lake, by default the stack's buffer and 45 s: for so long
    after the table was read it waits for what seems to be missing. `units_per_second` bounds the table's read capacity.
    """
    if in_flight_seconds is None:
        in_flight_seconds = float(stack.parameters["BufferIntervalSeconds"]) + OTHER_STAGES_SECONDS
    with (
        tempfile.TemporaryDirectory(prefix="sales-reconcile-") as directory,
        closing(Ledger(Path(directory) / "ledger.sqlite3")) as ledger,
    ):
        found = _reconcile(_Sources(stack, units_per_second), ledger, in_flight_seconds, samples)
    sys.stdout.write((to_json if output == "json" else to_text)(found) + "\n")
    return int(found.verdict is Verdict.not_equal)


class _Sources:
    def __init__(self, stack: Stack, units_per_second: float) -> None:
        self.stack = stack
        self.table = Table(stack, units_per_second)
        self.lake = Folder(stack, stack["DataLocation"])
        self.errors = Folder(stack, stack["ErrorLocation"])


@dataclass
class _Unread:
    samples: int
    rows: int = 0
    row_samples: list[str] = field(default_factory=list)
    error_records: int = 0
    dead_letters: int = 0


def _reconcile(sources: _Sources, ledger: Ledger, in_flight_seconds: float, samples: int) -> Reconciliation:
    unread = _Unread(samples)
    in_flight_ms = int(in_flight_seconds * 1000)
    started_ms = _now_ms()
    _say("reading the table")
    for orders in sources.table.versions():
        ledger.add_orders(orders)
    deadline = time.monotonic() + in_flight_seconds

    _say(f"reading the lake for {ledger.count('orders'):,} orders")
    looked_at = time.monotonic()
    listed_ms = _look(sources, ledger, unread)
    ledger.compare(listed_ms, in_flight_ms)
    # An order that was changed, or has an id without a time in it, says nothing of its age. What the table held when it
    # was read has arrived once the buffers have passed.
    wait_seconds = FIRST_WAIT_SECONDS
    while ledger.unexplained() and looked_at < deadline:
        left_seconds = max(0.0, deadline - time.monotonic())
        _say(f"waiting up to {left_seconds:.0f} s for what may be on its way")
        time.sleep(min(wait_seconds, left_seconds))
        wait_seconds *= 2  # each look lists the whole lake
        looked_at = time.monotonic()
        listed_ms = _look(sources, ledger, unread)
        ledger.compare(listed_ms, in_flight_ms)

    # Orders were written, changed and deleted since the table was read.
    for orderids, versions in sources.table.now(ledger.to_see_again(started_ms - in_flight_ms, GET_KEYS)):
        ledger.see_again(orderids, versions, _now_ms())
    ledger.compare(listed_ms, in_flight_ms)
    return conclude(
        ledger, Unread(Found(unread.rows, unread.row_samples), unread.error_records, unread.dead_letters), samples
    )


def _look(sources: _Sources, ledger: Ledger, unread: _Unread) -> int:
    """Take what lies in the lake and among the failures and wasn't read before; return when that began."""
    listed_ms = _now_ms()
    # Failures first: what a replay takes from them meanwhile is then in both, and not in neither.
    for lines in sources.errors.failures(_new(ledger, sources.errors)):
        ledger.add_failures(lines.versions, Place.errors)
        unread.error_records += len(lines.unread)
    _look_at_dead_letters(sources.stack, ledger, unread)
    for lines in sources.lake.rows(_new(ledger, sources.lake)):
        ledger.add_rows(lines.versions, arrived_ms(lines.object.key, lines.object.last_modified_ms))
        unread.rows += len(lines.unread)
        room = unread.samples - len(unread.row_samples)
        unread.row_samples += [f"{lines.object.key}:{number}" for number in lines.unread[:room]]
    return listed_ms


def _new(ledger: Ledger, folder: Folder) -> Iterator[Object]:
    return (each for each in folder.objects() if ledger.is_new_object(each.key))


def _look_at_dead_letters(stack: Stack, ledger: Ledger, unread: _Unread) -> None:
    unread.dead_letters = 0
    if not (letters := dead_letters.list_all(stack)):
        return
    streams, matches = stack.session.client("dynamodbstreams"), dead_letters.pipe_filter(stack)
    for letter in letters:
        changes: list[bytes] = []
        # What can't be read accounts for nothing: that its orders are missing says the rest.
        if letter.range:
            with suppress(ReplayError):
                changes = dead_letters.read_range(streams, letter.range, matches).changes
        ledger.add_failures(_versions(changes), Place.dead_letters)
        unread.dead_letters += not letter.range or len(changes) < letter.changes


def _versions(changes: Iterable[bytes]) -> Iterator[Version]:
    for change in changes:
        with suppress(VersionError):  # a removal, of which the table holds nothing
            yield of_change(change)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _say(step: str) -> None:
    sys.stderr.write(f"{step} …\n")
