"""Tables and partitions that a crawl finds, and what it changes in the catalog for them."""

import json

import pytest

from local_aws.crawler.changes import changes, gone
from local_aws.crawler.schema import read
from local_aws.crawler.settings import CrawlError, Settings
from local_aws.crawler.tables import Sampled, find, table_name

TARGET = "s3://bucket/sales_data/"
COMBINE = {"TableGroupingPolicy": "CombineCompatibleSchemas"}
INHERIT = {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}
MERGE = {"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}
LOG = {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}


def crawler(grouping=None, output=None, **more):
    configuration = {
        "Version": 1.0,
        "Grouping": COMBINE if grouping is None else grouping,
        "CrawlerOutput": output or {},
    }
    return {
        "Name": "crawler",
        "Role": "arn:aws:iam::000000000000:role/crawler",
        "DatabaseName": "db",
        "Targets": {"S3Targets": [{"Path": TARGET}]},
        "Configuration": json.dumps(configuration),
        **more,
    }


def settings(*arguments, **more):
    return Settings.of(crawler(*arguments, **more))


def lying(folders, *rows, compressed=False):
    text = "".join(f"{row}\n" for row in rows).encode()
    return Sampled(tuple(folders.split("/")), len(text), read(text, whole=True), compressed)


def only(found):
    (one,) = found
    return one


def prices(entry):
    return next(each["Type"] for each in entry["StorageDescriptor"]["Columns"] if each["Name"] == "price")


def names(entry):
    return [each["Name"] for each in entry["StorageDescriptor"]["Columns"]]


DAYS = [
    lying("bucket/sales_data/dt=2026-11-21", '{"orderid": "1", "price": 1.5}', '{"orderid": "2", "price": 2.5}'),
    lying("bucket/sales_data/dt=2026-11-22", '{"orderid": "3", "price": 349}'),
]


def crawled(configured, objects=DAYS):
    """Return the catalog's table and partitions after a first crawl."""
    first = changes(configured, only(find(configured, TARGET, objects)), None, [])
    return first.create_table, first.create_partitions


def again(configured, objects, table, partitions):
    return changes(configured, only(find(configured, TARGET, objects)), table, partitions)


# ── where tables and partitions are ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("folder", "expected"), [("sales_data", "sales_data"), ("Sales-Data 2", "sales_data_2"), ("größe", "gr__e")]
)
def test_a_table_is_named_after_its_folder(folder, expected):
    assert table_name("", folder) == expected
    assert table_name("raw_", folder) == f"raw_{expected}"


def test_hive_folders_name_their_keys_and_others_get_a_number():
    found = only(find(settings(), TARGET, [lying("bucket/sales_data/Year=2026/11/x=a=b", "{}")]))
    assert found.partition_keys == ("year", "partition_1", "x")
    assert found.partitions[0].values == ("2026", "11", "a=b")
    assert found.partitions[0].location == "s3://bucket/sales_data/Year=2026/11/x=a=b/"


def test_a_folder_without_folders_is_a_table_without_partitions():
    result = changes(settings(), only(find(settings(), TARGET, [lying("bucket/sales_data", '{"a": 1}')])), None, [])
    assert result.create_table["PartitionKeys"] == []
    assert result.create_partitions == []


def test_a_folder_of_another_depth_is_left_out_and_noted():
    objects = [*DAYS, lying("bucket/sales_data", '{"orderid": 1}')]
    found = only(find(settings(), TARGET, objects))
    assert len(found.objects) == 2
    assert changes(settings(), found, None, []).notes == [
        "Left out s3://bucket/sales_data/: its folders are not those of table sales_data"
    ]


def test_the_level_counts_from_the_bucket():
    objects = [lying("bucket/sales_data/eu/dt=1", '{"a": 1}'), lying("bucket/sales_data/us/dt=1", '{"b": 1}')]
    found = find(settings({**COMBINE, "TableLevelConfiguration": 3}), TARGET, objects)
    assert [(each.name, each.location, each.partition_keys) for each in found] == [
        ("eu", "s3://bucket/sales_data/eu/", ("dt",)),
        ("us", "s3://bucket/sales_data/us/", ("dt",)),
    ]
    assert [each.name for each in find(settings({"TableLevelConfiguration": 2}), TARGET, objects)] == ["sales_data"]


