"""The table and the partitions that a crawl finds in a folder."""

import pytest

from local_aws.crawler.schema import read
from local_aws.crawler.settings import CrawlerSettings
from local_aws.crawler.tables import Sampled, catalog_name, find, partition_input, table_input

SETTINGS = CrawlerSettings("crawler", "role", "db", "bucket", "sales_data", 10)


def lying(path, *rows):
    text = "".join(f"{row}\n" for row in rows).encode()
    return Sampled(path, len(text), read(text, whole=True))


def prices(entry):
    return next(each["Type"] for each in entry["StorageDescriptor"]["Columns"] if each["Name"] == "price")


DAYS = [
    lying("dt=2026-11-21/", '{"orderid": "1", "price": 1.5}', '{"orderid": "2", "price": 2.5}'),
    lying("dt=2026-11-22/", '{"orderid": "3", "price": 349}'),
]


@pytest.mark.parametrize(
    ("folder", "expected"), [("sales_data", "sales_data"), ("Sales-Data 2", "sales_data_2"), ("größe", "gr__e")]
)
def test_a_table_is_named_after_its_folder(folder, expected):
    assert catalog_name(folder) == expected


def test_a_folder_with_an_equals_sign_is_a_partition():
    found = find(SETTINGS, [lying("Day=a=b/", "{}")])
    assert found.partition_key == "day"
    [partition] = found.partitions
    assert (partition.value, partition.location) == ("a=b", "s3://bucket/sales_data/Day=a=b/")


@pytest.mark.parametrize("path", ["", "2026/", "dt=1/hour=2/", "day=1/"])
def test_an_object_elsewhere_is_a_stray(path):
    found = find(SETTINGS, [*DAYS, lying(path, "{}")])
    assert found.strays == (path,)
    assert len(found.objects) == 2


@pytest.mark.parametrize("objects", [[], [lying("", "{}")]])
def test_without_a_partition_there_is_no_table(objects):
    assert find(SETTINGS, objects) is None


def test_a_table_is_written_as_glue_writes_it():
    table = table_input(SETTINGS, find(SETTINGS, DAYS))
    storage = table["StorageDescriptor"]
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert storage["Location"] == "s3://bucket/sales_data/"
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


def test_a_day_of_whole_prices_inherits_the_tables_type():
    found = find(SETTINGS, DAYS)
    table = table_input(SETTINGS, found)
    days = [partition_input(SETTINGS, each, table) for each in found.partitions]
    assert [each["StorageDescriptor"]["Location"][-14:] for each in days] == ["dt=2026-11-21/", "dt=2026-11-22/"]
    assert [prices(table), *map(prices, days)] == ["double"] * 3
    assert [each["Parameters"]["recordCount"] for each in days] == ["2", "1"]
