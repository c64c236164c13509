"""Runs one statement: reads what it needs of the catalog and the lake, and lets DuckDB do the rest."""

import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import duckdb
import msgspec
import sqlglot
from sqlglot import exp

from local_aws.athena import macros, objects, reasons, show, syntax, tables, translate, values
from local_aws.athena.errors import QueryFailedError, not_supported
from local_aws.athena.tables import Json, Table, View
from local_aws.athena.translate import PATH, Name
from local_aws.athena.values import Kind

VIEWS_DEEP = 20
LONGEST_SECONDS = 300
"""A query that takes longer fails. Athena's own limit is 30 minutes."""
MEMORY = "2GiB"

Row = list[str | None]


class Store(Protocol):
    """The Glue Data Catalog and S3, as this stand-in needs them. Entries have the form of AWS Glue's API."""

    def databases(self) -> list[str]:
        """Return the names of all databases."""

    def tables(self, database: str) -> list[Json]:
        """Return the tables and views of a database."""

    def partitions(self, database: str, table: str) -> list[Json]:
        """Return the partitions that the catalog has of a table."""

    def objects(self, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield each object below `s3://bucket/prefix/`: its URI and its content, by key."""

    def put(self, database: str, entry: Json) -> None:
        """Write a table or view, also over one that is there."""

    def delete(self, database: str, name: str) -> None:
        """Delete a table or view that is there."""


@dataclass(frozen=True)
class Result:
    """The columns and the rows of a statement, as text."""

    columns: list[str] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    scanned_bytes: int = 0
    """Bytes of the objects that it read, as they are stored. Each object counts once."""


def run(sql: str, database: str, store: Store) -> Result:
    """Run one statement. A table without a database is one of `database`. Raises QueryFailedError."""
    try:
        return _run(sql, syntax.bare(sql), database, store)
    except RecursionError:
        raise not_supported("a statement with so many parts in each other") from None


def _run(written: str, sql: str, database: str, store: Store) -> Result:
    if answer := show.answer(sql, database, store):
        return Result(answer.columns, [values.TEXT] * len(answer.columns), [[line] for line in answer.lines])
    tree = syntax.parse(sql)
    if isinstance(tree, exp.Query):
        with closing(_Session(database, store)) as session:
            return session.ask(tree)
    if isinstance(tree, exp.Create | exp.Drop) and tree.args.get("kind") == "VIEW":
        if isinstance(tree, exp.Create):
            _create(tree, _text_after_as(written), database, store)
        else:
            _drop(tree, database, store)
        return Result()
    found = re.match(r"(CREATE|DROP|ALTER|MSCK)\s+(EXTERNAL\s+)?\w+|\w+", sql, re.IGNORECASE)
    raise not_supported(f"the statement {' '.join(found[0].upper().split()) if found else sql}")


def _text_after_as(sql: str) -> str:
    """Return a view's query as it was written."""
    ends = [token.end for token in sqlglot.tokenize(sql, read="trino") if token.token_type.name == "ALIAS"]
    return sql[ends[0] + 1 :].strip().rstrip(";") if ends else ""


def _create(tree: exp.Create, text: str, database: str, store: Store) -> None:
    if not isinstance(tree.this, exp.Table) or not isinstance(tree.expression, exp.Query):
        raise not_supported("this form of CREATE VIEW")
    name = translate.name_of(tree.this, database)
    old = {each["Name"]: each for each in _tables(store, name.database)}.get(name.name)
    if old and (old.get("TableType") != "VIRTUAL_VIEW" or not tree.args.get("replace")):
        raise QueryFailedError(f"ALREADY_EXISTS: Table or view already exists: '{name}'")
    with closing(_Session(database, store)) as session:
        columns = session.columns(syntax.parse(text))
    if place := translate.unnamed([column for column, _ in columns]):
        raise QueryFailedError(f"MISSING_COLUMN_NAME: Column name not specified at position {place}")
    if "unknown" in dict(columns).values():
        raise QueryFailedError("COLUMN_TYPE_UNKNOWN: a column of the view has no type: cast NULL to one")
    if len(dict(columns)) < len(columns):
        raise QueryFailedError("DUPLICATE_COLUMN_NAME: A column name is specified more than once")
    # The names in its query are those of the statement's database, also where the view is in another.
    store.put(name.database, tables.view_input(View(database, name.name, text, dict(columns))))


def _drop(tree: exp.Drop, database: str, store: Store) -> None:
    [table] = tree.args["tables"]
    name = translate.name_of(table, database)
    if name.name in {each["Name"] for each in _tables(store, name.database) if each.get("TableType") == "VIRTUAL_VIEW"}:
        store.delete(name.database, name.name)
    elif not tree.args.get("exists"):
        raise QueryFailedError(f"TABLE_NOT_FOUND: View '{name}' does not exist")


def _tables(store: Store, database: str) -> list[Json]:
    if database not in store.databases():
        raise QueryFailedError(f"SCHEMA_NOT_FOUND: Schema '{database}' does not exist")
    return store.tables(database)


class _Session:
    """A database of DuckDB, for one statement. It gets each table when a query first reads it."""

    def __init__(self, database: str, store: Store) -> None:
        self._database, self._store = database, store
        self._found: dict[Name, Table | View] = {}
        self._loaded: set[Name] = set()
        self._scanned_bytes = 0
        self._duckdb = duckdb.connect(config={"autoinstall_known_extensions": "false", "memory_limit": MEMORY})
        self._duckdb.execute("SET TimeZone = 'UTC'; SET error_on_division_by_zero = false")  # the macros see to it

    def close(self) -> None:
        self._duckdb.close()

    def ask(self, tree: exp.Expr) -> Result:
        """Run a query."""
        sql = self._prepared(tree, self._database, VIEWS_DEEP)
        self._duckdb.execute("SET enable_external_access = false")
        clock = threading.Timer(LONGEST_SECONDS, self._duckdb.interrupt)
        clock.start()
        try:
            cursor = self._duckdb.execute(sql)
            names = [str(each[0]) for each in cursor.description or ()]
            kinds = [values.kind(str(each[1])) for each in cursor.description or ()]
            rows = [[values.text(value) for value in row] for row in cursor.fetchall()]
        except duckdb.Error as error:
            raise reasons.failed(error) from None
        except OverflowError as error:
            raise QueryFailedError(f"NUMERIC_VALUE_OUT_OF_RANGE: {error}") from None
        finally:
            clock.cancel()
        return Result(translate.names(names), kinds, rows, self._scanned_bytes)

    def columns(self, tree: exp.Expr) -> list[tuple[str, str]]:
        """Return the names of a query's columns, and their types in Trino's SQL, without running it."""
        return self._described(self._prepared(tree, self._database, VIEWS_DEEP))

    def _described(self, sql: str) -> list[tuple[str, str]]:
        try:
            found = self._duckdb.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as error:
            raise reasons.failed(error) from None
        return [(name, values.kind(kind).trino) for name, kind, *_ in found]

    def _prepared(self, tree: exp.Expr, database: str, depth: int) -> str:
        """Translate a query, and load what it reads."""
        translated = translate.query(tree, database, self._look_up)
        for name in sorted(translated.reads, key=str):
            if name in self._loaded:
                continue
            self._loaded.add(name)
            self._duckdb.execute(f'CREATE SCHEMA IF NOT EXISTS "{name.database}"')
            found = self._look_up(name)
            if isinstance(found, Table):
                self._load(name, found)
            else:
                self._define(name, found, depth)
        for macro in macros.used(translated.sql):
            self._duckdb.execute(macros.create(macro))
        return translated.sql

    def _look_up(self, name: Name) -> Table | View:
        if name not in self._found:
            entries = {each["Name"]: each for each in _tables(self._store, name.database)}
            if name.name not in entries:
                raise QueryFailedError(f"TABLE_NOT_FOUND: Table '{name}' does not exist")
            self._found[name] = tables.read(name.database, entries[name.name])
        return self._found[name]

    def _define(self, name: Name, view: View, depth: int) -> None:
        if not depth:
            raise QueryFailedError(f"INVALID_VIEW: View '{name}' reads itself, or other views too deep")
        sql = self._prepared(syntax.parse(view.query), view.database, depth - 1)
        stale = f"INVALID_VIEW: View '{name}' is stale or in invalid state"
        try:
            found = dict(self._described(sql))
        except QueryFailedError as error:
            raise QueryFailedError(f"{stale}: {error}") from None
        if found != view.columns:
            raise QueryFailedError(f"{stale}: its columns are no longer those of its query; create it again")
        self._duckdb.execute(f'CREATE VIEW "{name.database}"."{name.name}" AS {sql}')

    def _load(self, name: Name, table: Table) -> None:
        columns = {**table.columns, **table.keys}
        types = {column: tables.duckdb_type(kind) for column, kind in columns.items()} | {PATH: "VARCHAR"}
        listed = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
        self._duckdb.execute(f'CREATE TABLE "{name.database}"."{name.name}" ({listed})')
        struct = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items())
        encoder = msgspec.json.Encoder()
        with tempfile.TemporaryDirectory(prefix="athena-") as folder:
            path = Path(folder) / "rows"
            longest = 0
            with path.open("wb") as file:
                for row in self._rows(table):
                    longest = max(longest, file.write(encoder.encode(row) + b"\n"))
            if not longest:
                return
            try:
                self._duckdb.execute(
                    f'INSERT INTO "{name.database}"."{name.name}" BY NAME SELECT * FROM read_json('  # noqa: S608
                    f"?, columns = {{{struct}}}, format = 'newline_delimited', maximum_object_size = {longest})",
                    [str(path)],
                )
            except duckdb.OutOfMemoryException as error:
                raise reasons.failed(error) from None
            except duckdb.Error as error:
                raise QueryFailedError(f"HIVE_BAD_DATA: {name}: {error}") from None

    def _rows(self, table: Table) -> Iterator[objects.Row]:
        registered = [] if table.projection else self._store.partitions(table.database, table.name)
        for each in tables.partitions(table, registered, datetime.now(UTC).date()):
            location = each.location.rstrip("/") + "/"
            keys: dict[str, str | None] = dict(zip(table.keys, each.values, strict=True))
            for uri, body in self._store.objects(location):
                if body and objects.is_read(uri.removeprefix(location)):
                    self._scanned_bytes += len(body)
                    for row in objects.rows(uri, body, table.columns):
                        yield row | keys | {PATH: uri}
