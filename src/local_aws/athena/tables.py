"""What the Glue Data Catalog says of a table: its columns, its partitions, or the query of a view. Pure."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from local_aws.athena.errors import QueryFailedError, not_supported

Json = dict[str, Any]

# Hive's types, which the catalog has, and DuckDB's.
TYPES = {
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "date": "DATE",
}
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
_JSON_SERDES = {"org.apache.hive.hcatalog.data.JsonSerDe", "org.openx.data.jsonserde.JsonSerDe"}
_VIEW = re.compile(r"/\* Presto View: (\S+) \*/")
_PROJECTED = {"type": "date", "format": "yyyy-MM-dd"}


@dataclass(frozen=True)
class Partition:
    """The objects of some values of the partition keys, which are in one folder of S3."""

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True)
class Table:
    """A table over objects of JSON. Its columns and partition keys have Hive's types, in the table's order."""

    database: str
    name: str
    columns: Mapping[str, str]
    keys: Mapping[str, str]
    location: str
    projection: Mapping[str, str] = field(default_factory=dict)
    """The parameters of partition projection; none without it."""


@dataclass(frozen=True)
class View:
    """A view: the query in Athena's SQL, where the names of that query look for tables, and its columns."""

    database: str
    name: str
    query: str
    columns: Mapping[str, str]
    """The types are Trino's, as they were when the view was made."""


def read(database: str, entry: Json) -> Table | View:
    """Return what an entry of the catalog (AWS Glue API, Table) stands for. Raises QueryFailedError."""
    name = entry["Name"]
    if entry.get("TableType") == "VIRTUAL_VIEW":
        found = _VIEW.fullmatch(entry.get("ViewOriginalText") or "")
        if not found:
            raise QueryFailedError(f"INVALID_VIEW: Invalid view JSON: {database}.{name}")
        view = json.loads(base64.b64decode(found[1]))
        return View(view["schema"], name, view["originalSql"], {each["name"]: each["type"] for each in view["columns"]})
    storage = entry.get("StorageDescriptor") or {}
    serde = (storage.get("SerdeInfo") or {}).get("SerializationLibrary")
    if serde not in _JSON_SERDES:
        raise not_supported(f"a table that {serde} reads")
    parameters = entry.get("Parameters") or {}
    return Table(
        database,
        name,
        _columns(storage.get("Columns")),
        _columns(entry.get("PartitionKeys")),
        storage["Location"],
        parameters if parameters.get("projection.enabled", "").lower() == "true" else {},
    )


def _columns(entries: Iterable[Json] | None) -> dict[str, str]:
    return {each["Name"].lower(): each["Type"].lower() for each in entries or ()}


def view_input(view: View) -> Json:
    """Return the TableInput (AWS Glue API) of a view, in the form that Athena writes (Trino, ViewReaderUtil)."""
    columns = [{"name": name, "type": kind} for name, kind in view.columns.items()]
    definition = {
        "originalSql": view.query,
        "catalog": "awsdatacatalog",
        "schema": view.database,
        "columns": columns,
    }
    encoded = base64.b64encode(json.dumps(definition).encode()).decode()
    return {
        "Name": view.name,
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": hive_type(kind)} for name, kind in view.columns.items()],
            "Location": "",
            "SerdeInfo": {},
        },
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "ViewExpandedText": "/* Presto View */",
    }


def hive_type(trino: str) -> str:
    """Return Hive's name of a type of Trino."""
    return {"varchar": "string", "integer": "int", "timestamp(3)": "timestamp"}.get(trino, trino)


def trino_type(hive: str) -> str:
    """Return Trino's name of a type of Hive."""
    return {"string": "varchar", "int": "integer"}.get(hive, hive)


def duckdb_type(hive: str) -> str:
    """Return DuckDB's name of a type of Hive. Raises QueryFailedError."""
    if decimal := decimal_digits(hive):
        return "DECIMAL({},{})".format(*decimal)
    if hive not in TYPES:
        raise not_supported(f"a column of type {hive}")
    return TYPES[hive]


def decimal_digits(hive: str) -> tuple[int, int] | None:
    """Return precision and scale of a decimal type; None for other types."""
    found = _DECIMAL.fullmatch(hive)
    return (int(found[1]), int(found[2])) if found else None


def partitions(table: Table, registered: Iterable[Json], today: date) -> list[Partition]:
    """Return the partitions that a query of the table reads.

    `registered` are those of the catalog (AWS Glue API, Partition). Partition projection ignores them, and computes the
    partitions from the table's parameters instead (Amazon Athena User Guide, "Use partition projection"). A table
    without partition keys is one partition. Raises QueryFailedError.
    """
    if not table.keys:
        return [Partition((), table.location)]
    if table.projection:
        return _projected(table, today)
    found = []
    for each in registered:
        storage = each["StorageDescriptor"]
        for name, kind in _columns(storage.get("Columns")).items():
            if table.columns.get(name, kind) != kind:
                raise QueryFailedError(
                    "HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas. The "
                    f"column '{name}' in table '{table.database}.{table.name}' is declared as type "
                    f"'{table.columns[name]}', but partition '{partition_name(table, each['Values'])}' declared column "
                    f"'{name}' as type '{kind}'."
                )
        found.append(Partition(tuple(each["Values"]), storage["Location"]))
    return found


def partition_name(table: Table, values: Iterable[str]) -> str:
    """Return a partition's name, such as `dt=2026-11-22`."""
    return "/".join(f"{key}={value}" for key, value in zip(table.keys, values, strict=True))


def _projected(table: Table, today: date) -> list[Partition]:
    [key, *others] = table.keys
    settings = {name: table.projection.get(f"projection.{key}.{name}") for name in _PROJECTED}
    ends = (table.projection.get(f"projection.{key}.range") or "").split(",")
    if others or settings != _PROJECTED or len(ends) != 2:  # noqa: PLR2004 - a range has two ends
        raise not_supported("partition projection other than of one date as yyyy-MM-dd")
    try:
        first, last = (today if end.strip() == "NOW" else date.fromisoformat(end.strip()) for end in ends)
    except ValueError:
        raise not_supported(f"the range {','.join(ends)} of partition projection") from None
    template = table.projection.get("storage.location.template") or f"{table.location.rstrip('/')}/{key}=${{{key}}}/"
    days = [str(first + timedelta(days)) for days in range((last - first).days + 1)]
    return [Partition((day,), template.replace(f"${{{key}}}", day)) for day in days]
