"""`sales backfill`: sends orders from the table to the Kinesis stream, as if they had just been written.

It can be stopped anywhere and run again: it does not send again what has arrived, and waits for what is in progress.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from common.clock import now_ms
from common.console import PlainConsole
from common.printable import printable
from sales_pipeline import defaults
from sales_pipeline.aws import stream
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.pace import Pace
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import GET_KEYS, Item
from sales_pipeline.orders.change import Change
from sales_pipeline.orders.version import DELETED
from sales_pipeline.reconcile.backfill_rules import (
    BackfillEvents,
    BackfillOutcome,
    BackfillTally,
    lack,
    never_sent,
    outside,
    why_not,
)
from sales_pipeline.reconcile.compare import compare, say
from sales_pipeline.reconcile.ledger import Difference, Ledger
from sales_pipeline.reconcile.reader import Reader, Sources
from sales_pipeline.reconcile.report import Reconciliation
from sales_pipeline.reconcile.temporary import temporary_ledger
from sales_pipeline.terminal.table import DataTable, print_table
from sales_pipeline.terminal.times import to_ms

_NOT_COMPARED = "not compared"


def run(  # noqa: PLR0913
    stack: Stack,
    *,
    send: bool,
    everything: bool = False,
    since: datetime | None = None,
    orders_per_second: float = defaults.BACKFILL_ORDERS_PER_SECOND,
    units_per_second: float = defaults.READ_UNITS_PER_SECOND,
    in_progress_seconds: float | None = None,
    samples: int = defaults.SAMPLES,
) -> int:
    """Send the orders that the lake lacks, or with `send` off only count them; print what becomes of them.

    `everything` sends every order, without comparing. `since` leaves out orders whose id is older, or holds no time.
    `orders_per_second` bounds what goes to Kinesis, `units_per_second` the table's read capacity.
    `in_progress_seconds` is as for `compare.run`. Return the exit code: 0 sent, or counted; 1 something is left.
    Raises LedgerError and RetryError.
    """
    sources = Sources(stack, units_per_second)
    backfill = Backfill(sources, send, to_ms(since), orders_per_second, BackfillTally(samples))
    not_sent: list[tuple[int, str, str]] = []
    with temporary_ledger() as ledger:
        if everything:
            backfill.send_everything(ledger)
        else:
            found = compare(sources, ledger, in_progress_seconds, samples)
            if found.unread.unseen_dead_letters:
                sys.stderr.write(
                    "Another program is reading the dead-letter queue. Its messages can lead to orders that `sales "
                    "replay` will send, so run this again in a minute.\n"
                )
                if send:
                    return 1
            not_sent = _explained(found)
            try:
                backfill.send_differences(ledger)
            except KeyboardInterrupt:
                _report(backfill, not_sent)
                sys.stderr.write("Stopped. Run the same command again to go on: it does not send again what arrived.\n")
                raise
    _report(backfill, not_sent)
    return int(send and backfill.tally.leaves_any())


@dataclass
class Backfill:
    """One backfill; with `send` off it only counts."""

    sources: Sources
    send: bool
    since_ms: int | None
    orders_per_second: float
    tally: BackfillTally
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        stack = self.sources.stack
        self._kinesis: Any = stack.session.client("kinesis")
        self._stream_name = stack["StreamName"]
        self._events = BackfillEvents(self.sources.form, stack["TableStreamArn"])
        self.has_change_columns = self.sources.form.change_columns
        self._pace = Pace(self.orders_per_second)
        # Orders are sent within a second after they are read.
        self._batch_orders = max(1, min(GET_KEYS, int(self.orders_per_second)))

    def send_differences(self, ledger: Ledger) -> None:
        """Send what the last comparison found missing, stale or undetermined, and nothing explains."""
        with _progress(ledger.unexplained_count(), send=self.send) as advance:
            for differences in ledger.unexplained_differences(self._batch_orders):
                to_send = []
                for each in differences:
                    if outcome := why_not(each, self.since_ms, has_change_columns=self.has_change_columns):
                        self.tally.add(outcome, lack(each), each.orderid)
                    elif self.send:
                        to_send.append(each)
                    else:
                        self.tally.add(BackfillOutcome.SEND, lack(each), each.orderid)
                self._put(self._changes(to_send, self.sources.table.items(each.orderid for each in to_send)))
                advance(len(differences))

    def _changes(self, to_send: Sequence[Difference], items: Mapping[str, Item]) -> Iterator[tuple[str, Change]]:
        """Yield how the lake lacks each order, and its event; count an order that changed since the comparison."""
        for each in to_send:
            item = items.get(each.orderid)
            newest = each.newest_sequence_number
            if (self.sources.reads.of_item(item).digest if item else DELETED) != each.version:
                self.tally.add(BackfillOutcome.CHANGED, lack(each), each.orderid)
            elif item:
                yield lack(each), self._events.insertion(item, newest, now_ms())
            else:
                yield lack(each), self._events.removal(each.orderid, newest, now_ms())

    def send_everything(self, ledger: Ledger) -> None:
        """Send every order of the table. With change columns, the ledger gets the lake's sequence numbers first."""
        if self.send and self.has_change_columns:
            say("reading the lake")
            Reader(self.sources, ledger).read_lake()
        with _progress(None, send=self.send) as advance:
            if self.send:
                for page in self.sources.table.pages(self._batch_orders):
                    self._put(self._changes_of_page(page, ledger))
                    advance(len(page))
            else:
                for versions in self.sources.versions():
                    for orderid, _ in versions:
                        outcome = outside(orderid, self.since_ms) or BackfillOutcome.SEND
                        self.tally.add(outcome, _NOT_COMPARED, orderid)
                    advance(len(versions))

    def _changes_of_page(self, page: Iterable[Item], ledger: Ledger) -> Iterator[tuple[str, Change]]:
        items = {self.sources.reads.id_of(item): item for item in page}
        newest = ledger.newest_sequence_numbers(items) if self.has_change_columns else {}
        for orderid, item in items.items():
            if outcome := outside(orderid, self.since_ms):
                self.tally.add(outcome, _NOT_COMPARED, orderid)
            else:
                yield _NOT_COMPARED, self._events.insertion(item, newest.get(orderid), now_ms())

    def _put(self, changes: Iterable[tuple[str, Change]]) -> None:
        by_digest = {change.digest: (lacks, change) for lacks, change in changes}
        for batch in stream.batches(change for _, change in by_digest.values()):
            refused = stream.put(self._kinesis, self._stream_name, batch)
            for change in batch:
                outcome = BackfillOutcome.REFUSED if change.digest in refused else BackfillOutcome.SEND
                self.tally.add(outcome, by_digest[change.digest][0], change.order_id or "")
            self._pace.pay(len(batch))


