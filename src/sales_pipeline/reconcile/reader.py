"""Reads table, lake and failures for a comparison."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

from common.clock import now_ms
from sales_pipeline.aws.bucket import Folder, Location, Object, split_by_name
from sales_pipeline.aws.stack import Stack
from sales_pipeline.aws.table import Table
from sales_pipeline.errors import SalesError
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.checkpoints import SENT
from sales_pipeline.failures.records import read_error_object
from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.row import RowReader
from sales_pipeline.orders.version import Version, VersionError, Versions
from sales_pipeline.reconcile.declared import ARCHIVED, ProjectedDays, arrival
from sales_pipeline.reconcile.declared_table import RANGE, differences
from sales_pipeline.reconcile.ledger import Explanation, Found, Ledger
from sales_pipeline.reconcile.report import Unread


class Sources:
    """What a comparison reads. The table's reads consume up to so many read capacity units per second."""

    def __init__(self, stack: Stack, units_per_second: float) -> None:
        self.stack = stack
        self.form = RowForm.of(stack.parameters, stack.columns)
        self.table = Table(stack, units_per_second)
        self.reads = Versions(self.form)
        self.lake_location = Location.parse(stack["DataLocation"])
        self.lake = Folder(stack, self.lake_location)
        self.errors = Folder(stack, Location.parse(stack["ErrorLocation"]))
        self.sent = Folder(stack, Location(stack["BucketName"], SENT))

    def projected_days(self) -> ProjectedDays:
        """Read which days the declared table shows.

        Raises SalesError where it does not say, or shows the lake otherwise than the template's table does.
        """
        glue = self.stack.session.client("glue")
        database, _, name = self.stack["DeclaredTable"].partition(".")
        try:
            table = glue.get_table(DatabaseName=database, Name=name)["Table"]
            differs = differences(table, self.stack["DataLocation"], self.form)
            if not differs:
                return ProjectedDays.parse(table["Parameters"].get(RANGE, ""))
            problem = f"does not show the lake as it must: {'; '.join(differs)}: correct it"
        except glue.exceptions.EntityNotFoundException:
            problem = "is not there: create it again"
        except ValueError:
            problem = f"has no {RANGE} of two days, such as 2026-01-01,NOW: correct it"
        raise SalesError(f"the declared table {self.stack['DeclaredTable']} {problem}, as in template.yaml")

    def versions(self) -> Iterator[list[Version]]:
        """Scan the table; a version can be a second old."""
        return self.table.scan(self.reads.of_item, self.reads.attributes)

    def versions_now(self, orderids: Iterable[str]) -> list[Version]:
        """Read up to GET_KEYS orders as they are now, without those that the table does not hold."""
        return [self.reads.of_item(item) for item in self.table.items(orderids, self.reads.attributes).values()]


class Reader:
    """Reads lake and failures into the ledger; each time only the objects that are new."""

    def __init__(self, sources: Sources, ledger: Ledger, in_progress_ms: int = 0, samples: int = 0) -> None:
        self._sources, self._ledger = sources, ledger
        self._in_progress_ms, self._samples = in_progress_ms, samples
        self._days = sources.projected_days()
        self._read_row = RowReader(sources.form).read
        self._listed_ms = 0
        self._unread_rows, self._unread_objects = _Samples(samples), _Samples(samples)
        self._not_shown = _Samples(samples)
        self._unread_error_records = 0
        self._unread_dead_letters = 0
        self._unseen_dead_letters = 0

    def read(self) -> None:
        """Read what is new, and compare."""
        self._listed_ms = now_ms()
        # Failures first: what a replay takes from them at the same time is then in both, and not in neither.
        for lines in self._sources.errors.lines(self._version_of_error, self._new(self._sources.errors.objects())):
            self._ledger.add_failures(lines.read, Explanation.errors)
            self._unread_error_records += len(lines.unreadable) + lines.object_is_unreadable
        self._read_dead_letters()
        since_ms = self._listed_ms - self._in_progress_ms
        recent = (each for each in self._sources.sent.objects() if each.last_modified_ms >= since_ms)
        for lines in self._sources.sent.lines(self._version_of_error, self._new(recent)):
            self._ledger.add_sent(lines.read, lines.object.last_modified_ms)
        self.read_lake()
        self.compare()

    def read_lake(self) -> None:
        """Read the rows that are new, of objects that the declared table shows."""
        for lines in self._sources.lake.lines(self._read_row, self._shown(), split_by_name):
            key = lines.object.key
            if lines.read and (day := self._day_of(lines.object)):
                self._ledger.add_rows(lines.read, arrival(day, key))
            for number in lines.unreadable:
                self._unread_rows.add(f"{key}:{number}")
            if lines.object_is_unreadable:
                self._unread_objects.add(key)

    def _shown(self) -> Iterator[Object]:
        # An object that is not shown yet is looked at again: its day may begin while the comparison waits.
        self._not_shown = _Samples(self._samples)
        for each in self._sources.lake.objects():
            if not self._day_of(each):
                self._not_shown.add(each.key)
            elif self._ledger.mark_as_read(each.key):
                yield each

    def _day_of(self, each: Object) -> date | None:
        """Return the day in which the declared table shows an object; None where it does not."""
        if each.storage_class in ARCHIVED:
            return None
        return self._days.day_of(each.key.removeprefix(self._sources.lake_location.prefix), now_ms())

    def compare(self) -> None:
        """Compare what was read so far."""
        self._ledger.compare(self._listed_ms, self._in_progress_ms)

    def unread(self) -> Unread:
        """Return what could not be read."""
        return Unread(
            self._unread_rows.found(),
            self._unread_objects.found(),
            self._unread_error_records,
            self._unread_dead_letters,
            self._unseen_dead_letters,
        )

    def not_shown(self) -> Found:
        """Return the objects that the declared table does not show."""
        return self._not_shown.found()

    def _new(self, objects: Iterable[Object]) -> Iterator[Object]:
        return (each for each in objects if self._ledger.mark_as_read(each.key))

    def _read_dead_letters(self) -> None:
        stack = self._sources.stack
        listing = dead_letters.list_all(stack)
        self._unread_dead_letters, self._unseen_dead_letters = 0, listing.unseen
        if not listing.letters:
            return
        streams, matches = stack.session.client("dynamodbstreams"), dead_letters.pipe_filter(stack)
        for letter in listing.letters:
            changes: list[bytes] = []
            # A range that can't be read explains nothing: its orders show as missing.
            if letter.range:
                changes = dead_letters.read_range(streams, letter.range, matches).changes
            self._ledger.add_failures(self._versions(changes), Explanation.dead_letters)
            self._unread_dead_letters += not letter.range or len(changes) < letter.changes

    def _version_of_error(self, line: bytes) -> Version:
        """Return the version in a line of an error object. Raises VersionError."""
        for record in read_error_object(line):
            if record.data is not None:
                return self._sources.reads.of_event(record.data)
        raise VersionError("no error record")

    def _versions(self, changes: Iterable[bytes]) -> Iterator[Version]:
        for change in changes:
            with suppress(VersionError):
                yield self._sources.reads.of_event(change)


class _Samples:
    """Counts things, and keeps the first."""

    def __init__(self, samples_max: int) -> None:
        self._max, self._count, self._first = samples_max, 0, list[str]()

    def add(self, what: str) -> None:
        self._count += 1
        if len(self._first) < self._max:
            self._first.append(what)

    def found(self) -> Found:
        return Found(self._count, self._first)
