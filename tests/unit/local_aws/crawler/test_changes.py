"""What a crawl changes in the catalog."""

import pytest

from local_aws.crawler.changes import CatalogChanges, changes
from local_aws.crawler.tables import find
from local_aws.errors import CrawlError
from tests.unit.local_aws.crawler.test_tables import DAYS, SETTINGS, lying, prices

CHANGED = [DAYS[0], lying("dt=2026-11-22/", '{"new": true, "orderid": 7}')]


def names(entry):
    return [each["Name"] for each in entry["StorageDescriptor"]["Columns"]]


def crawled(objects=DAYS):
    """Return the catalog's table and partitions after a first crawl."""
    first = changes(SETTINGS, find(SETTINGS, objects), None, [])
    return first.create_table, first.create_partitions


def again(objects, table, partitions):
    return changes(SETTINGS, find(SETTINGS, objects), table, partitions)


def test_the_first_crawl_makes_the_table_and_its_partitions():
    table, partitions = crawled()
    assert table["Name"] == "sales_data"
    assert [each["Values"] for each in partitions] == [["2026-11-21"], ["2026-11-22"]]


def test_what_has_not_changed_is_not_written():
    assert again(DAYS, *crawled()) == CatalogChanges()


def test_a_stray_is_noted():
    assert again([*DAYS, lying("", "{}")], *crawled()).notes == [
        "Left out s3://bucket/sales_data/: it is no partition of table sales_data by dt"
    ]


def test_a_new_day_is_added_and_the_table_counts_it():
    result = again([*DAYS, lying("dt=2026-11-23/", '{"orderid": "4", "price": 1}')], *crawled())
    assert [each["Values"] for each in result.create_partitions] == [["2026-11-23"]]
    assert prices(result.create_partitions[0]) == "double"
    assert result.update_partitions == []
    assert result.update_table["Parameters"]["objectCount"] == "3"


def test_new_columns_come_at_the_end_of_table_and_partitions_and_the_rest_stays():
    table, partitions = crawled()
    table["Parameters"]["mine"] = "kept"
    result = again(CHANGED, table, partitions)
    columns = ["orderid", "price", "new"]
    assert names(result.update_table) == columns
    assert result.update_table["StorageDescriptor"]["SerdeInfo"]["Parameters"]["paths"] == "new,orderid,price"
    assert result.update_table["Parameters"]["mine"] == "kept"
    assert [names(each["PartitionInput"]) for each in result.update_partitions] == [columns] * 2
    assert result.notes == []


def test_a_column_of_another_type_is_noted_and_keeps_its_own():
    result = again([lying("dt=2026-11-21/", '{"orderid": 7, "price": 1.5}')], *crawled(DAYS[:1]))
    assert names(result.update_table) == ["orderid", "price"]
    assert result.update_table["StorageDescriptor"]["Columns"][0]["Type"] == "string"
    assert result.notes == [
        "Column orderid of table sales_data is string in the catalog and int in the objects, and stays as it is"
    ]


def test_a_partition_of_other_types_gets_the_tables():
    table, partitions = crawled()
    partitions[1]["StorageDescriptor"] = partitions[1]["StorageDescriptor"] | {
        "Columns": [{"Name": "price", "Type": "int"}]
    }
    [update] = again(DAYS, table, partitions).update_partitions
    assert (update["PartitionValueList"], prices(update["PartitionInput"])) == (["2026-11-22"], "double")


def test_a_day_that_is_gone_is_noted_and_stays():
    result = again(DAYS[:1], *crawled())
    assert result.notes == ["Partition 2026-11-22 of table sales_data has no objects any more, and stays"]


@pytest.mark.parametrize("parameters", [{}, {"UPDATED_BY_CRAWLER": "another"}])
def test_a_table_that_another_made_is_refused_by_name(parameters):
    table, partitions = crawled()
    with pytest.raises(
        CrawlError, match=r"db\.sales_data was made by (somebody else|crawler another) and is left alone"
    ):
        again(DAYS, table | {"Parameters": parameters}, partitions)


def test_a_partition_key_that_changed_is_refused():
    with pytest.raises(CrawlError, match=r"partitioned by dt, and s3://bucket/sales_data/ by day"):
        again([lying("day=1/", "{}")], *crawled())
