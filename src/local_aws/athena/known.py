"""The parts of a query that this stand-in translates. All others are refused: DuckDB may give another answer. Pure."""

import re

from sqlglot import exp

from local_aws.athena.errors import not_supported


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(re.findall(r"\w+", text))


# Trino's names of the functions that mean the same in DuckDB, or get the same meaning in `functions`.
FUNCTIONS = words(
    """
    abs any_value approx_distinct arbitrary avg bool_and bool_or ceil ceiling chr coalesce concat concat_ws corr count
    count_if covar_pop covar_samp cume_dist date date_add date_diff date_format date_parse date_trunc day day_of_month
    day_of_week day_of_year degrees dense_rank dow doy exp extract first_value floor from_base from_iso8601_timestamp
    from_unixtime greatest grouping hour if json_extract_scalar lag last_day_of_month last_value lead least length ln
    log log10 log2 lower lpad ltrim max max_by min min_by minute mod month now nth_value ntile nullif percent_rank pi
    position pow power quarter radians rank regexp_extract regexp_like regexp_replace replace reverse round row_number
    rpad rtrim second sign split_part sqrt starts_with stddev stddev_pop stddev_samp strpos substr substring sum
    to_unixtime trim truncate try upper var_pop var_samp variance week week_of_year year
    """
)
# Nodes that mean the same in both dialects, or get the same meaning. Those without a list of their own may have `this`,
# `expression` and `expressions` only: sqlglot has arguments for clauses that Athena lacks, such as GROUP BY ALL.
_PLAIN = "this expression expressions negate"
_CLAUSES: dict[type[exp.Expr], str] = {
    exp.Select: "with_ expressions distinct from_ joins where group having order limit offset windows",
    exp.Subquery: "this alias joins with_",
    exp.Table: "this db catalog alias joins",
    exp.TableAlias: "this columns",
    exp.Alias: "this alias",
    exp.Column: "this table db catalog",
    exp.Identifier: "this quoted",
    exp.Literal: "this is_string",
    exp.Star: "",
    exp.Distinct: "expressions",
    exp.From: "this",
    exp.Join: "this side kind on using",
    exp.Group: "expressions grouping_sets cube rollup",
    exp.Ordered: "this desc nulls_first",
    exp.Limit: "expression",
    exp.Fetch: "direction count limit_options",
    exp.LimitOptions: "rows",
    exp.With: "expressions recursive",
    exp.CTE: "this alias",
    exp.Values: "expressions alias",
    exp.Interval: "this unit",
    exp.DataType: "this expressions nested",
    exp.Window: "this partition_by order spec over alias",
    exp.WindowSpec: "kind start start_side end end_side",
    **dict.fromkeys((exp.Union, exp.Except, exp.Intersect), "with_ this expression distinct order limit offset"),
    exp.In: "this expressions query negate",
    exp.Between: "this low high negate",
    exp.Case: "this ifs default",
    exp.If: "this true false",
    **dict.fromkeys((exp.Cast, exp.TryCast), "this to safe"),
    exp.Div: "this expression typed safe",
    exp.AtTimeZone: "this zone",
    exp.Count: "this big_int",
    exp.Round: "this decimals",
    exp.Substring: "this start length",
    exp.Replace: "this expression replacement",
    exp.Concat: "expressions safe coalesce",
    exp.ConcatWs: "expressions safe coalesce",
    exp.StrPosition: "this substr",
    exp.SplitPart: "this delimiter part_index",
    exp.Trim: "this position",
    exp.RegexpReplace: "this expression replacement",
    exp.Pad: "this expression fill_pattern is_left",
    exp.Trunc: "this decimals",
    exp.RegexpExtract: "this expression group null_if_pos_overflow",
    **dict.fromkeys((exp.Lag, exp.Lead), "this offset default"),
    exp.NthValue: "this offset",
    **dict.fromkeys((exp.TimeToStr, exp.StrToTime), "this format"),
    **dict.fromkeys((exp.TimestampTrunc, exp.DateTrunc), "this unit"),
    **dict.fromkeys((exp.DateAdd, exp.DateDiff), "this expression unit"),
    **dict.fromkeys((exp.Min, exp.Max), "this"),
    **dict.fromkeys((exp.CurrentTimestamp, exp.CurrentDate, exp.Pi), ""),
    exp.JSONExtractScalar: "this expression only_json_types",
    exp.JSONPath: "expressions",
}
_OTHERS = (
    *(exp.Where, exp.Having, exp.Order, exp.Offset, exp.Tuple, exp.Paren, exp.Null, exp.Boolean, exp.Var, exp.Filter),
    *(exp.DataTypeParam, exp.GroupingSets, exp.Cube, exp.Rollup, exp.Exists, exp.Any, exp.All, exp.IgnoreNulls),
    *(exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.NullSafeEQ, exp.Like),
    *(exp.NullSafeNEQ, exp.Escape, exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Neg, exp.DPipe, exp.Try, exp.Nullif),
    *(
        exp.ArgMax,
        exp.ArgMin,
        exp.Coalesce,
        exp.Greatest,
        exp.Least,
        exp.CountIf,
        exp.Sum,
        exp.Avg,
        exp.AnyValue,
        exp.LogicalOr,
        exp.LogicalAnd,
        exp.ApproxDistinct,
        exp.Grouping,
    ),
    *(exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr, exp.CovarPop, exp.CovarSamp),
    *(exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.FirstValue, exp.LastValue),
    *(exp.Abs, exp.Floor, exp.Ceil, exp.Sign, exp.Sqrt, exp.Pow, exp.Exp, exp.Ln, exp.Log, exp.Degrees),
    *(
        exp.Radians,
        exp.Lower,
        exp.Upper,
        exp.Length,
        exp.StartsWith,
        exp.Reverse,
        exp.RegexpLike,
        exp.FromBase,
        exp.Chr,
    ),
    *(exp.UnixToTime, exp.TimeToUnix, exp.Date, exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Day, exp.DayOfMonth),
    *(exp.LastDay, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript),
    *(exp.DayOfWeekIso, exp.DayOfYear, exp.WeekOfYear, exp.Hour, exp.Minute, exp.Second, exp.FromISO8601Timestamp),
)
_KNOWN: dict[type[exp.Expr], str] = {**dict.fromkeys(_OTHERS, _PLAIN), **_CLAUSES}
_JOINS = {"", "INNER", "CROSS", "OUTER"}
# Words that are values without parentheses in DuckDB: sqlglot takes some of them for columns.
_VALUES = {"user", "session_user", "current_role", "current_schema", "current_database", "current_catalog"}


