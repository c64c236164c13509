"""What `sales trace` finds of one order: each thing with its place and its time. Pure: no AWS, environment or clock.

All times are in milliseconds since 1970.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import msgspec

from sales_pipeline.aws.keys import Keys
from sales_pipeline.orders.version import BACKFILLED, DELETED, VersionError, Versions
from sales_pipeline.terminal.times import to_ms
from transform.values import event_time


class Place(StrEnum):
    """A place that an order, or a change of it, can be in. They are in the order of the data."""

    table = "table"
    table_stream = "table's stream"
    dead_letters = "dead letters"
    kinesis = "Kinesis stream"
    errors = "errors/"
    replayed = "replay/sent/"
    set_aside = "replay/superseded/"
    lake = "lake"


@dataclass(frozen=True)
class Change:
    """A change event."""

    order_id: str
    name: str
    """INSERT, MODIFY or REMOVE; empty if the event has none."""
    version: bytes | None
    """The version that it brings, or DELETED; None if it holds no version."""
    event_id: str | None
    sequence_number: str | None
    created_ms: int | None
    """When the table was changed, to the second on AWS; None if the event does not say it."""
    digest: str = field(default="", compare=False)

    @property
    def identity(self) -> str:
        """What is the same wherever this change is seen, and differs between changes."""
        return self.event_id or self.sequence_number or self.digest

    @property
    def is_backfill(self) -> bool:
        """Whether a backfill made it: the order was not changed then."""
        return (self.event_id or "").lower().startswith(BACKFILLED)


@dataclass(frozen=True)
class Sighting:
    """A change event, or several that are the same, in a place."""

    place: Place
    change: Change
    time_ms: int | None
    """When it came there. For the table's stream, when the table was changed."""
    where: str
    """The shard, the message, or the key and the line of the object."""
    reason: str = ""
    """Why it failed; empty if it did not."""


@dataclass(frozen=True)
class FoundRow:
    """A row of the order, or a line that names the order and is no row."""

    key: str
    line: int
    """From 1."""
    written_ms: int
    """When S3 got the object, to the second."""
    arrived: int
    """As `declared.arrival` has it."""
    version: bytes | None
    """DELETED for a row that says that the order was deleted; None if the line is no row."""
    sequence_number: str | None = None
    event_id: str | None = None
    is_shown: bool = True
    """Whether the declared table shows the object."""

    @property
    def age(self) -> tuple[int, str, int]:
        """What is greater in a newer row: the rule of `reconcile` and of the view sales_current."""
        number = self.sequence_number or ""
        return len(number), number, self.arrived


@dataclass(frozen=True)
class Answer:
    """What a table in Athena shows of the order, in the days that were looked at."""

    table: str
    rows: int | None
    """None if it was not asked, or did not answer."""
    note: str = ""


@dataclass(frozen=True)
class Gap:
    """Something that could not be looked at, or not in whole."""

    place: str
    """A `Place`, or the name of something else that was asked."""
    why: str


@dataclass(frozen=True)
class Held:
    """What the table holds of the order."""

    version: bytes | None
    """DELETED if it holds none; None if nobody could read it."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The attributes that have a column, as text for a person."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that was found of an order."""

    order_id: str
    now_ms: int
    created_ms: int | None
    """The time in the id; None if the id holds no time."""
    delivery_ms: int
    """How long a change may take from the table to the lake, or to `errors/`."""
    change_columns: bool = False
    """Whether each row says which change it comes from."""
    held: Held = Held(None)
    sightings: Sequence[Sighting] = ()
    rows: Sequence[FoundRow] = ()
    answers: Sequence[Answer] = ()
    days: Sequence[date] = ()
    """The days of the lake that were looked at, the oldest first."""
    lake_days: Collection[date] | None = None
    """The days that the lake has; None if nobody could list them."""
    gaps: Sequence[Gap] = ()
    rows_are_known: bool = True
    """Whether all rows are known that the days have."""
    seconds: float = 0.0
    """How long all this took."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Requests to AWS by service, each attempt counted."""

    @property
    def shown(self) -> list[FoundRow]:
        """The rows that the declared table shows, the newest first."""
        rows = [row for row in self.rows if row.is_shown and row.version is not None]
        return sorted(rows, key=lambda row: (row.age, row.written_ms, row.key, row.line), reverse=True)

    @property
    def in_athena(self) -> int:
        """How many rows Athena shows: the most that a table does."""
        return max((answer.rows or 0 for answer in self.answers), default=0)

    @property
    def days_left(self) -> int | None:
        """How many days of the lake were not looked at; None if nobody knows."""
        return None if self.lake_days is None else len(set(self.lake_days) - set(self.days))

    def lacks(self, *places: Place) -> bool:
        """Say whether one of these places could not be looked at in whole."""
        return any(gap.place in places for gap in self.gaps)

    def at(self, *places: Place) -> list[Sighting]:
        """Return what was seen in these places, the oldest first."""
        found = [each for each in self.sightings if each.place in places]
        return sorted(found, key=lambda each: (each.time_ms or 0, each.where))


def short(version: bytes | None) -> str:
    """Return a version's name for a person: the same for the same values, wherever they are."""
    if version is None:
        return "unreadable"
    return "deleted" if version == DELETED else version.hex()[:6]


class ChangeReader:
    """Reads change events of orders with these keys and versions."""

    def __init__(self, keys: Keys, versions: Versions) -> None:
        self._keys, self._versions = keys, versions

    def read(self, data: bytes) -> Change | None:
        """Return the change event in these bytes, whatever they are; None if they name no order."""
        try:
            event = msgspec.json.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        record = _object(event, "dynamodb") or (event if isinstance(event, dict) else {})
        order_id = self._order_id(record)
        if order_id is None:
            return None
        return Change(
            order_id=order_id,
            name=_text(event.get("eventName")) or "",
            version=self._version(data),
            event_id=_text(event.get("eventID")),
            sequence_number=_text(record.get("SequenceNumber")),
            created_ms=_ms(record.get("ApproximateCreationDateTime")),
            digest=hashlib.sha256(data).hexdigest(),
        )

    def _order_id(self, record: Mapping[str, Any]) -> str | None:
        for attributes in (record.get("Keys"), record.get("NewImage")):
            try:
                return self._keys.id_of(attributes)
            except ValueError:
                continue
        return None

    def _version(self, data: bytes) -> bytes | None:
        try:
            return self._versions.of_event(data).digest
        except VersionError:
            return None


def _object(event: object, name: str) -> dict[str, Any] | None:
    found = event.get(name) if isinstance(event, dict) else None
    return found if isinstance(found, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _ms(time: object) -> int | None:
    """Return a time that the transform can read in a change event."""
    if not isinstance(time, int | float | str) or isinstance(time, bool):
        return None
    text = msgspec.json.decode(event_time(time))
    return to_ms(datetime.fromisoformat(text)) if text else None