def test_unlike_folders_are_tables_of_their_own_unless_they_are_combined():
    # The example of the guide's page on a single schema for each path.
    objects = [
        lying("bucket/table1/year=2017", '{"A": 1, "B": 2}'),
        lying("bucket/table1/year=2018", '{"C": 3, "D": 4}'),
    ]
    apart = find(settings({}), "s3://bucket/table1/", objects)
    assert [each.name for each in apart] == ["year_2017", "year_2018"]
    together = only(find(settings(), "s3://bucket/table1/", objects))
    assert (together.name, together.partition_keys) == ("table1", ("year",))
    table = changes(settings(), together, None, []).create_table
    assert names(table) == ["a", "b", "c", "d"]


def test_like_folders_are_one_table_without_being_told():
    assert only(find(settings({}), TARGET, DAYS)).name == "sales_data"


def test_nothing_found_is_no_table():
    assert find(settings(), TARGET, []) == []


# ── the first crawl ─────────────────────────────────────────────────────────────────────────────


def test_a_table_is_written_as_glue_writes_it():
    table, _ = crawled(settings())
    storage = table["StorageDescriptor"]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert storage["Location"] == TARGET
    assert storage["SerdeInfo"] == {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
        "Parameters": {"paths": "orderid,price"},
    }
    assert table["Parameters"] == storage["Parameters"]
    assert table["Parameters"] == {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": "crawler",
        "averageRecordSize": "31",
        "classification": "json",
        "compressionType": "none",
        "objectCount": "2",
        "recordCount": "3",
        "sizeKey": "93",
        "typeOfData": "file",
    }


def test_compression_is_named_where_every_object_has_it():
    packed = lying("bucket/sales_data/dt=1", '{"a": 1}', compressed=True)
    table, _ = crawled(settings(), [packed])
    assert table["Parameters"]["compressionType"] == "gzip"
    table, _ = crawled(settings(), [packed, *DAYS])
    assert table["Parameters"]["compressionType"] == "none"


def test_partitions_inherit_the_tables_types_or_fall_into_the_trap():
    table, own = crawled(settings())
    assert (prices(table), [prices(each) for each in own]) == ("double", ["double", "int"])
    table, inherited = crawled(settings(output=INHERIT))
    assert (prices(table), [prices(each) for each in inherited]) == ("double", ["double", "double"])


# ── later crawls ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("output", [{}, INHERIT, MERGE, INHERIT | MERGE])
@pytest.mark.parametrize("policy", [{}, {"SchemaChangePolicy": LOG}])
def test_what_has_not_changed_is_not_written(output, policy):
    configured = settings(output=output, **policy)
    result = again(configured, DAYS, *crawled(configured))
    assert result == type(result)()


def test_a_new_day_is_added_and_the_table_counts_it():
    configured = settings(output=INHERIT | MERGE)
    table, partitions = crawled(configured)
    new = lying("bucket/sales_data/dt=2026-11-23", '{"orderid": "4", "price": 1}')
    result = again(configured, [*DAYS, new], table, partitions)
    assert [each["Values"] for each in result.create_partitions] == [["2026-11-23"]]
    assert prices(result.create_partitions[0]) == "double"
    assert result.update_partitions == []
    assert result.update_table["Parameters"]["objectCount"] == "3"


CHANGED = [lying("bucket/sales_data/dt=2026-11-22", '{"new": true, "orderid": 7}')]


def test_merging_adds_columns_at_the_end_and_keeps_the_rest():
    configured = settings(output=INHERIT | MERGE)
    table, partitions = crawled(configured)
    table["Parameters"]["mine"] = "kept"
    result = again(configured, CHANGED, table, partitions)
    assert names(result.update_table) == ["orderid", "price", "new"]
    assert result.update_table["StorageDescriptor"]["SerdeInfo"]["Parameters"]["paths"] == "new,orderid,price"
    assert result.update_table["Parameters"]["mine"] == "kept"
    assert [names(each["PartitionInput"]) for each in result.update_partitions] == [["orderid", "price", "new"]]
    assert "Column orderid of table sales_data is string in the catalog and int in the objects, and stays as it is" in (
        result.notes
    )


def test_the_configuration_goes_before_the_policy():
    configured = settings(output=INHERIT | MERGE, SchemaChangePolicy=LOG)
    result = again(configured, CHANGED, *crawled(configured))
    assert names(result.update_table) == ["orderid", "price", "new"]
    assert [names(each["PartitionInput"]) for each in result.update_partitions] == [["orderid", "price", "new"]]


def test_updating_replaces_columns_and_removes_what_the_crawler_did_not_set():
    table, partitions = crawled(settings())
    table["Parameters"]["mine"] = "lost"
    result = again(settings(), CHANGED, table, partitions)
    assert names(result.update_table) == ["new", "orderid"]
    assert "mine" not in result.update_table["Parameters"]


