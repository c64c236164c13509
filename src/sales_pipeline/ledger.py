"""Compares the table's orders with the lake's rows, in a file of SQLite: memory stays bounded at any size.

Pure but for that file: no AWS, environment or clock.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sales_pipeline.versions import Version, created_ms

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


_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
CREATE TABLE orders (orderid TEXT NOT NULL, digest BLOB NOT NULL, changed_ms INTEGER);
CREATE TABLE rows (orderid TEXT NOT NULL, digest BLOB NOT NULL, arrived_ms INTEGER NOT NULL);
CREATE TABLE failures (orderid TEXT, digest BLOB, place TEXT, PRIMARY KEY (orderid, digest, place)) WITHOUT ROWID;
CREATE TABLE objects (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE differences (orderid TEXT PRIMARY KEY, kind TEXT, place TEXT) WITHOUT ROWID;
"""
# Made after the first load: filling a tree in the order of a scan, which is none, would cost a seek an order.
_INDEXES = """
CREATE INDEX IF NOT EXISTS orders_by_id ON orders (orderid, digest, changed_ms);
CREATE INDEX IF NOT EXISTS rows_by_order ON rows (orderid, digest, arrived_ms);
"""
# The version of the table has to be in the newest object that holds the order.
_COMPARE = """
INSERT INTO differences
SELECT orderid, CASE WHEN newest_ms IS NULL THEN 'missing' ELSE 'stale' END,
    CASE
        WHEN EXISTS (SELECT 1 FROM failures AS f WHERE (f.orderid, f.digest, f.place) = (o.orderid, o.digest, 'errors'))
            THEN 'errors'
        WHEN EXISTS (
            SELECT 1 FROM failures AS f WHERE (f.orderid, f.digest, f.place) = (o.orderid, o.digest, 'dead_letters')
        ) THEN 'dead_letters'
        WHEN changed_ms >= :since_ms OR created_ms(orderid) BETWEEN :since_ms AND :until_ms THEN 'on_its_way'
    END
FROM (SELECT *, (SELECT max(arrived_ms) FROM rows WHERE rows.orderid = orders.orderid) AS newest_ms FROM orders) AS o
WHERE NOT EXISTS (
    SELECT 1 FROM rows AS r WHERE (r.orderid, r.digest, r.arrived_ms) = (o.orderid, o.digest, o.newest_ms)
)
"""
_DOUBLED = "SELECT DISTINCT orderid FROM (SELECT orderid FROM rows GROUP BY orderid, digest HAVING count(*) > 1)"
_UNKNOWN = """
SELECT orderid FROM rows WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.orderid = rows.orderid)
GROUP BY orderid HAVING max(arrived_ms) >= ?
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

    def add_rows(self, versions: Iterable[Version], arrived_ms: int) -> None:
        """Take rows of an object whose oldest record arrived then, in milliseconds since 1970."""
        self._insert("INSERT INTO rows VALUES (?, ?, ?)", ((*version, arrived_ms) for version in versions))

    def add_failures(self, versions: Iterable[Version], place: Place) -> None:
        """Take versions that failed on their way and lie there."""
        self._insert("INSERT OR IGNORE INTO failures VALUES (?, ?, ?)", ((*each, place.value) for each in versions))

    def is_new_object(self, key: str) -> bool:
        """Say, for the first time only, that an object wasn't read yet."""
        return self._database.execute("INSERT OR IGNORE INTO objects VALUES (?)", (key,)).rowcount == 1

    def see_again(self, orderids: Sequence[str], versions: Iterable[Version], now_ms: int) -> None:
        """Take what the table holds now of these orders: what differs from before was changed while we looked."""
        now = {version.orderid: version.digest for version in versions}
        for orderid in orderids:
            if orderid not in now:
                self._database.execute("DELETE FROM orders WHERE orderid = ?", (orderid,))
                continue
            known = self._database.execute("SELECT digest FROM orders WHERE orderid = ?", (orderid,)).fetchone()
            if known is None:
                self._database.execute("INSERT INTO orders VALUES (?, ?, ?)", (orderid, now[orderid], now_ms))
            elif known[0] != now[orderid]:
                self._database.execute(
                    "UPDATE orders SET digest = ?, changed_ms = ? WHERE orderid = ?", (now[orderid], now_ms, orderid)
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

    def count(self, table: str) -> int:
        """Rows of `orders`, `rows` or `objects`."""
        count: int = self._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - one of three
        return count

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
        """Orders with one version in several rows."""
        return self._found(_DOUBLED, (), samples)

    def unknown(self, samples: int) -> Found:
        """Orders with rows that are not in the table."""
        return self._found(_UNKNOWN, (_EVER,), samples)

    def _found(self, query: str, values: tuple[object, ...], samples: int) -> Found:
        (count,) = self._database.execute(f"SELECT count(*) FROM ({query})", values).fetchone()  # noqa: S608
        first = self._database.execute(f"SELECT * FROM ({query}) ORDER BY orderid LIMIT {samples:d}", values)  # noqa: S608
        return Found(count, [orderid for (orderid,) in first])

    def _insert(self, statement: str, versions: Iterable[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, versions)
        self._database.execute("COMMIT")
