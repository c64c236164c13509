"""Makes nodes of a query in DuckDB's SQL. Pure."""

from sqlglot import exp


def call(name: str, *arguments: exp.Expr | str) -> exp.Anonymous:
    """Return the call of a function or macro."""
    return exp.Anonymous(this=name, expressions=[exp.convert(each) for each in arguments])


def cast(value: exp.Expr, kind: str) -> exp.Cast:
    """Return a cast to a type of DuckDB."""
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))
