"""Decides where an order is. Pure: no AWS, environment or clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sales_pipeline.failures.records import REFUSED_BY_TRANSFORM
from sales_pipeline.orders.version import DELETED
from sales_pipeline.terminal.amounts import counted, duration
from sales_pipeline.terminal.times import moment, time_of_day
from sales_pipeline.trace.found import Evidence, FoundRow, Place, Sighting, short


class Kind(StrEnum):
    """Where an order is, for programs. docs/glossary.md explains the words."""

    in_the_lake = "in the lake"
    in_progress = "in progress"
    late = "late"
    failed = "failed"
    stale = "stale"
    undetermined = "undetermined"
    missing = "missing"
    deleted = "deleted"
    not_in_the_table = "not in the table"
    not_known = "not known"


@dataclass(frozen=True)
class Verdict:
    """Where an order is, in one line."""

    kind: Kind
    text: str

    @property
    def exit_code(self) -> int:
        """0 if nobody has to do anything, else 1."""
        return int(self.kind not in {Kind.in_the_lake, Kind.in_progress, Kind.deleted})

    @property
    def is_open(self) -> bool:
        """Whether the order may still arrive."""
        return self.kind in {Kind.in_progress, Kind.late}


_TWO_MINUTES_MS = 120_000  # the usual way takes about a minute: seconds matter there
_FAILED = (Place.errors, Place.dead_letters)
_NEXT = {
    Place.table: "the pipe reads it next",
    Place.table_stream: "the pipe reads it next",
    Place.kinesis: "Firehose writes it next",
    Place.replayed: "Firehose writes it next",
}


def decide(found: Evidence) -> Verdict:
    """Return where the order is."""
    version = found.held.version
    if version is None:
        return _without_table(found)
    if version == DELETED and not _has_row_of_deletion(found):
        return _not_in_the_table(found)
    if found.in_athena and not found.rows and found.lacks(Place.lake):
        return _not_known(f"Athena shows {counted(found.in_athena, 'row')} of it, which could not be read")
    newest = [row for row in found.shown if row.age == found.shown[0].age]
    versions = {row.version for row in newest}
    if versions == {version}:
        return _arrived(found, version)
    return _pending(found, version) or _differs(found, version, newest)


def _has_row_of_deletion(found: Evidence) -> bool:
    """Say whether the lake gets a row that says that the order was deleted."""
    return found.change_columns and (
        any(row.sequence_number for row in found.shown) or any(each.change.name == "REMOVE" for each in found.sightings)
    )


def _arrived(found: Evidence, version: bytes) -> Verdict:
    others = max((row.age for row in found.shown if row.version != version), default=None)
    rows = [row for row in found.shown if others is None or row.age > others]
    first = min(rows, key=lambda row: row.written_ms)
    also = f", in {counted(len(rows), 'row')}" if len(rows) > 1 else ""
    since = f"since {moment(first.written_ms, found.now_ms)} UTC{_took(found, version, first)}{also}"
    if version == DELETED:
        return Verdict(Kind.deleted, f"Not in the table: deleted. The lake has a row that says so {since}.")
    return Verdict(Kind.in_the_lake, f"In the lake {since}.")


def _took(found: Evidence, version: bytes, first: FoundRow) -> str:
    changes = [each.change for each in found.sightings if each.change.version == version]
    times = [each.created_ms for each in changes if not each.is_backfill]
    known = [each for each in times if each is not None and each <= first.written_ms]
    if known:
        return f", {_seconds(first.written_ms - max(known))} after the change"
    is_first = len({row.version for row in found.rows}) == 1
    if found.created_ms is not None and is_first and found.created_ms <= first.written_ms:
        return f", {_seconds(first.written_ms - found.created_ms)} after the time in its id"
    return ""


def _pending(found: Evidence, version: bytes) -> Verdict | None:
    """Return where the version is in progress, or why it ended; None if nothing says so."""
    steps = [each for each in found.sightings if each.change.version == version and not _is_row(each, found.shown)]
    failures = [each for each in steps if each.place in _FAILED]
    moves = [each for each in steps if each.place in _NEXT and each.time_ms is not None]
    last = max(moves, key=lambda each: (_time(each), list(Place).index(each.place)), default=None)
    # Without a sighting, the id says when the order was new. When it was changed is not known then.
    has_rows = any(row.version == version for row in found.shown)
    last_ms = _time(last) if last else None if has_rows else found.created_ms
    is_young = last_ms is not None and found.now_ms - last_ms < found.delivery_ms
    if failures and not (is_young and last and _time(last) > max(map(_time, failures))):
        return _failed(max(failures, key=_time))
    place = last.place if last else Place.table
    what = _what(found, version)
    if is_young and last_ms is not None:
        return Verdict(
            Kind.in_progress,
            f"In progress: {what} was last seen in {_the(place)} at {moment(last_ms, found.now_ms)} UTC. "
            f"{_NEXT[place].capitalize()}, until about {time_of_day(last_ms + found.delivery_ms)}.",
        )
    if not found.rows_are_known or (found.lacks(*_FAILED) and not has_rows):
        return _not_known(f"{what} was not found, and not everything could be looked at")
    if last:
        ago = duration((found.now_ms - _time(last)) / 1000)
        return Verdict(
            Kind.late,
            f"Late: {what} was last seen in {_the(place)}, {ago} ago, and it is in no row and no failure. See `sales "
            "status`.",
        )
    return None


def _is_row(step: Sighting, rows: Sequence[FoundRow]) -> bool:
    """Say whether a row holds this very change, as far as rows tell."""
    return any(
        row.event_id == step.change.event_id
        if row.event_id and step.change.event_id
        else row.version == step.change.version and row.written_ms >= _time(step)
        for row in rows
    )


def _differs(found: Evidence, version: bytes, newest: Sequence[FoundRow]) -> Verdict:
    versions, what = {row.version for row in newest}, _name(version)
    if version in versions:
        return Verdict(
            Kind.undetermined,
            f"Undetermined: rows of {counted(len(versions), 'version')} are equally new, {what} among them. Run `sales "
            "backfill`.",
        )
    if any(row.version == version for row in found.shown):
        return Verdict(
            Kind.stale,
            f"Stale: the lake has {what}, but {_name(newest[0].version)} counts as newer there. Run `sales backfill`.",
        )
    if found.lacks(*Place):
        return _not_known(f"{_what(found, version)} was not found, and not everything could be looked at")
    holds = "does not hold it" if version == DELETED else f"has {what}"
    where, wider = ("in these days", " `--since` looks at more days.") if found.days_left != 0 else ("in the lake", "")
    if newest:
        return Verdict(
            Kind.stale,
            f"Stale: the newest row {where} has {_name(newest[0].version)}, the table {holds}, and nothing explains "
            f"it.{wider} Else run `sales backfill`.",
        )
    return Verdict(
        Kind.missing, f"Missing: no row of it is {where}, and nothing explains it.{wider} Else run `sales backfill`."
    )


def _failed(failure: Sighting) -> Verdict:
    if failure.place is Place.dead_letters:
        why = f"the pipe gave up on it ({failure.reason.removeprefix('Pipe.')})"
        return Verdict(
            Kind.failed, f"Failed because {why}. Fix the cause, then run `sales replay` within 24 hours of the change."
        )
    error, _, message = failure.reason.partition(": ")
    if error == REFUSED_BY_TRANSFORM:
        return Verdict(Kind.failed, f"Failed because the transform refused it: {message}. Correct it in the table.")
    why = failure.reason.removesuffix(".")
    return Verdict(Kind.failed, f"Failed because of {why}. Fix the cause, then run `sales replay`.")


def _not_in_the_table(found: Evidence) -> Verdict:
    if found.rows or found.in_athena or found.sightings:
        removals = [each.change.created_ms or 0 for each in found.sightings if each.change.name == "REMOVE"]
        when = max(removals, default=0)
        deleted = f"deleted at {moment(when, found.now_ms)} UTC" if when else "deleted"
        rows = len(found.shown) or found.in_athena
        stay = f" The lake keeps {counted(rows, 'row')} of it." if rows else ""
        failures = found.at(*_FAILED)
        failed = f" A change of it failed: {failures[-1].reason}." if failures else ""
        return Verdict(Kind.deleted, f"Not in the table: {deleted}.{stay}{failed}")
    seen = " in what could be looked at" if found.lacks(*Place) else ""
    deleted = (
        " If it was deleted, its rows can be in other days: `--since` looks at more." if found.days_left != 0 else ""
    )
    return Verdict(
        Kind.not_in_the_table, f"Not in the table, and no trace of it{seen}. Check the id, and the stack.{deleted}"
    )


def _without_table(found: Evidence) -> Verdict:
    if found.shown:
        newest = found.shown[0]
        since = moment(newest.written_ms, found.now_ms)
        row = f"The newest row in the lake has {_name(newest.version)}, since {since} UTC"
        return _not_known(f"the table could not be read. {row}")
    if failures := found.at(*_FAILED):
        return _failed(failures[-1])
    return _not_known("the table could not be read, and no row was found")


def _not_known(why: str) -> Verdict:
    return Verdict(Kind.not_known, f"Not known: {why}.")


def _name(version: bytes | None) -> str:
    return "its deletion" if version == DELETED else f"version {short(version)}"


def _what(found: Evidence, version: bytes) -> str:
    """Return what the lake lacks of the order."""
    return "its deletion" if version == DELETED else "its newest version" if found.shown else "it"


def _the(place: Place) -> str:
    return "a replay to the Kinesis stream" if place is Place.replayed else f"the {place}"


def _seconds(ms: int) -> str:
    return f"{ms // 1000} s" if ms < _TWO_MINUTES_MS else duration(ms / 1000)


def _time(sighting: Sighting) -> int:
    return sighting.time_ms or 0
