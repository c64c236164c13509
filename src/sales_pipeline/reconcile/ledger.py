"""Compares the table's orders with the lake's rows, in a file of SQLite: memory stays bounded at any size.

Pure but for that file: no AWS, environment or clock.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sales_pipeline.orders.row import Row
from sales_pipeline.orders.version import BACKFILLED, DELETED, Version, created_ms
from sales_pipeline.reconcile import queries
from sales_pipeline.reconcile.declared import arrival_at, names_time

CACHE_KIB = 64 * 1024
# The clocks of those who make ids differ. An id that is further ahead tells nothing.
CLOCK_SKEW_MS = 60_000


class Kind(StrEnum):
    """How the lake differs from the table."""

    missing = "missing"
    """The lake has no row of the order."""
    stale = "stale"
    """The lake has rows of the order, but the newest is not what the table holds."""
    undetermined = "undetermined"
    """Rows of several versions are equally new, and the table's version, or the deletion, is among them."""
    unknown = "unknown"
    """The table does not hold the order, and no row could say that it was deleted."""


class Explanation(StrEnum):
    """Why the lake does not have a version yet."""

    errors = "errors"
    """An error record holds it."""
    dead_letters = "dead_letters"
    """A dead letter leads to it in the table's stream."""
    in_progress = "in_progress"
    """It is younger than the buffers take, or was replayed within that time."""


@dataclass(frozen=True)
class Found:
    """How many there are, and the first of them in the order of their ids."""

    count: int
    samples: Sequence[str]


class Difference(NamedTuple):
    """An order whose version in the table the lake does not have."""

    orderid: str
    kind: Kind
    version: bytes
    """Digest of the version that the table holds; DELETED where it does not hold the order."""
    newest_sequence_number: str | None
    """The greatest in the order's rows; None where no row has one."""


