"""Athena's SQL to DuckDB's. Pure.

DuckDB has each table of the catalog under its name, in a schema with the name of its database, and one column more,
`$path`. Athena hides that column: only a query that names it sees it (Amazon Athena User Guide, "Get the file locations
for source data").
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from local_aws.athena import analysis, functions, known
from local_aws.athena.errors import QueryFailedError, not_supported
from local_aws.athena.tables import Table, View, trino_type

CATALOG = "awsdatacatalog"
PATH = "$path"
_UNNAMED = re.compile(r"\?column [0-9]+\?")


@dataclass(frozen=True)
class Name:
    """A table or view of the catalog. Names there are in lower case."""

    database: str
    name: str

    def __str__(self) -> str:
        return f"{CATALOG}.{self.database}.{self.name}"


@dataclass(frozen=True)
class Translated:
    """A query in DuckDB's SQL, and the tables and views that it reads."""

    sql: str
    reads: frozenset[Name]


def query(tree: exp.Expr, database: str, look_up: Callable[[Name], Table | View]) -> Translated:
    """Translate a query. A table without a database is one of `database`.

    `look_up` may raise QueryFailedError, for a name that the catalog does not have. Raises QueryFailedError.
    """
    tree = tree.copy()
    known.check(tree)
    reads = {name_of(table, database): table for table in _tables(tree)}
    found = {name: look_up(name) for name in sorted(reads, key=str)}
    analysis.check(tree, database, {(name.database, name.name): _columns(each) for name, each in found.items()})
    _name_columns(tree)
    _name_values(tree)
    for select in tree.find_all(exp.Select):
        _hide_path(select)
    for table in list(_tables(tree)):
        name = name_of(table, database)
        _replace(table, _stored(table, name, is_view=isinstance(found[name], View)))
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    # A wrapper, so that the outermost node can be replaced too.
    tree = functions.rewrite(exp.Subquery(this=tree)).this
    try:
        text = tree.sql("duckdb", identify=True, comments=False, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise not_supported(str(error)) from None
    return Translated(text, frozenset(found))


def _columns(of: Table | View) -> dict[str, str]:
    """Return the columns with their types in Trino."""
    if isinstance(of, View):
        return dict(of.columns)
    return {name: trino_type(kind) for name, kind in {**of.columns, **of.keys}.items()} | {PATH: "varchar"}


def name_of(table: exp.Table, database: str) -> Name:
    """Return the table's name. Raises QueryFailedError for what is no table of the catalog."""
    if not isinstance(table.this, exp.Identifier):
        raise not_supported(f"FROM {table.sql('trino')}")
    if table.catalog and table.catalog.lower() != CATALOG:
        raise QueryFailedError(f"CATALOG_NOT_FOUND: Catalog '{table.catalog.lower()}' does not exist")
    if table.db.lower() == "information_schema":
        raise not_supported("information_schema: use SHOW TABLES and DESCRIBE; it")
    return Name((table.db or database).lower(), table.name.lower())


def names(columns: list[str]) -> list[str]:
    """Return the names of a result's columns: one that the query gives no name has its place: `_col2`."""
    return [f"_col{place}" if _UNNAMED.fullmatch(name) else name for place, name in enumerate(columns)]


def unnamed(columns: list[str]) -> int | None:
    """Return the place of the first column without a name, from 1."""
    return next((place for place, name in enumerate(columns, 1) if _UNNAMED.fullmatch(name)), None)


def _name_columns(tree: exp.Expr) -> None:
    """Name each column as the query writes it: DuckDB gives it the name that its table has."""
    for select in tree.find_all(exp.Select):
        for place, each in enumerate(select.expressions):
            if isinstance(each, exp.Column) and each.name != each.name.lower():
                each.replace(exp.alias_(each.copy(), each.name, quoted=True))
            elif not isinstance(each, exp.Alias | exp.Column | exp.Star):
                each.replace(exp.alias_(each.copy(), f"?column {place}?", quoted=True))


def _name_values(tree: exp.Expr) -> None:
    for values in tree.find_all(exp.Values):
        alias = values.args.get("alias") or exp.TableAlias(this=exp.to_identifier("_values"))
        if not alias.columns and not isinstance(values.parent, exp.In):
            names = [f"?column {place}?" for place, _ in enumerate(values.expressions[0].expressions)]
            alias.set("columns", [exp.to_identifier(name, quoted=True) for name in names])
            values.set("alias", alias)


def _tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """Yield the tables of the catalog: all but those that WITH defines."""
    for table in tree.find_all(exp.Table):
        if table.db or table.name.lower() not in _defined(table):
            yield table


def _defined(table: exp.Table) -> Iterator[str]:
    """Yield the names of the queries in WITH that a table's name can stand for."""
    inside: exp.Expr = table
    while inside.parent:
        outside = inside.parent
        if isinstance(outside, exp.With):  # a query sees those before it
            for each in outside.expressions:
                if each is inside:
                    break
                yield each.alias.lower()
        elif (clause := outside.args.get("with_")) and clause is not inside:
            yield from (each.alias.lower() for each in clause.expressions)
        inside = outside


def _sources(select: exp.Select) -> list[exp.Expr]:
    from_ = select.args.get("from_")
    joins = [join.this for join in select.args.get("joins") or ()]
    return [from_.this, *joins] if from_ else joins


def _names_path(select: exp.Select | None) -> bool:
    return select is not None and any(column.name == PATH for column in select.find_all(exp.Column))


def _hide_path(select: exp.Select) -> None:
    """Leave `$path` out of each `*`, where the query makes its tables show it."""
    if not _names_path(select):
        return
    sources = _sources(select)
    tables = {each.alias_or_name.lower() for each in sources if isinstance(each, exp.Table)}
    hidden = [exp.to_identifier(PATH, quoted=True)]
    for each in select.expressions:
        if isinstance(each, exp.Star):
            if len(sources) > 1:
                raise not_supported('* beside "$path" over several tables')
            if tables:
                each.set("except_", hidden)
        elif isinstance(each, exp.Column) and isinstance(each.this, exp.Star) and each.table.lower() in tables:
            each.this.set("except_", hidden)


def _stored(table: exp.Table, name: Name, *, is_view: bool) -> exp.Select:
    """Return the query that reads a table as the SELECT around it sees it. A view has no `$path`."""
    hides = not is_view and not _names_path(table.find_ancestor(exp.Select))
    star = exp.Star(except_=[exp.to_identifier(PATH, quoted=True)]) if hides else exp.Star()
    return exp.Select(expressions=[star]).from_(exp.table_(name.name, db=name.database, quoted=True))


def _replace(table: exp.Table, query: exp.Select) -> None:
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    table.replace(exp.Subquery(this=query, alias=alias.copy(), joins=table.args.get("joins")))
