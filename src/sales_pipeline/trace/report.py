"""Says what was found of an order: as text for a person, or as JSON. Pure: no AWS, environment or clock."""

from collections.abc import Iterator
from typing import Any

import msgspec

from common.printable import printable_json
from sales_pipeline.orders.version import DELETED
from sales_pipeline.terminal.amounts import counted, duration
from sales_pipeline.terminal.table import DataTable
from sales_pipeline.terminal.times import iso, moment
from sales_pipeline.trace.found import Answer, Evidence, Place, Sighting, short
from sales_pipeline.trace.timeline import Step, timeline
from sales_pipeline.trace.verdict import Verdict

SHOWN_STEPS = 20
"""So many steps are shown to a person. JSON has all."""
_SHOWN_DAYS = 6
_VALUE_CHARACTERS = 40


def places(found: Evidence) -> DataTable:
    """Return the table of places for a person: what each has of the order."""
    rows = [
        (Place.table.value, _held(found)),
        *((place.value, _seen(found, place)) for place in Place if place not in {Place.table, Place.lake}),
        (Place.lake.value, _rows(found)),
        *((answer.table.rpartition(".")[2], _answer(answer)) for answer in found.answers),
    ]
    optional = {Place.replayed.value, Place.set_aside.value}
    return DataTable(["place", "found"], [row for row in rows if row[0] not in optional or row[1] != _NONE])


_NONE = "none"


def _held(found: Evidence) -> str:
    if found.held.version is None:
        return "could not be read"
    if found.held.version == DELETED:
        return "not in it"
    values = "; ".join(f"{name} {_cut(value)}" for name, value in found.held.values.items())
    return f"version {short(found.held.version)}: {values}"


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_CHARACTERS else f"{text[:_VALUE_CHARACTERS]}…"


def _seen(found: Evidence, place: Place) -> str:
    seen = found.at(place)
    if not seen:
        return "could not be read" if found.lacks(place) else _NONE
    reasons = {each.reason for each in seen if each.reason}
    noun = "error record" if place is Place.errors else "change"
    return "; ".join([counted(len(seen), noun), *sorted(reasons)])


def _rows(found: Evidence) -> str:
    parts = [counted(len(found.shown), "row") if found.shown else "no row"]
    unreadable = sum(row.version is None for row in found.rows)
    not_shown = len(found.rows) - len(found.shown) - unreadable
    parts += [f"{unreadable} unreadable"] * bool(unreadable) + [f"{not_shown} not shown"] * bool(not_shown)
    return f"{', '.join(parts)}; looked at {_days(found)}"


def _days(found: Evidence) -> str:
    names = [each.isoformat() for each in found.days]
    if len(names) > _SHOWN_DAYS:
        names = [names[0], "…", names[-1]]
    left = found.days_left
    others = "" if not left else f", not at the other {counted(left, 'day')} of the lake"
    return f"{', '.join(names)}{others}"


def _answer(answer: Answer) -> str:
    return answer.note if answer.rows is None else counted(answer.rows, "row")


def steps(found: Evidence) -> tuple[DataTable, list[str]]:
    """Return the table of the newest steps for a person, and the lines below it.

    These name the objects, which the table numbers: their keys are too long for a column.
    """
    every = timeline(found)
    keys: dict[str, int] = {}
    rows = [
        (moment(each.time_ms, found.now_ms), _after(each), each.place, _what(each, keys))
        for each in every[-SHOWN_STEPS:]
    ]
    below = [f"object {number}: {key}" for key, number in keys.items()]
    if len(every) > len(rows):
        below.append(f"{len(every) - len(rows):,} older steps are not shown: --format json has all.")
    return DataTable(["time UTC", "after", "place", "what"], rows, amounts=["after"]), below


def _what(step: Step, keys: dict[str, int]) -> str:
    where = step.where
    if step.place in _OBJECTS:
        key, _, line = where.rpartition(":")
        where = f"object {keys.setdefault(key, len(keys) + 1)}, line {line}"
    return f"{step.what} ({where})" if where else step.what


_OBJECTS = {Place.lake, Place.errors, Place.replayed, Place.set_aside}


def _after(step: Step) -> str:
    if step.after_ms is None:
        return ""
    seconds = step.after_ms / 1000
    return f"+{seconds:.1f} s" if seconds < 100 else f"+{duration(seconds)}"  # noqa: PLR2004 - three digits


def notes(found: Evidence) -> Iterator[str]:
    """Yield a sentence for a person about each thing that was not looked at."""
    for gap in found.gaps:
        yield f"Not looked at: {gap.place}, {gap.why}."
    if found.created_ms is None and found.days_left != 0:
        yield (
            "The id does not say when the order was new, so only these days of the lake were looked at: --since TIME "
            "looks at all days from then on."
        )


def to_json(found: Evidence, verdict: Verdict) -> str:
    """Return everything as one JSON object. Times are in UTC; names that end in `_ms` are milliseconds."""
    report: dict[str, Any] = {
        "orderid": found.order_id,
        "verdict": verdict.kind.value,
        "text": verdict.text,
        "id_time": iso(found.created_ms),
        "table": {"version": _version(found.held.version), "values": found.held.values},
        "seen": [_sighting(each) for each in found.at(*Place)],
        "rows": [
            {
                "key": row.key,
                "line": row.line,
                "written": iso(row.written_ms),
                "version": _version(row.version),
                "event_id": row.event_id,
                "sequence_number": row.sequence_number,
                "shown": row.is_shown,
            }
            for row in sorted(found.rows, key=lambda row: (row.age, row.key, row.line))
        ],
        "tables": [{"table": each.table, "rows": each.rows, "note": each.note} for each in found.answers],
        "timeline": [
            {"time_ms": step.time_ms, "after_ms": step.after_ms, "place": step.place, "what": step.what}
            | {"where": step.where, "change": step.change}
            for step in timeline(found)
        ],
        "days": [each.isoformat() for each in found.days],
        "other_days": found.days_left,
        "not_looked_at": [{"place": gap.place, "why": gap.why} for gap in found.gaps],
        "seconds": round(found.seconds, 1),
        "requests": found.requests,
    }
    return printable_json(msgspec.json.format(msgspec.json.encode(report), indent=2))


def _version(version: bytes | None) -> str | None:
    return None if version is None else short(version)


def _sighting(each: Sighting) -> dict[str, Any]:
    return {
        "place": each.place.value,
        "where": each.where,
        "time_ms": each.time_ms,
        "event_name": each.change.name,
        "version": _version(each.change.version),
        "event_id": each.change.event_id,
        "sequence_number": each.change.sequence_number,
        "reason": each.reason,
    }
