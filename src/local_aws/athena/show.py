"""SHOW and DESCRIBE: what the catalog holds, in the form of Athena's text.

Source: Amazon Athena User Guide, "DDL statements".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from local_aws.athena import tables
from local_aws.athena.errors import QueryFailedError, not_supported
from local_aws.athena.tables import Json, View

_NAME = r'["`]?(\w+)["`]?'
_TABLE = rf"(?:{_NAME}\.)?{_NAME}"
_IN = rf"(?:\s+(?:IN|FROM)\s+{_NAME})?"
_LIKE = r"(?:\s+(?:LIKE\s+)?'([^']*)')?"
_WIDTH = 20


class Catalog(Protocol):
    """The Glue Data Catalog. Entries have the form of AWS Glue's API."""

    def databases(self) -> list[str]:
        """Return the names of all databases."""

    def tables(self, database: str) -> list[Json]:
        """Return the tables and views of a database."""

    def partitions(self, database: str, table: str) -> list[Json]:
        """Return the partitions that the catalog has of a table."""


@dataclass(frozen=True)
class Answer:
    """The columns, and the rows as lines: Athena gives each row as one text, whatever the number of columns."""

    columns: list[str]
    lines: list[str]


def answer(sql: str, database: str, catalog: Catalog) -> Answer | None:
    """Return the answer to a SHOW or DESCRIBE; None for another statement. Raises QueryFailedError."""
    for pattern, reply in _STATEMENTS.items():
        if found := re.fullmatch(pattern, sql, re.IGNORECASE):
            names = [text.lower() if text else None for text in found.groups()]
            return reply(names, database, catalog)
    if re.match(r"(SHOW|DESCRIBE|DESC)\b", sql, re.IGNORECASE):
        raise not_supported(f"this form of {sql.split(maxsplit=1)[0].upper()}")
    return None


def _databases(names: list[str | None], _: str, catalog: Catalog) -> Answer:
    return Answer(["database_name"], [each for each in sorted(catalog.databases()) if _matches(names[0], each)])


def _tables(names: list[str | None], database: str, catalog: Catalog) -> Answer:
    found = [each["Name"] for each in _entries(names[0] or database, catalog)]
    return Answer(["tab_name"], [each for each in sorted(found) if _matches(names[1], each)])


def _views(names: list[str | None], database: str, catalog: Catalog) -> Answer:
    found = [each["Name"] for each in _entries(names[0] or database, catalog) if each["TableType"] == "VIRTUAL_VIEW"]
    return Answer(["views"], [each for each in sorted(found) if _matches(names[1], each)])


def _columns(names: list[str | None], database: str, catalog: Catalog) -> Answer:
    entry = _entry(names[0] or names[2] or database, names[1], catalog)
    return Answer(["field"], [f"{each['Name']:{_WIDTH}}" for each in _fields(entry) + _keys(entry)])


def _describe(names: list[str | None], database: str, catalog: Catalog) -> Answer:
    entry = _entry(names[0] or database, names[1], catalog)
    lines = [_described(each) for each in _fields(entry) + _keys(entry)]
    if keys := _keys(entry):
        titles = [f"{'# col_name':{_WIDTH}}\t{'data_type':{_WIDTH}}\t{'comment':{_WIDTH}}"]
        lines += ["\t \t ", "# Partition Information\t \t ", *titles, "\t \t ", *map(_described, keys)]
    return Answer(["col_name", "data_type", "comment"], lines)


def _partitions(names: list[str | None], database: str, catalog: Catalog) -> Answer:
    found = names[0] or database
    entry = _entry(found, names[1], catalog)
    table = tables.read(found, entry)
    if isinstance(table, View) or not table.keys:
        raise QueryFailedError(f"SemanticException: table {entry['Name']} is not a partitioned table")
    listed = (tables.partition_name(table, each["Values"]) for each in catalog.partitions(found, entry["Name"]))
    return Answer(["partition"], sorted(listed))


