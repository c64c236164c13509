"""Looks at every place that one order can be in, at the same time, and says what it could not look at."""

import json
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from common.clock import now_ms
from sales_pipeline import query
from sales_pipeline.aws.bucket import Location
from sales_pipeline.aws.delivery import delivery_seconds
from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.pipe_event import encode
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.failures.dead_letters import Listing
from sales_pipeline.orders.version import DELETED, VersionError
from sales_pipeline.reconcile.declared import ProjectedDays
from sales_pipeline.reconcile.reader import Sources
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.terminal.table import DataTable
from sales_pipeline.trace import athena, where
from sales_pipeline.trace.budget import Budget
from sales_pipeline.trace.found import Answer, ChangeReader, Evidence, FoundRow, Gap, Held, Place, Sighting
from sales_pipeline.trace.letters import Letters
from sales_pipeline.trace.objects import Objects, Search
from sales_pipeline.trace.reasons import reason_of
from sales_pipeline.trace.streams import KinesisStream, Order, TableStream
from sales_pipeline.trace.where import Period
from transform.plain_json import plain_json

ATHENA_SECONDS = 30.0
_MAKERS = {"sales_data": "`sales crawl` makes it", athena.VIEW: "its saved query makes it"}
_THREADS = 6
_PLACES = {Place.table, Place.table_stream, Place.dead_letters, Place.kinesis, Place.errors, Place.lake}
_NOTHING: tuple[list[Sighting], list[Gap]] = ([], [])
_ALL_DAYS = ProjectedDays(date(1970, 1, 1), None)
_Found = TypeVar("_Found")


@dataclass
class _Guard:
    """Turns the errors of a place into gaps, so that the other places are looked at all the same."""

    gaps: list[Gap] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)

    def call(self, place: str, look: Callable[[], _Found], default: _Found) -> _Found:
        """Return what `look` returns, or the default after an error."""
        try:
            return look()
        except (ClientError, BotoCoreError, SalesError) as error:
            self.add(place, error)
            return default

    def add(self, place: str, error: Exception) -> None:
        self.errors[place] = error
        self.gaps.append(Gap(place, reason_of(error)))


