"""The ledger's tables, and the SQL that says how the lake differs from the table."""

# A `version` is the digest of an order's values, or DELETED: in `orders`, the order was deleted after it was read.
# `arrived_ms` is for rows without a sequence number, which have no better order.
SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
CREATE TABLE orders (orderid TEXT NOT NULL, version BLOB NOT NULL, changed_ms INTEGER);
CREATE TABLE rows (
    orderid TEXT NOT NULL, version BLOB NOT NULL, event_id TEXT, sequence_number TEXT, arrived_ms INTEGER
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
CREATE INDEX IF NOT EXISTS rows_by_order ON rows (orderid, version, event_id, sequence_number, arrived_ms);
"""

# Which of two rows of an order is newer:
# - one with a sequence number, if the other has none;
# - of two sequence numbers the longer, and of two as long the greater text;
# - of two rows without one, the row whose object arrived later.
# A backfill makes its numbers itself. Two rows of one number leave open which is newer, so each counts as newer.
_OTHER_IS_NEWER = """
CASE
    WHEN other.sequence_number IS NULL THEN this.sequence_number IS NULL AND other.arrived_ms > this.arrived_ms
    WHEN this.sequence_number IS NULL THEN 1
    ELSE (length(other.sequence_number), other.sequence_number) >= (length(this.sequence_number), this.sequence_number)
END
"""
_NEWEST_FIRST = "length(sequence_number) DESC, sequence_number DESC, arrived_ms DESC"
# An order is stale if the lake has rows of it and this does not hold: the table's version is in the lake, and after its
# newest row there is no row of another version.
_IS_UP_TO_DATE = f"""
EXISTS (
    SELECT 1 FROM (
        SELECT sequence_number, arrived_ms FROM rows
        WHERE rows.orderid = held.orderid AND rows.version = held.version ORDER BY {_NEWEST_FIRST} LIMIT 1
    ) AS this
    WHERE NOT EXISTS (
        SELECT 1 FROM rows AS other
        WHERE other.orderid = held.orderid AND other.version <> held.version AND {_OTHER_IS_NEWER}
    )
)
"""  # noqa: S608 - our own text
# An order that the table does not hold can be stale only where a row has a sequence number: with change columns the
# lake gets a row that says that the order was deleted, without them it gets none.
FIND_DIFFERENCES = f"""
INSERT INTO differences
SELECT
    orderid,
    CASE WHEN EXISTS (SELECT 1 FROM rows WHERE rows.orderid = held.orderid) THEN 'stale' ELSE 'missing' END,
    CASE
        WHEN EXISTS (
            SELECT 1 FROM failures AS f
            WHERE (f.orderid, f.version, f.found_in) = (held.orderid, held.version, 'errors')
        ) THEN 'errors'
        WHEN EXISTS (
            SELECT 1 FROM failures AS f
            WHERE (f.orderid, f.version, f.found_in) = (held.orderid, held.version, 'dead_letters')
        ) THEN 'dead_letters'
        WHEN changed_ms >= :since_ms OR created_ms(orderid) BETWEEN :since_ms AND :until_ms OR EXISTS (
            SELECT 1 FROM sent AS s WHERE (s.orderid, s.version) = (held.orderid, held.version) AND sent_ms >= :since_ms
        ) THEN 'in_progress'
    END
FROM (
    SELECT orderid, version, changed_ms FROM orders
    UNION ALL
    SELECT DISTINCT orderid, :deleted, NULL FROM rows
    WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.orderid = rows.orderid)
) AS held
WHERE NOT {_IS_UP_TO_DATE} AND (
    version <> :deleted
    OR EXISTS (SELECT 1 FROM rows WHERE rows.orderid = held.orderid AND sequence_number IS NOT NULL)
)
"""  # noqa: S608
DUPLICATE = (
    "SELECT DISTINCT orderid FROM (SELECT orderid FROM rows GROUP BY orderid, version, event_id HAVING count(*) > 1)"
)
UNKNOWN = """
SELECT orderid FROM rows
WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.orderid = rows.orderid AND orders.version <> :deleted)
GROUP BY orderid HAVING max(sequence_number) IS NULL AND max(arrived_ms) >= :arrived_since_ms
"""
# What may look otherwise when the table is read again.
DOUBTFUL = f"SELECT orderid FROM differences WHERE explanation IS NULL UNION ALL SELECT * FROM ({UNKNOWN})"  # noqa: S608
NEWEST_SEQUENCE_NUMBER = (
    f"SELECT sequence_number FROM rows WHERE rows.orderid = {{orderid}} ORDER BY {_NEWEST_FIRST} LIMIT 1"  # noqa: S608
)
UNEXPLAINED = f"""
SELECT
    orderid,
    kind,
    coalesce((SELECT version FROM orders WHERE orders.orderid = differences.orderid), :deleted),
    ({NEWEST_SEQUENCE_NUMBER.format(orderid="differences.orderid")})
FROM differences WHERE explanation IS NULL
"""  # noqa: S608
