"""Macros of DuckDB that compute what Trino's operators and functions do.

Where a result's type depends on the types of the arguments, which only DuckDB knows, a macro computes the result as
text, and casts it to the type that Trino gives it. Sources: the pages "Functions and operators" and "Data types" of
Trino's documentation.
"""

import re

# DuckDB's `cast_to_type(value, other)` casts to the type of `other`, which it does not compute. DuckDB's `error` can't
# stand in a TRY. So where a value is impossible, a macro returns the reason as text, which no type takes: `engine`
# finds the reason in what DuckDB says of that.
MACROS = (
    "athena_fail(reason) AS CAST(CAST(reason AS INTEGER) AS VARCHAR)",  # where the result is text itself
    "athena_is_double(number) AS typeof(number) IN ('DOUBLE', 'FLOAT')",
    "athena_is_decimal(number) AS typeof(number) LIKE 'DECIMAL%'",
    """
    athena_point(digits, scale) AS  -- a whole number, and how many of its digits are behind the point
        regexp_replace(
            CASE WHEN digits < 0 THEN '-' ELSE '' END || repeat('0', scale + 1) || abs(digits)::VARCHAR,
            '([0-9]{' || scale || '})$', '.\\1')
    """,
    "athena_digits(number) AS CAST(replace(number::VARCHAR, '.', '') AS HUGEINT)",
    "athena_scale(number) AS length(split_part(number::VARCHAR, '.', 2))::INTEGER",
    """
    athena_half_up(one, other) AS
        (sign(one) * sign(other))::HUGEINT * ((2 * abs(one) + abs(other)) // (2 * abs(other)))
    """,
    """
    athena_quotient(one, other) AS athena_point(
        athena_half_up(
            athena_digits(one) * CAST('1' || repeat('0',
                greatest(athena_scale(one), athena_scale(other)) - athena_scale(one) + athena_scale(other)) AS HUGEINT),
            athena_digits(other)),
        greatest(athena_scale(one), athena_scale(other)))
    """,
    # The type of x * integer * ...: that of x, or a decimal of 38 digits with the scale of x.
    "athena_wide(number) AS number" + " * CAST(1 AS INTEGER)" * 4,
    """
    athena_divide(one, other) AS cast_to_type(
        CASE WHEN athena_is_double(one) OR athena_is_double(other) THEN CAST(one / other AS VARCHAR)
        WHEN other = 0 THEN 'DIVISION_BY_ZERO: Division by zero'
        WHEN athena_is_decimal(one) OR athena_is_decimal(other) THEN athena_quotient(one, other)
        ELSE CAST(one // other AS VARCHAR) END,
        athena_wide(one + other))
    """,
    """
    athena_modulus(one, other) AS cast_to_type(
        CASE WHEN other = 0 AND NOT athena_is_double(one) AND NOT athena_is_double(other)
            THEN 'DIVISION_BY_ZERO: Division by zero'
        ELSE CAST(one % other AS VARCHAR) END,
        one % other)
    """,
    # DuckDB's round keeps the type of a whole number, as Trino's functions do. Its floor, ceil and sign do not.
    """
    athena_whole_part(number, part) AS cast_to_type(
        CASE WHEN typeof(number) LIKE '%INT%' THEN CAST(number AS VARCHAR) ELSE CAST(part AS VARCHAR) END,
        round(number))
    """,
    "athena_sign(number) AS cast_to_type(CAST(sign(number) AS VARCHAR), round(number))",
    "athena_round(number, digits) AS cast_to_type(round(number, digits), number + number)",
    # In Trino, the difference of two dates is an interval.
    """
    athena_minus(one, other) AS CASE
        WHEN typeof(one) = 'DATE' AND typeof(other) = 'DATE'
            THEN cast_to_type('NOT_SUPPORTED: a difference of dates: use date_diff', one - other)
        ELSE one - other END
    """,
    # A decimal's average has the decimal's type, and so has its quantile. The other numbers' average is a double.
    """
    athena_average(total, number, mean, sample, quantile) AS cast_to_type(
        CASE WHEN number = 0 THEN NULL
        WHEN athena_is_decimal(sample) THEN athena_quotient(total, number)
        ELSE CAST(mean AS VARCHAR) END,
        quantile)
    """,
    """
    athena_no_cast(value, kind) AS 'INVALID_CAST_ARGUMENT: Cannot cast ' || CAST(value AS VARCHAR) || ' to ' || kind
    """,
    """
    athena_whole(value) AS CASE
        WHEN athena_is_double(value) THEN
            coalesce(CAST(TRY_CAST(round(TRY_CAST(value AS DOUBLE)) AS HUGEINT) AS VARCHAR),
                athena_no_cast(value, 'a whole number'))
        WHEN athena_is_decimal(value) THEN CAST(
            athena_half_up(athena_digits(value), CAST('1' || repeat('0', athena_scale(value)) AS HUGEINT)) AS VARCHAR)
        WHEN typeof(value) = 'BOOLEAN' THEN CAST(TRY_CAST(TRY_CAST(value AS BOOLEAN) AS INTEGER) AS VARCHAR)
        WHEN typeof(value) <> 'VARCHAR' OR regexp_full_match(CAST(value AS VARCHAR), '[+-]?[0-9]+')
            THEN CAST(value AS VARCHAR)
        ELSE athena_no_cast(value, 'a whole number') END
    """,
    """
    athena_boolean(value) AS CASE
        WHEN typeof(value) <> 'VARCHAR' OR lower(CAST(value AS VARCHAR)) IN ('t', 'f', '1', '0', 'true', 'false')
            THEN CAST(value AS VARCHAR)
        ELSE athena_no_cast(value, 'BOOLEAN') END
    """,
    """
    athena_date(value) AS CASE
        WHEN typeof(value) <> 'VARCHAR' THEN CAST(TRY_CAST(value AS DATE) AS VARCHAR)
        WHEN regexp_full_match(trim(CAST(value AS VARCHAR)), '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}')
            AND TRY_CAST(value AS DATE) IS NOT NULL THEN trim(CAST(value AS VARCHAR))
        ELSE 'INVALID_CAST_ARGUMENT: Value cannot be cast to date: ' || CAST(value AS VARCHAR) END
    """,
    # `zones` is a pattern. Trino rounds to milliseconds.
    """
    athena_moment(value, zones) AS CASE
        WHEN typeof(value) <> 'VARCHAR' THEN CAST(value AS VARCHAR)
        WHEN regexp_full_match(trim(CAST(value AS VARCHAR)),
            '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]+)?)?)?( ?' || zones || ')?')
            AND TRY_CAST(value AS TIMESTAMP) IS NOT NULL
            THEN CAST(CAST(TRY_CAST(value AS TIMESTAMP) AS TIMESTAMP_MS) AS VARCHAR)
        WHEN zones <> '' AND regexp_full_match(trim(CAST(value AS VARCHAR)), '[0-9-]{8,10} [0-9:.]+ ?[A-Za-z+-].*')
            THEN 'NOT_SUPPORTED: a time zone other than UTC does not run on this machine: ' || CAST(value AS VARCHAR)
        ELSE 'INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: ' || CAST(value AS VARCHAR) END
    """,
    """
    athena_iso8601(value) AS CAST(CASE
        WHEN regexp_full_match(value, '[0-9]{4}-[0-9]{2}-[0-9]{2}'
            || '(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[+]00:?00)?)?')
            THEN CAST(CAST(value AS TIMESTAMP_MS) AS VARCHAR)
        WHEN regexp_full_match(value, '.*T.*[+-][0-9]{2}:?[0-9]{2}')
            THEN 'NOT_SUPPORTED: a time zone other than UTC does not run on this machine: ' || value
        ELSE 'INVALID_FUNCTION_ARGUMENT: Invalid format: ' || value END AS TIMESTAMPTZ)
    """,
    """
    athena_text(value) AS CASE
        WHEN athena_is_double(value)
            THEN athena_fail('NOT_SUPPORTED: a cast of a double to varchar does not run on this machine')
        WHEN typeof(value) = 'TIMESTAMP' THEN strftime(TRY_CAST(value AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
        WHEN typeof(value) = 'TIMESTAMP WITH TIME ZONE'
            THEN strftime(TRY_CAST(value AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g UTC')
        ELSE CAST(value AS VARCHAR) END
    """,
    # In Unicode's simple mapping, which Trino has, a sharp s stays as it is.
    "athena_upper(string) AS array_to_string(list_transform(string_split(string, 'ß'), lambda part: upper(part)), 'ß')",
    # Trino's strings begin at 1, and end at -1; where nothing is, it returns an empty string.
    """
    athena_substring(string, start, count) AS CASE
        WHEN string IS NULL OR start IS NULL OR count IS NULL THEN NULL
        WHEN start = 0 OR count <= 0 OR -start > length(string) THEN ''
        ELSE substring(string, start, count) END
    """,
    """
    athena_split_part(string, delimiter, index) AS CASE
        WHEN index < 1 THEN athena_fail('INVALID_FUNCTION_ARGUMENT: Index must be greater than zero')
        WHEN index <= len(string_split(string, delimiter)) THEN split_part(string, delimiter, index) END
    """,
    """
    athena_replace(string, search, replacement) AS CASE
        WHEN search = '' AND replacement <> ''
            THEN athena_fail('NOT_SUPPORTED: replace of an empty text does not run on this machine')
        ELSE replace(string, search, replacement) END
    """,
    """
    athena_regexp_extract(string, pattern, number) AS
        CASE WHEN regexp_matches(string, pattern) THEN regexp_extract(string, pattern, number) END
    """,
    # DuckDB makes doubles of JSON's numbers. So they become strings first: each string or number is marked behind it,
    # and before it if it is a number. No JSON has the character of the marks.
    """
    athena_json_scalar(json, path) AS TRY(
        CASE WHEN json_valid(json) AND json_type(json, path) NOT IN ('OBJECT', 'ARRAY') THEN json_extract_string(
            replace(
                replace(
                    regexp_replace(json, '("(?:[^"\\\\]|\\\\.)*")|(-?[0-9][-+.0-9eE]*)',
                        '\\1' || chr(1) || '\\2' || chr(1), 'g'),
                    chr(1) || chr(1), ''),
                chr(1), '"'),
            path) END)
    """,
    """
    athena_from_base(string, radix) AS CAST(CASE
        WHEN radix NOT BETWEEN 2 AND 36 THEN 'INVALID_FUNCTION_ARGUMENT: Radix must be between 2 and 36'
        WHEN NOT regexp_full_match(lower(string), '[+-]?[0-9a-z]+')
            THEN 'INVALID_FUNCTION_ARGUMENT: Not a valid base-' || radix || ' number: ' || string
        WHEN len(list_filter(string_split(ltrim(lower(string), '+-'), ''),
            lambda digit: strpos('0123456789abcdefghijklmnopqrstuvwxyz', digit) > radix)) > 0
            THEN 'INVALID_FUNCTION_ARGUMENT: Not a valid base-' || radix || ' number: ' || string
        ELSE CAST(CASE WHEN string LIKE '-%' THEN -1 ELSE 1 END * list_reduce(
            list_transform(string_split(ltrim(lower(string), '+-'), ''),
                lambda digit: CAST(strpos('0123456789abcdefghijklmnopqrstuvwxyz', digit) - 1 AS HUGEINT)),
            lambda sum, digit: sum * radix + digit) AS VARCHAR) END AS BIGINT)
    """,
)
_DEFINED = {re.findall(r"\w+", macro)[0]: macro for macro in MACROS}
_INNER = {name for macro in MACROS for name in re.findall(r"\bathena_\w+", macro)[1:]}