class Looker:
    """Looks for one order, once or several times. `seconds` bounds how long it reads in each place."""

    def __init__(self, stack: Stack, order_id: str, period: Period, seconds: float) -> None:
        self._requests: Counter[str] = Counter()
        stack.session.events.register("before-send", self._count)
        self._stack, self._period, self._seconds = stack, period, seconds
        self._sources = Sources(stack, math.inf)
        form = self._sources.form
        keys = Keys(form.key)
        self._order = Order(order_id, keys, ChangeReader(keys, self._sources.reads))
        self._table_stream, self._kinesis = TableStream(stack, self._order), KinesisStream(stack, self._order)
        self._letters, self._objects = Letters(stack, self._order), Objects(stack, self._order, self._sources)
        self._delivery_ms = int(delivery_seconds(stack) * 1000)
        self._in_streams: dict[tuple[str, str, str, int | None], Sighting] = {}
        self._looked_ms: int | None = None

    def _count(self, event_name: str, **_: object) -> None:
        self._requests[event_name.split(".")[1]] += 1

    def look(self, *, again: bool = False) -> Evidence:
        """Look at every place. Raises the first error if none of them could be looked at.

        With `again`, for an order that was looked for before: what the streams held then is not read once more, and
        Athena, which costs the most, is not asked.
        """
        started, now, guard = time.monotonic(), now_ms(), _Guard()
        created = where.created(self._order.order_id, now)
        near, asked = where.days(created, Period(), now), where.days(created, self._period, now)
        lake_days = guard.call(Place.lake, self._objects.lake_days, None)
        days = asked if lake_days is None else sorted({*near, *lake_days.intersection(asked)})
        shown = guard.call(self._stack["DeclaredTable"], self._sources.projected_days, _ALL_DAYS)
        held = guard.call(Place.table, self._held, Held(None))
        budget = Budget(self._seconds)
        with _threads(budget) as start:
            search = Search(asked, [] if created is None else [created], self._delivery_ms, budget)
            looks = [
                start(guard.call, place, partial(self._objects.failures, place, search), _NOTHING)
                for place in (Place.errors, Place.replayed, Place.set_aside)
            ]
            windows = where.windows(created, now)
            if again and self._looked_ms is not None:
                windows = [(self._looked_ms - where.SLACK_MS, now + where.SLACK_MS)]
            read = partial(self._kinesis.read, budget, windows, now)
            looks.append(start(guard.call, Place.kinesis, read, _NOTHING))
            if not (again and held.version in {each.change.version for each in self._in_streams.values()}):
                read = partial(self._table_stream.read, budget, now)
                looks.append(start(guard.call, Place.table_stream, read, _NOTHING))
            listing = start(guard.call, Place.dead_letters, partial(self._letters.listed, budget), Listing([]))
            answers, named = ([], set()) if again else self._ask(guard, days, lake_days)
            found = [each for look in looks for each in look.result()[0]]
            guard.gaps += [gap for look in looks for gap in look.result()[1]]
        sightings = self._with_known(found)
        in_stream = [each for each in sightings if each.place is Place.table_stream]
        read_letters = partial(self._letters.changes, listing.result(), in_stream, created, Budget(self._seconds))
        in_letters, gaps = guard.call(Place.dead_letters, read_letters, _NOTHING)
        sightings += in_letters
        guard.gaps += gaps
        listed_days = {*days} if named is None else {*near, *where.days_of(named)}
        search = Search(listed_days, where.moments(created, sightings), self._delivery_ms, Budget(self._seconds))
        nothing: tuple[list[FoundRow], list[Gap], bool] = ([], [], named == set())
        rows, gaps, is_whole = guard.call(Place.lake, partial(self._objects.rows, search, named, shown), nothing)
        guard.gaps += gaps
        if named is not None and not again and any(row.is_shown and row.key not in named for row in rows):
            answers, _ = self._ask(guard, days, lake_days)  # the row was written after Athena had looked
        if guard.errors.keys() >= _PLACES:
            raise guard.errors[Place.table]
        self._looked_ms = now
        return Evidence(
            order_id=self._order.order_id,
            now_ms=now_ms(),
            created_ms=created,
            delivery_ms=self._delivery_ms,
            change_columns=self._sources.form.change_columns,
            held=held,
            sightings=sightings,
            rows=rows,
            answers=answers,
            days=days,
            lake_days=lake_days,
            gaps=guard.gaps,
            rows_are_known=is_whole,
            seconds=time.monotonic() - started,
            requests=dict(self._requests),
        )

    def _held(self) -> Held:
        item = self._sources.table.items([self._order.order_id]).get(self._order.order_id)
        if item is None:
            return Held(DELETED)
        columns = {column.name: item.get(column.attribute) for column in self._sources.form.columns[1:]}
        values = {name: _shown(value) for name, value in columns.items() if value is not None}
        try:
            return Held(self._sources.reads.of_item(item).digest, values)
        except VersionError as error:
            raise SalesError(str(error)) from None

    def _with_known(self, found: Iterable[Sighting]) -> list[Sighting]:
        """Return these, and what was seen in the streams before: they may have lost it by now."""
        streams = (Place.table_stream, Place.kinesis)
        for each in found:
            if each.place in streams:
                self._in_streams[each.place, each.change.identity, each.where, each.time_ms] = each
        return [*self._in_streams.values(), *(each for each in found if each.place not in streams)]

    def _ask(
        self, guard: _Guard, days: Sequence[date], lake_days: Collection[date] | None
    ) -> tuple[list[Answer], set[str] | None]:
        """Ask Athena; return what each table answers, and the keys of the objects that the declared table names.

        The keys are None without an answer. The view always reads all days: it is asked only if these are all.
        """
        key, order_id = self._sources.form.key, self._order.order_id
        declared, crawled = self._stack["DeclaredTable"], self._stack["CrawledTable"]
        view = f"{declared.partition('.')[0]}.{athena.VIEW}"
        if not athena.can_have(key, order_id):
            note = f"not asked: column {key.name} can't hold this id"
            return [Answer(each, None, note) for each in (declared, crawled, view)], set()
        queries = {
            declared: athena.paths(declared, key, order_id, days),
            crawled: athena.rows(crawled, key, order_id, days),
        }
        reads_others = lake_days is None or not set(lake_days) <= set(days)
        if not reads_others:
            queries[view] = athena.rows_of_view(view, key, order_id)
        results = query.ask_all(self._stack, queries, ATHENA_SECONDS)
        answers = [self._answer(guard, name, results[name]) for name in queries]
        if reads_others:
            count = "all days" if lake_days is None else f"all {counted(len(lake_days), 'day')}"
            answers.append(Answer(view, None, f"not asked: it reads {count} of the lake"))
        named = results[declared]
        if isinstance(named, Exception):
            return answers, None
        if len(named.rows) == athena.PATHS_MAX:
            guard.gaps.append(Gap(declared, f"only its first {athena.PATHS_MAX:,} objects with rows were looked at"))
        return answers, {Location.parse(path).prefix for path, _ in named.rows}

    def _answer(self, guard: _Guard, table: str, result: DataTable | Exception) -> Answer:
        if not isinstance(result, Exception):
            return Answer(table, sum(int(row[-1]) for row in result.rows))
        if not isinstance(result, query.QueryError):
            guard.add(table, result)
        text, name = reason_of(result), table.rpartition(".")[2]
        if f"{name}' does not exist" in text:  # a view can lack the table below it
            text = f"not there: {_MAKERS.get(name, 'nobody has made it')}"
        return Answer(table, None, text)


def _shown(attribute: Mapping[str, Any]) -> str:
    """Return the value of an attribute for a person: anything but a text and a number as the JSON of a row."""
    ((kind, value),) = attribute.items()
    return value if kind in {"S", "N"} else plain_json(json.loads(encode(attribute))).decode()


@contextmanager
def _threads(budget: Budget) -> Iterator[Callable[..., Future[Any]]]:
    """Give what starts a call in a thread. An error or Ctrl-C ends the budget of all of them."""
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            yield pool.submit
        except BaseException:
            budget.end()
            raise
