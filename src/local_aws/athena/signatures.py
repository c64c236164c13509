"""What Trino's functions and operators take and return, where DuckDB takes more. Pure.

Source: the page "Functions and operators" of Trino's documentation.
"""

from typing import Any

from sqlglot import Dialect, exp

TEXT, NUMBER, BOOLEAN, TIME, INTERVAL = "varchar", "number", "boolean", "date or timestamp", "interval"
KINDS = {
    **dict.fromkeys(exp.DataType.TEXT_TYPES, TEXT),
    **dict.fromkeys(exp.DataType.NUMERIC_TYPES, NUMBER),
    **dict.fromkeys((exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ), TIME),
    exp.DType.BOOLEAN: BOOLEAN,
    exp.DType.INTERVAL: INTERVAL,
}
CLOCK = {"HOUR", "MINUTE", "SECOND", "MILLISECOND"}

_RETURNS = {
    exp.DType.VARCHAR: (exp.SplitPart, exp.RegexpExtract, exp.Replace, exp.Reverse, exp.JSONExtractScalar),
    exp.DType.BIGINT: (exp.FromBase, exp.Extract),
    exp.DType.DOUBLE: (exp.TimeToUnix,),
    exp.DType.TIMESTAMPTZ: (exp.FromISO8601Timestamp, exp.UnixToTime, exp.CurrentTimestamp, exp.AtTimeZone),
}
_LIKE_THIS = (
    *(exp.Try, exp.ArgMax, exp.ArgMin, exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd, exp.Neg, exp.Nullif),
    *(exp.AnyValue, exp.Trunc),
)
METADATA: Any = {
    **Dialect.get_or_raise("athena").EXPRESSION_METADATA,
    **{node: {"returns": kind} for kind, nodes in _RETURNS.items() for node in nodes},
    **{node: {"annotator": lambda self, node: self._annotate_by_args(node, "this")} for node in _LIKE_THIS},
}

COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
_NUMBERS = {(NUMBER, NUMBER)}
ARITHMETIC: dict[type[exp.Expr], tuple[str, set[tuple[str, str]]]] = {
    exp.Add: ("+", _NUMBERS | {(TIME, INTERVAL), (INTERVAL, TIME), (INTERVAL, INTERVAL)}),
    exp.Sub: ("-", _NUMBERS | {(TIME, INTERVAL), (TIME, TIME), (INTERVAL, INTERVAL)}),
    exp.Mul: ("*", _NUMBERS | {(INTERVAL, NUMBER), (NUMBER, INTERVAL)}),
    exp.Div: ("/", _NUMBERS | {(INTERVAL, NUMBER)}),
    exp.Mod: ("%", _NUMBERS),
}
# What an argument has to be.
_ARGUMENTS: dict[str, tuple[tuple[type[exp.Expr], ...], tuple[str, ...]]] = {
    TEXT: (
        (
            *(exp.Like, exp.DPipe, exp.Concat, exp.Lower, exp.Upper, exp.Length, exp.Substring, exp.Replace, exp.Trim),
            *(exp.StrPosition, exp.SplitPart, exp.StartsWith, exp.Reverse, exp.RegexpLike, exp.RegexpExtract),
            *(exp.StrToTime, exp.FromISO8601Timestamp, exp.ConcatWs, exp.RegexpReplace),
        ),
        ("this", "expression", "expressions", "substr", "delimiter", "replacement"),
    ),
    NUMBER: (
        (
            *(exp.Sum, exp.Avg, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sign, exp.Sqrt, exp.Pow, exp.Exp),
            *(exp.Ln, exp.Log, exp.Degrees, exp.Radians, exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance),
            *(exp.VariancePop, exp.Corr, exp.CovarPop, exp.CovarSamp, exp.UnixToTime, exp.Chr, exp.Ntile),
            *(exp.Trunc,),
        ),
        ("this", "expression", "expressions", "decimals"),
    ),
    TIME: (
        (
            *(exp.TimeToStr, exp.TimeToUnix, exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd, exp.Year, exp.Quarter),
            *(exp.Month, exp.Day, exp.DayOfMonth, exp.DayOfWeekIso, exp.DayOfYear, exp.WeekOfYear, exp.LastDay),
            *(exp.Hour, exp.Minute, exp.Second, exp.AtTimeZone),
        ),
        ("this",),
    ),
    BOOLEAN: (
        (exp.And, exp.Or, exp.Not, exp.Where, exp.CountIf, exp.LogicalOr, exp.LogicalAnd),
        ("this", "expression"),
    ),
}
EXPECTED: dict[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    node: (kind, names) for kind, (nodes, names) in _ARGUMENTS.items() for node in nodes
} | {exp.Join: (BOOLEAN, ("on",))}
MORE_TIMES: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.DateDiff: ("this", "expression"),
    exp.Extract: ("expression",),
}
ALIKE: tuple[type[exp.Expr], ...] = (
    *(exp.Coalesce, exp.Greatest, exp.Least, exp.Between, exp.In, exp.Nullif, exp.Lag, exp.Lead),
)
