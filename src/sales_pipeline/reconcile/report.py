"""Says what a comparison found: its counts, its verdict and what it can't tell. Pure: no AWS, environment or clock."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from common.printable import printable, printable_json
from sales_pipeline.orders.form import RowForm
from sales_pipeline.reconcile.ledger import Explanation, Found, Kind, Ledger


class Verdict(StrEnum):
    """Whether the lake holds the table."""

    equal = "equal"
    """The view sales_current shows every order as the table holds it, and no other.

    No row is duplicate, unreadable, unknown or in an object that is not shown.
    """
    accounted_for = "accounted for"
    """Every missing or stale order is in progress, in an error record or in a dead letter.

    Duplicate or unknown rows give this verdict too, and objects that the declared table does not show.
    """
    not_equal = "not equal"
    """An order is missing or stale and nothing explains it, or undetermined; or a row or an object is unreadable."""


@dataclass(frozen=True)
class Unread:
    """What was found among rows and failures, and could not be read as such."""

    rows: Found
    """Lines of the lake that are no rows; samples are `key:line`."""
    objects: Found
    """Objects of the lake whose content does not fit their names, or that need another codec than gzip: keys.

    S3 also refuses to read an object that Intelligent-Tiering has archived.
    """
    error_records: int
    """Lines under the error location that hold no version of an order."""
    dead_letters: int
    """Messages of the dead-letter queue whose changes can't all be read: DynamoDB deletes them after 24 hours."""
    unseen_dead_letters: int = 0
    """Messages that SQS counts but does not show, because another program is reading the queue."""


@dataclass(frozen=True)
class Reconciliation:
    """The table against the lake. Counts are of orders, where they don't say otherwise."""

    orders: int
    rows: int
    has_change_columns: bool
    """Whether the stack was deployed with ChangeColumns=APPEND."""
    has_other_attributes: bool
    """Whether the stack was deployed with OtherAttributes=KEEP."""
    rows_with_sequence_number: int
    """Rows with change columns: none without APPEND; with it all or, after a switch, the later ones."""
    objects: int
    missing: Found
    """The lake has no row of the order, and nothing explains it."""
    stale: Found
    """The lake has rows of the order, the newest is not what the table holds, and nothing explains it.

    The newest has the greatest sequence number or, where no row has one, is in the object that arrived last. An order
    that the table does not hold is stale where its newest row has a sequence number and does not say that the order was
    deleted.
    """
    undetermined: Found
    """Rows of several versions are equally new. The table's version, or the order's deletion, is among them."""
    duplicate: Found
    """One change event is in several rows, or one version in several rows of which one names no event."""
    unknown: Found
    """The lake has rows of the order, the table does not hold it, and its newest row does not say that it was deleted.

    No row has a sequence number.
    """
    not_shown: Found
    """Objects that the declared table does not show: their rows are not in the lake. Samples are keys."""
    errors: Found
    """The lake does not have the table's version, but an error record has it."""
    dead_letters: Found
    """The lake does not have the table's version, but a dead letter leads to it in the table's stream."""
    in_progress: Found
    """The lake does not have the table's version, but it is younger than the buffers take, or was just replayed."""
    unread: Unread

    @property
    def verdict(self) -> Verdict:
        wrong = (self.missing, self.stale, self.undetermined, self.unread.rows, self.unread.objects)
        if any(found.count for found in wrong):
            return Verdict.not_equal
        others = (
            *(self.duplicate, self.unknown, self.not_shown),
            *(self.errors, self.dead_letters, self.in_progress),
        )
        return Verdict.accounted_for if any(found.count for found in others) else Verdict.equal


def conclude(ledger: Ledger, unread: Unread, not_shown: Found, samples: int, form: RowForm) -> Reconciliation:
    """Return what the ledger's last comparison found, with up to so many sample ids of each kind."""
    return Reconciliation(
        orders=ledger.orders(),
        rows=ledger.rows(),
        has_change_columns=form.change_columns,
        has_other_attributes=form.other_attributes,
        rows_with_sequence_number=ledger.rows_with_sequence_number(),
        objects=ledger.objects(),
        missing=ledger.unexplained(Kind.missing, samples),
        stale=ledger.unexplained(Kind.stale, samples),
        undetermined=ledger.unexplained(Kind.undetermined, samples),
        duplicate=ledger.duplicate(samples),
        unknown=ledger.unexplained(Kind.unknown, samples),
        not_shown=not_shown,
        errors=ledger.explained(Explanation.errors, samples),
        dead_letters=ledger.explained(Explanation.dead_letters, samples),
        in_progress=ledger.explained(Explanation.in_progress, samples),
        unread=unread,
    )


