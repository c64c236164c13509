"""Macros of DuckDB that compute what Trino's operators and functions do.

Where a result's type depends on the types of the arguments, which only DuckDB knows, a macro computes the result as
text, and casts it to the type that Trino gives it. Sources: the pages "Functions and operators" and "Data types" of
Trino's documentation.
"""

# DuckDB's `cast_to_type(value, other)` casts to the type of `other`, which it does not compute.
MACROS = (
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
    """
    athena_divide(one, other) AS cast_to_type(
        CASE WHEN typeof(one) IN ('DOUBLE', 'FLOAT') OR typeof(other) IN ('DOUBLE', 'FLOAT')
            THEN CAST(one / other AS VARCHAR)
        WHEN typeof(one) LIKE 'DECIMAL%' OR typeof(other) LIKE 'DECIMAL%' THEN athena_quotient(one, other)
        ELSE CAST(one // other AS VARCHAR) END,
        one + other)
    """,
    # In Trino, the difference of two dates is an interval.
    """
    athena_minus(one, other) AS CASE
        WHEN typeof(one) = 'DATE' AND typeof(other) = 'DATE'
            THEN cast_to_type('a difference of dates is an interval: use date_diff', one - other)
        ELSE one - other END
    """,
    # A decimal's average has the decimal's type, and so has its quantile. The other numbers' average is a double.
    """
    athena_average(total, number, mean, sample, quantile) AS cast_to_type(
        CASE WHEN number = 0 THEN NULL
        WHEN typeof(sample) LIKE 'DECIMAL%' THEN athena_quotient(total, number)
        ELSE CAST(mean AS VARCHAR) END,
        quantile)
    """,
    """
    athena_whole(value) AS CASE
        WHEN typeof(value) IN ('DOUBLE', 'FLOAT')
            THEN CAST(CAST(round(TRY_CAST(value AS DOUBLE)) AS HUGEINT) AS VARCHAR)
        WHEN typeof(value) LIKE 'DECIMAL%' THEN CAST(
            athena_half_up(athena_digits(value), CAST('1' || repeat('0', athena_scale(value)) AS HUGEINT)) AS VARCHAR)
        WHEN typeof(value) = 'BOOLEAN' THEN CAST(TRY_CAST(TRY_CAST(value AS BOOLEAN) AS INTEGER) AS VARCHAR)
        WHEN typeof(value) <> 'VARCHAR' OR regexp_full_match(CAST(value AS VARCHAR), '[+-]?[0-9]+')
            THEN CAST(value AS VARCHAR)
        ELSE 'not a whole number' END
    """,
    """
    athena_text(value) AS CASE
        WHEN typeof(value) IN ('DOUBLE', 'FLOAT') THEN CAST(CAST('cast of a double to varchar' AS INTEGER) AS VARCHAR)
        WHEN typeof(value) = 'TIMESTAMP' THEN strftime(TRY_CAST(value AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
        WHEN typeof(value) = 'TIMESTAMP WITH TIME ZONE'
            THEN strftime(TRY_CAST(value AS TIMESTAMPTZ), '%Y-%m-%d %H:%M:%S.%g UTC')
        ELSE CAST(value AS VARCHAR) END
    """,
    # Trino's strings begin at 1, and end at -1; where nothing is, it returns an empty string.
    """
    athena_substring(string, start, count) AS CASE
        WHEN string IS NULL OR start IS NULL OR count IS NULL THEN NULL
        WHEN start = 0 OR count <= 0 OR -start > length(string) THEN ''
        ELSE substring(string, start, count) END
    """,
    """
    athena_split_part(string, delimiter, index) AS CASE
        WHEN index < 1 THEN CAST(CAST('Index must be greater than zero' AS INTEGER) AS VARCHAR)
        WHEN index <= len(string_split(string, delimiter)) THEN split_part(string, delimiter, index) END
    """,
    """
    athena_regexp_extract(string, pattern, number) AS
        CASE WHEN regexp_matches(string, pattern) THEN regexp_extract(string, pattern, number) END
    """,
    """
    athena_from_base(string, radix) AS CAST(CASE
        WHEN radix NOT BETWEEN 2 AND 36 THEN 'Radix must be between 2 and 36'
        WHEN NOT regexp_full_match(lower(string), '[+-]?[0-9a-z]+') THEN 'Not a valid number'
        WHEN len(list_filter(string_split(ltrim(lower(string), '+-'), ''),
            lambda digit: strpos('0123456789abcdefghijklmnopqrstuvwxyz', digit) > radix)) > 0
            THEN 'Not a valid number'
        ELSE CAST(CASE WHEN string LIKE '-%' THEN -1 ELSE 1 END * list_reduce(
            list_transform(string_split(ltrim(lower(string), '+-'), ''),
                lambda digit: CAST(strpos('0123456789abcdefghijklmnopqrstuvwxyz', digit) - 1 AS HUGEINT)),
            lambda sum, digit: sum * radix + digit) AS VARCHAR) END AS BIGINT)
    """,
)
