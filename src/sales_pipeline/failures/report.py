"""`sales failures`: what the pipeline could not transform or carry, and why."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sales_pipeline.aws.bucket import Bucket, Location
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.checkpoints import Replays
from sales_pipeline.failures.records import DeadLetter, ErrorRecord, Failure, Selection, group, iso, read_error_object
from sales_pipeline.orders.change import change_of
from sales_pipeline.query import Answer, Format, show

Row = dict[str, Any]


def run(stack: Stack, selection: Selection, output: Format, *, each: bool) -> None:
    """Print what failed: a line a reason, or with `each` one a record of errors/ and one a dead letter.

    A dead letter stands for all the changes of its batch. Times are in UTC. JSON and CSV are empty if nothing failed.
    """
    listing = dead_letters.list_all(stack)
    failures = _failures(stack, selection, listing.letters)
    if each:
        rows = [_row(failure) | more for failure, more in failures]
    else:
        rows = [_row(failure) for failure in group(failure for failure, _ in failures)]
    if rows:
        show(Answer(list(rows[0]), [tuple(row.values()) for row in rows]), output)
    elif output == "table" and not listing.problem:
        sys.stdout.write("Nothing failed.\n" if selection == Selection() else "Nothing failed that is selected.\n")
    if listing.problem:
        sys.stderr.write(f"{listing.problem}\n")


def _failures(stack: Stack, selection: Selection, letters: Iterable[DeadLetter]) -> Iterator[tuple[Failure, Row]]:
    """Return every failure, and what is to be said of it alone."""
    bucket = Bucket.of(stack)
    replays = Replays.read(bucket)
    for key in bucket.list(Location.parse(stack["ErrorLocation"]).prefix):
        for record in read_error_object(bucket.read(key) or b""):
            if selection.takes(record):
                yield _counted(record, replays), {"orderid": _order_id(record), "where": key}
    for letter in letters:
        if selection.takes(letter):
            yield letter, {"orderid": None, "where": f"dead letter {letter.message_id}"}


def _counted(record: ErrorRecord, replays: Replays) -> Failure:
    return record if record.data is None else replace(record, replays=replays.counts[change_of(record.data).digest])


def _order_id(record: ErrorRecord) -> str | None:
    return None if record.data is None else change_of(record.data).order_id


def _row(failure: Failure) -> Row:
    return {
        "changes": failure.changes,
        "oldest": iso(failure.oldest_ms),
        "newest": iso(failure.newest_ms),
        "last_attempt": iso(failure.attempted_ms),
        "attempts": failure.attempts,
        "replays": failure.replays,
        "reason": failure.reason,
    }
