"""What a crawl changes in the catalog, given what it found and what is there.

Sources: AWS Glue API, SchemaChangePolicy; Developer Guide, "Customizing crawler behavior" and "Scheduling incremental
crawls for adding new partitions". New tables and partitions are always made, whatever the policy.
"""

from dataclasses import dataclass, field
from typing import Any

from local_aws.crawler.schema import combine, merge
from local_aws.crawler.settings import NEW_FOLDERS, CrawlError, Settings
from local_aws.crawler.tables import Found, Partition, partition_input, table_input

CRAWLER_MARK = "UPDATED_BY_CRAWLER"
DEPRECATION_MARK = "DEPRECATED_BY_CRAWLER"  # its value: milliseconds since 1970
UPDATED = ("PartitionKeys", "TableType", "Parameters", "StorageDescriptor")

Json = dict[str, Any]


@dataclass
class Changes:
    """Inputs of the catalog's calls for one table, and `notes`: what was seen and left as it is."""

    create_table: Json | None = None
    update_table: Json | None = None
    delete_table: str | None = None
    create_partitions: list[Json] = field(default_factory=list)
    update_partitions: list[Json] = field(default_factory=list)
    delete_partitions: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def changes(settings: Settings, found: Found, table: Json | None, partitions: list[Json]) -> Changes:
    """Decide how to make the catalog show a found table; `table` and `partitions` are what it has under that name.

    Raises CrawlError for a table that this crawler did not make, and for one whose partition keys have changed.
    """
    result = Changes(
        notes=[f"Left out {stray}: its folders are not those of table {found.name}" for stray in found.strays]
    )
    wanted = table_input(settings, found)
    if table is None:
        result.create_table = wanted
    else:
        _refuse_foreign(settings, found, table)
        wanted, changed = _reconciled(settings, table, wanted, result.notes)
        result.update_table = wanted if changed else None
    if found.partition_keys:
        _change_partitions(settings, found, wanted, partitions, result)
    return result


def gone(settings: Settings, table: Json, now_ms: int) -> Changes:
    """Decide what becomes of a table of this crawler under whose location nothing is left."""
    name = table["Name"]
    result = Changes()
    if settings.delete == "DELETE_FROM_DATABASE":
        result.delete_table = name
    elif settings.delete == "DEPRECATE_IN_DATABASE" and DEPRECATION_MARK not in table["Parameters"]:
        parameters = table["Parameters"] | {DEPRECATION_MARK: str(now_ms)}
        result.update_table = {"Name": name, **{key: table[key] for key in UPDATED}, "Parameters": parameters}
        result.notes.append(
            f"Table {name} is marked deprecated because a matching schema was not found at its location"
        )
    else:
        result.notes.append(f"Found table {name} with no matching schema at its location")
    return result


def is_own(settings: Settings, table: Json) -> bool:
    return bool(table.get("Parameters", {}).get(CRAWLER_MARK) == settings.name)


def _refuse_foreign(settings: Settings, found: Found, table: Json) -> None:
    where = f"{settings.database}.{found.name}"
    if not is_own(settings, table):
        made_by = table.get("Parameters", {}).get(CRAWLER_MARK)
        raise CrawlError(
            f"Table {where} was made by {f'crawler {made_by}' if made_by else 'somebody else'} and is left alone: "
            "rename or delete it, or give the crawler a database of its own."
        )
    keys = tuple(key["Name"] for key in table["PartitionKeys"])
    if keys != found.partition_keys:
        raise CrawlError(
            f"Table {where} is partitioned by ({', '.join(keys)}), {found.location} by "
            f"({', '.join(found.partition_keys)}): partition keys can't be changed; delete the table and crawl again."
        )


def _reconciled(settings: Settings, table: Json, wanted: Json, notes: list[str]) -> tuple[Json, bool]:
    """Return the table as it is to be, and whether that is a change: every update makes a version of the table."""
    kept = table["StorageDescriptor"]["Columns"]
    types = {column["Name"]: column["Type"] for column in kept}
    seen = wanted["StorageDescriptor"]["Columns"]
    if settings.update == "UPDATE_IN_DATABASE" or settings.merge_new_columns:
        storage, parameters = dict(wanted["StorageDescriptor"]), wanted["Parameters"]
        if settings.merge_new_columns:
            notes += _differences(wanted["Name"], types, [each for each in seen if each["Name"] in types])
            storage["Columns"] = kept + [each for each in seen if each["Name"] not in types]
            storage["SerdeInfo"] = _with_all_paths(storage["SerdeInfo"], table["StorageDescriptor"]["SerdeInfo"])
            others = {key: value for key, value in table["Parameters"].items() if key != DEPRECATION_MARK}
            parameters = others | parameters
        update = wanted | {"StorageDescriptor": storage, "Parameters": parameters}
        return update, any(update[key] != table.get(key) for key in UPDATED)
    notes += _differences(wanted["Name"], types, seen)
    return table, False


def _differences(table_name: str, types: dict[str, str], seen: list[Json]) -> list[str]:
    return [
        f"Column {each['Name']} of table {table_name} is {types.get(each['Name'], 'missing')} in the catalog "
        f"and {each['Type']} in the objects, and stays as it is"
        for each in seen
        if types.get(each["Name"]) != each["Type"]
    ]


def _fits(partition: Partition, table: Json) -> bool:
    """Tell whether the table's types hold the partition's values."""
    types = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    own = combine(each.schema for each in partition.objects).hive_columns()
    return all(merge(types.get(each["Name"], each["Type"]), each["Type"]) == types.get(each["Name"]) for each in own)


def _with_all_paths(serde: Json, other: Json) -> Json:
    paths = {path for each in (serde, other) for path in each.get("Parameters", {}).get("paths", "").split(",") if path}
    return serde | {"Parameters": serde["Parameters"] | {"paths": ",".join(sorted(paths))}}


def _change_partitions(settings: Settings, found: Found, table: Json, partitions: list[Json], result: Changes) -> None:
    present = {tuple(each["Values"]): each for each in partitions}
    for partition in found.partitions:
        wanted = partition_input(settings, partition, table)
        if partition.values not in present:
            if settings.recrawl == NEW_FOLDERS and not _fits(partition, table):
                result.notes.append(f"Left out {partition.location}: its schema does not fit table {found.name}")
                continue
            result.create_partitions.append(wanted)
        elif wanted["StorageDescriptor"]["Columns"] != present[partition.values]["StorageDescriptor"]["Columns"]:
            if settings.partitions_inherit or settings.update == "UPDATE_IN_DATABASE":
                result.update_partitions.append({"PartitionValueList": wanted["Values"], "PartitionInput": wanted})
            else:
                result.notes.append(
                    f"Schema of partition {wanted['Values']} of table {found.name} has changed, and stays"
                )
    if settings.recrawl == NEW_FOLDERS:
        return
    for values in sorted(set(present) - {each.values for each in found.partitions}):
        if settings.delete == "DELETE_FROM_DATABASE":
            result.delete_partitions.append(list(values))
        else:
            result.notes.append(
                f"Found partition of table {found.name} with partition values [{', '.join(values)}] "
                "with no matching schema at the partition's S3 location"
            )