class Ledger:
    """What was read of table, lake and failures, and how they differ.

    `path` must not exist yet. An empty one makes a file without a name.
    """

    def __init__(self, path: Path | str) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._database.executescript(queries.SCHEMA)
        self._database.create_function("created_ms", 1, created_ms, deterministic=True)
        self._database.create_function("names_time", 1, names_time, deterministic=True)

    def close(self) -> None:
        self._database.close()

    def add_orders(self, versions: Iterable[Version]) -> None:
        """Add orders that the table holds."""
        self._insert("INSERT INTO orders VALUES (?, ?, NULL)", versions)

    def add_rows(self, rows: Iterable[Row], arrived: int) -> None:
        """Add rows of an object; `arrived` is as `declared.arrival` has it."""
        values = ((orderid, digest, event_id, number, arrived) for orderid, digest, number, event_id in rows)
        self._insert("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", values)

    def add_failures(self, versions: Iterable[Version], found_in: Explanation) -> None:
        """Add versions that failed, and were found in error records or through dead letters."""
        self._insert("INSERT OR IGNORE INTO failures VALUES (?, ?, ?)", ((*each, found_in.value) for each in versions))

    def add_sent(self, versions: Iterable[Version], sent_ms: int) -> None:
        """Add versions that were replayed then: they take as long to the lake as a new change."""
        self._insert("INSERT OR IGNORE INTO sent VALUES (?, ?, ?)", ((*version, sent_ms) for version in versions))

    def mark_as_read(self, key: str) -> bool:
        """Mark an object as read; return False where it was marked before."""
        return self._database.execute("INSERT OR IGNORE INTO objects VALUES (?)", (key,)).rowcount == 1

    def update_orders(self, orderids: Sequence[str], versions: Iterable[Version], now_ms: int) -> None:
        """Take over what the table holds of these orders now: what differs from before was changed in between."""
        now = {version.orderid: version.digest for version in versions}
        for orderid in orderids:
            version = now.get(orderid, DELETED)
            known = self._database.execute("SELECT version FROM orders WHERE orderid = ?", (orderid,)).fetchone()
            if known is None and version != DELETED:
                self._database.execute("INSERT INTO orders VALUES (?, ?, ?)", (orderid, version, now_ms))
            elif known is not None and known[0] != version:
                self._database.execute(
                    "UPDATE orders SET version = ?, changed_ms = ? WHERE orderid = ?", (version, now_ms, orderid)
                )

    def compare(self, listed_ms: int, in_progress_ms: int) -> None:
        """Find the differences. The lake was listed at `listed_ms`, and a change takes up to `in_progress_ms` to it."""
        self._database.executescript(queries.INDEXES)
        self._database.execute("DELETE FROM differences")
        bounds = {"since_ms": listed_ms - in_progress_ms, "until_ms": listed_ms + CLOCK_SKEW_MS}
        self._database.execute(queries.FIND_DIFFERENCES, {"deleted": DELETED, **bounds})

    def doubtful_orders(self, since_ms: int, batch_size: int) -> Iterator[list[str]]:
        """Yield the ids of orders that differ unexplained, and of unknown ones that may have been written since then.

        Their ids are from then, or an object with a row of them is.
        """
        self._database.execute("DROP TABLE IF EXISTS doubtful")
        self._database.execute("CREATE TEMP TABLE doubtful (orderid TEXT)")
        values = {"since_ms": since_ms, "arrived_since": arrival_at(since_ms)}
        self._database.execute(f"INSERT INTO doubtful {queries.DOUBTFUL}", values)
        cursor = self._database.execute("SELECT orderid FROM doubtful")
        while batch := cursor.fetchmany(batch_size):
            yield [orderid for (orderid,) in batch]

    def unexplained_differences(self, batch_size: int) -> Iterator[list[Difference]]:
        """Yield the differences that nothing explains."""
        cursor = self._database.execute(queries.DIFFERENCES, {"deleted": DELETED})
        while batch := cursor.fetchmany(batch_size):
            yield [Difference(orderid, Kind(kind), version, number) for orderid, kind, version, number in batch]

    def newest_sequence_numbers(self, orderids: Iterable[str]) -> dict[str, str]:
        """Return the greatest sequence number in the rows of each of these orders that has one, compared or not."""
        self._database.executescript(queries.INDEXES)
        query = queries.NEWEST_SEQUENCE_NUMBER.format(orderid="?")
        newest = {each: self._database.execute(query, (each,)).fetchone() for each in orderids}
        return {orderid: row[0] for orderid, row in newest.items() if row and row[0]}

    def orders(self) -> int:
        """Count the orders that the table holds."""
        return self._count("SELECT 1 FROM orders WHERE version <> :deleted", {"deleted": DELETED})

    def rows(self) -> int:
        return self._count("SELECT 1 FROM rows")

    def rows_with_sequence_number(self) -> int:
        return self._count("SELECT 1 FROM rows WHERE sequence_number IS NOT NULL")

    def objects(self) -> int:
        """Count the objects that were read, of every kind."""
        return self._count("SELECT 1 FROM objects")

    def unexplained_count(self) -> int:
        """Count the differences that nothing explains."""
        return self._count(f"SELECT 1 FROM differences WHERE {queries.UNEXPLAINED}")  # noqa: S608

    def unexplained(self, kind: Kind, samples: int) -> Found:
        """Find orders that differ in this way, where nothing explains it."""
        query = "SELECT orderid FROM differences WHERE explanation IS NULL AND kind = :kind"
        return self._find(query, {"kind": kind.value}, samples)

    def explained(self, explanation: Explanation, samples: int) -> Found:
        """Find orders that differ, where this explains it."""
        query = "SELECT orderid FROM differences WHERE explanation = :explanation"
        return self._find(query, {"explanation": explanation.value}, samples)

    def duplicate(self, samples: int) -> Found:
        """Find orders with one change event in several rows, or one version in several of which one names no event.

        The rows of one event can be of several orders. A row that a backfill sent names no event of the table's stream.
        """
        self._database.execute("DROP TABLE IF EXISTS duplicate")
        self._database.execute("CREATE TEMP TABLE duplicate (orderid TEXT)")
        self._database.execute(f"INSERT INTO duplicate {queries.DUPLICATE}", {"backfilled": f"{BACKFILLED}%"})
        return self._find("SELECT orderid FROM duplicate", {}, samples)

    def _find(self, query: str, values: dict[str, object], samples: int) -> Found:
        first = self._database.execute(f"{query} ORDER BY orderid LIMIT {samples:d}", values)
        return Found(self._count(query, values), [orderid for (orderid,) in first])

    def _count(self, query: str, values: dict[str, object] | None = None) -> int:
        count: int = self._database.execute(f"SELECT count(*) FROM ({query})", values or {}).fetchone()[0]  # noqa: S608
        return count

    def _insert(self, statement: str, values: Iterable[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, values)
        self._database.execute("COMMIT")
