"""Compares the table's orders with the lake's rows, in a file of SQLite: memory stays bounded at any size.

Pure but for that file: no AWS, environment or clock.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sales_pipeline.orders.version import GONE, Row, Version, created_ms

CACHE_KIB = 64 * 1024
# Clocks of those who make ids differ. An id from further ahead says nothing.
CLOCK_SKEW_MS = 60_000


class Place(StrEnum):
    """Where a version is that the lake lacks."""

    errors = "errors"
    dead_letters = "dead_letters"
    on_its_way = "on_its_way"


@dataclass(frozen=True)
class Found:
    """How many, and the first of them in the order of their ids."""

    count: int
    samples: Sequence[str]


class Difference(NamedTuple):
    """An order whose version in the table the lake lacks."""

    orderid: str
    kind: str
    """missing, without a row of any version, or stale."""
    digest: bytes
    """The version that the table holds; GONE where it holds none."""
    sequence_number: str | None
    """The newest of the order's rows; None where no row has one."""


# What orders the rows of an order is their `place`: the arrival of the object (an integer) or, where the row has one,
# the sequence number behind its length (a text). SQLite sorts every integer before every text, so that a row without a
# sequence number is older. A digest of no bytes is GONE: in `orders`, an order that was deleted since it was read.
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
CREATE TABLE orders (orderid TEXT NOT NULL, digest BLOB NOT NULL, changed_ms INTEGER);
CREATE TABLE rows (orderid TEXT NOT NULL, digest BLOB NOT NULL, event_id TEXT, place NOT NULL);
CREATE TABLE failures (orderid TEXT, digest BLOB, place TEXT, PRIMARY KEY (orderid, digest, place)) WITHOUT ROWID;
CREATE TABLE sent (orderid TEXT, digest BLOB, sent_ms INTEGER, PRIMARY KEY (orderid, digest, sent_ms)) WITHOUT ROWID;
CREATE TABLE objects (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE differences (orderid TEXT PRIMARY KEY, kind TEXT, place TEXT) WITHOUT ROWID;
"""
# Made after the first load: filling a tree in the order of a scan, which is none, would cost a seek an order.
_INDEXES = """
CREATE INDEX IF NOT EXISTS orders_by_id ON orders (orderid, digest, changed_ms);
CREATE INDEX IF NOT EXISTS rows_by_order ON rows (orderid, digest, event_id, place);
"""
# The version of the table has to be in the newest object that holds the order, or in the row with the greatest sequence
# number. Two rows of one number leave open which is newer: a backfill makes its numbers itself.
_COMPARE = """
INSERT INTO differences
SELECT orderid, CASE WHEN newest IS NULL THEN 'missing' ELSE 'stale' END,
    CASE
        WHEN EXISTS (SELECT 1 FROM failures AS f WHERE (f.orderid, f.digest, f.place) = (o.orderid, o.digest, 'errors'))
            THEN 'errors'
        WHEN EXISTS (
            SELECT 1 FROM failures AS f WHERE (f.orderid, f.digest, f.place) = (o.orderid, o.digest, 'dead_letters')
        ) THEN 'dead_letters'
        WHEN changed_ms >= :since_ms OR created_ms(orderid) BETWEEN :since_ms AND :until_ms OR EXISTS (
            SELECT 1 FROM sent AS s WHERE (s.orderid, s.digest) = (o.orderid, o.digest) AND s.sent_ms >= :since_ms
        ) THEN 'on_its_way'
    END
FROM (
    SELECT orderid, digest, changed_ms, (SELECT max(place) FROM rows WHERE rows.orderid = orders.orderid) AS newest
    FROM orders
    UNION ALL
    SELECT orderid, x'', NULL, max(place) FROM rows
    WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.orderid = rows.orderid) GROUP BY orderid
) AS o
WHERE (digest <> x'' OR typeof(newest) = 'text') AND (
    NOT EXISTS (SELECT 1 FROM rows AS r WHERE (r.orderid, r.digest, r.place) = (o.orderid, o.digest, o.newest))
    OR typeof(newest) = 'text'
    AND EXISTS (SELECT 1 FROM rows AS r WHERE (r.orderid, r.place) = (o.orderid, o.newest) AND r.digest <> o.digest)
)
"""
_DOUBLED = (
    "SELECT DISTINCT orderid FROM (SELECT orderid FROM rows GROUP BY orderid, digest, event_id HAVING count(*) > 1)"
)
# Rows with a sequence number are never unknown: one of them says that the order is gone, or ought to.
_UNKNOWN = """
SELECT orderid FROM rows
WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.orderid = rows.orderid AND orders.digest <> x'')
GROUP BY orderid HAVING max(place) >= ? AND typeof(max(place)) = 'integer'
"""
_TO_BACKFILL = """
SELECT orderid, kind, coalesce((SELECT digest FROM orders WHERE orders.orderid = differences.orderid), x''),
    (SELECT max(place) FROM rows WHERE rows.orderid = differences.orderid)