def test_logging_changes_nothing_and_says_what_it_saw():
    configured = settings(SchemaChangePolicy=LOG)
    table, partitions = crawled(configured)
    result = again(configured, CHANGED, table, partitions)
    assert (result.update_table, result.update_partitions, result.create_partitions) == (None, [], [])
    assert len(result.notes) == 4  # two columns, a partition whose schema changed, and one that is gone


@pytest.mark.parametrize(("behavior", "deleted"), [("LOG", []), ("DELETE_FROM_DATABASE", [["2026-11-21"]])])
def test_a_day_that_is_gone_is_deleted_only_where_the_policy_says_so(behavior, deleted):
    configured = settings(SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": behavior})
    result = again(configured, DAYS[1:], *crawled(configured))
    assert result.delete_partitions == deleted
    assert any("partition values [2026-11-21]" in note for note in result.notes) == (not deleted)


def test_a_table_that_is_gone_is_logged_deprecated_or_deleted():
    table, _ = crawled(settings())
    logged, deprecated, deleted = (
        gone(settings(SchemaChangePolicy={"DeleteBehavior": behavior}), table, 1_795_368_596_597)
        for behavior in ("LOG", "DEPRECATE_IN_DATABASE", "DELETE_FROM_DATABASE")
    )
    assert (logged.update_table, logged.delete_table) == (None, None)
    assert len(logged.notes) == 1
    assert deprecated.update_table["Parameters"]["DEPRECATED_BY_CRAWLER"] == "1795368596597"
    assert deleted.delete_table == "sales_data"
    # It is marked once, and no longer once it is back.
    assert gone(settings(), deprecated.update_table, 1).update_table is None
    back = again(settings(output=MERGE), DAYS, deprecated.update_table, [])
    assert "DEPRECATED_BY_CRAWLER" not in back.update_table["Parameters"]


def test_only_new_folders_are_added_and_only_if_they_fit():
    configured = settings(output=INHERIT | MERGE, RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"})
    table, partitions = crawled(configured)
    fits = lying("bucket/sales_data/dt=2026-11-23", '{"orderid": "4", "price": 1}')
    unfit = lying("bucket/sales_data/dt=2026-11-24", '{"orderid": "5", "price": "a lot"}')
    result = again(configured, [fits, unfit], table, partitions)
    assert [each["Values"] for each in result.create_partitions] == [["2026-11-23"]]
    assert (result.update_table, result.delete_partitions) == (None, [])
    assert "Left out s3://bucket/sales_data/dt=2026-11-24/: its schema does not fit table sales_data" in result.notes
    assert not [note for note in result.notes if "no matching schema" in note]  # of the days that were not looked at


@pytest.mark.parametrize("parameters", [{}, {"UPDATED_BY_CRAWLER": "another"}])
def test_a_table_that_another_made_is_refused_by_name(parameters):
    table, partitions = crawled(settings())
    with pytest.raises(
        CrawlError, match=r"db\.sales_data was made by (somebody else|crawler another) and is left alone"
    ):
        again(settings(), DAYS, table | {"Parameters": parameters}, partitions)


def test_partition_keys_that_changed_are_refused():
    with pytest.raises(CrawlError, match=r"partitioned by \(dt\), s3://bucket/sales_data/ by \(day\)"):
        again(settings(), [lying("bucket/sales_data/day=1", "{}")], *crawled(settings()))


# ── settings ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"Targets": {"S3Targets": [{"Path": TARGET, "Exclusions": ["**"]}]}}, "Exclusions"),
        ({"Targets": {"S3Targets": [{"Path": TARGET}], "JdbcTargets": [{}]}}, "JdbcTargets"),
        ({"Targets": {}}, "no S3 target"),
        ({"Classifiers": ["mine"]}, "Classifiers"),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}}, "CRAWL_EVENT_MODE"),
    ],
)
def test_what_only_aws_can_crawl_is_refused_by_name(change, named):
    with pytest.raises(CrawlError, match=named):
        settings(**change)


def test_settings_left_out_have_the_defaults_of_aws():
    bare = Settings.of(crawler() | {"Configuration": ""})
    assert (bare.update, bare.delete, bare.recrawl) == (
        "UPDATE_IN_DATABASE",
        "DEPRECATE_IN_DATABASE",
        "CRAWL_EVERYTHING",
    )
    assert (bare.combine_compatible, bare.partitions_inherit, bare.merge_new_columns) == (False, False, False)
    assert bare.partition_index
    assert bare.targets == (TARGET,)
