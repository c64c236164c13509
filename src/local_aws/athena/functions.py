"""Trino's functions and operators in DuckDB's SQL. Pure.

sqlglot translates names and syntax. What it leaves different is here, and in the macros. Sources: the pages "Functions
and operators" and "Data types" of Trino's documentation.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local_aws.athena import casts, times
from local_aws.athena.errors import QueryFailedError, not_supported
from local_aws.athena.nodes import call, cast

# Those of Character.isWhitespace in Java.
_WHITE_SPACE = "\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2028\u2029\u205f\u3000" + "".join(
    chr(each)
    for each in range(0x2000, 0x200B)
    if each != 0x2007  # noqa: PLR2004 - it does not break a line
)


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


def _aggregate(node: exp.AggFunc) -> exp.Expr:
    """Give a sum or an average its type. FILTER and OVER belong to each aggregate that this takes."""
    outer: exp.Expr = node
    while isinstance(outer.parent, exp.Filter | exp.IgnoreNulls | exp.Window) and outer is outer.parent.this:
        outer = outer.parent

    def like(name: str, *more: exp.Expr, distinct: bool = True) -> exp.Expr:
        argument = node.this.copy()
        if not distinct and isinstance(argument, exp.Distinct):
            argument = argument.expressions[0]
        new = call(name, argument, *more)
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
        wide = call("athena_wide", exp.Mul(this=sample, expression=cast(exp.Literal.number(1), "BIGINT")))
        new = call("cast_to_type", like("sum"), wide)
    else:
        quantile = like("quantile_cont", exp.Literal.number(0), distinct=False)
        new = call("athena_average", like("sum"), like("count"), like("avg"), sample, quantile)
    if outer is node:
        return new
    outer.replace(new)
    return node


def _log(node: exp.Log) -> exp.Expr:
    """Trino divides natural logarithms, but for log10."""
    base, number = node.this, node.expression
    if base.name == "10":
        return call("log10", number)
    return exp.Paren(this=exp.Div(this=exp.Ln(this=number), expression=exp.Ln(this=base)))


def _substring(node: exp.Substring) -> exp.Expr:
    count = node.args.get("length") or call("length", node.this.copy())
    return call("athena_substring", node.this, node.args["start"], count)


def _trim(node: exp.Trim) -> exp.Expr:
    """Name the characters that Trino removes: DuckDB removes spaces alone."""
    if node.expression:
        raise not_supported("trim of other characters than white space")
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.text("position").upper(), "trim")
    return call(name, node.this, exp.Literal.string(_WHITE_SPACE))


def _split_part(node: exp.SplitPart) -> exp.Expr:
    return call("athena_split_part", node.this, node.args["delimiter"], node.args["part_index"])


def _regexp_extract(node: exp.RegexpExtract) -> exp.Expr:
    """Refuse a group that need not take part in the match: it is NULL in Trino then, and an empty text in DuckDB."""
    group = node.args.get("group") or exp.Literal.number(0)
    if group.name != "0":
        pattern = node.expression.name
        if not isinstance(node.expression, exp.Literal) or re.search(r"\||\)[?*]|\)\{0", pattern):
            raise not_supported(f"regexp_extract of a group that need not be there: {pattern}: it")
        groups = len(re.findall(r"(?<!\\)\((?!\?)", pattern))
        if int(group.name) > groups:
            raise QueryFailedError(
                f"INVALID_FUNCTION_ARGUMENT: Pattern has {groups} groups. Cannot access group {group.name}"
            )
    return call("athena_regexp_extract", node.this, node.expression, group)


def _replace(node: exp.Replace) -> exp.Expr:
    return call("athena_replace", node.this, node.expression, node.args.get("replacement") or exp.Literal.string(""))


def _text(node: exp.DPipe | exp.Concat) -> exp.Expr:
    """NULL has the type of text here, too."""
    return node if isinstance(node.parent, exp.DPipe | exp.Cast) else cast(exp.paren(node.copy()), "VARCHAR")


def _json_scalar(node: exp.JSONExtractScalar) -> exp.Expr:
    """Write the path as DuckDB has it: `$."gift-wrap"[0]`."""
    if not isinstance(node.expression, exp.JSONPath):
        raise not_supported("json_extract_scalar with a path that is no text of the query")
    path = "$"
    for step in node.expression.expressions[1:]:
        name = step.this
        if isinstance(name, str) and '"' not in name:
            path += f'."{name}"'
        elif isinstance(name, int) and name >= 0:
            path += f"[{name}]"
        else:
            raise not_supported("this form of a JSON path")
    return call("athena_json_scalar", node.this, exp.Literal.string(path))


def _round(node: exp.Round) -> exp.Expr:
    digits = node.args.get("decimals")
    return call("athena_round", node.this, digits) if digits else node


def _whole_part(node: exp.Floor | exp.Ceil) -> exp.Expr:
    return call("athena_whole_part", node.this, node.copy())


def _truncate(node: exp.Trunc) -> exp.Expr:
    if node.args.get("decimals"):
        raise not_supported("truncate with two arguments")
    return call("athena_whole_part", node.this, call("trunc", node.this.copy()))


def _regexp_replace(node: exp.RegexpReplace) -> exp.Expr:
    r"""Trino replaces all that matches, and names a group $1, which is \1 in DuckDB."""
    new = node.args.get("replacement") or exp.Literal.string("")
    if not isinstance(new, exp.Literal) or "\\" in new.name or re.search(r"\$(?!\d)", new.name):
        raise not_supported(f"regexp_replace with the replacement {new.sql('trino')}")
    text = re.sub(r"\$(\d)", r"\\\1", new.name)
    return call("regexp_replace", node.this, node.expression, text, "g")


def _named(name: str) -> Callable[[exp.Expr], exp.Expr]:
    """Let a macro stand for a function or operator with the same arguments."""
    return lambda node: call(name, *(each for each in (node.this, node.args.get("expression")) if each))


def _count_distinct(node: exp.ApproxDistinct) -> exp.Expr:
    """Trino's answer is near the exact one, which this is."""
    return exp.Count(this=exp.Distinct(expressions=[node.this]))


