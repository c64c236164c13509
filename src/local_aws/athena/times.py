"""Trino's functions for dates and times in DuckDB's SQL. Pure.

Source: the page "Date and time functions and operators" of Trino's documentation.
"""

import re

from sqlglot import exp

from local_aws.athena.errors import not_supported
from local_aws.athena.nodes import call, cast

_FORMAT = re.compile(r"(?:[^%]|%(?:-[mdHI]|[aAbBdfHIjmMpSyY%]))*")
_UNITS = {"MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}
_FIELDS = {"YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}
_EXTRACTED: dict[str, type[exp.Func]] = {
    "WEEK": exp.WeekOfYear,
    **dict.fromkeys(("DAY_OF_WEEK", "DOW"), exp.DayOfWeekIso),
    **dict.fromkeys(("DAY_OF_YEAR", "DOY"), exp.DayOfYear),
}
_DATE_UNITS = {"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"}


def interval(node: exp.Interval) -> exp.Expr:
    """Refuse the units that Trino's intervals do not have, and an interval of which DuckDB makes another type."""
    other = node.parent.right if isinstance(node.parent, exp.Add) and node.parent.left is node else None
    if not isinstance(node.parent, exp.Add | exp.Sub) or isinstance(other, exp.Interval):
        raise not_supported("an interval that is not added to a date or timestamp, or subtracted,")
    unit = node.text("unit").upper()
    if unit not in _FIELDS - {"QUARTER"} or not node.this.is_string:
        raise not_supported(f"an interval with the unit {unit.lower()}")
    return node


def plus(node: exp.Add | exp.Sub) -> exp.Expr:
    """Let a date stay a date when an interval of days or more is added."""
    date, interval = node.this, node.expression
    if isinstance(date, exp.Interval):
        date, interval = interval, date
    if isinstance(interval, exp.Interval):
        return _like_date(node, date, interval.text("unit"))
    return call("athena_minus", node.this, node.expression) if isinstance(node, exp.Sub) else node


def _like_date(node: exp.Expr, date: exp.Expr, unit: str) -> exp.Expr:
    if unit.upper() not in _UNITS:
        raise not_supported(f"an interval or a date function with the unit {unit}")
    return call("cast_to_type", node.copy(), date.copy()) if unit.upper() in _DATE_UNITS else node


def date_add(node: exp.DateAdd) -> exp.Expr:
    return _like_date(node, node.this, node.text("unit"))


def date_trunc(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expr:
    if node.text("unit").upper() not in _UNITS:
        raise not_supported(f"date_trunc with the unit {node.text('unit')}")
    return call("cast_to_type", node.copy(), node.this.copy())


def extract(node: exp.Extract) -> exp.Expr:
    """Take the function for the days of a week and of a year, which DuckDB names or counts otherwise."""
    field = node.name.upper()
    if function := _EXTRACTED.get(field):
        return function(this=node.expression)
    if field not in _FIELDS:
        raise not_supported(f"extract of {node.name}")
    return node


def date_diff(node: exp.DateDiff) -> exp.Expr:
    """Trino counts whole units, and DuckDB's date_diff counts their beginnings."""
    unit = node.text("unit").lower()
    if unit.upper() not in _UNITS:
        raise not_supported(f"date_diff with the unit {unit}")
    return call("date_sub", unit, node.expression, node.this)


def with_format(node: exp.TimeToStr | exp.StrToTime) -> exp.Expr:
    text = node.args["format"]
    if not isinstance(text, exp.Literal) or not _FORMAT.fullmatch(text.name):
        raise not_supported(f"the date format {text.sql('trino')}")
    return node


def from_unixtime(node: exp.UnixToTime) -> exp.Expr:
    """Trino's result has milliseconds."""
    ms = exp.Mul(this=cast(exp.paren(node.this), "DOUBLE"), expression=exp.Literal.number(1000))
    return call("to_timestamp", exp.Div(this=call("round", ms), expression=cast(exp.Literal.number(1000), "DOUBLE")))


def now(_: exp.CurrentTimestamp) -> exp.Expr:
    """Trino's has milliseconds."""
    return call("date_trunc", "millisecond", call("now"))


def at_time_zone(node: exp.AtTimeZone) -> exp.Expr:
    if node.args["zone"].name.upper() != "UTC":
        raise not_supported("AT TIME ZONE with another zone than UTC")
    return cast(node.this, "TIMESTAMPTZ")
