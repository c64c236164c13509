"""Which objects a query reads, and how; views; names."""

import json

import pytest

from local_aws.athena.errors import QueryFailedError
from tests.unit.local_aws.athena.lake import CRAWLED, DECLARED, Lake, day

GOOD = {"orderid": "a", "product_name": "Laptop", "quantity": 1, "price": 349.0}
PRICES = [{"Name": "orderid", "Type": "string"}, {"Name": "price", "Type": "double"}]


def orderids(lake, table="orders", database=DECLARED):
    return [orderid for (orderid,) in lake.ask(f"SELECT orderid FROM {table} ORDER BY 1", database).rows]  # noqa: S608


def order(orderid):
    return GOOD | {"orderid": orderid}


def test_a_query_reads_the_objects_that_athena_reads():
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", order("in a day"))
    lake.add(f"dt={day()}/10/rows", order("in a folder below a day"))
    lake.add(f"dt={day()}/rows.gz", order("compressed"))
    lake.add(f"dt={day()}/empty.json")
    for path in (f"dt={day()}/_rows.json", f"dt={day()}/.rows", f"dt={day()}/_a/rows.json", f"dt={day()}//rows.json"):
        lake.add(path, b"hidden")
    for path in (f"dt={day(-1)}/rows.json", "dt=2025-12-31/rows.json", "dt=2026-02-30/rows.json", "rows.json"):
        lake.add(path, b"in no day of the projection")
    lake.add("rows.json", b"in another folder", folder="s3://Bucket/sales_data_old/")
    assert orderids(lake) == ["compressed", "in a day", "in a folder below a day"]


def test_a_query_says_how_many_bytes_it_read_of_the_objects_as_they_are_stored():
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", order("plain"), order("plain too"))
    lake.add(f"dt={day()}/rows.gz", order("compressed"))
    lake.add(f"dt={day()}/_rows.json", b"hidden")
    read = sum(len(body) for uri, body in lake.stored.items() if "_rows" not in uri)
    assert lake.ask("SELECT count(*) FROM orders").scanned_bytes == read
    assert lake.ask("SELECT 1").scanned_bytes == 0


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b""])
def test_lines_end_at_a_line_feed_a_carriage_return_or_both(end):
    lake = Lake()
    lake.stored[f"s3://Bucket/sales_data/dt={day()}/rows"] = (end or b"\n").join(
        json.dumps(order(name)).encode() for name in "ab"
    ) + end
    assert orderids(lake) == ["a", "b"]


BROKEN = {
    b"{": "not valid JSON",
    b"": "not valid JSON",
    b"\x1f\x8bgzip without the name": "not valid JSON",
    b"[1]": "not an object",
    b'{"orderid":"\xff"}': "not valid JSON",
    b'{"orderid":"\\ud800"}': "not valid JSON",
    b'{"orderid":"a","ORDERID":"b"}': "a name is there twice",
    b'{"orderid":{}}': "column orderid of type string can't hold its value",
    b'{"quantity":1.0}': "column quantity of type int can't hold its value",
    b'{"quantity":"1"}': "column quantity of type int can't hold its value",
    b'{"quantity":2147483648}': "column quantity of type int can't hold its value",
    b'{"price":"1"}': "column price of type decimal(28,9) can't hold its value",
    b'{"price":1e19}': "column price of type decimal(28,9) can't hold its value",
    b'{"price":9999999999999999999.9999999999}': "column price of type decimal(28,9) can't hold its value",
    b'{"price":1e999999999}': "column price of type decimal(28,9) can't hold its value",
    b'{"price":NaN}': "NaN is no JSON",
}


@pytest.mark.parametrize("line", BROKEN)
def test_a_line_that_is_no_row_fails_the_query_and_says_where_it_is(line):
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", GOOD, line, GOOD)
    with pytest.raises(QueryFailedError) as failure:
        orderids(lake)
    uri = f"s3://Bucket/sales_data/dt={day()}/rows.json"
    assert str(failure.value) == f"HIVE_BAD_DATA: line 2 of {uri} is no row: {BROKEN[line]}"


@pytest.mark.parametrize(("name", "reason"), [("rows.gz", "HIVE_CURSOR_ERROR"), ("rows.zst", "NOT_SUPPORTED")])
def test_an_object_that_cannot_be_decompressed_fails_the_query(name, reason):
    lake = Lake()
    lake.stored[f"s3://Bucket/sales_data/dt={day()}/{name}"] = b"{}"
    with pytest.raises(QueryFailedError, match=f"{reason}: .*{name}"):
        orderids(lake)


