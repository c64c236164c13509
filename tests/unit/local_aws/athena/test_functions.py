"""What Trino's functions and operators give, from its documentation, and that the rest is refused."""

import pytest

from local_aws.athena.errors import QueryFailedError
from tests.unit.local_aws.athena.lake import Lake

ANSWERS = {
    # whole numbers are divided towards zero; decimals keep the larger scale, and round half up
    "7 / 2": ("3", "integer"),
    "-7 / 2": ("-3", "integer"),
    "-7 % 3": ("-1", "integer"),
    "7 / 2e0": ("3.5", "double"),
    "7.00 / 3": ("2.33", "decimal(13,2)"),
    "-0.5 / 10": ("-0.1", "decimal(12,1)"),
    "0.04 / 10.0": ("0.00", "decimal(5,2)"),
    "12345678901234567890.5 / 1.0": ("12345678901234567890.5", "decimal(22,1)"),
    "7 - 0.50": ("6.50", "decimal(13,2)"),
    "7 - 8": ("-1", "integer"),
    "0.1 + 0.2": ("0.3", "decimal(3,1)"),
    "0.1e0 + 0.2e0": ("0.30000000000000004", "double"),
    "round(2.45, 1)": ("2.50", "decimal(3,2)"),
    "round(-2.5e0)": ("-3.0", "double"),
    "power(2, 10)": ("1024.0", "double"),
    # casts
    "cast(2.5e0 AS integer)": ("3", "integer"),
    "cast(2.5 AS bigint)": ("3", "bigint"),
    "cast(12345678901234567890.5 AS decimal(38,0))": ("12345678901234567891", "decimal(38,0)"),
    "cast(' x' AS varchar)": (" x", "varchar"),
    "try_cast('1.5' AS integer)": (None, "integer"),
    "try(cast('x' AS integer))": (None, "integer"),
    "cast(timestamp '2026-11-22 11:26:00' AS varchar)": ("2026-11-22 11:26:00.000", "varchar"),
    "cast('1.0000000005' AS decimal(28,9))": ("1.000000001", "decimal(28,9)"),
    "cast(true AS integer)": ("1", "integer"),
    # text
    "substr('sales', 0, 2)": ("", "varchar"),
    "substr('sales', -2)": ("es", "varchar"),
    "substr('sales', -9, 3)": ("", "varchar"),
    "substring('sales' FROM 2 FOR 2)": ("al", "varchar"),
    "split_part('a-b', '-', 2)": ("b", "varchar"),
    "split_part('a-b', '-', 3)": (None, "varchar"),
    "regexp_extract('abc', 'z')": (None, "varchar"),
    "regexp_extract('abc', 'a(z?)b', 1)": ("", "varchar"),
    "regexp_like('sales', 'al')": ("true", "boolean"),
    "trim('\t a\u2009b \u00a0\u3000')": ("a\u2009b \u00a0", "varchar"),
    "ltrim(rtrim('  a b  '))": ("a b", "varchar"),
    "strpos('sales', 'x')": ("0", "bigint"),
    "concat('a', cast(null AS varchar))": (None, "varchar"),
    "length('日本')": ("2", "bigint"),
    "greatest(1, 2, null)": (None, "integer"),
    "from_base('00ff', 16)": ("255", "bigint"),
    "from_base('-Zz', 36)": ("-1295", "bigint"),
    "try(from_base('12', 2))": (None, "bigint"),
    "try(from_base('7fffffffffffffff', 16))": (str(2**63 - 1), "bigint"),
    "try(from_base('8000000000000000', 16))": (None, "bigint"),
    "try(from_base('', 16))": (None, "bigint"),
    # times
    "from_unixtime(1795368068.4154)": ("2026-11-22 17:21:08.415 UTC", "timestamp with time zone"),
    "to_unixtime(from_unixtime(1.5))": ("1.5", "double"),
    "date_format(timestamp '2026-01-02 03:04:05.678', '%Y-%m-%d %H:%i:%s.%f')": (
        "2026-01-02 03:04:05.678000",
        "varchar",
    ),
    "date_format(date '2026-01-02', '%c/%e/%y %W %M %b %a %j %%')": ("1/2/26 Friday January Jan Fri 002 %", "varchar"),
    "date_format(timestamp '2026-01-02 15:04:05', '%T %r %k %l %p')": ("15:04:05 03:04:05 PM 15 3 PM", "varchar"),
    "date_parse('2026-01-02 03', '%Y-%m-%d %H')": ("2026-01-02 03:00:00.000", "timestamp"),
    "date '2026-01-31' + INTERVAL '1' MONTH": ("2026-02-28", "date"),
    "timestamp '2026-01-01 00:00:00' - INTERVAL '2' HOUR": ("2025-12-31 22:00:00.000", "timestamp"),
    "date_add('day', -1, date '2026-01-01')": ("2025-12-31", "date"),
    "date_diff('hour', timestamp '2026-01-01 00:59:00', timestamp '2026-01-01 02:00:00')": ("1", "bigint"),
    "date_diff('month', date '2026-01-30', date '2026-02-27')": ("0", "bigint"),
    "date_diff('day', date '2026-01-02', date '2026-01-01')": ("-1", "bigint"),
    "date_trunc('month', date '2026-01-31')": ("2026-01-01", "date"),
    "extract(month FROM date '2026-11-22')": ("11", "bigint"),
    "day_of_week(date '2026-11-22')": ("7", "bigint"),
    "from_iso8601_timestamp('2026-11-22T11:26:00.000Z')": ("2026-11-22 11:26:00.000 UTC", "timestamp with time zone"),
    "date('2026-01-02') = date '2026-01-02'": ("true", "boolean"),
    # the types of results
    "null": (None, "unknown"),
    "1e10": ("1.0E10", "double"),
    "0.001e0": ("0.001", "double"),
    "-1e-4": ("-1.0E-4", "double"),
    "1234567e0": ("1234567.0", "double"),
    "3000000000": ("3000000000", "bigint"),
}


