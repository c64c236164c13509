"""What a reconciliation says: its counts, its verdict and what it can't tell. Pure: no AWS, environment or clock."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from sales_pipeline.reconcile.ledger import Found, Ledger, Place
from sales_pipeline.terminal.printable import printable


class Verdict(StrEnum):
    """Whether the lake holds the table."""

    equal = "equal"
    """The newest row of every order is the order as the table holds it, or says that it is gone; no row is doubled."""
    accounted_for = "accounted for"
    """The same but for versions of which it is known where they are, doubled rows and rows of unknown orders."""
    not_equal = "not equal"
    """Something is missing, stale or unreadable, and nothing accounts for it."""


@dataclass(frozen=True)
class Unread:
    """What was found where rows or failures lie, and could not be read as such."""

    rows: Found
    """Lines under the data location that are no rows; samples are `key:line`."""
    error_records: int
    """Lines under the error location that tell no version of an order."""
    dead_letters: int
    """Messages of the dead-letter queue whose part of the table's stream can't be read in full: DynamoDB trims it."""
    unseen_dead_letters: int = 0
    """Messages that SQS counts but didn't show, because somebody else read the queue."""


@dataclass(frozen=True)
class Reconciliation:
    """The table against the lake. Counts are of orders, where they don't say otherwise."""

    orders: int
    rows: int
    rows_with_sequence_number: int
    """Those that say which change they come from: all, none or, where that was switched on, the later ones."""
    objects: int
    missing: Found
    """No row of any version, and nothing accounts for it."""
    stale: Found
    """Rows, but the newest is not what the table holds, and nothing accounts for it.

    The newest has the greatest sequence number or, where no row has one, lies in the newest object. An order that the
    table doesn't hold is stale where its newest row has a sequence number and is no removal: its deletion is missing.
    """
    doubled: Found
    """One event in several rows, or one version in several rows without an event id."""
    unknown: Found
    """Not in the table, and no row says that it is gone."""
    errors: Found
    """The lake lacks the table's version, but an error record holds it."""
    dead_letters: Found
    """The lake lacks it, but it lies where a message of the dead-letter queue says, and can still be read there."""
    on_its_way: Found
    """The lake lacks it, but it is younger than the buffers, or was replayed within the time that they take."""
    unread: Unread

    @property
    def verdict(self) -> Verdict:
        if self.missing.count or self.stale.count or self.unread.rows.count:
            return Verdict.not_equal
        others = (self.doubled, self.unknown, self.errors, self.dead_letters, self.on_its_way)
        return Verdict.accounted_for if any(found.count for found in others) else Verdict.equal


def conclude(ledger: Ledger, unread: Unread, samples: int) -> Reconciliation:
    """Return what the ledger's last comparison came to, with up to so many sample ids of each kind."""
    return Reconciliation(
        orders=ledger.orders(),
        rows=ledger.rows(),
        rows_with_sequence_number=ledger.rows_with_sequence_number(),
        objects=ledger.objects(),
        missing=ledger.differing(None, samples, "missing"),
        stale=ledger.differing(None, samples, "stale"),
        doubled=ledger.doubled(samples),
        unknown=ledger.unknown(samples),
        errors=ledger.differing(Place.errors, samples),
        dead_letters=ledger.differing(Place.dead_letters, samples),
        on_its_way=ledger.differing(Place.on_its_way, samples),
        unread=unread,
    )


