"""What `sales report` reads besides Athena, and what it says when it is done."""

import base64
import json
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from sales_pipeline import query
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.report import make
from tests.unit.sales_pipeline.report.lakes import ask, lake, row
from tests.unit.sales_pipeline.report.reports import reconciliation

REFUSED = {"eventName": "INSERT", "dynamodb": {"NewImage": {"orderid": {"S": "1"}, "product_name": {"N": "1"}}}}
REASON = "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.product_name: expected S, found N"
PARAMETERS = {"BufferIntervalSeconds": "60"}
OUTPUTS = {
    "TableName": "orders",
    "BucketName": "lake",
    "DataLocation": "s3://lake/sales_data/",
    "ErrorLocation": "s3://lake/errors/",
    "DeclaredTable": "declareddatabase.orders",
}


def error_line(arrived_ms):
    data = base64.b64encode(json.dumps(REFUSED).encode()).decode()
    line = {"rawData": data, "errorCode": "Lambda.ProcessingFailedStatus", "arrivalTimestamp": arrived_ms}
    return json.dumps(line).encode() + b"\n"


@pytest.fixture
def one_order():
    return lake({"dt=2026-11-25/s-2026-11-25-10-00-00-1.json": [row("A-1")]})


@pytest.fixture
def stack(monkeypatch, one_order):
    """A stack on moto, whose Athena answers from a lake with one order."""
    made = one_order
    monkeypatch.setattr(make.query, "answer", lambda _, sql: query.Answer(ask(made, sql), 1_000))
    monkeypatch.setattr(make, "compared", lambda *_: reconciliation(1, 1))
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        session.client("s3").create_bucket(Bucket="lake")
        session.client("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Stack("sales", OUTPUTS, session, PARAMETERS)


def test_a_small_pipeline_is_compared_and_the_command_says_where_the_page_is(stack, tmp_path, capsys):
    page = tmp_path / "page.html"
    make.run(stack, page, None, reconcile=None)
    assert "sales</strong> on AWS, us-east-1" in page.read_text()
    printed = capsys.readouterr().out
    assert [line.split()[-1] for line in printed.splitlines()[:5]] == ["1", "1", "10.50", "0", "KB"]
    assert "\nEqual: 1 orders in the table" in printed
    assert "\nscanned        2.0 KB\n" in printed
    assert f"\nWrote {page} (" in printed


@pytest.mark.parametrize(
    ("limits", "why"),
    [({"COMPARED_TABLE_BYTES": -1}, "The table has more than"), ({"COMPARED_OBJECTS": 1}, "The lake has more than 1")],
)
def test_a_large_pipeline_is_compared_only_if_somebody_asks_for_it(stack, tmp_path, monkeypatch, limits, why):
    for key in ("a", "b"):
        stack.session.client("s3").put_object(Bucket="lake", Key=f"sales_data/dt=2026-11-25/{key}", Body=b"{}\n")
    for limit, value in limits.items():
        monkeypatch.setattr(make, limit, value)
    page = tmp_path / "page.html"
    make.run(stack, page, None, reconcile=None)
    assert why in page.read_text()
    assert "<code>sales report --reconcile</code>" in page.read_text()
    make.run(stack, page, None, reconcile=True)
    assert "Equal:" in page.read_text()


def test_orders_that_arrive_during_the_comparison_are_on_the_page(stack, one_order, tmp_path, monkeypatch):
    def compared(*_):
        one_order.add("dt=2026-11-25/s-2026-11-25-10-01-00-2.json", row("in progress"))
        return reconciliation(2, 2)

    monkeypatch.setattr(make, "compared", compared)
    make.run(stack, tmp_path / "page.html", None, reconcile=True)
    assert "in progress" in (tmp_path / "page.html").read_text()


def test_nothing_is_compared_where_nobody_wants_it(stack, tmp_path, monkeypatch):
    monkeypatch.setattr(make, "compared", None)
    make.run(stack, tmp_path / "page.html", None, reconcile=False)


def test_error_records_are_counted_by_reason_since_a_time_and_the_latest_objects_first(stack, monkeypatch):
    s3 = stack.session.client("s3")
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    for key in ("a", "b"):
        s3.put_object(Bucket="lake", Key=f"errors/{key}", Body=error_line(now_ms) + error_line(now_ms - 3_600_000))
    [found], unread = make._failures(stack, None)
    assert (found.reason, found.changes, found.oldest_ms, unread) == (REASON, 4, now_ms - 3_600_000, 0)
    [found], _ = make._failures(stack, now_ms - 60_000)
    assert found.changes == 2
    assert make._failures(stack, now_ms + 3_600_000) == ([], 0)
    monkeypatch.setattr(make, "ERROR_OBJECTS", 1)
    [found], unread = make._failures(stack, None)
    assert (found.changes, unread) == (2, 1)


def test_a_query_that_reads_too_much_leads_to_since(stack, monkeypatch):
    def refuse(*_):
        raise query.QueryError("Athena says: Bytes scanned limit was exceeded")

    monkeypatch.setattr(make.query, "answer", refuse)
    with pytest.raises(SalesError, match="--since"):
        make.collect(stack)
