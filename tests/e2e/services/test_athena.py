"""Athena's SQL through its API, as `sales query`, the AWS CLI and boto3 use it."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from sales_pipeline import crawl, query
from sales_pipeline.aws.stack import find
from sales_pipeline.local import pipeline, view

ID = "01a20446-a53f-7000-a43e-83e78fdb48c4"
AT = datetime(2026, 11, 22, 17, 21, 8, 415000, tzinfo=UTC)
LARGE = Decimal("1234567890123456789.123456789")
SECONDS = 10


@pytest.fixture(scope="module")
def lake(emulator, stack, tmp_path_factory):
    """Put three versions of two orders into two objects of today, crawl, and create the view; yield stack and day."""
    assert stack
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in emulator.environment.items():
            patch.setenv(variable, value)
        deployed, today = find(emulator.session(), "sales"), f"{datetime.now(UTC):%Y-%m-%d}"
        s3 = deployed.session.client("s3")
        row = '{{"orderid":"{}","product_name":"{}","quantity":{},"price":{}}}\n'
        bodies = {
            f"sales_data/dt={today}/s-1-{today}-10-00-00-x.json": row.format(ID, "Laptop", 2, "349.0")
            + row.format("A-1001", "Phone", 1, LARGE),
            f"sales_data/dt={today}/s-1-{today}-11-00-00-x.json": row.format(ID, "Laptop", 3, "349.5"),
        }
        for key, body in bodies.items():
            s3.put_object(Bucket=deployed["BucketName"], Key=key, Body=body.encode())
        crawl.run(deployed, partial(pipeline.crawl, tmp_path_factory.mktemp("athena")))
        view.create(deployed)
        yield deployed, today
        for key in bodies:
            s3.delete_object(Bucket=deployed["BucketName"], Key=key)


def test_a_query_says_how_many_bytes_it_read(lake):
    stack, _ = lake
    s3 = stack.session.client("s3")
    stored = s3.list_objects_v2(Bucket=stack["BucketName"], Prefix="sales_data/")["Contents"]
    answer = query.answer(stack, f"SELECT count(*) FROM {stack['DeclaredTable']}")  # noqa: S608
    assert answer.scanned_bytes == sum(each["Size"] for each in stored)


def test_every_saved_query_is_there_and_gives_its_answer(lake):
    stack, today = lake
    athena = stack.session.client("athena")
    found = athena.list_named_queries(WorkGroup=stack["WorkGroupName"])["NamedQueryIds"]
    saved = athena.batch_get_named_query(NamedQueryIds=found)["NamedQueries"]
    phone = datetime(1970, 1, 1, 0, 10, 59, 457000, tzinfo=UTC)  # what `A1001` as a hexadecimal number gives
    answers = {each["Name"]: query.ask(stack, each["QueryString"]).rows for each in saved}
    revenue = Decimal("1048.500000000")
    assert {name: sorted(rows) if name.startswith("Latest") else rows for name, rows in answers.items()} == {
        "Latest orders over 100": [
            (ID, "Laptop", 2, 349.0, today),
            (ID, "Laptop", 3, 349.5, today),
            ("A-1001", "Phone", 1, float(LARGE), today),
        ],
        "Latest orders": [
            (phone, "A-1001", "Phone", 1, LARGE),
            (AT, ID, "Laptop", 2, Decimal(349)),
            (AT, ID, "Laptop", 3, Decimal("349.5")),
        ],
        "Create the view sales_current": [],
        "Revenue and units by product": [("Phone", LARGE, 1, 1), ("Laptop", revenue, 3, 1)],
        "Revenue and units by day": [(today, LARGE + revenue, 4, 2)],
        "Orders with the highest revenue": [
            ("A-1001", "Phone", 1, LARGE, LARGE),
            (ID, "Laptop", 3, Decimal("349.5"), revenue),
        ],
        "Orders per hour": [
            (AT.replace(minute=0, second=0, microsecond=0), 1),
            (datetime(1970, 1, 1, tzinfo=UTC), 1),
        ],
    }


def test_sales_query_shows_exact_numbers_null_and_times(lake, capsys):
    stack, _ = lake
    declared = stack["DeclaredTable"]
    sql = f"SELECT price, null AS nothing, date '2026-01-02' AS day, from_unixtime(0) AS at FROM {declared}"  # noqa: S608
    query.run(stack, f"{sql} WHERE orderid = 'A-1001'", "csv")
    assert capsys.readouterr().out.splitlines() == [
        "price,nothing,day,at",
        f"{LARGE},,2026-01-02,1970-01-01 00:00:00+00:00",
    ]
    query.run(stack, f"DESCRIBE {declared}", "json")
    described = capsys.readouterr().out.splitlines()
    assert '{"col_name":"price","data_type":"decimal(28,9)","comment":""}' in described
    comment = "Day in UTC on which Kinesis received the change"
    assert f'{{"col_name":"dt","data_type":"string","comment":"{comment}"}}' in described


def executed(athena, stack, sql):
    asked = athena.start_query_execution(QueryString=sql, WorkGroup=stack["WorkGroupName"])["QueryExecutionId"]
    deadline = time.monotonic() + SECONDS
    while True:
        execution = athena.get_query_execution(QueryExecutionId=asked)["QueryExecution"]
        if execution["Status"]["State"] not in {"QUEUED", "RUNNING"}:
            return execution
        assert time.monotonic() < deadline, execution
        time.sleep(0.05)


def test_the_api_has_the_form_of_athena(lake):
    stack, _ = lake
    athena = stack.session.client("athena")
    sql = f"SELECT orderid, price, count(*), null FROM {stack['DeclaredTable']} WHERE price > 1000 GROUP BY 1, 2"  # noqa: S608
    execution = executed(athena, stack, sql)
    answer = athena.get_query_results(QueryExecutionId=execution["QueryExecutionId"])["ResultSet"]
    columns = [(each["Name"], each["Type"]) for each in answer["ResultSetMetadata"]["ColumnInfo"]]
    assert columns == [("orderid", "varchar"), ("price", "decimal"), ("_col2", "bigint"), ("_col3", "unknown")]
    price = answer["ResultSetMetadata"]["ColumnInfo"][1]
    assert (price["Precision"], price["Scale"]) == (28, 9)
    assert answer["Rows"][1] == {"Data": [*({"VarCharValue": text} for text in ("A-1001", str(LARGE), "1")), {}]}

    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    written = stack.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert written.decode().splitlines() == ['"orderid","price","_col2","_col3"', f'"A-1001","{LARGE}","1",']


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT levenshtein('a', 'b')", "NOT_SUPPORTED: "),
        ("SELECT nope FROM {DeclaredTable}", "COLUMN_NOT_FOUND: Column 'nope' cannot be resolved"),
        ("FETCH ME A CAT", ""),
    ],
)
def test_what_cannot_be_answered_fails_with_a_reason(lake, sql, reason):
    stack, _ = lake
    execution = executed(stack.session.client("athena"), stack, sql.format(DeclaredTable=stack["DeclaredTable"]))
    assert execution["Status"]["State"] == "FAILED"
    assert execution["Status"]["StateChangeReason"].startswith(reason)
    assert ":" in execution["Status"]["StateChangeReason"]
