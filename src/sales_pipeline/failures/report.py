"""`sales failures`: shows which changes failed, and why."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from common.clock import now_ms
from sales_pipeline.aws.bucket import Bucket, Location
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.checkpoints import ReplayHistory
from sales_pipeline.failures.messages import DeadLetter
from sales_pipeline.failures.records import (
    REFUSED_BY_TRANSFORM,
    ErrorRecord,
    Failure,
    Selection,
    by_reason,
    read_error_object,
)
from sales_pipeline.failures.replayed import replayed_lately
from sales_pipeline.orders.change import Change, change_of
from sales_pipeline.terminal.table import DataTable, Format, print_table, show
from sales_pipeline.terminal.times import iso, short_period

_ERRORS = {REFUSED_BY_TRANSFORM: f"{REFUSED_BY_TRANSFORM} (refused by the transform)"}
"""Errors whose names do not explain themselves."""
_GIVEN_UP = "the pipe gave up on these changes"
"""A dead letter names an error, and has no message about it."""


@dataclass(frozen=True)
class _Listed:
    """A failure, and what only one failure has."""

    failure: Failure
    order_id: str | None
    where: str
    """Key of the error object, or id of the dead letter."""


def run(stack: Stack, selection: Selection, output: Format, *, each: bool) -> None:
    """Print the selected failures: one line per reason or, with `each`, per error record and per dead letter.

    A dead letter stands for all changes of its batch. Times are in UTC. JSON and CSV hold every field, and are empty if
    nothing failed.
    """
    now = now_ms()
    listing = dead_letters.list_all(stack)
    # After the failures: a change that has just failed again is then in one of both.
    listed, digests = _failures(stack, selection, listing.letters)
    replayed = replayed_lately(stack, now, digests)
    note = replayed.text(now) if replayed else None
    failures = [one.failure for one in listed] if each else by_reason(one.failure for one in listed)
    if output == "table":
        if failures:
            table = _details(listed, now) if each else _overview(failures, now)
            print_table(table, headings=2 if each else 1)
            sys.stdout.write("\nFix the cause, then send these changes again: sales replay\n")
            sys.stdout.write(f"{note}\n" if note else "")
        elif note or not listing.problem:
            sys.stdout.write(f"{selection.nothing(delivery_seconds(stack), note)}\n")
    else:
        fields = [_fields(one) for one in failures]
        if each:
            places = [{"orderid": one.order_id, "where": one.where} for one in listed]
            fields = [common | place for common, place in zip(fields, places, strict=True)]
        if fields:
            show(DataTable(list(fields[0]), [tuple(one.values()) for one in fields]), output)
        sys.stderr.write(f"{note}\n" if note else "")
    if listing.problem:
        sys.stderr.write(f"{listing.problem}\n")


def reasons(stack: Stack) -> DataTable:
    """Return the table of the reasons of all failures, for a person."""
    listed, _ = _failures(stack, Selection(), dead_letters.list_all(stack).letters)
    return _overview(by_reason(one.failure for one in listed), now_ms())


def _failures(stack: Stack, selection: Selection, letters: Iterable[DeadLetter]) -> tuple[list[_Listed], set[str]]:
    """Return the selected failures, and the digests of all changes in `errors/`."""
    bucket = Bucket.of(stack)
    history = ReplayHistory.read(bucket)
    listed, digests = [], set()
    for key in bucket.list(Location.parse(stack["ErrorLocation"]).prefix):
        for record in read_error_object(bucket.read(key) or b""):
            change = change_of(record.data, Keys(stack.key)) if record.data is not None else None
            if change:
                digests.add(change.digest)
            if selection.includes(record):
                listed.append(_listed(record, change, history, key))
    letters = [each for each in letters if selection.includes(each)]
    return [*listed, *(_Listed(each, None, f"dead letter {each.message_id}") for each in letters)], digests


def _listed(record: ErrorRecord, change: Change | None, history: ReplayHistory, key: str) -> _Listed:
    if change is None:
        return _Listed(record, None, key)
    return _Listed(replace(record, replays=history.counts[change.digest]), change.order_id, key)


def _fields(failure: Failure) -> dict[str, Any]:
    return {
        "changes": failure.changes,
        "oldest": iso(failure.oldest_ms),
        "newest": iso(failure.newest_ms),
        "last_attempt": iso(failure.attempted_ms),
        "attempts": failure.attempts,
        "replays": failure.replays,
        "reason": failure.reason,
    }


def _overview(failures: Sequence[Failure], time_ms: int) -> DataTable:
    """Return the table of reasons for a person: under each error its messages, the most frequent first."""
    totals: Counter[str] = Counter()
    for failure in failures:
        totals[failure.error] += failure.changes
    ordered = sorted(failures, key=lambda failure: (-totals[failure.error], failure.error))
    columns: dict[str, list[Any]] = {
        "error": [_ERRORS.get(failure.error, failure.error) for failure in ordered],
        "reason": [failure.message or _GIVEN_UP for failure in ordered],
        "changes": [failure.changes for failure in ordered],
    }
    return _table(columns | _times_and_counts(ordered, time_ms))


def _details(listed: Sequence[_Listed], time_ms: int) -> DataTable:
    """Return the table of single failures for a person: under each reason and each place the orders that are there."""
    ordered = sorted(listed, key=lambda one: (one.failure.reason, one.where))
    columns: dict[str, list[Any]] = {
        "reason": [one.failure.reason for one in ordered],
        "where": [one.where for one in ordered],
        "order id": [one.order_id or "no order id" for one in ordered],
    }
    if any(one.failure.changes > 1 for one in ordered):
        columns["changes"] = [one.failure.changes for one in ordered]
    return _table(columns | _times_and_counts([one.failure for one in ordered], time_ms))


def _times_and_counts(failures: Sequence[Failure], time_ms: int) -> dict[str, list[Any]]:
    """Return columns of failures. Attempts and replays are left out where there was one attempt, or no replay."""
    columns: dict[str, list[Any]] = {
        "arrived UTC": [short_period(failure.oldest_ms, failure.newest_ms, time_ms) for failure in failures]
    }
    if any((failure.attempts or 0) > 1 for failure in failures):
        columns["attempts"] = [failure.attempts for failure in failures]
    if any(failure.replays for failure in failures):
        columns["replays"] = [failure.replays for failure in failures]
    return columns


def _table(columns: dict[str, list[Any]]) -> DataTable:
    return DataTable(list(columns), list(zip(*columns.values(), strict=True)))
