"""The parts of a query that this stand-in translates. All others are refused: DuckDB may give another answer. Pure."""

from sqlglot import exp

from local_aws.athena.errors import not_supported

# Nodes that mean the same in both dialects, or get the same meaning below. All others are refused.
_STATEMENTS = (
    *(exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset),
    *(exp.Fetch, exp.LimitOptions, exp.Distinct, exp.With, exp.CTE, exp.Subquery, exp.Union, exp.Except, exp.Intersect),
    *(exp.Values, exp.Tuple, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Paren),
    *(exp.Literal, exp.Null, exp.Boolean, exp.Interval, exp.Var, exp.DataType, exp.DataTypeParam, exp.GroupingSets),
    *(exp.Cube, exp.Rollup, exp.Exists, exp.Any, exp.All, exp.Window, exp.WindowSpec, exp.Filter, exp.IgnoreNulls),
)
_OPERATORS = (
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Between),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like, exp.Escape, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg),
    *(exp.DPipe, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.Try, exp.AtTimeZone),
)
_FUNCTIONS = (
    *(exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.AnyValue, exp.ArgMax, exp.ArgMin, exp.LogicalOr),
    *(exp.LogicalAnd, exp.ApproxDistinct, exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist),
    *(exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Coalesce, exp.Nullif),
    *(exp.Greatest, exp.Least, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sign, exp.Sqrt, exp.Pow, exp.Exp, exp.Ln),
    *(exp.Lower, exp.Upper, exp.Length, exp.Substring, exp.Replace, exp.Concat, exp.StrPosition, exp.SplitPart),
    *(exp.StartsWith, exp.Trim, exp.Reverse, exp.RegexpLike, exp.RegexpExtract, exp.FromBase, exp.CurrentTimestamp),
    *(exp.CurrentDate, exp.UnixToTime, exp.TimeToUnix, exp.TimeToStr, exp.StrToTime, exp.Date, exp.TimestampTrunc),
    *(exp.DateTrunc, exp.DateAdd, exp.DateDiff, exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Day),
    *(exp.DayOfWeekIso, exp.DayOfYear, exp.Hour, exp.Minute, exp.Second, exp.FromISO8601Timestamp),
)
_KNOWN = frozenset((*_STATEMENTS, *_OPERATORS, *_FUNCTIONS))
# sqlglot drops these arguments without a word.
_LOST: dict[type[exp.Expr], str] = {
    exp.UnixToTime: "zone",
    exp.CurrentTimestamp: "this",
    exp.Min: "expressions",
    exp.Max: "expressions",
}


def check(query: exp.Expr) -> None:
    """Raise QueryFailedError if the query has something that this stand-in does not translate."""
    for node in query.walk():
        if isinstance(node, exp.Anonymous):
            raise not_supported(f"the function {node.name.lower()}")
        if type(node) not in _KNOWN or node.args.get(_LOST.get(type(node), "")):
            raise not_supported(f"{node.sql('trino') or type(node).__name__}")
