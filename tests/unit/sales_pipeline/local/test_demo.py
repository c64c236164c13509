"""The demo's result is equal only if each order has exactly one row in the lake; if not, it says why."""

import base64
import json
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import dead_letters, records
from sales_pipeline.local import demo, evidence
from sales_pipeline.local.demo import Progress
from sales_pipeline.local.demo_result import DemoResult, compare
from sales_pipeline.local.pipeline import Pipeline
from tests.unit.local_aws.athena.lake import TABLE, Lake
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from transform.column_types import STRING, Column
from transform.record import RowWriter


@pytest.mark.parametrize(
    ("rows_by_order", "result"),
    [
        ({"a": 1, "b": 1}, DemoResult(written=2, rows=2, lost=0, duplicate=0)),
        ({"a": 1}, DemoResult(written=2, rows=1, lost=1, duplicate=0)),
        ({"a": 2, "b": 1}, DemoResult(written=2, rows=3, lost=0, duplicate=1)),
        ({"a": 2}, DemoResult(written=2, rows=2, lost=1, duplicate=1)),
        ({"a": 1, "b": 1, "c": 1}, DemoResult(written=2, rows=3, lost=0, duplicate=0)),
        ({"a": 1, "c": 1}, DemoResult(written=2, rows=2, lost=1, duplicate=0)),
        ({}, DemoResult(written=2, rows=0, lost=2, duplicate=0)),
    ],
    ids=["equal", "lost", "duplicate", "lost-and-duplicate", "unknown", "lost-and-unknown", "nothing"],
)
def test_orders_are_compared_with_rows(rows_by_order, result):
    assert compare({"a", "b"}, rows_by_order) == result
    assert result.equal == (rows_by_order == {"a": 1, "b": 1})


def test_a_result_is_printed_as_one_line():
    assert str(compare({"a"}, {"a": 1})) == "Equal: 1 orders written, 1 rows in the lake, 0 lost, 0 duplicate."
    assert str(compare({"a"}, {"a": 2})) == "NOT EQUAL: 1 orders written, 2 rows in the lake, 0 lost, 1 duplicate."


@pytest.mark.parametrize(
    ("is_terminal", "lines"),
    [(True, ["  Time: 28 s", "  (sam build 3", "  s)."]), (False, ["  Time: 28 s (sam build 3 s)."])],
)
def test_long_lines_fit_a_terminal_and_are_whole_elsewhere(is_terminal, lines):
    printed = []
    console = SimpleNamespace(is_terminal=is_terminal, width=14, print=printed.append)
    demo._say(console, "Time: 28 s (sam build 3 s).", indent="  ")
    assert printed == lines


@pytest.mark.parametrize(
    ("columns", "sql"),
    [
        (FOUR, "SELECT orderid, product_name, price FROM orders WHERE price > 100 ORDER BY orderid DESC LIMIT 10"),
        (FOUR[:3], "SELECT orderid, product_name, quantity FROM orders ORDER BY orderid DESC LIMIT 10"),
        ((FOUR[0], Column("price", STRING)), "SELECT orderid, price FROM orders ORDER BY orderid DESC LIMIT 10"),
        ((Column("id", STRING, name="order-no"),), 'SELECT "order-no" FROM orders ORDER BY "order-no" DESC LIMIT 10'),
        (EVERY_TYPE, "SELECT order_no, price FROM orders WHERE price > 100 ORDER BY order_no DESC LIMIT 10"),
    ],
)
def test_the_query_asks_for_columns_that_there_are(columns, sql):
    assert demo.latest_orders("orders", columns) == sql
    listed = [{"Name": column.name, "Type": column.type.catalog_type} for column in columns]
    lake = Lake(TABLE | {"StorageDescriptor": TABLE["StorageDescriptor"] | {"Columns": listed}})
    assert lake.ask(sql).rows == []


def test_a_demo_that_wrote_nothing_is_not_equal():
    assert not compare(set(), {}).equal


def test_a_refused_order_is_not_lost():
    result = compare({"a", "b", "c"}, {"a": 1}, {"b", "not of the demo"})
    assert result == DemoResult(written=3, rows=1, lost=1, duplicate=0, refused=1)
    assert str(result) == "NOT EQUAL: 3 orders written, 1 rows in the lake, 1 lost, 1 refused, 0 duplicate."


def test_an_order_for_which_the_transform_failed_was_not_refused():
    result = compare({"a", "b", "c"}, {"a": 1}, {"b"}, {"b", "c"})
    assert result == DemoResult(written=3, rows=1, lost=0, duplicate=0, refused=1, failed=1)
    assert str(result) == "NOT EQUAL: 3 orders written, 1 rows in the lake, 0 lost, 1 refused, 1 failed, 0 duplicate."
    assert not compare({"a"}, {}, (), {"a"}).equal


@pytest.mark.parametrize(
    ("rows_by_order", "refused", "words"),
    [
        ({"a": 1}, {"b"}, {"refused:"}),
        ({"a": 1}, (), {"lost:"}),
        ({"a": 2, "b": 1}, (), {"duplicate:"}),
        ({"a": 2}, {"b"}, {"refused:", "duplicate:"}),
        ({"a": 1, "b": 1, "c": 1}, (), set()),
    ],
)
def test_a_result_that_is_not_equal_says_where_to_look(rows_by_order, refused, words, tmp_path):
    *lines, last = compare({"a", "b"}, rows_by_order, refused).advice(tmp_path).splitlines()
    assert {line.split()[0] for line in lines} == words
    assert str(tmp_path) in last


