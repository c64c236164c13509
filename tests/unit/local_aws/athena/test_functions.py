"""What Trino's functions and operators give, from its documentation, and that the rest is refused."""

import re

from local_aws.athena.known import FUNCTIONS
from tests import ROOT
from tests.unit.local_aws.athena.lake import Lake, refusal

ANSWERS = {
    # whole numbers are divided towards zero; decimals keep the larger scale, and round half up
    "7 / 2": ("3", "integer"),
    "-7 / 2": ("-3", "integer"),
    "-7 % 3": ("-1", "integer"),
    "7 / 2e0": ("3.5", "double"),
    "7.00 / 3": ("2.33", "decimal(18,2)"),  # on AWS decimal(3,2): a quotient has more digits here
    "-0.5 / 10": ("-0.1", "decimal(18,1)"),
    "0.04 / 10.0": ("0.00", "decimal(18,2)"),
    "99.9 / 0.001": ("99900.000", "decimal(18,3)"),
    "12345678901234567890.5 / 1.0": ("12345678901234567890.5", "decimal(38,1)"),
    "900.0 / 1.5 / 2.5 / 3.0 / 4.0 / 5.0": ("4.0", "decimal(38,1)"),  # each factor is computed once
    "1e0 / 0": ("Infinity", "double"),
    "0e0 / 0": ("NaN", "double"),
    "1e0 % 0": ("NaN", "double"),
    "mod(-7, 2)": ("-1", "integer"),
    "try(1 / 0)": (None, "integer"),
    "try(1 % 0)": (None, "integer"),
    """json_extract_scalar('{"a":[1.50]}', '$.a[0]')""": ("1.50", "varchar"),
    "7 - 0.50": ("6.50", "decimal(13,2)"),
    "7 - 8": ("-1", "integer"),
    "0.1 + 0.2": ("0.3", "decimal(2,1)"),
    "0.10": ("0.10", "decimal(2,2)"),
    "1.10 * 2": ("2.20", "decimal(13,2)"),
    "-9223372036854775808": ("-9223372036854775808", "bigint"),
    "0.1e0 + 0.2e0": ("0.30000000000000004", "double"),
    "round(2.45, 1)": ("2.50", "decimal(4,2)"),
    "round(9.99, 1)": ("10.00", "decimal(4,2)"),
    "round(5)": ("5", "integer"),
    "floor(5)": ("5", "integer"),
    "floor(-5.5)": ("-6", "decimal(2,0)"),
    "ceiling(-5.5e0)": ("-5.0", "double"),
    "ceil(5.5)": ("6", "decimal(2,0)"),
    "truncate(-5.97)": ("-5", "decimal(3,0)"),
    "truncate(5)": ("5", "integer"),
    "sign(-3)": ("-1", "integer"),
    "sign(-2e0)": ("-1.0", "double"),
    "abs(-5.5)": ("5.5", "decimal(2,1)"),
    "sqrt(4)": ("2.0", "double"),
    "pow(2, 3)": ("8.0", "double"),
    "exp(0)": ("1.0", "double"),
    "ln(1)": ("0.0", "double"),
    "log10(1000)": ("3.0", "double"),
    "log2(8)": ("3.0", "double"),
    "log(3, 9)": ("2.0", "double"),
    "pi()": ("3.141592653589793", "double"),
    "degrees(pi())": ("180.0", "double"),
    "radians(180)": ("3.141592653589793", "double"),
    "if(1 = 2, 'a')": (None, "varchar"),
    "coalesce(null, 2)": ("2", "integer"),
    "nullif(1, 1)": (None, "integer"),
    "least(1.5, 2)": ("1.5", "decimal(11,1)"),
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
    "try_cast(1e100 AS integer)": (None, "integer"),
    "cast('T' AS boolean)": ("true", "boolean"),
    "try_cast('yes' AS boolean)": (None, "boolean"),
    "cast(' 2026-1-2 ' AS date)": ("2026-01-02", "date"),
    "try_cast('2026-01-02 10:00:00' AS date)": (None, "date"),
    "cast('2026-01-02 03:04:05.6789' AS timestamp)": ("2026-01-02 03:04:05.679", "timestamp"),
    "try_cast('2026-01-02T03:04:05' AS timestamp)": (None, "timestamp"),
    "timestamp '2026-01-02 03:04:05 UTC'": ("2026-01-02 03:04:05.000 UTC", "timestamp with time zone"),
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
    "regexp_replace('a1b22', '\\d+')": ("ab", "varchar"),
    "regexp_replace('a1b2', '([a-z])(\\d)', '$2$1')": ("1a2b", "varchar"),
    "upper('straße')": ("STRAßE", "varchar"),
    "lower('ÄÖ')": ("äö", "varchar"),
    "replace('sales', 's', 'x')": ("xalex", "varchar"),
    "reverse('日本')": ("本日", "varchar"),
    "starts_with('sales', 'sa')": ("true", "boolean"),
    "position('l' IN 'sales')": ("3", "bigint"),
    "lpad('5', 3, '0')": ("005", "varchar"),
    "rpad('5', 3, 'ab')": ("5ab", "varchar"),
    "chr(65)": ("A", "varchar"),
    "concat_ws('-', 'a', null, 'b')": ("a-b", "varchar"),
    "'a' || null": (None, "varchar"),
    "'it''s'": ("it's", "varchar"),
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
    "date_diff('millisecond', timestamp '2026-01-01 00:00:00.9', timestamp '2026-01-01 00:00:01.1')": ("200", "bigint"),
    "date_add('millisecond', 1, timestamp '2026-01-01 00:00:00')": ("2026-01-01 00:00:00.001", "timestamp"),
    "date_trunc('hour', date_add('day', 1, timestamp '2026-01-01 10:30:00'))": ("2026-01-02 10:00:00.000", "timestamp"),
    "year(date '2026-11-22')": ("2026", "bigint"),
    "quarter(date '2026-11-22')": ("4", "bigint"),
    "month(date '2026-11-22')": ("11", "bigint"),
    "week(date '2026-11-22')": ("47", "bigint"),
    "week_of_year(date '2026-01-01')": ("1", "bigint"),
    "day(date '2026-11-22')": ("22", "bigint"),
    "day_of_month(date '2026-11-22')": ("22", "bigint"),
    "dow(date '2026-11-23')": ("1", "bigint"),
    "day_of_year(date '2026-11-22')": ("326", "bigint"),
    "doy(date '2026-01-02')": ("2", "bigint"),
    "hour(timestamp '2026-01-02 03:04:05')": ("3", "bigint"),
    "minute(timestamp '2026-01-02 03:04:05')": ("4", "bigint"),
    "second(timestamp '2026-01-02 03:04:05.678')": ("5", "bigint"),
    "extract(dow FROM date '2026-11-22')": ("7", "bigint"),
    "extract(week FROM date '2026-11-22')": ("47", "bigint"),
    "last_day_of_month(date '2026-02-01')": ("2026-02-28", "date"),
    "to_unixtime(now()) * 1000 = floor(to_unixtime(current_timestamp) * 1000)": ("true", "boolean"),
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
    "min(exact)": ("1.10", "decimal(3,2)"),
    "max(name)": ("b", "varchar"),
    "arbitrary(whole) > 0": ("true", "boolean"),
    "any_value(whole) > 0": ("true", "boolean"),
    "min_by(name, near)": ("a", "varchar"),
    "bool_and(whole = 1)": ("false", "boolean"),
    "round(stddev(near), 4)": ("1.5275", "double"),
    "round(stddev_samp(near), 4)": ("1.5275", "double"),
    "round(stddev_pop(near), 4)": ("1.2472", "double"),
    "round(variance(near), 4)": ("2.3333", "double"),
    "round(var_samp(near), 4)": ("2.3333", "double"),
    "round(var_pop(near), 4)": ("1.5556", "double"),
    "round(corr(whole, near), 4)": ("0.7559", "double"),
    "round(covar_pop(whole, near), 4)": ("0.4444", "double"),
    "round(covar_samp(whole, near), 4)": ("0.6667", "double"),
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


WINDOWS = {
    "sum(whole) OVER (ORDER BY near)": ["1", "3", "5"],
    "avg(exact) OVER (PARTITION BY name)": ["1.68", "1.68", None],
    "row_number() OVER (ORDER BY near)": ["1", "2", "3"],
    "rank() OVER (ORDER BY whole)": ["1", "2", "2"],
    "dense_rank() OVER (ORDER BY name)": ["1", "1", "2"],
    "percent_rank() OVER (ORDER BY near)": ["0.0", "0.5", "1.0"],
    "cume_dist() OVER (ORDER BY name)": ["0.6666666666666666", "0.6666666666666666", "1.0"],
    "ntile(2) OVER (ORDER BY near)": ["1", "1", "2"],
    "lag(whole) OVER (ORDER BY near)": [None, "1", "2"],
    "lead(whole, 1, 0) OVER (ORDER BY near)": ["2", "2", "0"],
    "first_value(name) OVER (ORDER BY near)": ["a", "a", "a"],
    "last_value(exact) IGNORE NULLS OVER (ORDER BY near)": ["1.10", "2.25", "2.25"],
    "nth_value(near, 2) OVER (ORDER BY near)": [None, "2.0", "2.0"],
    "grouping(whole, name)": ["0", "0", "0"],
}


def test_a_window_keeps_its_clauses():
    source = f"FROM {VALUES} GROUP BY whole, exact, near, name ORDER BY near"
    rows = Lake().ask(f"SELECT {', '.join(WINDOWS)} {source}").rows
    assert dict(zip(WINDOWS, map(list, zip(*rows, strict=True)), strict=True)) == WINDOWS


def test_each_function_that_is_known_has_an_answer_here_and_is_in_the_docs():
    [listed] = re.findall(
        r"(?s)```text\n(.*?)```", (ROOT / "docs/local.md").read_text().partition("## Athena's SQL")[2]
    )
    assert listed.split() == sorted(FUNCTIONS)
    called = set(re.findall(r"\b(\w+)\(", " ".join((*ANSWERS, *AGGREGATES, *WINDOWS))))
    assert FUNCTIONS - called == set()


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
    "SELECT stddev(a, 2) FROM (VALUES 1) AS t(a)": "",
    "SELECT trim(BOTH 'a' FROM 'aba')": "NOT_SUPPORTED: ",
    "SELECT date '2026-01-02' - date '2026-01-01'": "NOT_SUPPORTED: a difference of dates: use date_diff",
    "SELECT strpos('a-a', 'a', 2)": "NOT_SUPPORTED: ",
    "SELECT from_unixtime(0, 'America/New_York')": "NOT_SUPPORTED: ",
    "SELECT current_timestamp AT TIME ZONE 'America/New_York'": "NOT_SUPPORTED: AT TIME ZONE with another",
    "SELECT cast('abc' AS varchar(2))": "NOT_SUPPORTED: a cast to VARCHAR(2)",
    "SELECT decimal '1.5'": "NOT_SUPPORTED: decimal without its digits",
    "SELECT cast(1e0 AS varchar)": "NOT_SUPPORTED: a cast of a double to varchar",
    "SELECT extract(epoch FROM current_date)": "NOT_SUPPORTED: extract of ",
    "SELECT 9223372036854775808": "SYNTAX_ERROR: Invalid numeric literal: 9223372036854775808",
    "SELECT 0.000000000000000000000000000000000000001": "NUMERIC_VALUE_OUT_OF_RANGE: Value exceeds maximum precision",
    "SELECT 1 % 0": "DIVISION_BY_ZERO: Division by zero",
    "SELECT cast('yes' AS boolean)": "INVALID_CAST_ARGUMENT: Cannot cast yes to BOOLEAN",
    "SELECT cast('1e5' AS integer)": "INVALID_CAST_ARGUMENT: Cannot cast 1e5 to a whole number",
    "SELECT cast('2026-01-01 10:00:00' AS date)": "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2026-01-01 10:",
    "SELECT date('2026/01/01')": "INVALID_CAST_ARGUMENT: Value cannot be cast to date: 2026/01/01",
    "SELECT cast('2026-01-01T10:00:00Z' AS timestamp)": "INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: ",
    "SELECT from_iso8601_timestamp('2026-01-01 10:00:00')": "INVALID_FUNCTION_ARGUMENT: Invalid format: 2026-01-01 10",
    "SELECT from_iso8601_timestamp('2026-01-01T10:00:00+02:00')": "NOT_SUPPORTED: a time zone other than UTC",
    "SELECT timestamp '2026-01-01 10:00:00 Europe/Berlin'": "NOT_SUPPORTED: a time zone other than UTC",
    "SELECT timestamp '2026-01-01 10:00:00.123456'": "NOT_SUPPORTED: TIMESTAMP(6): ",
    "SELECT split_part('a', 'b', 0)": "INVALID_FUNCTION_ARGUMENT: Index must be greater than zero",
    "SELECT from_base('12', 2)": "INVALID_FUNCTION_ARGUMENT: Not a valid base-2 number: 12",
    "SELECT regexp_like('ab', 'a(?=b)')": "NOT_SUPPORTED: a regular expression: invalid perl operator: (?=",
    "SELECT regexp_extract('a', '(b)?a', 1)": "NOT_SUPPORTED: regexp_extract of a group that need not be there",
    "SELECT regexp_extract('a', 'a', 1)": "INVALID_FUNCTION_ARGUMENT: Pattern has 0 groups. Cannot access group 1",
    "SELECT replace('a', '', 'x')": "NOT_SUPPORTED: replace of an empty text",
    "SELECT interval '1' day": "NOT_SUPPORTED: an interval that is not added",
    "SELECT interval '1' day + interval '2' day": "NOT_SUPPORTED: an interval that is not added",
    "SELECT current_date - interval '1' day * 2": "NOT_SUPPORTED: an interval that is not added",
    "SELECT current_date + interval '1' week": "NOT_SUPPORTED: an interval with the unit week",
    "SELECT nvl(1, 2)": "NOT_SUPPORTED: the function nvl",
    "SELECT user": "NOT_SUPPORTED: user ",
    "SELECT current_schema": "NOT_SUPPORTED: current_schema ",
    "SELECT * FROM information_schema.tables": "NOT_SUPPORTED: information_schema",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT * FROM t": "NOT_SUPPORTED: WITH RECURSIVE",
    "SELECT " + "(" * 500 + "1" + ")" * 500: "NOT_SUPPORTED: a statement with so many parts in each other",
    f"SELECT '{'x' * 262144}'": "SYNTAX_ERROR: a query has at most 262144 bytes",
    "SELECT date_format(current_date, '%D')": "NOT_SUPPORTED: the date format '%D'",
    "SELECT max(a, 2) FROM (VALUES 1) AS t(a)": "NOT_SUPPORTED: ",
    "SELECT ARRAY[1]": "NOT_SUPPORTED: ",
    "SELECT ?": "NOT_SUPPORTED: ",
    "SELECT * FROM read_csv('/etc/hostname')": "NOT_SUPPORTED: ",
    "SELECT * FROM '/etc/hostname'": "TABLE_NOT_FOUND: ",
    "SELECT * FROM orders TABLESAMPLE BERNOULLI (10)": "NOT_SUPPORTED: ",
    "INSERT INTO orders SELECT 1": "NOT_SUPPORTED: the statement INSERT",
    "CREATE TABLE t AS SELECT 1 AS a": "NOT_SUPPORTED: the statement CREATE TABLE",
    "EXPLAIN SELECT 1": "NOT_SUPPORTED: the statement EXPLAIN",
    "MSCK REPAIR TABLE orders": "NOT_SUPPORTED: the statement MSCK REPAIR",
}


def test_what_fails_or_is_not_translated_says_why_in_one_line():
    found = {sql: refusal(sql) for sql in FAILURES}
    assert {sql: reason[: len(FAILURES[sql])] for sql, reason in found.items()} == FAILURES
    assert [reason for reason in found.values() if "\n" in reason or ": " not in reason] == []