def test_values_have_the_types_of_the_catalog_with_every_digit():
    lake = Lake()
    lake.add(
        f"dt={day()}/rows.json",
        b'{"ORDERID":"2026-01-01","product_name":12.50,"quantity":-2147483648,"price":-9999999999999999999.999999999}',
        b'{"orderid":"01a20446-a53f-7000-a43e-83e78fdb48c4","product_name":null,"price":1E-10,"more":{"a":[1]}}',
        b'{"orderid":"\\u0000\\n\\"\xe6\x97\xa5","product_name":"","quantity":7,"price":0.0000000005}',
    )
    answer = lake.ask("SELECT * FROM orders")
    assert [kind.trino for kind in answer.kinds] == ["varchar", "varchar", "integer", "decimal(28,9)", "varchar"]
    assert [row[:4] for row in answer.rows] == [
        ["2026-01-01", "12.50", "-2147483648", "-9999999999999999999.999999999"],
        ["01a20446-a53f-7000-a43e-83e78fdb48c4", None, None, "0.000000000"],
        ['\0\n"日', "", "7", "0.000000001"],
    ]


@pytest.mark.parametrize("orderid", ["A-1001", "01a20446-a53f-7000-a43e-83e78fdb48c4", "1", "2026-01-01"])
def test_an_id_is_text_whatever_it_looks_like(orderid):
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", order(orderid))
    sql = f"SELECT substr(orderid, 1, 13) FROM orders WHERE orderid = '{orderid}' AND orderid <> 'A-1002'"  # noqa: S608
    assert lake.ask(sql).rows == [[orderid[:13]]]


def crawled(columns=None):
    lake = Lake()
    storage = lake.entries[DECLARED]["orders"]["StorageDescriptor"] | {"Columns": PRICES}
    keys = [{"Name": "dt", "Type": "string"}]
    lake.put(CRAWLED, {"Name": "sales_data", "StorageDescriptor": storage, "PartitionKeys": keys, "Parameters": {}})
    for value in ("2020-01-01", "2026-02-01"):
        lake.add(f"dt={value}/rows.json", order(value))
    at = {"Location": "s3://Bucket/sales_data/dt=2020-01-01", "Columns": columns or PRICES}
    lake.registered[CRAWLED, "sales_data"] = [{"Values": ["2020-01-01"], "StorageDescriptor": at}]
    return lake


def test_a_crawled_table_shows_its_registered_partitions_only():
    assert crawled().ask("SELECT * FROM sales_data", CRAWLED).rows == [["2020-01-01", "349.0", "2020-01-01"]]


def test_a_partition_with_other_types_than_its_table_fails_the_query():
    wrong = [PRICES[0], {"Name": "price", "Type": "int"}]
    with pytest.raises(QueryFailedError, match=r"^HIVE_PARTITION_SCHEMA_MISMATCH: .* partition 'dt=2020-01-01'"):
        orderids(crawled(wrong), "sales_data", CRAWLED)


def test_the_path_shows_only_where_a_query_names_it():
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", GOOD)
    uri = f"s3://Bucket/sales_data/dt={day()}/rows.json"
    assert lake.ask('SELECT "$path" FROM orders').rows == [[uri]]
    assert lake.ask('SELECT *, "$path" AS path FROM orders').columns[-2:] == ["dt", "path"]
    assert lake.ask("SELECT o.* FROM orders AS o WHERE o.\"$path\" LIKE 's3:%'").columns[-1] == "dt"
    assert lake.ask('SELECT count(DISTINCT "$path") FROM (SELECT *, "$path" FROM orders)').rows == [["1"]]
    for sql in ('SELECT "$path" FROM (SELECT * FROM orders)', 'SELECT "$path" FROM v'):
        lake.ask("CREATE OR REPLACE VIEW v AS SELECT * FROM orders")
        with pytest.raises(QueryFailedError, match=r"^COLUMN_NOT_FOUND: Column '\$path' cannot be resolved"):
            lake.ask(sql)


