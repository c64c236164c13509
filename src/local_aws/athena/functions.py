"""Trino's functions and operators in DuckDB's SQL. Pure.

sqlglot translates names and syntax. What it leaves different is here, and in the macros. Sources: the pages "Functions
and operators" and "Data types" of Trino's documentation.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local_aws.athena.errors import not_supported

_FORMAT = re.compile(r"(?:[^%]|%(?:-[mdHI]|[aAbBdfHIjmMpSyY%]))*")
_UNITS = {"SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
_FIELDS = {"YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}
_DATE_UNITS = {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
# Those of Character.isWhitespace in Java.
_WHITE_SPACE = "\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2028\u2029\u205f\u3000" + "".join(
    chr(each)
    for each in range(0x2000, 0x200B)
    if each != 0x2007  # noqa: PLR2004 - it does not break a line
)
_WHOLE = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
_TIMES = {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ}
_PLAIN = {exp.DType.DOUBLE, exp.DType.BOOLEAN, exp.DType.DATE}


def rewrite(query: exp.Expr) -> exp.Expr:
    """Return the query with macros and functions of DuckDB in place of Trino's. Raises QueryFailedError."""
    for node in list(query.walk(bfs=False))[::-1]:  # inner nodes first
        if change := _CHANGES.get(type(node)):
            new = change(node)
            if new is not node:
                if node is query:
                    query = new
                else:
                    node.replace(new)
    return query


def _call(name: str, *arguments: exp.Expr | str) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[exp.convert(each) for each in arguments])


def _cast(value: exp.Expr, kind: str) -> exp.Cast:
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def _divide(node: exp.Div) -> exp.Expr:
    return _call("athena_divide", node.this, node.expression)


def _aggregate(node: exp.AggFunc) -> exp.Expr:
    """Give a sum or an average its type. FILTER and OVER belong to each aggregate that this takes."""
    outer: exp.Expr = node
    while isinstance(outer.parent, exp.Filter | exp.IgnoreNulls | exp.Window) and outer is outer.parent.this:
        outer = outer.parent

    def like(name: str, *more: exp.Expr, distinct: bool = True) -> exp.Expr:
        argument = node.this.copy()
        if not distinct and isinstance(argument, exp.Distinct):
            argument = argument.expressions[0]
        new = _call(name, argument, *more)
        if outer is node:
            return new
        copy = outer.copy()
        inner = copy
        while isinstance(inner, exp.Filter | exp.IgnoreNulls | exp.Window):
            inner = inner.this
        inner.replace(new)
        return copy

    sample = like("any_value", distinct=False)
    if isinstance(node, exp.Sum):
        # The type of x * bigint * bigint: bigint, double, or a decimal of 38 digits with the scale of x.
        once = exp.Mul(this=sample, expression=_cast(exp.Literal.number(1), "BIGINT"))
        twice = exp.Mul(this=once, expression=_cast(exp.Literal.number(1), "BIGINT"))
        new = _call("cast_to_type", like("sum"), twice)
    else:
        quantile = like("quantile_cont", exp.Literal.number(0), distinct=False)
        new = _call("athena_average", like("sum"), like("count"), like("avg"), sample, quantile)
    if outer is node:
        return new
    outer.replace(new)
    return node


def _plus(node: exp.Add | exp.Sub) -> exp.Expr:
    """Let a date stay a date when an interval of days or more is added."""
    date, interval = node.this, node.expression
    if isinstance(date, exp.Interval):
        date, interval = interval, date
    if isinstance(interval, exp.Interval):
        return _like_date(node, date, interval.text("unit"))
    return _call("athena_minus", node.this, node.expression) if isinstance(node, exp.Sub) else node


def _like_date(node: exp.Expr, date: exp.Expr, unit: str) -> exp.Expr:
    if unit.upper() not in _UNITS:
        raise not_supported(f"an interval or a date function with the unit {unit}")
    return _call("cast_to_type", node.copy(), date.copy()) if unit.upper() in _DATE_UNITS else node


def _date_add(node: exp.DateAdd) -> exp.Expr:
    return _like_date(node, node.this, node.text("unit"))