def ask_each(expressions, source=""):
    answer = Lake().ask(f"SELECT {', '.join(expressions)} {source}")
    kinds = [kind.trino for kind in answer.kinds]
    return dict(zip(expressions, zip(*answer.rows, kinds, strict=True), strict=True))


def test_an_expression_gives_what_trino_gives():
    assert ask_each(ANSWERS) == ANSWERS


VALUES = "(VALUES (1, 1.10, 1e0, 'a'), (2, 2.25, 2e0, 'a'), (2, null, 4e0, 'b')) AS t(whole, exact, near, name)"
AGGREGATES = {
    "avg(exact)": ("1.68", "decimal(3,2)"),
    "avg(whole)": ("1.6666666666666667", "double"),
    "avg(DISTINCT whole)": ("1.5", "double"),
    "avg(exact) FILTER (WHERE name = 'b')": (None, "decimal(3,2)"),
    "sum(exact) / count(*)": ("1.12", "decimal(38,2)"),
    "sum(whole)": ("5", "bigint"),
    "sum(whole) / 2": ("2", "bigint"),
    "sum(DISTINCT whole)": ("3", "bigint"),
    "sum(near)": ("7.0", "double"),
    "sum(whole * exact)": ("5.60", "decimal(38,2)"),
    "count(DISTINCT name)": ("2", "bigint"),
    "approx_distinct(name)": ("2", "bigint"),
    "count_if(whole = 2)": ("2", "bigint"),
    "max_by(exact, near)": (None, "decimal(3,2)"),
    "bool_or(whole = 1)": ("true", "boolean"),
}


def test_an_aggregate_has_the_type_that_trino_gives_it():
    assert ask_each(AGGREGATES, f"FROM {VALUES}") == AGGREGATES


def test_a_window_keeps_its_clauses():
    sql = f"SELECT sum(whole) OVER (ORDER BY near), avg(exact) OVER (PARTITION BY name) FROM {VALUES} ORDER BY near"  # noqa: S608
    assert Lake().ask(sql).rows == [["1", "1.68"], ["3", "1.68"], ["5", None]]


FAILURES = {
    "SELECT 1 / 0": "DIVISION_BY_ZERO: Division by zero",
    "SELECT 1.5 / 0.0": "DIVISION_BY_ZERO: Division by zero",
    "SELECT cast('1.5' AS integer)": "INVALID_CAST_ARGUMENT: ",
    "SELECT 2147483647 + cast(1 AS integer)": "NUMERIC_VALUE_OUT_OF_RANGE: ",
    "SELECT sum(a) FROM (VALUES 9223372036854775807, 1) AS t(a)": "",
    "SELECT nope": "COLUMN_NOT_FOUND: Column 'nope' cannot be resolved",
    "SELEC 1": "SYNTAX_ERROR: ",
    "SELECT 1; SELECT 2": "SYNTAX_ERROR: Only one sql statement is allowed",
    # what DuckDB would answer, and perhaps otherwise
    "SELECT levenshtein('a', 'b')": "NOT_SUPPORTED: ",
    "SELECT stddev(a) FROM (VALUES 1) AS t(a)": "NOT_SUPPORTED: ",
    "SELECT trim(BOTH 'a' FROM 'aba')": "NOT_SUPPORTED: ",
    "SELECT date '2026-01-02' - date '2026-01-01'": "INVALID_CAST_ARGUMENT: ",
    "SELECT strpos('a-a', 'a', 2)": "NOT_SUPPORTED: ",
    "SELECT from_unixtime(0, 'America/New_York')": "NOT_SUPPORTED: ",
    "SELECT current_timestamp AT TIME ZONE 'America/New_York'": "NOT_SUPPORTED: AT TIME ZONE with another",
    "SELECT cast('abc' AS varchar(2))": "NOT_SUPPORTED: a cast to VARCHAR(2)",
    "SELECT decimal '1.5'": "NOT_SUPPORTED: decimal without its digits",
    "SELECT cast(1e0 AS varchar)": "INVALID_CAST_ARGUMENT: ",
    "SELECT extract(dow FROM current_date)": "NOT_SUPPORTED: extract of ",
    "SELECT date_format(current_date, '%D')": "NOT_SUPPORTED: the date format '%D'",
    "SELECT max(a, 2) FROM (VALUES 1) AS t(a)": "NOT_SUPPORTED: ",
    "SELECT ARRAY[1]": "NOT_SUPPORTED: ",
    "SELECT ?": "NOT_SUPPORTED: ",
    "SELECT * FROM read_csv('/etc/hostname')": "NOT_SUPPORTED: ",
    "SELECT * FROM '/etc/hostname'": "TABLE_NOT_FOUND: ",
    "SELECT * FROM orders TABLESAMPLE BERNOULLI (10)": "NOT_SUPPORTED: ",
    "INSERT INTO orders SELECT 1": "NOT_SUPPORTED: the statement INSERT",
    "CREATE TABLE t AS SELECT 1 AS a": "NOT_SUPPORTED: the statement CREATE",
    "EXPLAIN SELECT 1": "NOT_SUPPORTED: the statement EXPLAIN",
    "MSCK REPAIR TABLE orders": "NOT_SUPPORTED: the statement MSCK",
}


@pytest.mark.parametrize("sql", FAILURES)
def test_what_fails_or_is_not_translated_says_why(sql):
    with pytest.raises(QueryFailedError) as failure:
        Lake().ask(sql)
    assert str(failure.value).startswith(FAILURES[sql])
    assert ":" in str(failure.value)
