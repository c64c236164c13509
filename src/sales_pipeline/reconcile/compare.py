"""`sales reconcile`: proves that the lake holds the table, or says what it lacks."""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from common.clock import now_ms
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import GET_KEYS, Folder, Object, Table
from sales_pipeline.errors import SalesError
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.checkpoints import SENT
from sales_pipeline.failures.dead_letters import ReplayError
from sales_pipeline.orders.version import Version, VersionError, arrived_ms, of_change
from sales_pipeline.reconcile.ledger import Found, Ledger, Place
from sales_pipeline.reconcile.report import Reconciliation, Unread, Verdict, conclude, to_json, to_text

SAMPLES = 5
READ_UNITS_PER_SECOND = 1_000.0
# What an order takes apart from Firehose's buffer for S3: the window of the pipe and the buffer before the transform
# (template.yaml: 11 s), and what every stage needs to notice and to work, generously.
OTHER_STAGES_SECONDS = 45.0
FIRST_WAIT_SECONDS = 5.0


class LedgerError(SalesError):
    """The comparison's file can't be written; the text says what to do next."""


def run(
    stack: Stack,
    output: Literal["text", "json"],
    *,
    in_flight_seconds: float | None = None,
    samples: int = SAMPLES,
    units_per_second: float = READ_UNITS_PER_SECOND,
) -> int:
    """Compare the table with the lake and print what that comes to; return 0 only if everything is accounted for.

    `in_flight_seconds` is how long an order may take to the lake, by default what `in_flight` says: for so long after
    the table was read it waits for what seems to be missing. `units_per_second` bounds the table's read capacity.
    Raises LedgerError and RetryError.
    """
    with temporary_ledger() as ledger:
        found = compare(Sources(stack, units_per_second), ledger, in_flight_seconds, samples)
    sys.stdout.write((to_json if output == "json" else to_text)(found) + "\n")
    return int(found.verdict is Verdict.not_equal)


def in_flight(stack: Stack) -> float:
    """Return how many seconds an order may take to the lake: the stack's buffer for S3 and 45 s."""
    return float(stack.parameters["BufferIntervalSeconds"]) + OTHER_STAGES_SECONDS


@contextmanager
def temporary_ledger() -> Iterator[Ledger]:
    """Make a ledger for as long as it is needed. Raises LedgerError for whatever the disk refuses meanwhile."""
    try:
        directory = tempfile.TemporaryDirectory(prefix="sales-reconcile-", ignore_cleanup_errors=True)
    except OSError as error:
        raise LedgerError(_advice(error.strerror or str(error))) from None
    with directory as path:
        try:
            with closing(Ledger(Path(path) / "ledger.sqlite3")) as ledger:
                yield ledger
        except sqlite3.Error as error:
            raise LedgerError(_advice(f"{path}: {error}")) from None


def _advice(problem: str) -> str:
    return (
        f"The comparison has no room for its file ({problem}). It takes up to 400 MB for a million orders: make room, "
        "or name a folder that has it in the environment variable TMPDIR."
    )


class Sources:
    """What a comparison reads. Numbers are read capacity units of the table, a second."""

    def __init__(self, stack: Stack, units_per_second: float) -> None:
        self.stack = stack
        self.table = Table(stack, units_per_second)
        self.lake = Folder(stack, stack["DataLocation"])
        self.errors = Folder(stack, stack["ErrorLocation"])
        self.replayed = Folder(stack, f"s3://{stack['BucketName']}/{SENT}")


@dataclass
class _Unread:
    samples: int
    rows: int = 0
    row_samples: list[str] = field(default_factory=list)
    error_records: int = 0
    dead_letters: int = 0
    unseen_dead_letters: int = 0


