"""Which tables and partitions the Glue crawler sees in a listing of objects, and how it writes them into the catalog.

Sources: AWS Glue Developer Guide, "How does a crawler determine when to create partitions?", "Creating a single schema
for each Amazon S3 include path" and "Specifying the table location and partitioning level"; the parameters of tables
and partitions as published catalog entries of real crawlers show them.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from local_aws.crawler.schema import Schema, combine
from local_aws.crawler.settings import Settings

SIMILAR = 0.7  # share of columns in common from which on AWS takes folders for partitions of one table


@dataclass(frozen=True)
class Sampled:
    """One object and what its beginning shows. `folders` lead to it from the bucket, which is the first of them."""

    folders: tuple[str, ...]
    size_bytes: int
    schema: Schema
    compressed: bool = False


@dataclass(frozen=True)
class Partition:
    """Objects of one set of partition values; of no values where a table has no partitions."""

    values: tuple[str, ...]
    location: str
    objects: tuple[Sampled, ...]


@dataclass(frozen=True)
class Found:
    """A table as it lies in S3. `strays` are the folders whose depth or keys differ from most of the table's."""

    name: str
    location: str
    partition_keys: tuple[str, ...]
    partitions: tuple[Partition, ...]
    strays: tuple[str, ...] = field(default=())

    @property
    def objects(self) -> list[Sampled]:
        return [each for partition in self.partitions for each in partition.objects]


def find(settings: Settings, target: str, objects: Iterable[Sampled]) -> list[Found]:
    """Tables among the objects of one target, whose location (`s3://bucket/prefix/`) it is given.

    A table lies at the configured level, of which the bucket is the first, or else at the target itself. Without
    CombineCompatibleSchemas and a level, folders whose columns differ too much become a table each.
    """
    depth = settings.table_level or len(target.removeprefix("s3://").rstrip("/").split("/"))
    roots: dict[tuple[str, ...], list[Sampled]] = {}
    for each in objects:
        roots.setdefault(each.folders[:depth], []).append(each)
    if not settings.combine_compatible and not settings.table_level:
        roots = {root: rows for key, each in roots.items() for root, rows in _split_unlike(key, each).items()}
    return [_found(settings, root, members) for root, members in sorted(roots.items())]


def table_name(prefix: str, folder: str) -> str:
    """Name of a folder's table: in lower case, everything but letters, digits and underscores made an underscore."""
    return re.sub(r"[^a-z0-9_]", "_", f"{prefix}{folder}".lower())


def table_input(settings: Settings, found: Found) -> dict[str, Any]:
    """TableInput of a table with the schema that its objects show (AWS Glue API, TableInput)."""
    schema = combine(each.schema for each in found.objects)
    parameters = _parameters(settings, found.objects, schema)
    return {
        "Name": found.name,
        "Owner": "owner",
        "Retention": 0,
        "StorageDescriptor": _storage(found.location, schema, parameters),
        "PartitionKeys": [{"Name": name, "Type": "string"} for name in found.partition_keys],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
    }


def partition_input(settings: Settings, partition: Partition, table: dict[str, Any]) -> dict[str, Any]:
    """PartitionInput of a partition: with the table's columns where it inherits them, else with those of its objects.

    A partition with types of its own is the trap: Athena refuses to read one whose `price` is an int where the table
    says double (HIVE_PARTITION_SCHEMA_MISMATCH).
    """
    schema = combine(each.schema for each in partition.objects)
    parameters = _parameters(settings, partition.objects, schema)
    storage = _storage(partition.location, schema, parameters)
    if settings.partitions_inherit:
        storage["Columns"] = table["StorageDescriptor"]["Columns"]
        storage["SerdeInfo"] = table["StorageDescriptor"]["SerdeInfo"]
    return {"Values": list(partition.values), "StorageDescriptor": storage, "Parameters": parameters}


def _split_unlike(root: tuple[str, ...], objects: list[Sampled]) -> dict[tuple[str, ...], list[Sampled]]:
    folders: dict[tuple[str, ...], list[Sampled]] = {}
    for each in objects:
        folders.setdefault(each.folders, []).append(each)
    every = set(combine(each.schema for each in objects).columns)
    for members in folders.values():
        own = set(combine(each.schema for each in members).columns)
        if len(own) < SIMILAR * len(every):
            return folders
    return {root: objects}


def _found(settings: Settings, root: tuple[str, ...], objects: list[Sampled]) -> Found:
    location = _location(root)
    layouts = {each.folders: _layout(each.folders[len(root) :]) for each in objects}
    (keys, _), *_ = Counter(keys for keys, _ in layouts.values()).most_common(1)
    partitions: dict[tuple[str, ...], list[Sampled]] = {}
    for each in objects:
        if layouts[each.folders][0] == keys:
            partitions.setdefault(each.folders, []).append(each)
    return Found(
        name=table_name(settings.table_prefix, root[-1]),
        location=location,
        partition_keys=keys,
        partitions=tuple(
            Partition(layouts[folders][1], _location(folders), tuple(members))
            for folders, members in sorted(partitions.items())
        ),
        strays=tuple(_location(folders) for folders in sorted(set(layouts) - set(partitions))),
    )


def _layout(folders: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys and values of the folders below a table: `dt=2026-11-22` has a name, others are partition_0 and so on."""
    keys, values = [], []
    for level, folder in enumerate(folders):
        key, equals, value = folder.partition("=")
        keys.append(table_name("", key) if equals and key else f"partition_{level}")
        values.append(value if equals and key else folder)
    return tuple(keys), tuple(values)


def _location(folders: tuple[str, ...]) -> str:
    return f"s3://{'/'.join(folders)}/"


def _parameters(settings: Settings, objects: Iterable[Sampled], schema: Schema) -> dict[str, str]:
    objects = list(objects)
    size_bytes = sum(each.size_bytes for each in objects)
    average_bytes = max(schema.size_bytes // schema.records, 1)
    return {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": settings.name,
        "averageRecordSize": str(average_bytes),
        "classification": "json",
        "compressionType": "gzip" if all(each.compressed for each in objects) else "none",
        "objectCount": str(len(objects)),
        "recordCount": str(size_bytes // average_bytes),
        "sizeKey": str(size_bytes),
        "typeOfData": "file",
    }


def _storage(location: str, schema: Schema, parameters: dict[str, str]) -> dict[str, Any]:
    return {
        "Columns": schema.hive_columns(),
        "Location": location,
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "Compressed": False,
        "NumberOfBuckets": -1,
        "SerdeInfo": {
            "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
            "Parameters": {"paths": ",".join(sorted(schema.columns))},
        },
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": parameters,
        "StoredAsSubDirectories": False,
    }
