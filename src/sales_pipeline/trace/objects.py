"""Reads from the bucket what it has of one order: rows, error records and what replays moved, within a budget."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from common.clock import now_ms
from sales_pipeline.aws import parallel
from sales_pipeline.aws.bucket import LISTED_OBJECTS, READERS, Folder, Location, Object, Split, split_by_name
from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures.checkpoints import SENT, SUPERSEDED
from sales_pipeline.failures.records import ErrorRecord, read_error_object
from sales_pipeline.orders.row import Row, RowReader
from sales_pipeline.orders.version import VersionError
from sales_pipeline.reconcile.declared import ARCHIVED, ProjectedDays, arrival
from sales_pipeline.reconcile.reader import Sources
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.trace.budget import Budget
from sales_pipeline.trace.found import Change, FoundRow, Gap, Place, Sighting
from sales_pipeline.trace.streams import Order
from sales_pipeline.trace.where import in_order, may_hold

OBJECTS_MAX = 2_000
"""So many objects are read of a place at most: each is a request."""
LIKELY_MAX = 50
"""So many objects are read beside those that Athena names: those that were written soon after a change."""
_AT_ONCE = 8 * READERS
_FAILED = "processing-failed/"  # template.yaml: the only type of error of a Firehose stream that converts no formats
_NO_ROW = b""


@dataclass(frozen=True)
class Search:
    """Which objects to look at. Times are in milliseconds since 1970."""

    days: Collection[date]
    moments_ms: Sequence[int]
    """When changes of the order happened, as far as that is known."""
    delivery_ms: int
    budget: Budget

    def first(self, objects: Iterable[Object]) -> list[Object]:
        """Return the objects in the order in which to read them."""
        return in_order(objects, self.moments_ms, self.delivery_ms)

    def may_hold(self, each: Object) -> bool:
        return may_hold(each, self.moments_ms, self.delivery_ms)


class _Failure(NamedTuple):
    record: ErrorRecord
    change: Change


@dataclass
class _Reading:
    """Objects of a place, and the lines of the order in those that were read: their numbers and what they hold."""

    listed: list[Object]
    is_listed: bool
    unread: int = 0
    unreadable: int = 0
    lines: dict[Object, list[tuple[int, Any]]] = field(default_factory=dict)

    def gaps(self, place: Place, seconds: float) -> list[Gap]:
        found = []
        if not self.is_listed:
            found.append(Gap(place, f"not all objects could be listed in {seconds:.0f} s: --seconds reads longer"))
        if self.unread:
            of = f"{self.unread:,} of {counted(len(self.listed), 'object')} were not read"
            found.append(Gap(place, f"{of}, in {seconds:.0f} s and at most {OBJECTS_MAX:,}: --seconds reads longer"))
        if self.unreadable:
            what = counted(self.unreadable, "object")
            found.append(Gap(place, f"{what} could not be read as Athena reads it: see `sales reconcile`"))
        return found


class Objects:
    """The objects of the lake, of `errors/` and of replays. It keeps what it read: an object never changes."""

    def __init__(self, stack: Stack, order: Order, sources: Sources) -> None:
        self._order, self._sources = order, sources
        self._errors = Location.parse(stack["ErrorLocation"]).prefix
        self._bucket = Folder(stack, Location(stack["BucketName"], ""))
        self._read_row = RowReader(sources.form).read
        self._quoted_id = msgspec.json.encode(order.order_id)
        self._known: dict[Object, list[tuple[int, Any]]] = {}

    def lake_days(self) -> set[date]:
        """Return the days that the lake has."""
        found = set()
        for name in self._sources.lake.folders():
            with suppress(ValueError):
                found.add(date.fromisoformat(name.removeprefix("dt=")))
        return found

    def failures(self, place: Place, search: Search) -> tuple[list[Sighting], list[Gap]]:
        """Return the order's error records of these days; for the places of replays, what they moved there."""
        root = {Place.errors: "", Place.replayed: SENT, Place.set_aside: SUPERSEDED}[place]
        failed, days = f"{root}{self._errors}{_FAILED}", {f"dt={day}" for day in search.days}
        below = [f"{failed}{name}/" for name in self._bucket.folders(failed) if name in days]
        if root:
            below.append(f"{root}dead-letters/")
        reading = self._read(self._bucket, self._listed(self._bucket, below, search), self._failure, None, search)
        found = []
        for each, lines in reading.lines.items():
            for number, failure in lines:
                # Replays keep the lines. When S3 got the object is when they moved it.
                time_ms, reason = each.last_modified_ms, ""
                if place is Place.errors:
                    time_ms, reason = failure.record.attempted_ms or time_ms, failure.record.reason
                found.append(Sighting(place, failure.change, time_ms, f"{each.key}:{number}", reason))
        return found, reading.gaps(place, search.budget.seconds)

    def rows(
        self, search: Search, named: Collection[str] | None, shown: ProjectedDays
    ) -> tuple[list[FoundRow], list[Gap], bool]:
        """Return the order's rows in these days, what was not read, and whether that is all that the days have.

        `named` are the keys of the objects that have rows of the order, as Athena says. Then only these are read, and
        those that may hold a change of one of the moments. Without Athena all are read, as far as the budget goes.
        """
        reading = self._listed(self._sources.lake, [f"dt={day}/" for day in search.days], search)
        reading.listed = [each for each in reading.listed if each.storage_class not in ARCHIVED]
        if named is not None:
            likely = [each for each in reading.listed if each.key not in named and search.may_hold(each)]
            reading.listed = [each for each in reading.listed if each.key in named] + likely[:LIKELY_MAX]
        reading = self._read(self._sources.lake, reading, self._row, split_by_name, search)
        rows = [self._found_row(each, *line, shown) for each, lines in reading.lines.items() for line in lines]
        is_whole = named == set() or (reading.is_listed and not reading.unread)
        return rows, reading.gaps(Place.lake, search.budget.seconds), is_whole

    def _found_row(self, each: Object, number: int, row: Row, shown: ProjectedDays) -> FoundRow:
        day = shown.day_of(each.key.removeprefix(self._sources.lake_location.prefix), now_ms())
        return FoundRow(
            key=each.key,
            line=number,
            written_ms=each.last_modified_ms,
            arrived=arrival(day, each.key) if day else 0,
            version=row.digest if row.digest != _NO_ROW else None,
            sequence_number=row.sequence_number,
            event_id=row.event_id,
            is_shown=day is not None,
        )

    def _row(self, line: bytes) -> Row | None:
        """Return the order's row in a line; one without a version if the line names the order and is no row."""
        names_it = self._quoted_id in line
        if self._order.keys.is_text and not names_it and b"\\" not in line:
            return None
        try:
            row = self._read_row(line)
        except VersionError:
            return Row(self._order.order_id, _NO_ROW) if names_it else None
        return row if row.orderid == self._order.order_id else None

    def _failure(self, line: bytes) -> _Failure | None:
        for record in read_error_object(line):
            change = self._order.changes.read(record.data) if record.data is not None else None
            if change and change.order_id == self._order.order_id:
                return _Failure(record, change)
        return None

    def _listed(self, folder: Folder, below: Sequence[str], search: Search) -> _Reading:
        """List the objects below these prefixes, those first that are to be read first."""

        def pages(prefix: str) -> Iterator[tuple[list[Object], bool]]:
            objects, is_end = folder.objects(prefix), False
            while not is_end and not search.budget.is_over:
                some = list(islice(objects, LISTED_OBJECTS))
                is_end = len(some) < LISTED_OBJECTS
                yield some, is_end

        found, ends = [], 0
        for some, is_end in parallel.batches(pages, below, READERS):
            found += some
            ends += is_end
        return _Reading(search.first(found), ends == len(below))

    def _read(
        self,
        folder: Folder,
        reading: _Reading,
        read_line: Callable[[bytes], object],
        split: Split | None,
        search: Search,
    ) -> _Reading:
        """Read the objects, those that are not known yet. `read_line` gives None for a line that is not the order's."""
        new = [each for each in reading.listed if each not in self._known]
        reading.lines = {each: self._known[each] for each in reading.listed if each in self._known}
        reading.unread = len(new)
        for start in range(0, min(len(new), OBJECTS_MAX), _AT_ONCE):
            if search.budget.is_over:
                break
            some = new[start : min(start + _AT_ONCE, OBJECTS_MAX)]
            numbers: dict[Object, int] = defaultdict(int)
            found: dict[Object, list[tuple[int, Any]]] = {each: [] for each in some}
            reading.lines |= found
            for part in folder.lines(read_line, some, split):
                for number, value in enumerate(part.read, numbers[part.object] + 1):
                    if value is not None:
                        found[part.object].append((number, value))
                numbers[part.object] += len(part.read)
                reading.unreadable += part.object_is_unreadable
                if search.budget.is_over:
                    return reading
            self._known |= found
            reading.unread -= len(some)
        return reading