# By the count that they explain. What a verdict can't tell stands in it, beside the number that it qualifies.
_EXPLANATIONS = {
    "missing": (
        "in the table, no row in the lake. If `sales status` shows a stage that stands still, they may wait there: "
        "mend it first. Then `sales backfill` sends what is left"
    ),
    "stale": "the newest row is not what the table holds: `sales backfill` sends them",
    "unreadable rows": "lines in the lake that are no rows: look at the objects",
    "on its way": "younger than the buffers, or replayed just now: reconcile again in a minute or two",
    "in errors/": "refused on the way: `sales failures` says why, `sales replay` puts them back",
    "in the DLQ": "the pipe gave up on them, the table's stream still holds them: `sales replay` within 24 h",
    "unknown": "rows of orders that the table doesn't hold: deleted, or never there; the row can't tell which",
    "unreadable errors": "error records that tell no version of an order: they account for nothing",
    "unreadable DLQ": "messages whose part of the stream is gone or can't be read: what is gone accounts for nothing",
    "unseen DLQ": "messages that somebody else is reading just now: what they account for may show as missing",
}
_DOUBLED_VERSION = (
    "one version in several rows: delivered twice, changed back to what it was, or changed in an attribute that no "
    "column shows; the row can't tell which"
)
_DOUBLED_EVENT = "one event in several rows: delivered, replayed or backfilled twice"
_UNTOLD_PLACE = (
    "Which of two versions came last is told by the object's arrival time, to the second: nothing orders two versions "
    "inside one object or one second, and there the table's own is taken for the newest."
)
_UNTOLD_ALWAYS = "Versions before the newest are not looked for."


def _doubled(found: Reconciliation) -> str:
    if not found.rows_with_sequence_number:
        return _DOUBLED_VERSION
    if found.rows_with_sequence_number == found.rows:
        return _DOUBLED_EVENT
    return f"{_DOUBLED_EVENT}; or, without change columns, {_DOUBLED_VERSION}"


def untold(found: Reconciliation) -> str:
    """Return what the comparison can't tell of these rows."""
    if not found.rows_with_sequence_number:
        return f"{_UNTOLD_PLACE} {_UNTOLD_ALWAYS}"
    if found.rows_with_sequence_number == found.rows:
        return _UNTOLD_ALWAYS
    return f"Where no row of an order has change columns: {_UNTOLD_PLACE} {_UNTOLD_ALWAYS}"


def explained(found: Reconciliation) -> list[tuple[str, Found, str]]:
    """Return every count with its name and its meaning, what makes the verdict unequal first."""
    counts = {
        "missing": found.missing,
        "stale": found.stale,
        "unreadable rows": found.unread.rows,
        "on its way": found.on_its_way,
        "in errors/": found.errors,
        "in the DLQ": found.dead_letters,
        "doubled": found.doubled,
        "unknown": found.unknown,
        "unreadable errors": Found(found.unread.error_records, ()),
        "unreadable DLQ": Found(found.unread.dead_letters, ()),
        "unseen DLQ": Found(found.unread.unseen_dead_letters, ()),
    }
    explanations = _EXPLANATIONS | {"doubled": _doubled(found)}
    return [(name, count, explanations[name]) for name, count in counts.items()]


def to_text(found: Reconciliation) -> str:
    """Return the reconciliation to read, the verdict last."""
    lines = []
    for name, count, explanation in explained(found):
        lines.append(f"{name:<18}{count.count:>11,}" + (f"   {explanation}" if count.count else ""))
        lines += [f"{'':<32}{printable(sample)}" for sample in count.samples]
        if count.samples and count.count > len(count.samples):
            lines.append(f"{'':<32}and {count.count - len(count.samples):,} more")
    if found.stale.count or found.doubled.count:
        lines.append(untold(found))
    verdict = found.verdict.value
    verdict = verdict.upper() if found.verdict is Verdict.not_equal else verdict.capitalize()
    waiting = {"on its way": found.on_its_way, "in errors/": found.errors, "in the DLQ": found.dead_letters}
    counts = [f"{count.count:,} {name}" for name, count in waiting.items() if count.count]
    counts += [
        f"{found.missing.count:,} missing",
        f"{found.stale.count:,} stale",
        f"{found.doubled.count:,} doubled",
    ]
    lines.append(
        f"{verdict}: {found.orders:,} orders in the table, {found.rows:,} rows in the lake, {', '.join(counts)}."
    )
    return "\n".join(lines)


def to_json(found: Reconciliation) -> str:
    """Return the reconciliation as one JSON object; names as in `Reconciliation`."""
    report: dict[str, Any] = {"verdict": found.verdict.value} | msgspec.to_builtins(found)
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
