"""The table and the partitions that the Glue crawler sees in a folder, and how it writes them into the catalog.

Sources: AWS Glue Developer Guide, "How does a crawler determine when to create partitions?" and "Creating a single
schema for each Amazon S3 include path"; published catalog entries of real crawlers, for the parameters of tables and
partitions.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local_aws.crawler.schema import Schema, combine
from local_aws.crawler.settings import CrawlerSettings

Json = dict[str, Any]


@dataclass(frozen=True)
class Sampled:
    """One object and the schema of its beginning. `path` leads from the table's folder to it: `dt=2026-11-22/`."""

    path: str
    size_bytes: int
    schema: Schema


@dataclass(frozen=True)
class Partition:
    """The objects of one partition value."""

    value: str
    location: str
    objects: tuple[Sampled, ...]


@dataclass(frozen=True)
class FoundTable:
    """A table as it is in S3. `strays` are paths of objects that belong to none of its partitions."""

    name: str
    partition_key: str
    partitions: tuple[Partition, ...]
    strays: tuple[str, ...] = ()

    @property
    def objects(self) -> list[Sampled]:
        return [each for partition in self.partitions for each in partition.objects]


def find(settings: CrawlerSettings, objects: Iterable[Sampled]) -> FoundTable | None:
    """Return the table among the objects of the crawler's folder, or None if there are none in partitions.

    A partition is a folder `key=value` right below the table's. The key is the one that most objects have.
    """
    by_path: dict[str, list[Sampled]] = {}
    for each in objects:
        by_path.setdefault(each.path, []).append(each)
    keys = {path: match[1] for path in by_path if (match := re.fullmatch(r"([^/=]+)=([^/]+)/", path))}
    if not keys:
        return None
    [(key, _)] = Counter(keys.values()).most_common(1)
    paths = sorted(path for path in keys if keys[path] == key)
    return FoundTable(
        name=catalog_name(settings.folder),
        partition_key=catalog_name(key),
        partitions=tuple(
            Partition(path.removeprefix(f"{key}=").rstrip("/"), settings.location + path, tuple(by_path[path]))
            for path in paths
        ),
        strays=tuple(sorted(by_path.keys() - set(paths))),
    )


def catalog_name(folder: str) -> str:
    """Return a folder's name in the catalog: lower case, and an underscore for all but letters and digits."""
    return re.sub(r"[^a-z0-9_]", "_", folder.lower())


def table_input(settings: CrawlerSettings, found: FoundTable) -> Json:
    """Return the TableInput (AWS Glue API) of a table with the columns that its objects show."""
    schema = combine(each.schema for each in found.objects)
    parameters = _parameters(settings, found.objects, schema)
    return {
        "Name": found.name,
        "Owner": "owner",
        "Retention": 0,
        "StorageDescriptor": {
            "Columns": schema.hive_columns(),
            "Location": settings.location,
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
        },
        "PartitionKeys": [{"Name": found.partition_key, "Type": "string"}],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
    }


def partition_input(settings: CrawlerSettings, partition: Partition, table: Json) -> Json:
    """Return the PartitionInput of a partition, with the columns of its table (InheritFromTable).

    Columns of its own would be a trap: if the prices of a day are all whole numbers, `price` is an int there and a
    double in the table, and Athena refuses to read that day (HIVE_PARTITION_SCHEMA_MISMATCH).
    """
    parameters = _parameters(settings, partition.objects, combine(each.schema for each in partition.objects))
    storage = table["StorageDescriptor"] | {"Location": partition.location, "Parameters": parameters}
    return {"Values": [partition.value], "StorageDescriptor": storage, "Parameters": parameters}


def _parameters(settings: CrawlerSettings, objects: Iterable[Sampled], schema: Schema) -> dict[str, str]:
    objects = list(objects)
    size_bytes = sum(each.size_bytes for each in objects)
    average_bytes = max(schema.size_bytes // schema.rows, 1)
    return {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": settings.name,
        "averageRecordSize": str(average_bytes),
        "classification": "json",
        "compressionType": "none",
        "objectCount": str(len(objects)),
        "recordCount": str(size_bytes // average_bytes),
        "sizeKey": str(size_bytes),
        "typeOfData": "file",
    }