REFUSED = {"orderid": {"S": "2"}, "product_name": {"S": "Lamp"}, "quantity": {"N": "1"}, "price": {"S": "cheap"}}


def error_line(image, code="Lambda.ProcessingFailedStatus"):
    event = {"eventName": "INSERT", "dynamodb": {"Keys": {"orderid": image["orderid"]}, "NewImage": image}}
    line = {"rawData": base64.b64encode(json.dumps(event).encode()).decode(), "arrivalTimestamp": 1_795_348_800_000}
    return json.dumps(line | {"errorCode": code}) + "\n"


@pytest.fixture
def stack(monkeypatch, tmp_path):
    """A stack on moto, whose pipeline the demo takes for the one that it started."""
    monkeypatch.setattr(dead_letters, "LIST_WAIT_SECONDS", 0)
    monkeypatch.setattr(records, "_writers", lambda: [RowWriter(FOUR)])
    monkeypatch.setattr(demo.running, "claim", lambda *_: nullcontext(tmp_path))
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        session.client("s3").create_bucket(Bucket="lake")
        session.client("kinesis").create_stream(StreamName="stream", ShardCount=1)
        session.client("logs").create_log_group(logGroupName="transform-log")
        session.client("logs").create_log_stream(logGroupName="transform-log", logStreamName="1")
        event = {"timestamp": 1_795_348_800_000, "message": "record failed"}
        session.client("logs").put_log_events(logGroupName="transform-log", logStreamName="1", logEvents=[event])
        outputs = {
            "BucketName": "lake",
            "TableName": "orders",
            "StreamName": "stream",
            "ErrorLocation": "s3://lake/errors/",
            "PipeDeadLetterQueueUrl": session.client("sqs").create_queue(QueueName="letters")["QueueUrl"],
            "TransformLogGroupName": "transform-log",
        }
        stack = Stack("sales", outputs, session, columns=FOUR)

        @contextmanager
        def run(*_):
            (tmp_path / "log").mkdir()
            error = "2026-11-26 06:24:07 ERROR [lambda] Warm worker execution error for f: Worker init failed: {}\n"
            log = error.format("not this") + error.format("boom") + "2026-11-26 06:24:08 ERROR [s3] no such key\n"
            (tmp_path / "log" / "emulator.log").write_text(log)
            yield Pipeline(SimpleNamespace(environment={}), "sales", tmp_path / "log", tmp_path / "state")

        monkeypatch.setattr(demo.pipeline, "run", run)
        monkeypatch.setattr(demo, "find", lambda *_: stack)
        yield


@pytest.mark.usefixtures("stack")
def test_a_demo_whose_orders_are_all_refused_says_why_and_keeps_what_shows_it(monkeypatch, capsys, tmp_path):
    def send(stack, _console):
        stack.session.client("s3").put_object(Bucket="lake", Key="errors/x", Body=error_line(REFUSED).encode())
        return Progress(written={"2": 0.0}, in_stream=1, refused=1)

    monkeypatch.setattr(demo, "_send_orders", send)
    assert demo.run() == 1
    printed = capsys.readouterr().out
    assert "Why records failed:\n" in printed
    assert "$.dynamodb.NewImage.price: expected N, found S" in printed
    assert "look at src/transform/ first" in printed
    assert "sales replay" not in printed, "the pipeline is gone"
    assert printed.splitlines()[-1] == (
        "NOT EQUAL: 1 orders written, 0 rows in the lake, 0 lost, 1 refused, 0 duplicate."
    )
    log_dir = tmp_path / "log"
    assert (log_dir / "errors.log").read_text() == error_line(REFUSED)
    assert (log_dir / "transform.log").read_text() == "record failed\n"


@pytest.mark.usefixtures("stack")
def test_a_demo_whose_transform_fails_says_so_and_shows_the_cause(monkeypatch, capsys):
    def send(stack, console):
        body = error_line(REFUSED, "Lambda.FunctionError").encode()
        stack.session.client("s3").put_object(Bucket="lake", Key="errors/x", Body=body)
        monkeypatch.setattr(demo, "_write", lambda _, progress, __: progress.written.update({"2": 0.0}))
        progress = send_orders(stack, console)
        assert (progress.refused, progress.failed) == (0, 1)
        return progress

    send_orders = demo._send_orders
    monkeypatch.setattr(demo, "_send_orders", send)
    assert demo.run() == 1
    *_, printed = capsys.readouterr().out.partition("Why records failed:\n")
    cause = "Warm worker execution error for f: Worker init failed: boom"
    assert f"\nThe last error of a function in emulator.log:\n  {cause}\n" in printed
    assert "failed: the transform itself failed" in printed
    assert "refused" not in printed
    assert printed.endswith("NOT EQUAL: 1 orders written, 0 rows in the lake, 0 lost, 1 failed, 0 duplicate.\n")


def test_the_cause_of_a_call_that_failed_is_the_end_of_its_traceback(tmp_path):
    log = """2026-11-26 06:34:45 INFO [lambda] Lambda f output:
Traceback (most recent call last):
  File "/code/transform/app.py", line 51, in handler
    raise RuntimeError("boom")
RuntimeError: boom

2026-11-26 06:34:45 INFO [lambda_runtime] Lambda worker spawned for f
"""
    (tmp_path / "emulator.log").write_text(log)
    assert evidence.last_failure(tmp_path) == "RuntimeError: boom"
    (tmp_path / "emulator.log").write_text("2026-11-26 06:34:45 INFO [lambda_runtime] Lambda worker spawned for f\n")
    assert not evidence.last_failure(tmp_path)
