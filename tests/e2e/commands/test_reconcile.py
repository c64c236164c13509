"""`sales reconcile` on a running pipeline: equal, and every way of not being equal."""

import json
import time
from itertools import islice

import pytest

from generator.orders import planned_orders, to_item
from generator.pace import BATCH_SIZE
from generator.writer import Writer
from sales_pipeline.reconcile import backfill
from sales_pipeline.reconcile import compare as reconcile

ORDERS = 120
IN_PROGRESS_SECONDS = 20.0
CHANGED, DELETED, BAD = 3, 5, "bad-price-is-text"


@pytest.fixture(scope="module")
def stack(quick_pipeline):
    """A pipeline of its own, with orders whose ids are as old as last year."""
    with quick_pipeline("reconcile") as (stack, _):
        yield stack


@pytest.fixture(scope="module")
def orders(stack):
    orders = list(islice(planned_orders(1, start_ms=1_760_000_000_000, interval_seconds=1), ORDERS))
    writer = Writer(stack.session.client("dynamodb"), stack["TableName"], lambda seconds: not time.sleep(seconds))
    for start in range(0, ORDERS, BATCH_SIZE):
        writer.write(orders[start : start + BATCH_SIZE])
    assert writer.tally.written == ORDERS
    return orders


@pytest.fixture
def run(stack, capsys):
    def run(in_progress_seconds):
        code = reconcile.run(stack, "json", in_progress_seconds=in_progress_seconds, samples=ORDERS)
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def s3(stack):
    return stack.session.client("s3")


@pytest.fixture
def an_object(stack, s3):
    """An object of the lake: its key and its bytes. It is put back afterwards."""
    page = s3.list_objects_v2(Bucket=stack["BucketName"], Prefix="sales_data/")
    key = page["Contents"][0]["Key"]
    body = s3.get_object(Bucket=stack["BucketName"], Key=key)["Body"].read()
    yield key, body
    s3.put_object(Bucket=stack["BucketName"], Key=key, Body=body)


def ids_of(body):
    return sorted(json.loads(line)["orderid"] for line in body.splitlines())


def found_ids(found):
    assert found["count"] == len(found["samples"])
    return found["samples"]


def test_orders_that_travelled_are_equal_once_they_had_the_time_to(run, orders):
    code, report = run(None)  # as long as the stack's own buffers make it
    assert (code, report["verdict"]) == (0, "equal"), report
    assert report["orders"] == report["rows"] == len(orders)


def test_changed_deleted_and_refused_orders_are_accounted_for(stack, run, orders):
    table = {"TableName": stack["TableName"]}
    dynamodb = stack.session.client("dynamodb")
    dynamodb.put_item(**table, Item=to_item(orders[CHANGED]._replace(quantity=77)))
    dynamodb.delete_item(**table, Key={"orderid": {"S": orders[DELETED].orderid}})
    dynamodb.put_item(**table, Item=to_item(orders[0]) | {"orderid": {"S": BAD}, "price": {"S": "349.99"}})
    code, report = run(0)
    assert (code, report["verdict"]) == (1, "not equal")
    assert (found_ids(report["stale"]), found_ids(report["missing"])) == ([orders[CHANGED].orderid], [BAD])
    code, report = run(IN_PROGRESS_SECONDS)
    assert (code, report["verdict"]) == (0, "accounted for"), report
    assert found_ids(report["errors"]) == [BAD]
    assert found_ids(report["unknown"]) == [orders[DELETED].orderid]
    assert report["rows"] == len(orders) + 1
    assert [report[name]["count"] for name in ("missing", "stale", "duplicate", "in_progress", "dead_letters")] == [
        0
    ] * 5


def test_an_object_that_was_deleted_is_missed_order_by_order(stack, run, orders, s3, an_object):
    key, body = an_object
    s3.delete_object(Bucket=stack["BucketName"], Key=key)
    code, report = run(0)
    assert (code, report["verdict"]) == (1, "not equal")
    elsewhere = {orders[CHANGED].orderid, orders[DELETED].orderid}
    assert set(found_ids(report["missing"])) - elsewhere == set(ids_of(body)) - elsewhere


def test_an_object_that_is_there_twice_makes_its_orders_duplicate(stack, run, s3, an_object):
    key, body = an_object
    copy = {"Bucket": stack["BucketName"], "Key": key.replace(".json", "-copy.json")}
    s3.copy_object(**copy, CopySource={"Bucket": stack["BucketName"], "Key": key})
    code, report = run(0)
    s3.delete_object(**copy)
    assert (code, report["verdict"]) == (0, "accounted for")
    assert found_ids(report["duplicate"]) == ids_of(body)
    assert report["stale"]["count"] == 0


