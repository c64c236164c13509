"""Queries that DuckDB or sqlglot would take, and Athena refuses. And close ones that Athena takes."""

import pytest

from local_aws.athena import engine
from local_aws.athena.errors import QueryFailedError
from tests.unit.local_aws.athena.lake import Lake, day, refusal

MISMATCH, MISSING, SYNTAX = "TYPE_MISMATCH: ", "COLUMN_NOT_FOUND: Column '{}' cannot be resolved", "SYNTAX_ERROR: "
REFUSED = {
    # Trino never makes a number or a date of text by itself
    "SELECT 1 FROM orders WHERE quantity = '1'": MISMATCH + "Cannot apply operator: integer = varchar",
    "SELECT 1 FROM orders WHERE orderid > 5": MISMATCH + "Cannot apply operator: varchar > integer",
    "SELECT 1 FROM orders WHERE dt = current_date": MISMATCH + "Cannot apply operator: varchar = date",
    "SELECT 1 FROM orders WHERE current_timestamp > '2026'": MISMATCH
    + "Cannot apply operator: timestamp with time zone",
    "SELECT 1 FROM orders WHERE price BETWEEN '1' AND '2'": MISMATCH,
    "SELECT 1 FROM orders WHERE orderid IN (1, 2)": MISMATCH,
    "SELECT 1 FROM orders WHERE orderid IN (SELECT quantity FROM orders)": MISMATCH,
    "SELECT 1 FROM orders WHERE quantity = ANY (SELECT orderid FROM orders)": MISMATCH,
    "SELECT 1 FROM orders WHERE quantity = (SELECT max(orderid) FROM orders)": MISMATCH,
    "SELECT 1 FROM orders WHERE price LIKE '1%'": MISMATCH,
    "SELECT 1 FROM orders AS a JOIN (VALUES 1) AS t(x) ON a.orderid = x": MISMATCH,
    "SELECT 1 FROM (SELECT orderid AS a FROM orders) WHERE a = 1": MISMATCH,
    "WITH a AS (SELECT sum(price) AS b FROM orders) SELECT 1 FROM a WHERE b = '1'": MISMATCH,
    "SELECT 1 FROM orders GROUP BY dt HAVING sum(price) > '1'": MISMATCH,
    "SELECT '1' + 1": MISMATCH + "Cannot apply operator: varchar + integer",
    "SELECT true + 1": MISMATCH,
    "SELECT current_date + 1": MISMATCH + "Cannot apply operator: date + integer",
    "SELECT 'a' || 1": MISMATCH,
    "SELECT concat('a', 1)": MISMATCH,
    "SELECT sum(orderid) FROM orders": MISMATCH,
    "SELECT length(5)": MISMATCH,
    "SELECT from_unixtime('0')": MISMATCH,
    "SELECT year('2026-01-01')": MISMATCH,
    "SELECT date_add('day', 1, '2026-01-31')": MISMATCH,
    "SELECT date_diff('day', '2026-01-31', current_date)": MISMATCH,
    "SELECT extract(day FROM '2026-01-31')": MISMATCH,
    # nor a boolean of a number, nor one type of two
    "SELECT 1 WHERE 1": MISMATCH,
    "SELECT 1 FROM orders AS a JOIN orders AS b ON a.quantity": MISMATCH,
    "SELECT if(1, 2, 3)": MISMATCH,
    "SELECT if(true, 2, 'b')": MISMATCH,
    "SELECT CASE WHEN 1 THEN 2 END": MISMATCH,
    "SELECT CASE 1 WHEN 'a' THEN 2 END": MISMATCH,
    "SELECT CASE WHEN true THEN 'a' ELSE 0 END": MISMATCH,
    "SELECT coalesce(1, 'a')": MISMATCH,
    "SELECT nullif(1, '1')": MISMATCH,
    "SELECT lag(quantity, 1, 'x') OVER (ORDER BY dt) FROM orders": MISMATCH,
    "SELECT 1 UNION ALL SELECT 'a'": MISMATCH,
    "VALUES (1, 'a'), ('b', 2)": MISMATCH,
    # a date has no hours
    "SELECT date_trunc('hour', current_date)": "INVALID_FUNCTION_ARGUMENT: 'hour' is not a valid DATE field",
    "SELECT date_add('minute', 1, current_date)": "INVALID_FUNCTION_ARGUMENT: 'minute' is not a valid DATE field",
    "SELECT date_diff('hour', current_date, current_date)": "INVALID_FUNCTION_ARGUMENT: 'hour' is not a valid DATE",
    "SELECT current_date - interval '1' hour": "INVALID_FUNCTION_ARGUMENT: 'hour' is not a valid DATE field",
    # an alias of SELECT is known to ORDER BY alone
    "SELECT quantity AS q FROM orders WHERE q > 1": MISSING.format("q"),
    "SELECT quantity AS q FROM orders GROUP BY q": MISSING.format("q"),
    "SELECT count(*) AS c FROM orders GROUP BY dt HAVING c > 1": MISSING.format("c"),
    "SELECT quantity AS q, q + 1 FROM orders": MISSING.format("q"),
    "SELECT orders FROM orders": MISSING.format("orders"),
    "SELECT dt FROM orders AS a JOIN orders AS b ON a.orderid = b.orderid": MISSING.format("dt") + ", or is ambiguous",
    "SELECT DISTINCT dt FROM orders ORDER BY orderid": "EXPRESSION_NOT_IN_DISTINCT: ",
    # the syntax of other dialects
    "FROM orders": SYNTAX + "mismatched input 'FROM'",
    "SELECT * FROM (FROM orders)": SYNTAX,
    "SELECT 1,": SYNTAX + "mismatched input '<EOF>'",
    "SELECT , 1": SYNTAX,
    "SELECT dt, FROM orders": SYNTAX,
    "SELECT 1 == 1": SYNTAX,
    "SELECT 1::varchar": SYNTAX,
    "SELECT 'a' 'b'": SYNTAX,
    "SELECT 1_000": SYNTAX,
    "SELECT current_date - interval 1 day": SYNTAX,
    "SELECT current_date - interval '1 day'": SYNTAX,
    "SELECT date_trunc(day, current_date)": SYNTAX,
    "SELECT dt FROM orders LIMIT 1 OFFSET 1": SYNTAX + "mismatched input 'OFFSET'",
    "SELECT dt FROM orders JOIN orders AS b": SYNTAX + "JOIN without ON or USING",
    "SELECT `dt` FROM orders": SYNTAX + "backquoted identifiers are not supported; use double quotes",
    "SELECT dt FROM orders WHERE": SYNTAX + "Something is missing. Line 1",
    "SELECT * EXCLUDE (dt) FROM orders": "NOT_SUPPORTED: ",
    "SELECT * EXCEPT (dt) FROM orders": "NOT_SUPPORTED: ",
    "SELECT * REPLACE (1 AS dt) FROM orders": "NOT_SUPPORTED: ",
    "SELECT DISTINCT ON (dt) dt FROM orders": "NOT_SUPPORTED: ",
    "SELECT count(DISTINCT dt, price) FROM orders": "NOT_SUPPORTED: ",
    "SELECT dt, count(*) FROM orders GROUP BY ALL": "NOT_SUPPORTED: ",
    "SELECT 1 UNION ALL BY NAME SELECT 2": "NOT_SUPPORTED: ",
    "SELECT dt FROM orders LIMIT 10%": "NOT_SUPPORTED: ",
    "SELECT dt FROM orders ORDER BY dt FETCH FIRST 1 ROWS WITH TIES": "NOT_SUPPORTED: ",
    "SELECT 1 FROM orders AS a NATURAL JOIN orders AS b": SYNTAX,
    "SELECT 1 FROM orders AS a SEMI JOIN orders AS b ON a.dt = b.dt": "NOT_SUPPORTED: ",
    "SELECT (1 = 1) IS TRUE": "NOT_SUPPORTED: ",
}
TAKEN = {
    "SELECT orderid FROM orders WHERE quantity = 1.0 AND price > 0 AND price = 349e0": [["a"]],
    "SELECT orderid FROM orders WHERE date(dt) >= current_date - interval '1' day": [["a"]],
    "SELECT orderid FROM orders WHERE date(dt) < current_timestamp AND null IS NULL": [["a"]],
    "SELECT orderid FROM orders WHERE quantity IN (1, null) OR quantity = ANY (SELECT quantity FROM orders)": [["a"]],
    "SELECT orderid FROM orders WHERE coalesce(null, orderid) LIKE 'a%'": [["a"]],
    "SELECT orderid AS o FROM orders ORDER BY o": [["a"]],
    "SELECT dt AS d, count(*) AS c FROM orders GROUP BY dt HAVING count(*) > 0 AND dt > '2026' ORDER BY c, d": [
        [day(), "1"]
    ],
    "SELECT quantity FROM orders GROUP BY quantity HAVING quantity = 1": [["1"]],
    "SELECT DISTINCT upper(orderid) AS u FROM orders ORDER BY upper(orderid)": [["A"]],
    "SELECT orderid FROM orders OFFSET 0 LIMIT 1": [["a"]],
    "SELECT orderid FROM orders ORDER BY 1 OFFSET 0 ROWS FETCH FIRST 1 ROW ONLY": [["a"]],
    "SELECT a.orderid FROM orders a LEFT OUTER JOIN orders b USING (dt) CROSS JOIN orders c": [["a"]],
    "SELECT a.orderid FROM orders a FULL JOIN (SELECT orderid AS id FROM orders) b ON a.orderid = b.id": [["a"]],
    "SELECT date(dt) AS date, sum(quantity) AS sum FROM orders GROUP BY date(dt) ORDER BY date": [[day(), "1"]],
    "SELECT orderid FROM orders WHERE (dt, quantity) IN (SELECT dt, max(quantity) FROM orders GROUP BY dt)": [["a"]],
    "SELECT dt FROM orders o WHERE price = (SELECT max(price) FROM orders x WHERE x.dt = o.dt) GROUP BY(dt)": [[day()]],
    "SELECT orderid FROM orders, (VALUES (1, 'x')) AS t(one, x) WHERE one = quantity": [["a"]],
    "(SELECT 1 EXCEPT SELECT 2) UNION ALL (SELECT 1 INTERSECT SELECT 1)": [["1"], ["1"]],
    "VALUES 1, 2.5": [["1.0"], ["2.5"]],
    "-- a comment\nSELECT 1 AS a /* ; */ ; -- it's": [["1"]],
    "/* a */ SHOW TABLES; -- b": [["orders"]],
}


