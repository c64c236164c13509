"""What the deployed table `orders` must be, so that Athena shows of the lake what a comparison reads of it.

Pure: no AWS, environment or clock. `sales` is installed without template.yaml, so the table is declared here once more.
A test holds the two together. The table's days are not here: `declared.ProjectedDays` takes any.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sales_pipeline.orders.form import RowForm

_FORMAT = {
    "TableType": "EXTERNAL_TABLE",
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "SerializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe",
    "projection.enabled": "true",
    "projection.dt.type": "date",
    "projection.dt.format": "yyyy-MM-dd",
}
RANGE = "projection.dt.range"
# Glue, Athena, Hive and Spark write these beside the data, and no query reads them. EXTERNAL has no effect in Athena
# (Amazon Athena User Guide, "ALTER TABLE SET TBLPROPERTIES"). Every other property is refused: it may change the rows.
_WITHOUT_EFFECT = frozenset(
    (
        *("EXTERNAL", "classification", "comment", "typeOfData"),
        *("transient_lastDdlTime", "last_modified_by", "last_modified_time", "bucketing_version"),
        *("numFiles", "numRows", "rawDataSize", "totalSize", "COLUMN_STATS_ACCURATE"),
        *("objectCount", "recordCount", "averageRecordSize", "sizeKey"),
    )
)
# Values that stand for what holds without them (Amazon Athena User Guide, "Supported types for partition projection").
_DEFAULTS = {
    ("projection.dt.interval", "1"),
    ("projection.dt.interval.unit", "DAYS"),
    ("read_restored_glacier_objects", "false"),
    ("has_encrypted_data", "false"),
    ("skip.header.line.count", "0"),
}
_SERDE_DEFAULTS = {("serialization.format", "1")}  # Hive and Athena add it to each table


def columns(form: RowForm) -> list[str]:
    """Return the columns of `orders`, each as its name and its type in the catalog: `quantity int`."""
    return [
        *(f"{column.name} {column.type.catalog_type}" for column in form.columns),
        *(f"{name} string" for name in form.more),
    ]


def differences(table: Mapping[str, Any], location: str, form: RowForm) -> list[str]:
    """Say what differs in the deployed table, as Glue's GetTable returns it, from the one that template.yaml declares.

    Each text names a property: `projection.enabled is false, and must be true`. `location` is the lake's:
    `s3://bucket/sales_data/`.
    """
    declared = _FORMAT | {"Location": location, "storage.location.template": f"{location}dt=${{dt}}/"}
    declared |= _numbered("column", columns(form)) | {"partition key 1": "dt string"}
    found = _properties(table)
    return [
        *(
            f"{name} is {found.get(name, 'absent')}, and must be {value}"
            for name, value in declared.items()
            if found.get(name) != value
        ),
        *(f"{name} is {value}, and must not be there" for name, value in found.items() if name not in declared),
    ]


def _properties(table: Mapping[str, Any]) -> dict[str, str]:
    """Return everything that can change what Athena shows, by its name in Glue."""
    storage = table.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    parameters = [*(storage.get("Parameters") or {}).items(), *(table.get("Parameters") or {}).items()]
    of_serde = serde.get("Parameters") or {}
    members = {
        "TableType": table.get("TableType"),
        **{name: storage.get(name) for name in ("Location", "InputFormat", "OutputFormat")},
        "SerializationLibrary": serde.get("SerializationLibrary"),
        "NumberOfBuckets": max(0, storage.get("NumberOfBuckets") or 0),
    }
    return {
        **{name: value for name, value in parameters if not _has_no_effect(name, value)},
        **{name: str(value) for name, value in members.items() if value},
        **_numbered("partition key", map(_name_and_type, table.get("PartitionKeys") or [])),
        **_numbered("column", map(_name_and_type, storage.get("Columns") or [])),
        **{f"SerDe's {name}": value for name, value in of_serde.items() if (name, value) not in _SERDE_DEFAULTS},
    }


def _has_no_effect(name: str, value: str) -> bool:
    return name in _WITHOUT_EFFECT or name == RANGE or (name, value) in _DEFAULTS


def _name_and_type(column: Mapping[str, str]) -> str:
    """Return a column as `columns` does."""
    return f"{column['Name']} {column.get('Type', '').replace(' ', '')}".lower()


def _numbered(what: str, texts: Iterable[str]) -> dict[str, str]:
    return {f"{what} {number}": each for number, each in enumerate(texts, 1)}