def _create_view(names: list[str | None], database: str, catalog: Catalog) -> Answer:
    found = names[0] or database
    view = tables.read(found, _entry(found, names[1], catalog))
    if not isinstance(view, View):
        raise QueryFailedError(f"NOT_SUPPORTED: Relation '{found}.{names[1]}' is a table, not a view")
    return Answer(["Create View"], [f"CREATE VIEW {found}.{view.name} AS", *view.query.splitlines()])


def _create_table(names: list[str | None], database: str, catalog: Catalog) -> Answer:
    found = names[0] or database
    entry = _entry(found, names[1], catalog)
    storage = entry["StorageDescriptor"]
    serde = storage.get("SerdeInfo") or {}
    lines = [f"CREATE EXTERNAL TABLE `{found}.{entry['Name']}`(", *_declared(_fields(entry))]
    if keys := _keys(entry):
        lines += ["PARTITIONED BY ( ", *_declared(keys)]
    lines += ["ROW FORMAT SERDE ", f"  '{serde.get('SerializationLibrary', '')}' "]
    if serde.get("Parameters"):
        lines += ["WITH SERDEPROPERTIES ( ", *_properties(serde["Parameters"])]
    lines += ["STORED AS INPUTFORMAT ", f"  '{storage.get('InputFormat', '')}' "]
    lines += ["OUTPUTFORMAT ", f"  '{storage.get('OutputFormat', '')}'", "LOCATION", f"  '{storage['Location']}'"]
    if entry.get("Parameters"):
        lines += ["TBLPROPERTIES (", *_properties(entry["Parameters"])]
    return Answer(["createtab_stmt"], lines)


def _declared(columns: list[Json]) -> list[str]:
    lines = []
    for each in columns:
        comment = each.get("Comment", "").replace("'", "''")
        lines.append(f"  `{each['Name']}` {each['Type']}" + (f" COMMENT '{comment}'" if comment else ""))
    return _listed(lines)


def _properties(properties: dict[str, str]) -> list[str]:
    return _listed([f"  '{name}'='{value}'" for name, value in sorted(properties.items())])


def _listed(lines: list[str]) -> list[str]:
    return [f"{line}, " for line in lines[:-1]] + [f"{lines[-1]})"]


def _described(column: Json) -> str:
    return f"{column['Name']:{_WIDTH}}\t{column['Type']:{_WIDTH}}\t{column.get('Comment', ''):{_WIDTH}}"


def _fields(entry: Json) -> list[Json]:
    return list(entry["StorageDescriptor"].get("Columns") or ())


def _keys(entry: Json) -> list[Json]:
    return list(entry.get("PartitionKeys") or ())


def _entries(database: str, catalog: Catalog) -> list[Json]:
    if database not in catalog.databases():
        raise QueryFailedError(f"SCHEMA_NOT_FOUND: Schema '{database}' does not exist")
    return catalog.tables(database)


def _entry(database: str, name: str | None, catalog: Catalog) -> Json:
    found = next((each for each in _entries(database, catalog) if each["Name"] == name), None)
    if not found:
        raise QueryFailedError(f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{database}.{name}' does not exist")
    return found


def _matches(pattern: str | None, name: str) -> bool:
    """Match a name with a pattern of Athena: `*` stands for any characters, `|` for "or"."""
    if pattern is None:
        return True
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), name) for each in pattern.split("|"))


_STATEMENTS: dict[str, Callable[[list[str | None], str, Catalog], Answer]] = {
    rf"SHOW\s+(?:DATABASES|SCHEMAS){_LIKE}": _databases,
    rf"SHOW\s+TABLES{_IN}{_LIKE}": _tables,
    rf"SHOW\s+VIEWS{_IN}{_LIKE}": _views,
    rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_TABLE}{_IN}": _columns,
    rf"SHOW\s+PARTITIONS\s+{_TABLE}": _partitions,
    rf"SHOW\s+CREATE\s+VIEW\s+{_TABLE}": _create_view,
    rf"SHOW\s+CREATE\s+TABLE\s+{_TABLE}": _create_table,
    rf"(?:DESCRIBE|DESC)\s+(?:FORMATTED\s+|EXTENDED\s+)?{_TABLE}": _describe,
}