def test_a_line_that_is_no_row_and_an_object_that_is_not_shown_are_named(stack, run, s3, an_object):
    key, body = an_object
    hidden = key.replace("/dt=", "/.dt=")
    s3.put_object(Bucket=stack["BucketName"], Key=key, Body=body + b"{not json\n\n")
    s3.put_object(Bucket=stack["BucketName"], Key=hidden, Body=body)
    code, report = run(0)
    s3.delete_object(Bucket=stack["BucketName"], Key=hidden)
    assert code == 1
    lines = len(body.splitlines())
    assert report["unread"]["rows"]["samples"] == [f"{key}:{lines + 1}", f"{key}:{lines + 2}"]
    assert report["not_shown"]["samples"] == [hidden]


def test_a_dead_letter_accounts_for_what_can_still_be_read_where_it_points(stack, run, s3, an_object):
    key, body = an_object
    s3.delete_object(Bucket=stack["BucketName"], Key=key)
    first, last = stream_position(stack, ids_of(body))
    sqs = stack.session.client("sqs")

    send_dead_letter(sqs, stack, first["ShardId"], start=f"{1:021}", end=f"{2:021}")
    code, report = run(0)
    assert (code, report["dead_letters"]["count"], report["unread"]["dead_letters"]) == (1, 0, 1)

    send_dead_letter(sqs, stack, first["ShardId"], start=first["SequenceNumber"], end=last["SequenceNumber"])
    for _ in range(2):  # the first time hides the messages for the second only while it lists them
        code, report = run(0)
        assert (code, report["verdict"]) == (0, "accounted for"), report
        assert set(found_ids(report["dead_letters"])) <= set(ids_of(body))
        assert report["missing"]["count"] == report["stale"]["count"] == 0
    sqs.purge_queue(QueueUrl=stack["PipeDeadLetterQueueUrl"])


def test_a_backfill_brings_back_what_the_lake_lost_and_sends_nothing_twice(stack, run, s3, capsys):
    listed = s3.list_objects_v2(Bucket=stack["BucketName"], Prefix="sales_data/")["Contents"]
    failed = s3.list_objects_v2(Bucket=stack["BucketName"], Prefix="errors/")["Contents"]
    for each in [listed[0], *failed]:
        s3.delete_object(Bucket=stack["BucketName"], Key=each["Key"])
    lost = run(0)[1]
    assert BAD in found_ids(lost["missing"])
    assert lost["missing"]["count"] > 1

    assert backfill.run(stack, send=True, in_progress_seconds=0) == 0
    capsys.readouterr()
    code, report = run(IN_PROGRESS_SECONDS)
    assert (code, report["missing"]["count"], report["stale"]["count"]) == (0, 0, 0), report
    # The transform refuses it again, and that accounts for it.
    assert found_ids(report["errors"]) == [BAD]
    assert report["rows"] == lost["rows"] + lost["missing"]["count"] + lost["stale"]["count"] - 1
    assert backfill.run(stack, send=True, in_progress_seconds=0) == 0
    assert "There is nothing to send." in capsys.readouterr().out


def stream_position(stack, orderids):
    """Where the first and the last change of some of these orders lie in the table's stream."""
    streams = stack.session.client("dynamodbstreams")
    arn = stack["TableStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    records = streams.get_records(ShardIterator=iterator)["Records"]
    records = [record["dynamodb"] for record in records if record["dynamodb"]["Keys"]["orderid"]["S"] in orderids]
    return records[0] | {"ShardId": shard["ShardId"]}, records[-1]


def send_dead_letter(sqs, stack, shard_id, start, end):
    message = {
        "context": {"partnerResourceArn": "arn:aws:pipes:…:pipe/p", "condition": "RetryAttemptsExhausted"},
        "version": "1.0",
        "timestamp": "2026-11-22T00:00:00Z",
        "DDBStreamBatchInfo": {
            "shardId": shard_id,
            "startSequenceNumber": start,
            "endSequenceNumber": end,
            "approximateArrivalOfFirstRecord": "2026-11-22T00:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-22T00:00:00Z",
            "batchSize": 1,
            "streamArn": stack["TableStreamArn"],
        },
    }
    sqs.send_message(QueueUrl=stack["PipeDeadLetterQueueUrl"], MessageBody=json.dumps(message))