@contextmanager
def _progress(total: int | None, *, send: bool) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = PlainConsole(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("sending orders" if send else "counting orders", total=total)
        yield lambda orders: progress.advance(task, orders)


def _explained(found: Reconciliation) -> list[tuple[int, str, str]]:
    """Return table rows for the differences that something explains: a backfill does not send them."""
    rows = [
        (found.in_progress.count, "in progress", "not sent: they may still arrive"),
        (found.errors.count, "in errors/", "not sent: run `sales replay`"),
        (found.dead_letters.count, "in the DLQ", "not sent: run `sales replay`"),
    ]
    return [row for row in rows if row[0]]


def _report(backfill: Backfill, not_sent: Iterable[tuple[int, str, str]]) -> None:
    tally = backfill.tally
    rows = [(count, lacks, outcome.value) for (outcome, lacks), count in tally.orders.items()] + [*not_sent]
    if rows:
        print_table(DataTable(["orders", "in the lake", "backfill"], rows))
    if not tally.sends_any():
        sys.stdout.write("There is nothing to send.\n")
        return
    sys.stdout.write("".join(f"  {printable(orderid)}\n" for orderid in tally.samples))
    sys.stdout.write(f"{never_sent(change_columns=backfill.has_change_columns)}\n")
    if backfill.send:
        sys.stdout.write(
            f"The orders take up to {delivery_seconds(backfill.sources.stack):.0f} s to the lake. To check, run `sales "
            "reconcile`: it waits for them.\n"
        )
    else:
        sys.stdout.write("Nothing was done: add --yes to do it.\n")