def used(sql: str) -> list[str]:
    """Return the names of the macros that a text in DuckDB's SQL uses, and those that they use, in the order to create.

    To create all of them would take longer than most queries.
    """
    found: set[str] = set()
    names = set(re.findall(r"\bathena_\w+", sql.lower())) & set(_DEFINED)
    while names - found:
        found |= names
        names = {name for each in names for name in re.findall(r"\bathena_\w+", _DEFINED[each])}
    return [name for name in _DEFINED if name in found]


def create(name: str) -> str:
    """Return the statement that makes a macro, unless it is there.

    DuckDB copies an argument to each place that names it: `a / b / c / d` would be thousands of copies. So such
    arguments are put into a list of one, and a lambda computes the result of it.
    """
    head, body = re.split(r"\s+AS\s+", re.sub("--.*", "", _DEFINED[name]), maxsplit=1)
    repeated = [each for each in re.findall(r"\w+", head)[1:] if len(re.findall(rf"\b{each}\b", body)) > 1]
    if repeated and name not in _INNER:
        once = ", ".join(f"'{each}': {each}" for each in repeated)
        inside = re.sub(rf"\b({'|'.join(repeated)})\b", r"it.\1", body)
        body = f"list_transform([{{{once}}}], lambda it: {inside})[1]"
    return f"CREATE MACRO IF NOT EXISTS {head} AS {body}"