def _date_trunc(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expr:
    if node.text("unit").upper() not in _UNITS:
        raise not_supported(f"date_trunc with the unit {node.text('unit')}")
    return _call("cast_to_type", node.copy(), node.this.copy())


def _extract(node: exp.Extract) -> exp.Expr:
    """Refuse the days of a week and of a year, which DuckDB names or counts otherwise."""
    if node.name.upper() not in _FIELDS:
        raise not_supported(f"extract of {node.name}")
    return node


def _date_diff(node: exp.DateDiff) -> exp.Expr:
    """Trino counts whole units, and DuckDB's date_diff counts their beginnings."""
    unit = node.text("unit").lower()
    if unit.upper() not in _UNITS:
        raise not_supported(f"date_diff with the unit {unit}")
    return _call("date_sub", unit, node.expression, node.this)


def _format(node: exp.TimeToStr | exp.StrToTime) -> exp.Expr:
    text = node.args["format"]
    if not isinstance(text, exp.Literal) or not _FORMAT.fullmatch(text.name):
        raise not_supported(f"the date format {text.sql('trino')}")
    return node


def _from_unixtime(node: exp.UnixToTime) -> exp.Expr:
    """Trino's result has milliseconds."""
    ms = exp.Mul(this=_cast(exp.paren(node.this), "DOUBLE"), expression=exp.Literal.number(1000))
    return _call("to_timestamp", exp.Div(this=_call("round", ms), expression=_cast(exp.Literal.number(1000), "DOUBLE")))


def _whole_from_any(node: exp.Cast) -> exp.Expr:
    kind = node.to
    if kind.this in _WHOLE:
        return type(node)(this=_call("athena_whole", node.this), to=kind.copy())
    if kind.this in _TIMES:
        return type(node)(this=node.this, to=exp.DataType(this=kind.this))
    if kind.this in _PLAIN or (kind.this is exp.DType.DECIMAL and len(kind.expressions) == 2):  # noqa: PLR2004
        return node
    if kind.this is exp.DType.VARCHAR and not kind.expressions:
        text = _call("athena_text", node.this)
        return _call("try", text) if isinstance(node, exp.TryCast) else text
    if kind.this is exp.DType.DECIMAL:
        raise not_supported("decimal without its digits: write decimal(28,9), for example;")
    raise not_supported(f"a cast to {kind.sql('trino')}")


def _at_time_zone(node: exp.AtTimeZone) -> exp.Expr:
    if node.args["zone"].name.upper() != "UTC":
        raise not_supported("AT TIME ZONE with another zone than UTC")
    return _cast(node.this, "TIMESTAMPTZ")


def _substring(node: exp.Substring) -> exp.Expr:
    count = node.args.get("length") or _call("length", node.this.copy())
    return _call("athena_substring", node.this, node.args["start"], count)


def _trim(node: exp.Trim) -> exp.Expr:
    """Name the characters that Trino removes: DuckDB removes spaces alone."""
    if node.expression:
        raise not_supported("trim of other characters than white space")
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.text("position").upper(), "trim")
    return _call(name, node.this, exp.Literal.string(_WHITE_SPACE))


def _split_part(node: exp.SplitPart) -> exp.Expr:
    return _call("athena_split_part", node.this, node.args["delimiter"], node.args["part_index"])


def _regexp_extract(node: exp.RegexpExtract) -> exp.Expr:
    group = node.args.get("group") or exp.Literal.number(0)
    return _call("athena_regexp_extract", node.this, node.expression, group)


def _from_base(node: exp.FromBase) -> exp.Expr:
    return _call("athena_from_base", node.this, node.expression)


def _round(node: exp.Round) -> exp.Expr:
    return _call("cast_to_type", node.copy(), node.this.copy()) if node.args.get("decimals") else node


def _count_distinct(node: exp.ApproxDistinct) -> exp.Expr:
    """Trino's answer is near the exact one, which this is."""
    return exp.Count(this=exp.Distinct(expressions=[node.this]))


def _extreme(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    if node.args.get("count"):
        raise not_supported("max_by and min_by with three arguments")
    name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
    return _call(name, node.this, node.expression)


_CHANGES: dict[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.Div: _divide,
    exp.Sum: _aggregate,
    exp.Avg: _aggregate,
    exp.Add: _plus,
    exp.Sub: _plus,
    exp.DateAdd: _date_add,
    exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc,
    exp.DateDiff: _date_diff,
    exp.Extract: _extract,
    exp.TimeToStr: _format,
    exp.StrToTime: _format,
    exp.UnixToTime: _from_unixtime,
    exp.Cast: _whole_from_any,
    exp.TryCast: _whole_from_any,
    exp.AtTimeZone: _at_time_zone,
    exp.Substring: _substring,
    exp.SplitPart: _split_part,
    exp.Trim: _trim,
    exp.RegexpExtract: _regexp_extract,
    exp.FromBase: _from_base,
    exp.Round: _round,
    exp.ApproxDistinct: _count_distinct,
    exp.ArgMax: _extreme,
    exp.ArgMin: _extreme,
}
