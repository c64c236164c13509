"""Trino's literals and casts in DuckDB's SQL. Pure.

Sources: the page "Conversion functions" of Trino's documentation; Trino, Decimals and VarcharToTimestampCast.
"""

import re

from sqlglot import exp

from local_aws.athena.errors import QueryFailedError, not_supported
from local_aws.athena.nodes import call, cast

_WHOLE = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
_TIMES = {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ}
_FROM_TEXT = {exp.DType.BOOLEAN: "athena_boolean", exp.DType.DATE: "athena_date"}
_PLAIN = {exp.DType.DOUBLE, exp.DType.DECIMAL}
_LARGEST = 2**63 - 1
_BIGINT_DIGITS, _DECIMAL_DIGITS = 19, 38


def cast_from_any(node: exp.Cast) -> exp.Expr:
    """Cast as Trino does. The macros turn the value into text that the type takes."""
    kind, value = node.to, node.this
    if kind.this in _TIMES:
        if any(each.name not in {"0", "1", "2", "3"} for each in kind.expressions) or (
            kind.expressions and not isinstance(value, exp.Literal)
        ):
            raise not_supported(f"{kind.sql('trino')}: a timestamp has milliseconds here, so this type")
        zones = "" if kind.this is exp.DType.TIMESTAMP else "(UTC|Z|[+-]00:00)"
        return type(node)(this=call("athena_moment", value, zones), to=exp.DataType(this=kind.this))
    if kind.this in _WHOLE:
        value = call("athena_whole", value)
    elif kind.this in _FROM_TEXT:
        value = call(_FROM_TEXT[kind.this], value)
    elif kind.this is exp.DType.VARCHAR and not kind.expressions:
        text = call("athena_text", value)
        return call("try", text) if isinstance(node, exp.TryCast) else text
    elif kind.this is exp.DType.DECIMAL and len(kind.expressions) != 2:  # noqa: PLR2004
        raise not_supported("decimal without its digits: write decimal(28,9), for example;")
    elif kind.this not in _PLAIN:
        raise not_supported(f"a cast to {kind.sql('trino')}")
    return type(node)(this=value, to=kind.copy())


def literal(node: exp.Literal) -> exp.Expr:
    """Give a number the type that Trino gives it."""
    text = node.this
    if node.is_string or re.search("[eExX]", text):
        return node
    whole, point, fraction = text.lstrip("0").partition(".")
    if not point:
        if len(whole) > _BIGINT_DIGITS or int(text) > _LARGEST + isinstance(node.parent, exp.Neg):
            raise QueryFailedError(f"SYNTAX_ERROR: Invalid numeric literal: {text}")
        return node
    digits = max(len(whole) + len(fraction), 1)
    if digits > _DECIMAL_DIGITS:
        raise QueryFailedError(f"NUMERIC_VALUE_OUT_OF_RANGE: Value exceeds maximum precision: {text}")
    return cast(exp.Literal.string(text), f"DECIMAL({digits},{len(fraction)})")


def date(node: exp.Date) -> exp.Expr:
    return cast(call("athena_date", node.this), "DATE")