def check(query: exp.Expr) -> None:
    """Raise QueryFailedError if the query has something that this stand-in does not translate."""
    for node in query.walk():
        if isinstance(node, exp.Anonymous):
            raise not_supported(f"the function {node.name.lower()}")
        if isinstance(node, exp.JSONPathPart) and type(node) not in _KNOWN:  # sqlglot may not write it either
            raise not_supported("this form of a JSON path")
        clauses = _KNOWN.get(type(node))
        if clauses is None or not {name for name, value in node.args.items() if value} <= {*clauses.split()}:
            raise not_supported(f"{node.sql('trino') or type(node).__name__}")
        if isinstance(node, exp.With) and node.recursive:  # Athena stops after a few steps, DuckDB never
            raise not_supported("WITH RECURSIVE")
        if isinstance(node, exp.Join) and node.kind not in _JOINS:
            raise not_supported(f"{node.kind} JOIN")
        if isinstance(node, exp.Distinct) and isinstance(node.parent, exp.AggFunc) and len(node.expressions) > 1:
            raise not_supported(f"{node.sql('trino')}: several columns in a function")
        if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
            raise not_supported(node.sql("trino"))
        if isinstance(node, exp.Column) and not node.this.args.get("quoted") and node.name.lower() in _VALUES:
            raise not_supported(node.name.lower())