def _extreme(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    if node.args.get("count"):
        raise not_supported("max_by and min_by with three arguments")
    name = "arg_max_null" if isinstance(node, exp.ArgMax) else "arg_min_null"
    return call(name, node.this, node.expression)


_CHANGES: dict[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.Literal: casts.literal,
    exp.Div: _named("athena_divide"),
    exp.Mod: _named("athena_modulus"),
    exp.Sign: _named("athena_sign"),
    exp.Floor: _whole_part,
    exp.Ceil: _whole_part,
    exp.Log: _log,
    exp.Sum: _aggregate,
    exp.Avg: _aggregate,
    exp.Add: times.plus,
    exp.Sub: times.plus,
    exp.DateAdd: times.date_add,
    exp.TimestampTrunc: times.date_trunc,
    exp.DateTrunc: times.date_trunc,
    exp.DateDiff: times.date_diff,
    exp.Extract: times.extract,
    exp.TimeToStr: times.with_format,
    exp.StrToTime: times.with_format,
    exp.UnixToTime: times.from_unixtime,
    exp.Cast: casts.cast_from_any,
    exp.TryCast: casts.cast_from_any,
    exp.AtTimeZone: times.at_time_zone,
    exp.Substring: _substring,
    exp.SplitPart: _split_part,
    exp.Trim: _trim,
    exp.RegexpExtract: _regexp_extract,
    exp.Replace: _replace,
    exp.DPipe: _text,
    exp.Concat: _text,
    exp.Interval: times.interval,
    exp.RegexpReplace: _regexp_replace,
    exp.Trunc: _truncate,
    exp.FromBase: _named("athena_from_base"),
    exp.FromISO8601Timestamp: _named("athena_iso8601"),
    exp.Upper: _named("athena_upper"),
    exp.CurrentTimestamp: times.now,
    exp.Date: casts.date,
    exp.JSONExtractScalar: _json_scalar,
    exp.Round: _round,
    exp.ApproxDistinct: _count_distinct,
    exp.ArgMax: _extreme,
    exp.ArgMin: _extreme,
}
