"""The way of an order from the table to the lake, step by step. Pure: no AWS, environment or clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sales_pipeline.orders.version import DELETED
from sales_pipeline.trace.found import Change, Evidence, FoundRow, Place, Sighting, short

_WORDS = {
    Place.errors: "failed: {reason}",
    Place.dead_letters: "the pipe gave up on it: {reason}",
    Place.replayed: "replayed",
    Place.set_aside: "set aside, because the table has another version",
}


@dataclass(frozen=True)
class Step:
    """Something that happened to an order. `time_ms` is in milliseconds since 1970."""

    time_ms: int
    place: str
    what: str
    where: str = ""
    """The shard, the message, or the key and the line of the object."""
    after_ms: int | None = None
    """How long after the step before it, of the same change; None for the first step of a change."""
    change: str = ""
    """What the steps of one change have in common; empty for the time in the id."""


def timeline(found: Evidence) -> list[Step]:
    """Return the steps of all changes, the oldest first."""
    changes: dict[str, Change] = {}
    for each in found.sightings:
        known = changes.setdefault(each.change.identity, each.change)
        if known.created_ms is None:
            changes[each.change.identity] = each.change
    owners = {id(row): _change_of(row, changes.values()) for row in found.rows}
    steps: list[Step] = []
    for change in changes.values():
        own = [each for each in found.sightings if each.change.identity == change.identity]
        rows = [row for row in found.rows if owners[id(row)] is change]
        steps += _delayed([*_created(change), *map(_seen, _apart(own)), *(_row(row, change.identity) for row in rows)])
    for row in found.rows:
        if owners[id(row)] is None:
            steps.append(_row(row, row.event_id or ""))
    if found.created_ms is not None:
        steps = _from_id(found.created_ms, steps)
    return sorted(steps, key=_order)


def _created(change: Change) -> list[Step]:
    if change.created_ms is None:
        return []
    place, what = Place.table.value, change.name or "change"
    if change.is_backfill:
        place, what = "backfill", "sent again from the table"
    version = "" if change.version == DELETED else f", version {short(change.version)}"
    return [Step(change.created_ms, place, f"{what}{version}", change=change.identity)]


def _apart(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Return what has a time of its own: the table's stream has that of the change."""
    return [each for each in sightings if each.place is not Place.table_stream and each.time_ms is not None]


def _seen(each: Sighting) -> Step:
    what = _WORDS.get(each.place, "arrived").format(reason=each.reason)
    return Step(each.time_ms or 0, each.place, what, each.where, change=each.change.identity)


def _row(row: FoundRow, change: str) -> Step:
    what = "no row: the line cannot be read" if row.version is None else f"row, version {short(row.version)}"
    return Step(row.written_ms, Place.lake, what if row.is_shown else f"{what}, not shown", _line(row), change=change)


def _line(row: FoundRow) -> str:
    return f"{row.key}:{row.line}"


def _change_of(row: FoundRow, changes: Iterable[Change]) -> Change | None:
    """Return the change that a row comes from: the one that it names, else the last of its version before it."""
    if row.event_id:
        return next((each for each in changes if each.event_id == row.event_id), None)
    before = [
        each
        for each in changes
        if row.version is not None and each.version == row.version and (each.created_ms or 0) <= row.written_ms
    ]
    return max(before, key=lambda each: each.created_ms or 0, default=None)


def _delayed(steps: Sequence[Step]) -> list[Step]:
    """Return the steps of one change in their order, each with its time after the one before it."""
    found: list[Step] = []
    for each in sorted(steps, key=_order):
        after_ms = each.time_ms - found[-1].time_ms if found else None
        found.append(Step(each.time_ms, each.place, each.what, each.where, after_ms, each.change))
    return found


def _from_id(created_ms: int, steps: list[Step]) -> list[Step]:
    """Add the time in the id. The first step comes after it."""
    first = min(steps, key=_order, default=None)
    own = Step(created_ms, "id", "the time in the id")
    if first is None or first.after_ms is not None:
        return [own, *steps]
    after_ms = max(0, first.time_ms - created_ms)
    late = Step(first.time_ms, first.place, first.what, first.where, after_ms, first.change)
    return [own, *(late if each is first else each for each in steps)]


_PLACES = ["id", "backfill", *Place]


def _order(step: Step) -> tuple[bool, int, int, str]:
    """Put the id first: its time is to the millisecond, and that of a change only to the second."""
    return step.place != "id", step.time_ms, _PLACES.index(step.place), step.where
