"""What a crawl changes in the catalog, from what it found there and in S3.

Sources: AWS Glue API, SchemaChangePolicy; Developer Guide, "Customizing crawler behavior".
"""

from dataclasses import dataclass, field

from local_aws.crawler.settings import CrawlerSettings
from local_aws.crawler.tables import FoundTable, Json, partition_input, table_input
from local_aws.errors import CrawlError

_CRAWLER_MARK = "UPDATED_BY_CRAWLER"
_UPDATED = ("PartitionKeys", "TableType", "Parameters", "StorageDescriptor")


@dataclass
class CatalogChanges:
    """Inputs of the catalog's calls for one table, and `notes` on differences that the crawl leaves as they are."""

    create_table: Json | None = None
    update_table: Json | None = None
    create_partitions: list[Json] = field(default_factory=list)
    update_partitions: list[Json] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def changes(settings: CrawlerSettings, found: FoundTable, table: Json | None, partitions: list[Json]) -> CatalogChanges:
    """Return the changes that make the catalog show a found table.

    `table` and `partitions` are the catalog's under that name. Raises CrawlError for a table that this crawler did not
    make, and for a partition key that has changed.
    """
    result = CatalogChanges(
        notes=[
            f"Left out {settings.location}{path}: it is no partition of table {found.name} by {found.partition_key}"
            for path in found.strays
        ]
    )
    wanted = table_input(settings, found)
    if table is None:
        result.create_table = wanted
    else:
        _refuse_foreign(settings, found, table)
        wanted = _merged(table, wanted, result.notes)
        # Every update makes a new version of the table.
        if any(wanted[key] != table.get(key) for key in _UPDATED):
            result.update_table = wanted
    _change_partitions(settings, found, wanted, partitions, result)
    return result


def _refuse_foreign(settings: CrawlerSettings, found: FoundTable, table: Json) -> None:
    where = f"{settings.database}.{found.name}"
    made_by = table.get("Parameters", {}).get(_CRAWLER_MARK)
    if made_by != settings.name:
        raise CrawlError(
            f"Table {where} was made by {f'crawler {made_by}' if made_by else 'somebody else'} and is left alone: "
            "rename or delete it, or give the crawler a database of its own."
        )
    keys = [key["Name"] for key in table["PartitionKeys"]]
    if keys != [found.partition_key]:
        raise CrawlError(
            f"Table {where} is partitioned by {', '.join(keys)}, and {settings.location} by {found.partition_key}: "
            "delete the table and crawl again."
        )


def _merged(table: Json, wanted: Json, notes: list[str]) -> Json:
    """Return the table with new columns at its end (MergeNewColumns). Columns that it has keep their types."""
    old, new = table["StorageDescriptor"], wanted["StorageDescriptor"]
    types = {column["Name"]: column["Type"] for column in old["Columns"]}
    for column in new["Columns"]:
        kept = types.get(column["Name"], column["Type"])
        if kept != column["Type"]:
            notes.append(
                f"Column {column['Name']} of table {wanted['Name']} is {kept} in the catalog and {column['Type']} in "
                "the objects, and stays as it is"
            )
    columns = old["Columns"] + [each for each in new["Columns"] if each["Name"] not in types]
    paths = ",".join(sorted(each["Name"] for each in columns))
    storage = new | {"Columns": columns, "SerdeInfo": new["SerdeInfo"] | {"Parameters": {"paths": paths}}}
    return wanted | {"StorageDescriptor": storage, "Parameters": table["Parameters"] | wanted["Parameters"]}


def _change_partitions(
    settings: CrawlerSettings, found: FoundTable, table: Json, partitions: list[Json], result: CatalogChanges
) -> None:
    present = {each["Values"][0]: each for each in partitions}
    for partition in found.partitions:
        wanted = partition_input(settings, partition, table)
        if partition.value not in present:
            result.create_partitions.append(wanted)
        elif wanted["StorageDescriptor"]["Columns"] != present[partition.value]["StorageDescriptor"]["Columns"]:
            result.update_partitions.append({"PartitionValueList": wanted["Values"], "PartitionInput": wanted})
    for value in sorted(present.keys() - {each.value for each in found.partitions}):
        result.notes.append(f"Partition {value} of table {found.name} has no objects any more, and stays")