FROM differences WHERE place IS NULL
"""
_EVER = -(2**63)


class Ledger:
    """What was read of table, lake and failures, and what that comes to. `path` must not exist yet."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._database.executescript(_SCHEMA)
        self._database.create_function("created_ms", 1, created_ms, deterministic=True)

    def close(self) -> None:
        self._database.close()

    def add_orders(self, versions: Iterable[Version]) -> None:
        self._insert("INSERT INTO orders VALUES (?, ?, NULL)", versions)

    def add_rows(self, rows: Iterable[Row], arrived_ms: int) -> None:
        """Take rows of an object whose oldest record arrived then, in milliseconds since 1970."""
        values = (
            (orderid, digest, event_id, f"{len(number):02}{number}" if number else arrived_ms)
            for orderid, digest, number, event_id in rows
        )
        self._insert("INSERT INTO rows VALUES (?, ?, ?, ?)", values)

    def add_failures(self, versions: Iterable[Version], place: Place) -> None:
        """Take versions that failed on their way and lie there."""
        self._insert("INSERT OR IGNORE INTO failures VALUES (?, ?, ?)", ((*each, place.value) for each in versions))

    def add_sent(self, versions: Iterable[Version], sent_ms: int) -> None:
        """Take versions that were replayed then: they take as long to the lake as a change."""
        self._insert("INSERT OR IGNORE INTO sent VALUES (?, ?, ?)", ((*version, sent_ms) for version in versions))

    def is_new_object(self, key: str) -> bool:
        """Say, for the first time only, that an object wasn't read yet."""
        return self._database.execute("INSERT OR IGNORE INTO objects VALUES (?)", (key,)).rowcount == 1

    def see_again(self, orderids: Sequence[str], versions: Iterable[Version], now_ms: int) -> None:
        """Take what the table holds now of these orders: what differs from before was changed while we looked."""
        now = {version.orderid: version.digest for version in versions}
        for orderid in orderids:
            digest = now.get(orderid, GONE)
            known = self._database.execute("SELECT digest FROM orders WHERE orderid = ?", (orderid,)).fetchone()
            if known is None and digest != GONE:
                self._database.execute("INSERT INTO orders VALUES (?, ?, ?)", (orderid, digest, now_ms))
            elif known is not None and known[0] != digest:
                self._database.execute(
                    "UPDATE orders SET digest = ?, changed_ms = ? WHERE orderid = ?", (digest, now_ms, orderid)
                )

    def compare(self, listed_ms: int, in_flight_ms: int) -> None:
        """Find what the lake lacks. It was listed at `listed_ms`, and takes up to `in_flight_ms` to hold a change."""
        self._database.executescript(_INDEXES)
        self._database.execute("DELETE FROM differences")
        bounds = {"since_ms": listed_ms - in_flight_ms, "until_ms": listed_ms + CLOCK_SKEW_MS}
        self._database.execute(_COMPARE, bounds)

    def unexplained(self) -> bool:
        """Say whether the last comparison found orders missing or stale that nothing accounts for."""
        return bool(self._database.execute("SELECT 1 FROM differences WHERE place IS NULL LIMIT 1").fetchone())

    def to_see_again(self, since_ms: int, batch_size: int) -> Iterator[list[str]]:
        """Yield the ids of orders that nothing accounts for, and of unknown ones with a row that arrived since then."""
        wanted = f"SELECT orderid FROM differences WHERE place IS NULL UNION ALL SELECT * FROM ({_UNKNOWN})"  # noqa: S608
        self._database.execute("DROP TABLE IF EXISTS wanted")
        self._database.execute("CREATE TEMP TABLE wanted (orderid TEXT)")
        self._database.execute(f"INSERT INTO wanted {wanted}", (since_ms,))
        cursor = self._database.execute("SELECT orderid FROM wanted")
        while batch := cursor.fetchmany(batch_size):
            yield [orderid for (orderid,) in batch]

    def to_backfill(self, batch_size: int) -> Iterator[list[Difference]]:
        """Yield the orders of the last comparison that nothing accounts for."""
        cursor = self._database.execute(_TO_BACKFILL)
        while batch := cursor.fetchmany(batch_size):
            yield [Difference(orderid, kind, digest, _sequence_number(place)) for orderid, kind, digest, place in batch]

    def newest_sequence_numbers(self, orderids: Iterable[str]) -> dict[str, str]:
        """Return the greatest sequence number in rows of these orders, of those that have one."""
        self._database.executescript(_INDEXES)
        query = "SELECT max(place) FROM rows WHERE orderid = ?"
        places = {each: self._database.execute(query, (each,)).fetchone()[0] for each in orderids}
        return {orderid: number for orderid, place in places.items() if (number := _sequence_number(place))}

    def orders(self) -> int:
        """Orders that the table holds."""
        return self._count("orders WHERE digest <> x''")

    def rows(self) -> int:
        return self._count("rows")

    def rows_with_sequence_number(self) -> int:
        return self._count("rows WHERE event_id IS NOT NULL")

    def objects(self) -> int:
        """Objects that were read, of every kind."""
        return self._count("objects")

    def differing(self, place: Place | None, samples: int, kind: str = "") -> Found:
        """Orders whose version in the table the lake lacks, and which lie in that place, None for nowhere.

        `kind` is missing (no row of any version) or stale (rows of others), or empty for both.
        """
        return self._found(
            "SELECT orderid FROM differences WHERE place IS ? AND ? IN (kind, '')",
            (place and place.value, kind),
            samples,
        )

    def doubled(self, samples: int) -> Found:
        """Orders with one event in several rows, or one version in several rows that don't say their event."""
        return self._found(_DOUBLED, (), samples)

    def unknown(self, samples: int) -> Found:
        """Orders that are not in the table, and whose rows don't say that they are gone."""
        return self._found(_UNKNOWN, (_EVER,), samples)

    def _found(self, query: str, values: tuple[object, ...], samples: int) -> Found:
        (count,) = self._database.execute(f"SELECT count(*) FROM ({query})", values).fetchone()  # noqa: S608
        first = self._database.execute(f"SELECT * FROM ({query}) ORDER BY orderid LIMIT {samples:d}", values)  # noqa: S608
        return Found(count, [orderid for (orderid,) in first])

    def _count(self, what: str) -> int:
        count: int = self._database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]  # noqa: S608 - our own text
        return count

    def _insert(self, statement: str, versions: Iterable[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, versions)
        self._database.execute("COMMIT")


def _sequence_number(place: object) -> str | None:
    return place[2:] if isinstance(place, str) else None