def test_what_athena_refuses_is_refused():
    found = {sql: refusal(sql)[: len(reason)] for sql, reason in REFUSED.items()}
    assert found == REFUSED


def test_what_athena_takes_is_answered():
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", {"orderid": "a", "product_name": "Laptop", "quantity": 1, "price": 349.0})
    assert {sql: lake.ask(sql).rows for sql in TAKEN} == TAKEN


def test_columns_have_the_names_that_the_query_writes():
    answer = Lake().ask('SELECT OrderId, "DT", price AS Price, count(*) FROM orders GROUP BY 1, 2, 3')
    assert answer.columns == ["OrderId", "DT", "Price", "_col3"]
    assert Lake().ask("SELECT * FROM (VALUES (1, 2))").columns == ["_col0", "_col1"]
    assert Lake().ask("VALUES (1, 2) UNION SELECT 3, 4").columns == ["_col0", "_col1"]


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("LONGEST_SECONDS", 0.1, "EXCEEDED_TIME_LIMIT: the query takes too long for this machine"),
        ("MEMORY", "8MB", "EXCEEDED_MEMORY_LIMIT: "),
    ],
)
def test_a_query_has_a_limit_of_time_and_of_memory(monkeypatch, limit, value, reason):
    monkeypatch.setattr(engine, limit, value)
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", *({"orderid": str(each), "quantity": each} for each in range(300)))
    with pytest.raises(QueryFailedError, match=reason):
        lake.ask(f"SELECT DISTINCT a.quantity * b.quantity, c.orderid FROM {', '.join(f'orders {x}' for x in 'abcd')}")  # noqa: S608
