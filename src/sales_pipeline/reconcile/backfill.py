"""`sales backfill`: sends orders from the table through the Kinesis stream, as if they had just been written.

It can be stopped anywhere and run again: what arrived is no longer missing, and what is on its way is waited for.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from common.clock import now_ms
from sales_pipeline.aws import stream as kinesis
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import GET_KEYS, Item, Pace
from sales_pipeline.failures.records import to_ms
from sales_pipeline.orders.change import Change, calls
from sales_pipeline.orders.version import GONE, of_item
from sales_pipeline.query import Answer, print_table
from sales_pipeline.reconcile.backfill_rules import (
    Outcome,
    Tally,
    excluded,
    insertion,
    needs_columns,
    reason_of,
    removal,
    what_is_gone,
)
from sales_pipeline.reconcile.compare import (
    READ_UNITS_PER_SECOND,
    SAMPLES,
    Sources,
    compare,
    in_flight,
    look_at_lake,
    say,
    temporary_ledger,
)
from sales_pipeline.reconcile.ledger import Difference, Ledger
from sales_pipeline.reconcile.report import Reconciliation
from sales_pipeline.terminal.printable import printable

# A fifth of what a shard of Kinesis takes (Kinesis API reference, PutRecords): the pipe goes on beside it.
ORDERS_PER_SECOND = 200.0

_ALL = "not compared"


def run(  # noqa: PLR0913
    stack: Stack,
    *,
    send: bool,
    everything: bool = False,
    since: datetime | None = None,
    orders_per_second: float = ORDERS_PER_SECOND,
    units_per_second: float = READ_UNITS_PER_SECOND,
    in_flight_seconds: float | None = None,
    samples: int = SAMPLES,
) -> int:
    """Send what the lake lacks of the table, or with `send` off only look; print what becomes of it.

    `everything` sends every order, without comparing. `since` leaves out orders whose id is older, or holds no time.
    `orders_per_second` bounds what is put to Kinesis, `units_per_second` the table's read capacity, and
    `in_flight_seconds` is as for `reconcile.run`. Return the exit code: 0 done, or looked; 1 something is left.
    Raises LedgerError and RetryError.
    """
    sources = Sources(stack, units_per_second)
    backfill = Backfill(sources, send, to_ms(since), orders_per_second, Tally(samples))
    elsewhere: list[tuple[int, str, str]] = []
    with temporary_ledger() as ledger:
        if everything:
            backfill.send_everything(ledger)
        else:
            found = compare(sources, ledger, in_flight_seconds, samples)
            if found.unread.unseen_dead_letters:
                sys.stderr.write(
                    "Somebody else is reading the dead-letter queue, and what it accounts for is not to be sent twice: "
                    "run this again in a minute.\n"
                )
                if send:
                    return 1
            elsewhere = _elsewhere(found)
            try:
                backfill.send_differences(ledger)
            except KeyboardInterrupt:
                _report(backfill, elsewhere)
                sys.stderr.write("Stopped. Run it again to go on: what arrived is no longer missing then.\n")
                raise
    _report(backfill, elsewhere)
    return int(send and backfill.tally.is_left())


@dataclass
class Backfill:
    """One backfill; with `send` off it only looks."""

    sources: Sources
    send: bool
    since_ms: int | None
    orders_per_second: float
    tally: Tally
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        stack = self.sources.stack
        self._kinesis: Any = stack.session.client("kinesis")
        self._stream_name, self._table_stream_arn = stack["StreamName"], stack["TableStreamArn"]
        self.has_change_columns = stack.parameters.get("ChangeColumns") == "APPEND"
        self._pace = Pace(self.orders_per_second)
        # What is read is sent within the second.
        self._batch_orders = max(1, min(GET_KEYS, int(self.orders_per_second)))

    def send_differences(self, ledger: Ledger) -> None:
        """Send what the last comparison found missing or stale, and nothing accounts for."""
        with _progress(ledger.differing(None, 0).count, send=self.send) as done:
            for differences in ledger.to_backfill(self._batch_orders):
                chosen = [each for each in differences if self._chooses(each)]
                if self.send:
                    items = self.sources.table.items(each.orderid for each in chosen)
                    self._put(self._changes(chosen, items))
                else:
                    for each in chosen:
                        self.tally.add(Outcome.SEND, reason_of(each), each.orderid)
                done(len(differences))

    def _chooses(self, difference: Difference) -> bool:
        outcome = excluded(difference.orderid, self.since_ms)
        if outcome is None and needs_columns(difference) and not self.has_change_columns:
            outcome = Outcome.NEEDS_COLUMNS
        if outcome:
            self.tally.add(outcome, reason_of(difference), difference.orderid)
        return outcome is None

    def _changes(self, chosen: Sequence[Difference], items: Mapping[str, Item]) -> Iterator[tuple[str, Change]]:
        for each in chosen:
            item = items.get(each.orderid)
            if (of_item(item).digest if item else GONE) != each.digest:
                self.tally.add(Outcome.CHANGED, reason_of(each), each.orderid)
            elif item:
                yield reason_of(each), insertion(item, each.sequence_number, self._table_stream_arn, now_ms())
            else:
                yield reason_of(each), removal(each.orderid, each.sequence_number, self._table_stream_arn, now_ms())

    def send_everything(self, ledger: Ledger) -> None:
        """Send every order of the table. The ledger is for the lake's sequence numbers, where rows have some."""
        if self.send and self.has_change_columns:
            say("reading the lake")
            look_at_lake(self.sources, ledger)
        with _progress(None, send=self.send) as done:
            if self.send:
                for page in self.sources.table.all_items(self._batch_orders):
                    self._put(self._changes_of_page(page, ledger))
                    done(len(page))
            else:
                for found in self.sources.table.versions():
                    for version in found:
                        self.tally.add(excluded(version.orderid, self.since_ms) or Outcome.SEND, _ALL, version.orderid)
                    done(len(found))

    def _changes_of_page(self, page: Iterable[Item], ledger: Ledger) -> Iterator[tuple[str, Change]]:
        items = {item["orderid"]["S"]: item for item in page}
        newest = ledger.newest_sequence_numbers(items) if self.has_change_columns else {}
        for orderid, item in items.items():
            if outcome := excluded(orderid, self.since_ms):
                self.tally.add(outcome, _ALL, orderid)
            else:
                yield _ALL, insertion(item, newest.get(orderid), self._table_stream_arn, now_ms())

    def _put(self, changes: Iterable[tuple[str, Change]]) -> None:
        reasons = {change.digest: (reason, change) for reason, change in changes}
        for call in calls(change for _, change in reasons.values()):
            refused = kinesis.put(self._kinesis, self._stream_name, call)
            for change in call:
                outcome = Outcome.REFUSED if change.digest in refused else Outcome.SEND
                self.tally.add(outcome, reasons[change.digest][0], change.order_id or "")
            self._pace.pay(len(call))