def compare(sources: Sources, ledger: Ledger, in_flight_seconds: float | None, samples: int) -> Reconciliation:
    """Read everything into the ledger, wait for what may be on its way, and return what it comes to."""
    unread = _Unread(samples)
    in_flight_seconds = in_flight(sources.stack) if in_flight_seconds is None else in_flight_seconds
    in_flight_ms = int(in_flight_seconds * 1000)
    started_ms = now_ms()
    say("reading the table")
    for orders in sources.table.versions():
        ledger.add_orders(orders)
    deadline = time.monotonic() + in_flight_seconds

    say(f"reading the lake for {ledger.orders():,} orders")
    looked_at = time.monotonic()
    listed_ms = _look(sources, ledger, unread, in_flight_ms)
    ledger.compare(listed_ms, in_flight_ms)
    # An order that was changed, or has an id without a time in it, says nothing of its age. What the table held when it
    # was read has arrived once the buffers have passed.
    wait_seconds = FIRST_WAIT_SECONDS
    while ledger.unexplained() and looked_at < deadline:
        left_seconds = max(0.0, deadline - time.monotonic())
        say(f"waiting up to {left_seconds:.0f} s for what may be on its way")
        time.sleep(min(wait_seconds, left_seconds))
        wait_seconds *= 2  # each look lists the whole lake
        looked_at = time.monotonic()
        listed_ms = _look(sources, ledger, unread, in_flight_ms)
        ledger.compare(listed_ms, in_flight_ms)

    # Orders were written, changed and deleted since the table was read.
    for orderids, versions in sources.table.now(ledger.to_see_again(started_ms - in_flight_ms, GET_KEYS)):
        ledger.see_again(orderids, versions, now_ms())
    ledger.compare(listed_ms, in_flight_ms)
    rows = Found(unread.rows, unread.row_samples)
    not_read = Unread(rows, unread.error_records, unread.dead_letters, unread.unseen_dead_letters)
    return conclude(ledger, not_read, samples)


def _look(sources: Sources, ledger: Ledger, unread: _Unread, in_flight_ms: int) -> int:
    """Take what lies in the lake and among the failures and wasn't read before; return when that began."""
    listed_ms = now_ms()
    # Failures first: what a replay takes from them meanwhile is then in both, and not in neither.
    for failed in sources.errors.failures(_new(ledger, sources.errors.objects())):
        ledger.add_failures(failed.versions, Place.errors)
        unread.error_records += len(failed.unread)
    _look_at_dead_letters(sources.stack, ledger, unread)
    recent = (each for each in sources.replayed.objects() if each.last_modified_ms >= listed_ms - in_flight_ms)
    for sent in sources.replayed.failures(_new(ledger, recent)):
        ledger.add_sent(sent.versions, sent.object.last_modified_ms)
    look_at_lake(sources, ledger, unread)
    return listed_ms


def look_at_lake(sources: Sources, ledger: Ledger, unread: _Unread | None = None) -> None:
    """Take the lake's rows that were not read before."""
    for lines in sources.lake.rows(_new(ledger, sources.lake.objects())):
        ledger.add_rows(lines.versions, arrived_ms(lines.object.key, lines.object.last_modified_ms))
        if unread:
            unread.rows += len(lines.unread)
            room = unread.samples - len(unread.row_samples)
            unread.row_samples += [f"{lines.object.key}:{number}" for number in lines.unread[:room]]


def _new(ledger: Ledger, objects: Iterable[Object]) -> Iterator[Object]:
    return (each for each in objects if ledger.is_new_object(each.key))


def _look_at_dead_letters(stack: Stack, ledger: Ledger, unread: _Unread) -> None:
    listing = dead_letters.list_all(stack)
    unread.dead_letters, unread.unseen_dead_letters = 0, listing.unseen
    if not listing.letters:
        return
    streams, matches = stack.session.client("dynamodbstreams"), dead_letters.pipe_filter(stack)
    for letter in listing.letters:
        changes: list[bytes] = []
        # What can't be read accounts for nothing: that its orders are missing says the rest.
        if letter.range:
            with suppress(ReplayError):
                changes = dead_letters.read_range(streams, letter.range, matches).changes
        ledger.add_failures(_versions(changes), Place.dead_letters)
        unread.dead_letters += not letter.range or len(changes) < letter.changes


def _versions(changes: Iterable[bytes]) -> Iterator[Version]:
    for change in changes:
        with suppress(VersionError):
            yield of_change(change)


def say(step: str) -> None:
    """Tell whoever waits what it waits for."""
    sys.stderr.write(f"{step} …\n")