def test_names_are_found_as_athena_finds_them():
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", GOOD)
    for sql in (
        f"SELECT {DECLARED}.orders.orderid FROM {DECLARED}.orders",  # noqa: S608
        f'SELECT O.OrderID FROM "AwsDataCatalog"."{DECLARED}".Orders AS o',  # noqa: S608
        "WITH orders AS (SELECT orderid FROM orders) SELECT * FROM orders",
        "WITH a AS (SELECT * FROM orders), b AS (SELECT orderid FROM a) SELECT orderid FROM b JOIN a USING (orderid)",
        "SELECT orderid FROM orders WHERE EXISTS (SELECT 1 FROM orders AS other WHERE other.orderid = orders.orderid)",
    ):
        assert lake.ask(sql).rows == [["a"]]
    for name, reason in {
        "nope": f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{DECLARED}.nope' does not exist",
        "no.orders": "SCHEMA_NOT_FOUND: Schema 'no' does not exist",
        "other.a.b": "CATALOG_NOT_FOUND: Catalog 'other' does not exist",
    }.items():
        with pytest.raises(QueryFailedError) as failure:
            lake.ask(f"SELECT * FROM {name}")  # noqa: S608
        assert str(failure.value) == reason


def test_a_column_without_a_name_has_its_place():
    answer = Lake().ask("SELECT 1, 2 AS b, * FROM (SELECT 3, 4 AS d)")
    assert answer.columns == ["_col0", "b", "_col2", "d"]


def test_rows_without_a_value_come_last_in_both_directions():
    sql = "SELECT a FROM (VALUES 1, NULL, 2) AS t(a) ORDER BY a"
    assert [Lake().ask(sql + way).rows[-1] for way in ("", " DESC", " DESC NULLS FIRST")] == [
        [None],
        [None],
        [["1"]][0],
    ]


def test_a_query_cannot_read_the_files_of_this_machine():
    for sql in ("SELECT * FROM read_text('/etc/hostname')", 'SELECT * FROM "/etc/hostname"', "SELECT getenv('HOME')"):
        with pytest.raises(QueryFailedError):
            Lake().ask(sql)


def test_a_view_is_a_query_that_other_queries_and_views_can_read():
    lake = Lake()
    lake.add(f"dt={day()}/rows.json", GOOD)
    lake.ask("CREATE VIEW one AS SELECT orderid, price * 2 AS twice FROM orders -- as it was written\n;")
    lake.ask(f"CREATE VIEW {CRAWLED}.two AS SELECT * FROM {DECLARED}.one")  # noqa: S608
    assert lake.ask(f"SELECT * FROM {CRAWLED}.two").rows == [["a", "698.000000000"]]  # noqa: S608
    assert lake.ask("SHOW CREATE VIEW one").rows[1:] == [
        ["SELECT orderid, price * 2 AS twice FROM orders -- as it was written"],
    ]
    with pytest.raises(QueryFailedError, match=f"^ALREADY_EXISTS: .*'awsdatacatalog.{DECLARED}.one'"):
        lake.ask("CREATE VIEW one AS SELECT 1 AS a")
    with pytest.raises(QueryFailedError, match=r"^ALREADY_EXISTS: "):
        lake.ask("CREATE OR REPLACE VIEW orders AS SELECT 1 AS a")
    lake.ask("CREATE OR REPLACE VIEW one AS SELECT 1 AS a")
    with pytest.raises(QueryFailedError, match=f"^INVALID_VIEW: View 'awsdatacatalog.{CRAWLED}.two' is stale"):
        lake.ask(f"SELECT * FROM {CRAWLED}.two")  # noqa: S608
    lake.ask("DROP VIEW one")
    lake.ask("DROP VIEW IF EXISTS one")
    with pytest.raises(QueryFailedError, match=r"^TABLE_NOT_FOUND: "):
        lake.ask("DROP VIEW one")


def test_a_view_needs_names_for_its_columns_and_a_query_that_runs():
    for query, reason in {
        "SELECT 1": "MISSING_COLUMN_NAME: Column name not specified at position 1",
        "SELECT 1 AS a, 2 AS a": "DUPLICATE_COLUMN_NAME: ",
        "SELECT nope FROM orders": "COLUMN_NOT_FOUND: ",
    }.items():
        with pytest.raises(QueryFailedError, match=f"^{reason}"):
            Lake().ask(f"CREATE VIEW v AS {query}")


def test_a_view_that_reads_itself_fails():
    lake = Lake()
    lake.ask("CREATE VIEW v AS SELECT 1 AS a")
    lake.ask("CREATE OR REPLACE VIEW v AS SELECT a FROM v")
    with pytest.raises(QueryFailedError):
        lake.ask("SELECT * FROM v")
