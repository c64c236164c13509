"""SHOW and DESCRIBE."""

import pytest

from local_aws.athena.errors import QueryFailedError
from tests.unit.local_aws.athena.lake import CRAWLED, DECLARED, Lake


@pytest.fixture
def lake():
    made = Lake()
    made.ask("CREATE VIEW expensive AS SELECT * FROM orders WHERE price > 100")
    made.registered[DECLARED, "orders"] = [
        {"Values": [day], "StorageDescriptor": {}} for day in ("2026-02-01", "2026-01-01")
    ]
    return made


@pytest.mark.parametrize(
    ("sql", "column", "lines"),
    [
        ("SHOW DATABASES", "database_name", [DECLARED, CRAWLED]),
        ("show schemas like 'sales*'", "database_name", [CRAWLED]),
        ("SHOW TABLES;", "tab_name", ["expensive", "orders"]),
        (f"SHOW TABLES IN {CRAWLED}", "tab_name", []),
        ("SHOW TABLES 'x|ord*'", "tab_name", ["orders"]),
        (f'SHOW VIEWS IN "{DECLARED}"', "views", ["expensive"]),
        ("SHOW PARTITIONS orders", "partition", ["dt=2026-01-01", "dt=2026-02-01"]),
        (
            f"SHOW COLUMNS IN {DECLARED}.orders",
            "field",
            ["orderid".ljust(20), "product_name".ljust(20), "quantity".ljust(20), "price".ljust(20), "dt".ljust(20)],
        ),
    ],
)
def test_show_lists_what_the_catalog_has(lake, sql, column, lines):
    answer = lake.ask(sql)
    assert (answer.columns, answer.rows) == ([column], [[line] for line in lines])


@pytest.mark.parametrize("sql", ["DESCRIBE orders", f"desc `{DECLARED}`.`orders`"])
def test_describe_gives_each_column_as_one_text_with_tabs(lake, sql):
    answer = lake.ask(sql)
    assert answer.columns == ["col_name", "data_type", "comment"]
    assert answer.rows[3] == [f"{'price':20}\t{'decimal(28,9)':20}\t{'':20}"]
    assert ["# Partition Information\t \t "] in answer.rows
    assert answer.rows[-1] == [f"{'dt':20}\t{'string':20}\tDay in UTC on which Kinesis received the change"]
    assert lake.ask("DESCRIBE expensive").rows[2] == [f"{'quantity':20}\t{'int':20}\t{'':20}"]


def test_show_create_table_makes_the_table_again(lake):
    lake.entries[DECLARED]["orders"]["StorageDescriptor"]["Columns"][0]["Comment"] = "the order's id"
    text = "\n".join(line for (line,) in lake.ask("SHOW CREATE TABLE orders").rows)
    assert text.startswith(f"CREATE EXTERNAL TABLE `{DECLARED}.orders`(\n  `orderid` string COMMENT 'the order''s id'")
    assert "\n  `product_name` string, \n" in text
    assert "\nLOCATION\n  's3://Bucket/sales_data/'\n" in text
    assert text.endswith("'storage.location.template'='s3://Bucket/sales_data/dt=${dt}/')")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DESCRIBE nope", f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{DECLARED}.nope' does not exist"),
        ("SHOW TABLES IN nope", "SCHEMA_NOT_FOUND: Schema 'nope' does not exist"),
        ("SHOW PARTITIONS expensive", "SemanticException: table expensive is not a partitioned table"),
        ("SHOW CREATE VIEW orders", f"NOT_SUPPORTED: Relation '{DECLARED}.orders' is a table, not a view"),
        ("SHOW FUNCTIONS", "NOT_SUPPORTED: this form of SHOW does not run on this machine"),
    ],
)
def test_what_is_not_there_or_not_known_fails(lake, sql, reason):
    with pytest.raises(QueryFailedError) as failure:
        lake.ask(sql)
    assert str(failure.value).startswith(reason)
