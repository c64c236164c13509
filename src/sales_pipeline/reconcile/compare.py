"""`sales reconcile`: compares the table with the lake, and says how the lake differs."""

import sys
import time
from collections.abc import Callable
from typing import Literal

from common.clock import now_ms
from sales_pipeline import defaults
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import GET_KEYS
from sales_pipeline.reconcile.ledger import Ledger
from sales_pipeline.reconcile.reader import Reader, Sources
from sales_pipeline.reconcile.report import Reconciliation, Verdict, conclude, to_json, to_text
from sales_pipeline.reconcile.temporary import temporary_ledger

FIRST_WAIT_SECONDS = 5.0


def run(
    stack: Stack,
    output: Literal["text", "json"],
    *,
    in_progress_seconds: float | None = None,
    samples: int = defaults.SAMPLES,
    units_per_second: float = defaults.READ_UNITS_PER_SECOND,
) -> int:
    """Compare the table with the lake and print the report; return 1 where the verdict is `not equal`, and else 0.

    `in_progress_seconds` is how long an order may take to the lake, `delivery_seconds` by default. The comparison waits
    for so long after it read the table, unless everything arrives before. `units_per_second` bounds the table's read
    capacity. Raises LedgerError and RetryError.
    """
    with temporary_ledger() as ledger:
        found = compare(Sources(stack, units_per_second), ledger, in_progress_seconds, samples)
    sys.stdout.write((to_json if output == "json" else to_text)(found) + "\n")
    return int(found.verdict is Verdict.not_equal)


def say(step: str) -> None:
    """Tell on stderr what the command does now."""
    sys.stderr.write(f"{step} …\n")


def compare(
    sources: Sources,
    ledger: Ledger,
    in_progress_seconds: float | None,
    samples: int,
    tell: Callable[[str], None] = say,
) -> Reconciliation:
    """Read everything into the ledger, wait for what may still arrive, and return the result.

    `tell` gets each step when it begins.
    """
    if in_progress_seconds is None:
        in_progress_seconds = delivery_seconds(sources.stack)
    in_progress_ms = int(in_progress_seconds * 1000)
    started_ms = now_ms()
    reader = Reader(sources, ledger, in_progress_ms, samples)
    tell("reading the table")
    for versions in sources.versions():
        ledger.add_orders(versions)
    deadline = time.monotonic() + in_progress_seconds

    tell(f"reading the lake for {ledger.orders():,} orders")
    read_at = time.monotonic()
    reader.read()
    # An order that was changed, or whose id holds no time, does not show its age. But everything that the table held
    # when it was read has arrived, or failed, once the buffers have passed.
    wait_seconds = FIRST_WAIT_SECONDS
    while ledger.unexplained_count() and read_at < deadline:
        left_seconds = max(0.0, deadline - time.monotonic())
        tell(f"waiting up to {left_seconds:.0f} s for orders in progress")
        time.sleep(min(wait_seconds, left_seconds))
        wait_seconds *= 2  # each read lists the whole lake
        read_at = time.monotonic()
        reader.read()

    # Orders were written, changed and deleted since the table was read. An order that is new can be in an object whose
    # oldest record came before, by up to what the buffers take, whatever --wait says of orders in progress.
    since_ms = started_ms - max(in_progress_ms, int(delivery_seconds(sources.stack) * 1000))
    for orderids in ledger.doubtful_orders(since_ms, GET_KEYS):
        ledger.update_orders(orderids, sources.versions_now(orderids), now_ms())
    reader.compare()
    return conclude(ledger, reader.unread(), reader.not_shown(), samples, sources.form)