_EXPLANATIONS = {
    "missing": "The lake has no row: fix what `sales status` shows, then run `sales backfill`.",
    "stale": "The newest row is not what the table holds: run `sales backfill`.",
    "unreadable rows": "These lines in the lake are no rows by docs/contract.md: look at the objects.",
    "unreadable objects": (
        "Their content does not fit their names, S3 has archived them, or they need\n"
        "  another codec than gzip: queries of their days may fail. Move them elsewhere."
    ),
    "in progress": "They may still arrive: run `sales reconcile` again in two minutes.",
    "in errors/": "`sales failures` says why they failed, `sales replay` sends them again.",
    "in the DLQ": "The pipe gave up on them: run `sales replay` within 24 hours.",
    "unknown": "The table did not hold them: they were deleted, never in it, or just written.",
    "not shown": (
        "Athena does not read these objects: `orders` does not show their days or\n"
        "  folders, their names are hidden, or S3 has archived them. Move them elsewhere."
    ),
    "unreadable errors": "These lines in errors/ hold no order, so they explain nothing.",
    "unreadable DLQ": "Not all of their changes can be read: the others may show as missing.",
    "unseen DLQ": "Another program is reading them: their orders may show as missing.",
}
_DUPLICATE_EVENTS = "Several rows hold one change: it was sent or delivered twice, or backfilled."
_DUPLICATE_VERSIONS = "Several rows hold one version: it came twice, or the order changed back."

_UNDETERMINED = (
    "Rows of several versions are equally new, so `sales_current` may show either:\n"
    "  run `sales backfill`, which sends the order again as the newest row."
)
_APPEND_PREVENTS_IT = "\n  ChangeColumns=APPEND prevents it."

_BY_ARRIVAL = "The row in the object that arrived last is the newest."
_BY_NUMBER_FIRST = "Rows without change columns count as older than rows with them."
_SAME_VERSION = "A version also has several rows if an attribute changed that has no column."
_ALWAYS = "Versions before the newest are not checked."


def _duplicates(found: Reconciliation) -> str:
    return _DUPLICATE_EVENTS if found.rows_with_sequence_number == found.rows else _DUPLICATE_VERSIONS


def _undetermined(found: Reconciliation) -> str:
    return _UNDETERMINED if found.has_change_columns else _UNDETERMINED + _APPEND_PREVENTS_IT


def limits(found: Reconciliation) -> tuple[str, ...]:
    """Return what the comparison can't tell of these rows, a sentence each."""
    if found.has_change_columns and found.rows_with_sequence_number == found.rows:
        return (_ALWAYS,)
    newest = _BY_NUMBER_FIRST if found.has_change_columns else _BY_ARRIVAL
    return (newest, _ALWAYS) if found.has_other_attributes else (newest, _SAME_VERSION, _ALWAYS)


def explained(found: Reconciliation) -> list[tuple[str, Found, str]]:
    """Return every count with its name and its meaning. Those that make the verdict `not equal` come first."""
    counts = {
        "missing": found.missing,
        "stale": found.stale,
        "undetermined": found.undetermined,
        "unreadable rows": found.unread.rows,
        "unreadable objects": found.unread.objects,
        "in progress": found.in_progress,
        "in errors/": found.errors,
        "in the DLQ": found.dead_letters,
        "duplicate": found.duplicate,
        "unknown": found.unknown,
        "not shown": found.not_shown,
        "unreadable errors": Found(found.unread.error_records, ()),
        "unreadable DLQ": Found(found.unread.dead_letters, ()),
        "unseen DLQ": Found(found.unread.unseen_dead_letters, ()),
    }
    explanations = _EXPLANATIONS | {"undetermined": _undetermined(found), "duplicate": _duplicates(found)}
    return [(name, count, explanations[name]) for name, count in counts.items()]


_IF_UNEXPECTED = "If you expected orders, check the stack, the account and the region."


def to_text(found: Reconciliation) -> str:
    """Return the report to read: each count with its meaning and some ids below it, and the verdict last."""
    lines = []
    for name, count, explanation in explained(found):
        lines.append(f"{name:<18}{count.count:>11,}")
        if count.count:
            lines.append(f"  {explanation}")
        lines += [f"    {printable(sample)}" for sample in count.samples]
        if count.samples and count.count > len(count.samples):
            lines.append(f"    and {count.count - len(count.samples):,} more")
    if found.stale.count or found.undetermined.count or found.duplicate.count:
        lines += limits(found)
    lines.append(_verdict_line(found))
    return "\n".join(lines)


def _verdict_line(found: Reconciliation) -> str:
    if found.verdict is Verdict.equal and not found.orders and not found.rows:
        return f"Equal: the table and the lake are both empty. {_IF_UNEXPECTED}"
    verdict = found.verdict.value
    verdict = verdict.upper() if found.verdict is Verdict.not_equal else verdict.capitalize()
    waiting = {"in progress": found.in_progress, "in errors/": found.errors, "in the DLQ": found.dead_letters}
    wrong = {"undetermined": found.undetermined, "not shown": found.not_shown}
    counts = [
        f"{found.orders:,} orders in the table",
        f"{found.rows:,} rows in the lake",
        *[f"{count.count:,} {name}" for name, count in waiting.items() if count.count],
        f"{found.missing.count:,} missing",
        f"{found.stale.count:,} stale",
        *[f"{count.count:,} {name}" for name, count in wrong.items() if count.count],
        f"{found.duplicate.count:,} duplicate",
    ]
    return f"{verdict}: {', '.join(counts)}."


def to_json(found: Reconciliation) -> str:
    """Return the report as one JSON object; names as in `Reconciliation`."""
    report: dict[str, Any] = {"verdict": found.verdict.value} | msgspec.to_builtins(found)
    return printable_json(msgspec.json.format(msgspec.json.encode(report), indent=2))
