"""Rows with columns of every type, as the transform writes them, in the declared and in the crawled table."""

import json

import pytest

from local_aws.athena.errors import QueryFailedError
from local_aws.crawler.schema import read
from tests.unit.local_aws.athena.lake import CRAWLED, TABLE, Lake, day

TYPES = {
    "order_no": "bigint",
    "image": "string",
    "class": "boolean",
    "gift-wrap": "string",
    "order id": "int",
    "price": "decimal(28,9)",
    "shipping": "string",
    "other_attributes": "string",
}
COLUMNS = [{"Name": name, "Type": kind} for name, kind in TYPES.items()]
JSON = (
    '{"city":"Bonn","gift-wrap":true,"weights":[2.50,10],"n":12345678901234567890123.10,"none":null,"a":{"b":"\\"7,8"}}'
)
ROWS = [
    {
        "order_no": 2**63 - 1,
        "image": "",
        "class": True,
        "gift-wrap": None,
        "order id": -7,
        "price": 349.0,
        "shipping": JSON,
    },
    {
        "order_no": -(2**63),
        "image": None,
        "class": False,
        "gift-wrap": None,
        "order id": None,
        "price": None,
        "shipping": "7",
    },
]


@pytest.fixture
def lake():
    """A lake whose two tables have these rows."""
    lake = Lake({**TABLE, "StorageDescriptor": {**TABLE["StorageDescriptor"], "Columns": COLUMNS}})
    lake.add(f"dt={day()}/rows.json", *ROWS)
    schema = read(b"".join(json.dumps(row).encode() + b"\n" for row in ROWS), whole=True)
    [table] = lake.tables("declareddatabase")
    storage = table["StorageDescriptor"] | {"Columns": schema.hive_columns()}
    lake.put(CRAWLED, table | {"Name": "sales_data", "StorageDescriptor": storage})
    return lake


def test_the_declared_table_has_the_declared_types_and_null_for_what_a_row_lacks(lake):
    answer = lake.ask("SELECT * FROM orders ORDER BY order_no DESC")
    kinds = [kind.trino for kind in answer.kinds]
    assert kinds == ["bigint", "varchar", "boolean", "varchar", "integer", "decimal(28,9)", *["varchar"] * 3]
    assert answer.rows == [
        ["9223372036854775807", "", "true", None, "-7", "349.000000000", JSON, None, day()],
        ["-9223372036854775808", None, "false", None, None, None, "7", None, day()],
    ]


def test_the_crawled_table_shows_the_same_and_a_column_of_nulls_as_text(lake):
    answer = lake.ask("SELECT * FROM sales_data ORDER BY order_no DESC", CRAWLED)
    kinds = [kind.trino for kind in answer.kinds]
    assert kinds == ["bigint", "varchar", "boolean", "varchar", "integer", "double", "varchar", "varchar"]
    assert answer.rows[0] == ["9223372036854775807", "", "true", None, "-7", "349.0", JSON, day()]


def test_names_that_are_words_of_sql_or_have_other_characters_are_quoted(lake):
    sql = 'SELECT "gift-wrap" AS g, count("order id") AS n, max("class") AS c FROM orders GROUP BY "gift-wrap"'
    with pytest.raises(QueryFailedError):
        lake.ask(sql.replace('"', ""))
    assert lake.ask(sql.replace("max", "bool_or")).rows == [[None, "1", "true"]]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.city", "Bonn"),
        ('$["city"]', "Bonn"),
        ('$["gift-wrap"]', "true"),
        ("$.weights[0]", "2.50"),
        ("$.weights[9]", None),
        ("$.weights", None),
        ("$.n", "12345678901234567890123.10"),
        ("$.none", None),
        ("$.nothing", None),
        ("$.a", None),
        ("$.a.b", '"7,8'),
    ],
)
def test_json_text_is_read_by_its_path_with_all_digits(lake, path, expected):
    sql = f"SELECT json_extract_scalar(shipping, '{path}') FROM orders ORDER BY order_no DESC"  # noqa: S608
    assert [value for (value,) in lake.ask(sql).rows] == [expected, None]


@pytest.mark.parametrize("text", ["{", "", "7x", '"'])
def test_text_that_is_no_json_has_nothing_at_a_path(lake, text):
    assert lake.ask(f"SELECT json_extract_scalar('{text}', '$.a')").rows == [[None]]


@pytest.mark.parametrize("path", ["'$.*'", "'$..a'", "image"])
def test_other_paths_fail_the_query(lake, path):
    with pytest.raises(QueryFailedError, match="NOT_SUPPORTED"):
        lake.ask(f"SELECT json_extract_scalar(shipping, {path}) FROM orders")  # noqa: S608
