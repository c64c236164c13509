"""A stack with change columns: deletions arrive as rows, and each order's newest version is known."""

import json
import re
import time
from decimal import Decimal
from functools import partial

import pytest

from sales_pipeline import crawl, query
from sales_pipeline.local import pipeline, view
from sales_pipeline.reconcile import backfill
from sales_pipeline.reconcile import compare as reconcile

DATABASE = "changes_db"
DEADLINE_SECONDS = 30


@pytest.fixture(scope="module")
def changes(quick_pipeline):
    with quick_pipeline("changes", ChangeColumns="APPEND") as running:
        yield running


@pytest.fixture(scope="module")
def rows(changes):
    """Rows of the lake after an order each was written, changed and deleted."""
    stack, _ = changes
    dynamodb = stack.session.client("dynamodb")

    def put(orderid, price):
        item = {"product_name": {"S": "Käse"}, "quantity": {"N": "1"}, "price": {"N": price}}
        dynamodb.put_item(TableName=stack["TableName"], Item=item | {"orderid": {"S": orderid}})

    put("kept", "1")
    for price in ("2", "3", "4"):
        put("changed", price)
    put("deleted", "5")
    dynamodb.delete_item(TableName=stack["TableName"], Key={"orderid": {"S": "deleted"}})

    s3 = stack.session.client("s3")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        listed = s3.list_objects_v2(Bucket=stack["BucketName"], Prefix="sales_data/").get("Contents", [])
        bodies = [s3.get_object(Bucket=stack["BucketName"], Key=each["Key"])["Body"].read() for each in listed]
        found = [json.loads(line) for body in bodies for line in body.splitlines()]
        if len(found) >= 6:
            return found
        assert time.monotonic() < deadline, f"after {DEADLINE_SECONDS} s there are {found}"
        time.sleep(0.2)


def test_every_change_is_a_row_that_says_which_it_is(rows):
    assert sorted((row["orderid"], row["event_name"], row["price"]) for row in rows if row["orderid"] != "changed") == [
        ("deleted", "INSERT", 5.0),
        ("deleted", "REMOVE", None),
        ("kept", "INSERT", 1.0),
    ]
    changed = [row for row in rows if row["orderid"] == "changed"]
    changed.sort(key=lambda row: (len(row["sequence_number"]), row["sequence_number"]))
    assert [(row["event_name"], row["price"]) for row in changed] == [("INSERT", 2.0), ("MODIFY", 3.0), ("MODIFY", 4.0)]
    assert len({row["event_id"] for row in rows}) == 6
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["event_time"]) for row in rows)


@pytest.mark.usefixtures("rows")
def test_the_view_shows_the_newest_version_of_what_is_there(changes):
    stack, _ = changes
    view.create(stack)
    answer = query.ask(stack, f"SELECT orderid, price FROM {DATABASE}_declared.sales_current ORDER BY orderid")  # noqa: S608
    assert answer.rows == [("changed", Decimal(4)), ("kept", Decimal(1))]


@pytest.mark.usefixtures("rows")
def test_the_crawler_finds_the_columns_too(changes):
    stack, state_dir = changes
    found = crawl.run(stack, partial(pipeline.crawl, state_dir))
    assert ", price double, " in found
    assert ", event_id string, event_name string, event_time string, sequence_number string)" in found


@pytest.mark.usefixtures("rows")
def test_a_deletion_that_the_lake_lost_is_found_and_sent_again(changes, capsys):
    stack, _ = changes
    s3 = stack.session.client("s3")

    def reconciled(in_progress_seconds):
        code = reconcile.run(stack, "json", in_progress_seconds=in_progress_seconds)
        report = json.loads(capsys.readouterr().out)
        return code, report["verdict"], report["stale"]["samples"]

    assert reconciled(0) == (0, "equal", [])
    for each in s3.list_objects_v2(Bucket=stack["BucketName"], Prefix="sales_data/")["Contents"]:
        lines = s3.get_object(Bucket=stack["BucketName"], Key=each["Key"])["Body"].read().splitlines(keepends=True)
        kept = b"".join(line for line in lines if b'"REMOVE"' not in line)
        s3.put_object(Bucket=stack["BucketName"], Key=each["Key"], Body=kept)
    assert reconciled(0) == (1, "not equal", ["deleted"])

    assert backfill.run(stack, send=True, in_progress_seconds=0) == 0
    capsys.readouterr()
    assert reconciled(DEADLINE_SECONDS) == (0, "equal", [])
