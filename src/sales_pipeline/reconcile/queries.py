"""The ledger's tables, and the SQL that says how the lake differs from the table."""

# A `version` is the digest of an order's values, or DELETED: in `orders`, the order was deleted after it was read.
# `arrived` is as `declared.arrival` has it.
SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
CREATE TABLE orders (orderid TEXT NOT NULL, version BLOB NOT NULL, changed_ms INTEGER);
CREATE TABLE rows (
    orderid TEXT NOT NULL, version BLOB NOT NULL, event_id TEXT, sequence_number TEXT, arrived INTEGER NOT NULL
);
CREATE TABLE failures (
    orderid TEXT, version BLOB, found_in TEXT, PRIMARY KEY (orderid, version, found_in)
) WITHOUT ROWID;
CREATE TABLE sent (orderid TEXT, version BLOB, sent_ms INTEGER, PRIMARY KEY (orderid, version, sent_ms)) WITHOUT ROWID;
CREATE TABLE objects (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE differences (orderid TEXT PRIMARY KEY, kind TEXT, explanation TEXT) WITHOUT ROWID;
"""
# Made after the first load. A scan has no order: each insert into an index would cost a seek.
INDEXES = """
CREATE INDEX IF NOT EXISTS orders_by_id ON orders (orderid, version, changed_ms);
CREATE INDEX IF NOT EXISTS rows_by_order ON rows (orderid, version, event_id, sequence_number, arrived);
"""

# One rule for the newest row of an order, the same as in the view sales_current (template.yaml): the greatest sequence
# number comes first, rows without one come last, and then the later arrival counts. Two rows can be equally new.
_NEWEST_FIRST = "length(sequence_number) DESC, sequence_number DESC, arrived DESC"
_AGE = "(coalesce(length({0}.sequence_number), 0), coalesce({0}.sequence_number, ''), {0}.arrived)"


def _no_other_version(comparison: str) -> str:
    """Say in SQL: the lake has the table's version, and no row of another version compares so with its newest row."""
    return f"""
EXISTS (
    SELECT 1 FROM (
        SELECT sequence_number, arrived FROM rows
        WHERE rows.orderid = held.orderid AND rows.version = held.version ORDER BY {_NEWEST_FIRST} LIMIT 1
    ) AS this
    WHERE NOT EXISTS (
        SELECT 1 FROM rows AS other
        WHERE other.orderid = held.orderid AND other.version <> held.version
        AND {_AGE.format("other")} {comparison} {_AGE.format("this")}
    )
)
"""  # noqa: S608 - our own text


_IS_UP_TO_DATE, _IS_AMONG_THE_NEWEST = _no_other_version(">="), _no_other_version(">")
_HAS_ROWS = "EXISTS (SELECT 1 FROM rows WHERE rows.orderid = held.orderid)"
_HAS_NUMBERS = "EXISTS (SELECT 1 FROM rows WHERE rows.orderid = held.orderid AND sequence_number IS NOT NULL)"
# An order that the table does not hold is stale only where a row has a sequence number: with change columns the lake
# gets a row that says that the order was deleted. Without them it gets none, so nobody knows.
FIND_DIFFERENCES = f"""
INSERT INTO differences
SELECT
    orderid,
    kind,
    CASE
        WHEN kind IN ('undetermined', 'unknown') THEN NULL
        WHEN EXISTS (
            SELECT 1 FROM failures AS f
            WHERE (f.orderid, f.version, f.found_in) = (differs.orderid, differs.version, 'errors')
        ) THEN 'errors'
        WHEN EXISTS (
            SELECT 1 FROM failures AS f
            WHERE (f.orderid, f.version, f.found_in) = (differs.orderid, differs.version, 'dead_letters')
        ) THEN 'dead_letters'
        WHEN changed_ms >= :since_ms OR created_ms(orderid) BETWEEN :since_ms AND :until_ms OR EXISTS (
            SELECT 1 FROM sent AS s
            WHERE (s.orderid, s.version) = (differs.orderid, differs.version) AND sent_ms >= :since_ms
        ) THEN 'in_progress'
    END
FROM (
    SELECT
        orderid,
        version,
        changed_ms,
        CASE
            WHEN NOT {_HAS_ROWS} THEN 'missing'
            WHEN {_IS_AMONG_THE_NEWEST} THEN 'undetermined'
            WHEN version = :deleted AND NOT {_HAS_NUMBERS} THEN 'unknown'
            ELSE 'stale'
        END AS kind
    FROM (
        SELECT orderid, version, changed_ms FROM orders
        UNION ALL
        SELECT DISTINCT orderid, :deleted, NULL FROM rows
        WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.orderid = rows.orderid)
    ) AS held
    WHERE NOT {_IS_UP_TO_DATE} AND (version <> :deleted OR {_HAS_ROWS})
) AS differs
"""  # noqa: S608
UNEXPLAINED = "explanation IS NULL AND kind <> 'unknown'"
# Rows that name one change event: each has an id of its own, and among those of an order a sequence number of its own.
# A backfill makes its number up, and a change may have the same. Or rows of one version, of which one names no event of
# the table's stream. SQLite's LIKE ignores the case.
DUPLICATE = """
SELECT orderid FROM rows WHERE event_id IN (
    SELECT event_id FROM rows WHERE event_id IS NOT NULL GROUP BY event_id HAVING count(*) > 1
)
UNION
SELECT orderid FROM rows WHERE event_id NOT LIKE :backfilled GROUP BY orderid, sequence_number HAVING count(*) > 1
UNION
SELECT orderid FROM rows GROUP BY orderid, version
HAVING count(*) > 1 AND sum(event_id IS NULL OR event_id LIKE :backfilled) > 0
"""
# What may look otherwise when the table is read again: of unknown orders, those whose ids are new, and those with a row
# that arrived just now. When Firehose catches up, new orders are in objects that begin long ago.
DOUBTFUL = f"""
SELECT orderid FROM differences WHERE {UNEXPLAINED} OR (
    kind = 'unknown' AND (created_ms(orderid) >= :since_ms OR EXISTS (
        SELECT 1 FROM rows
        WHERE rows.orderid = differences.orderid AND (arrived >= :arrived_since OR NOT names_time(arrived))
    ))
)
"""  # noqa: S608
NEWEST_SEQUENCE_NUMBER = (
    f"SELECT sequence_number FROM rows WHERE rows.orderid = {{orderid}} ORDER BY {_NEWEST_FIRST} LIMIT 1"  # noqa: S608
)
DIFFERENCES = f"""
SELECT
    orderid,
    kind,
    coalesce((SELECT version FROM orders WHERE orders.orderid = differences.orderid), :deleted),
    ({NEWEST_SEQUENCE_NUMBER.format(orderid="differences.orderid")})
FROM differences WHERE {UNEXPLAINED}
"""  # noqa: S608