@contextmanager
def _progress(total: int | None, *, send: bool) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("sending orders" if send else "counting orders", total=total)
        yield lambda orders: progress.advance(task, orders)


def _elsewhere(found: Reconciliation) -> list[tuple[int, str, str]]:
    rows = [
        (found.on_its_way.count, "not yet", "not sent: on its way"),
        (found.errors.count, "in errors/", "not sent: `sales replay` puts it back"),
        (found.dead_letters.count, "in the dead-letter queue", "not sent: `sales replay` puts it back"),
    ]
    return [row for row in rows if row[0]]


def _report(backfill: Backfill, elsewhere: Iterable[tuple[int, str, str]]) -> None:
    tally = backfill.tally
    rows = [(count, reason, outcome.value) for (outcome, reason), count in tally.orders.items()] + [*elsewhere]
    if rows:
        print_table(Answer(["orders", "in the lake", "backfill"], rows))
    if not any(outcome is Outcome.SEND for outcome, _ in tally.orders):
        sys.stdout.write("There is nothing to send.\n")
        return
    sys.stdout.write("".join(f"  {printable(orderid)}\n" for orderid in tally.samples))
    sys.stdout.write(f"{what_is_gone(change_columns=backfill.has_change_columns)}\n")
    if backfill.send:
        sys.stdout.write(
            f"What was sent takes up to {in_flight(backfill.sources.stack):.0f} s to the lake. `sales reconcile` waits "
            "for it, and proves it.\n"
        )
    else:
        sys.stdout.write("Nothing was done: add --yes to do it.\n")
