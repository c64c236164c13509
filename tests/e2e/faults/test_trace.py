"""`sales trace` follows an order from the table to its row, a refused one to its reason, a dead letter to the queue."""

import json
from unittest.mock import ANY

import pytest

from sales_pipeline.trace import command, streams
from tests.e2e.faults.pipeline import TRANSFORM

LONG_ID = "traced-" + "x" * 300  # more characters than a partition key of Kinesis may have
ODD_ID = "--it's \x1b[2J\n日本"


@pytest.fixture
def trace(pipeline, capsys, monkeypatch):
    """Run the command; return its exit code, its report and what it told meanwhile."""
    monkeypatch.setattr(command, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(streams, "_CALL_SECONDS", 0)  # the emulator's shards have no limit

    def trace(order_id, output="json", **options):
        code = command.run(pipeline.stack, order_id, output, **options)
        printed = capsys.readouterr()
        return code, json.loads(printed.out) if output == "json" else printed.out, printed.err

    return trace


def places(report):
    return [step["place"] for step in report["timeline"]]


def test_an_order_is_followed_from_the_table_to_its_row(pipeline, trace):
    with pipeline.proxy.hold("Kinesis.PutRecords") as pipe, pipeline.proxy.hold("S3.PutObject") as firehose:
        pipeline.put(ODD_ID)
        pipe.wait()
        code, report, _ = trace(ODD_ID)
        assert (code, report["verdict"], places(report)) == (0, "in progress", ["table"])
        assert "was last seen in the table's stream" in report["text"]
        pipe.release()
        firehose.wait()
        code, report, _ = trace(ODD_ID)
        assert (code, report["verdict"], places(report)) == (0, "in progress", ["table", "Kinesis stream"])

        def sleep(_seconds):
            firehose.release()
            pipeline.settle()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(command.time, "sleep", sleep)
            code, report, told = trace(ODD_ID, watch=True)
    assert (code, report["verdict"], places(report)) == (0, "in the lake", ["table", "Kinesis stream", "lake"])
    assert report["orderid"] == ODD_ID
    [row], [key] = report["rows"], pipeline.keys("sales_data/")
    assert (row["key"], row["line"], row["shown"]) == (key, 1, True)
    assert [(each["table"], each["rows"]) for each in report["tables"]] == [
        ("impatient_db_declared.orders", 1),
        ("impatient_db.sales_data", ANY),  # another test may have crawled
        ("impatient_db_declared.sales_current", None),  # nobody has made the view
    ]
    assert report["not_looked_at"] == []
    assert {"s3", "kinesis", "dynamodb", "dynamodb-streams", "sqs", "athena", "glue"} <= report["requests"].keys()
    assert told.count("In progress: ") == 1
    assert "\x1b" not in trace(ODD_ID, output="text")[1]


def test_an_order_that_was_changed_often_duplicated_and_deleted(pipeline, trace):
    for number in range(100):
        pipeline.put("changed", quantity={"N": str(number)})
    pipeline.settle()
    code, report, _ = trace("changed")
    assert (len(report["seen"]), len(report["rows"])) == (200, 100)
    assert report["verdict"] in {"in the lake", "undetermined"}  # the last objects may have one time in their names
    for key in pipeline.keys("sales_data/"):
        copy = {"Bucket": pipeline.stack["BucketName"], "Key": key.replace(".json", "-copy.json")}
        pipeline.client("s3").copy_object(**copy, CopySource={"Bucket": copy["Bucket"], "Key": key})
    pipeline.delete("changed")
    code, report, _ = trace("changed")
    assert (code, report["verdict"], len(report["rows"])) == (0, "deleted", 200)
    assert "The lake keeps 200 rows of it." in report["text"]


def test_a_refused_order_is_followed_to_its_reason(pipeline, trace):
    pipeline.put("refused", price={"S": "cheap"})
    code, report, _ = trace("refused", watch=True)
    assert (code, report["verdict"]) == (1, "failed")
    reason = "$.dynamodb.NewImage.price: expected N, found S"
    assert report["text"] == f"Failed because the transform refused it: {reason}. Correct it in the table."
    assert places(report) == ["table", "Kinesis stream", "errors/"]


def test_an_order_that_the_transform_failed_for_is_followed_through_its_replay(pipeline, trace):
    pipeline.break_transform("faults.handler")
    pipeline.put("raises-traced")
    code, report, _ = trace("raises-traced", watch=True)
    assert (code, report["text"].startswith("Failed because of Lambda.FunctionError: ")) == (1, True)
    pipeline.break_transform(TRANSFORM)
    pipeline.replay()
    code, report, _ = trace("raises-traced", watch=True)
    assert (code, report["verdict"]) == (0, "in the lake")
    assert [each for each in places(report) if "replay" in each] == ["replay/sent/"]


def test_a_dead_letter_is_followed_to_the_queue(pipeline, trace):
    pipeline.put(LONG_ID, "beside")
    code, report, _ = trace(LONG_ID, watch=True)
    assert (code, report["verdict"]) == (1, "failed")
    assert report["text"].startswith("Failed because the pipe gave up on it (RetryAttemptsExhausted).")
    assert places(report) == ["table", "dead letters"]
    assert trace("beside", watch=True)[1]["verdict"] == "in the lake"
