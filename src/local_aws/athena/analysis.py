"""Refuses what Trino refuses and DuckDB takes: names out of place, and types that Trino does not convert. Pure.

Trino never turns text into a number or a date by itself, and an alias of SELECT is no column of WHERE, GROUP BY or
HAVING. sqlglot resolves the names and computes the types; what it does not know passes. Sources: the pages "SELECT",
"Comparison functions and operators" and "Conversion functions" of Trino's documentation.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, zip_longest

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from local_aws.athena import signatures
from local_aws.athena.errors import QueryFailedError

Columns = Mapping[str, str]


def check(query: exp.Expr, database: str, tables: Mapping[tuple[str, str], Columns]) -> None:
    """Check a query that reads `tables`, whose keys are databases and names. Columns have Trino's types.

    Raises QueryFailedError. A query that sqlglot can't resolve passes: DuckDB says what is wrong with it.
    """
    schema: dict[str, dict[str, Columns]] = {}
    for (of_table, name), columns in tables.items():
        schema.setdefault(of_table, {})[name] = dict(columns)
    tree = query.copy()
    for select in tree.find_all(exp.Select):
        if having := select.args.get("having"):  # an alias of SELECT is a column there for sqlglot, not for Trino
            select.set("having", None)
            select.where(having.this, copy=False)
    try:
        tree = qualify(
            tree,
            dialect="athena",
            db=database,
            schema=schema,  # type: ignore[arg-type]
            expand_alias_refs=False,
            quote_identifiers=False,
        )
        tree = annotate_types(tree, schema=schema, dialect="athena", expression_metadata=signatures.METADATA)  # type: ignore[arg-type]
    except SqlglotError as error:
        name, unresolved, _ = str(error).removeprefix("Column '").partition("' could not be resolved")
        if unresolved:
            raise QueryFailedError(f"COLUMN_NOT_FOUND: Column '{name}' cannot be resolved, or is ambiguous") from None
        return
    for node in tree.walk():
        _check(node)
        _check_arguments(node)
        _check_unit(node)
        if isinstance(node, exp.Select) and node.args.get("distinct"):
            _check_order(node)


def _check(node: exp.Expr) -> None:
    if symbol := signatures.COMPARISONS.get(type(node)):
        _alike(f"Cannot apply operator: {{}} {symbol} {{}}", [node.this, node.expression])
    elif operator := signatures.ARITHMETIC.get(type(node)):
        _compute(node, *operator)
    elif isinstance(node, exp.Case):
        _check_case(node)
    elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        _expect(signatures.BOOLEAN, [node.this], node)
        _alike("Result types for IF must be the same: {} and {}", [node.args["true"], node.args.get("false")])
    elif isinstance(node, exp.SetOperation):
        for pair in zip_longest(node.left.selects, node.right.selects):
            _alike("column of a set operation has incompatible types: {}, {}", pair)
    elif isinstance(node, exp.Values):
        for column in zip_longest(*(each.expressions for each in node.expressions)):
            _alike("Values rows have mismatched types: {} vs {}", column)
    elif type(node) in signatures.ALIKE:
        _alike(f"{node.sql('athena')} has values of different types: {{}} and {{}}", _arguments(node))


def _check_order(node: exp.Select) -> None:
    shown = {each.alias_or_name for each in node.selects} | {each.unalias().sql() for each in node.selects}
    for ordered in node.args["order"].expressions if node.args.get("order") else ():
        if not ordered.this.is_int and not {ordered.this.sql(), ordered.this.name} & shown:
            raise QueryFailedError(
                "EXPRESSION_NOT_IN_DISTINCT: For SELECT DISTINCT, ORDER BY expressions must appear in select list"
            )


def _check_case(node: exp.Case) -> None:
    conditions = [each.this for each in node.args["ifs"]]
    if node.this:
        _alike("CASE operand type does not match WHEN clause operand type: {} vs {}", [node.this, *conditions])
    else:
        _expect(signatures.BOOLEAN, conditions, node)
    results = [*(each.args["true"] for each in node.args["ifs"]), node.args.get("default")]
    _alike("All CASE results must be the same type: {} and {}", results)


def _check_arguments(node: exp.Expr) -> None:
    kind, names = signatures.EXPECTED.get(type(node), (signatures.TIME, signatures.MORE_TIMES.get(type(node), ())))
    _expect(kind, _arguments(node, names), node)


def _arguments(node: exp.Expr, names: Iterable[str] | None = None) -> Iterator[exp.Expr]:
    for name, value in node.args.items():
        if names is None or name in names:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, exp.Expr) and not isinstance(each, exp.Star):
                    yield each


def _value(node: exp.Expr | None) -> exp.Expr | None:
    """Return what is compared where a query or ANY of it stands for its one column."""
    while isinstance(node, exp.Any | exp.All | exp.Subquery | exp.Paren | exp.Distinct | exp.Order):
        node = node.expressions[0] if isinstance(node, exp.Distinct) else node.this
    return node.selects[0] if isinstance(node, exp.Query) and node.selects else node


def _kind(node: exp.Expr | None) -> str | None:
    value = _value(node)
    return signatures.KINDS.get(value.type.this) if value and value.type else None


def _type(node: exp.Expr) -> str:
    """Return a type's name, without digits: sqlglot computes those of a decimal otherwise than Trino."""
    value = _value(node)
    name = value.type.this.value.lower() if value and value.type else ""
    return {"int": "integer", "timestamptz": "timestamp with time zone"}.get(name, name)


def _alike(message: str, values: Iterable[exp.Expr | None]) -> None:
    known = [each for each in values if each and _kind(each)]
    for first, each in pairwise(known):
        if _kind(each) != _kind(first):
            raise QueryFailedError(f"TYPE_MISMATCH: {message.format(_type(first), _type(each))}")


def _expect(kind: str, values: Iterable[exp.Expr], node: exp.Expr) -> None:
    for each in values:
        if _kind(each) not in {kind, None}:
            raise QueryFailedError(f"TYPE_MISMATCH: {node.sql('athena')} needs {kind}, not {_type(each)}")


def _compute(node: exp.Expr, symbol: str, fit: set[tuple[str, str]]) -> None:
    kinds = _kind(node.this), _kind(node.expression)
    if all(kinds) and kinds not in fit:
        found = f"{_type(node.this)} {symbol} {_type(node.expression)}"
        raise QueryFailedError(f"TYPE_MISMATCH: Cannot apply operator: {found}")


def _check_unit(node: exp.Expr) -> None:
    """Refuse hours and less of a date."""
    dates = [each for each in _arguments(node, ("this", "expression")) if each.is_type(exp.DType.DATE)]
    unit = ""
    if isinstance(node, exp.Add | exp.Sub):
        unit = next((each.text("unit") for each in (node.this, node.expression) if isinstance(each, exp.Interval)), "")
    elif isinstance(node, exp.DateAdd | exp.TimestampTrunc | exp.DateTrunc) or len(dates) > 1:
        unit = node.text("unit")
    if dates and unit.upper() in signatures.CLOCK:
        raise QueryFailedError(f"INVALID_FUNCTION_ARGUMENT: '{unit.lower()}' is not a valid DATE field")
