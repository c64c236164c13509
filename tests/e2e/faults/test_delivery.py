"""Faults between the Kinesis stream and the lake: kills, refused calls, a broken transform, unreadable records."""

import base64
import json

import pytest

from tests.e2e.faults.pipeline import TRANSFORM, eventually, item
from tests.e2e.faults.proxy import Answer

S, N = "S", "N"
REFUSED = "Lambda.ProcessingFailedStatus: "
POISON = {
    "$.dynamodb.NewImage.price: expected N, found S": {"price": {S: "349.99"}},
    "$.dynamodb.NewImage.price: expected N, found B": {"price": {"B": b"\xff"}},
    "$.dynamodb.NewImage.product_name: expected S, found an empty string": {"product_name": {S: ""}},
    "$.dynamodb.NewImage.product_name: expected S, found NULL": {"product_name": {"NULL": True}},
    "$.dynamodb.NewImage.quantity: expected a whole number in signed 32 bits, found a fraction": {
        "quantity": {N: "2.5"}
    },
    "$.dynamodb.NewImage.quantity: expected a whole number in signed 32 bits, found a number outside them": {
        "quantity": {N: "2147483648"}
    },
    "$.dynamodb.NewImage.quantity: expected N, found L": {"quantity": {"L": [{N: "1"}]}},
}
# By somebody who writes to the stream beside the pipe.
STRAY = {
    "$: not JSON: invalid character (byte 1)": b"no JSON",
    "$: not JSON: Input data was truncated": b'{"dynamodb": {"NewImage": {"orderid": {"S": "cut o',
    "$: not UTF-8: at byte 0": b"\xff\xfe",
    "$: expected a change event, found JSON that is nested too deep": b"[" * 100_000,
    "$: expected an object, found null": b"null",
    "$: expected an object, found an array": b"[]",
    "$.eventName: expected INSERT, MODIFY or REMOVE, found nothing": b"{}",
    "$.eventName: expected INSERT, MODIFY or REMOVE, found another name": b'{"eventName": "UPSERT", "dynamodb": {}}',
    "$.dynamodb.NewImage: expected an object, found nothing": (
        b'{"eventName": "INSERT", "dynamodb": {"Keys": {"orderid": {"S": "stray"}}}}'
    ),
}


def test_a_delivery_killed_or_refused_as_it_writes_loses_nothing(pipeline):
    """Rows and failures are two objects. It is killed before the first; S3 refuses it; it is killed between them."""
    orders = [f"written-{number}" for number in range(3)]
    kill, rows, errors = pipeline.kill_before("firehose"), "/sales_data/", "/errors/"
    with pipeline.proxy.hold("Kinesis.GetRecords") as reading:
        reading.wait()
        pipeline.put(*orders)
        pipeline.put("bad", price={S: "cheap"})
        eventually(lambda: list(pipeline.left()), ["firehose"])
        with (
            pipeline.proxy.meet("S3.PutObject", kill, times=1, part=rows),
            pipeline.proxy.meet("S3.PutObject", lambda *_: Answer(503, b""), times=1, part=rows) as refused,
            pipeline.proxy.meet("S3.PutObject", lose_the_answer, times=1, part=rows) as lost,
            pipeline.proxy.meet("S3.PutObject", kill, times=1, part=errors),
        ):
            reading.release()
            pipeline.settle()
    # Killed between the two, it writes the rows once more; an answer that was lost costs none, for the key is the same.
    assert pipeline.delivered() == dict.fromkeys(orders, 2)
    assert [request.path for request in refused.met] == [request.path for request in lost.met]
    assert pipeline.failed() == {"Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.price: expected N, found S": 1}
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "duplicate": orders, "errors": ["bad"]})

    pipeline.put("bad")
    pipeline.settle()
    code, printed = pipeline.replay()
    assert code == 0, printed
    assert pipeline.failed() == {}
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "duplicate": orders})


def lose_the_answer(_, forward):
    forward()


def test_what_a_broken_transform_left_is_delivered_after_it_is_fixed(pipeline):
    def put(*order_ids):
        """Put orders, and wait until the function was asked about them: what comes later is in another batch."""
        pipeline.put_all(map(item, order_ids))
        eventually(lambda: set(order_ids) <= asked_about(invoked.met), expected=True)

    pipeline.break_transform("faults.handler")
    with pipeline.proxy.watch("Lambda.Invoke") as invoked:
        put("raises-0", "raises-1")
        put("nonsense-0", "nonsense-1")
        put("unknown-0", "good-0")
        put("large-0", "large-1")
        put("good-1", "omitted-0", "good-2", "duplicate-0", "good-3")
        pipeline.settle()
        pipeline.break_transform("faults.handler", timeout_seconds=1)
        put("hangs-0", "hangs-1")
        pipeline.settle()
    failed = {reason.partition(":")[0]: changes for reason, changes in pipeline.failed().items()}
    assert failed == {
        "Lambda.FunctionError": 4,
        "Lambda.MissingRecordId": 3,
        "Lambda.JsonProcessingException": 2,
        "Lambda.DuplicatedRecordId": 1,
        "Lambda.FunctionTimedOut": 2,
    }
    assert pipeline.delivered() == {"good-1": 1, "good-2": 1, "good-3": 1}
    code, report = pipeline.reconcile()
    assert (code, report["verdict"], len(report["errors"])) == (0, "accounted for", 12)

    pipeline.break_transform(TRANSFORM)
    code, printed = pipeline.replay()
    assert code == 0, printed
    pipeline.settle()
    assert pipeline.failed() == {}
    assert pipeline.reconcile() == (0, {"verdict": "equal"})


def asked_about(invocations):
    """Return the ids of the orders in these invocations."""
    records = [record for request in invocations for record in json.loads(request.body)["records"]]
    return {json.loads(base64.b64decode(each["data"]))["dynamodb"]["Keys"]["orderid"]["S"] for each in records}


def test_poison_of_every_kind_costs_the_good_orders_around_it_nothing(pipeline):
    good, bad = ["good-0", "good-1"], [f"bad-{number}" for number in range(len(POISON))]
    with pipeline.proxy.hold("Kinesis.GetRecords") as reading, pipeline.proxy.watch("Lambda.Invoke") as invoked:
        reading.wait()
        pipeline.put(good[0])
        for order_id, attributes in zip(bad, POISON.values(), strict=True):
            pipeline.put(order_id, **attributes)
        eventually(lambda: list(pipeline.left()), ["firehose"])
        records = [{"Data": data, "PartitionKey": "stray"} for data in STRAY.values()]
        pipeline.client("kinesis").put_records(StreamName=pipeline.stack["StreamName"], Records=records)
        pipeline.put(good[1])
        eventually(lambda: list(pipeline.left()), ["firehose"])
        reading.release()
        pipeline.settle()
    assert len(invoked.met) == 1
    assert pipeline.delivered() == dict.fromkeys(good, 1)
    assert pipeline.failed() == {REFUSED + reason: 1 for reason in [*POISON, *STRAY]}
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "errors": bad})

    # Somebody corrects the orders. The next version of the transform drops records that are no orders.
    pipeline.put(*bad)
    pipeline.break_transform("faults.drop_unreadable")
    pipeline.settle()
    code, printed = pipeline.replay()
    assert code == 0, printed
    pipeline.settle()
    assert pipeline.failed() == {}
    assert pipeline.delivered() == dict.fromkeys([*good, *bad], 1)
    assert pipeline.reconcile() == (0, {"verdict": "equal"})


@pytest.mark.parametrize("worker", ["pipe", "firehose"])
def test_a_full_disk_stops_a_stand_in_and_nothing_arrives_twice(pipeline, worker):
    orders = [f"full-{number}" for number in range(3)]
    with pipeline.full_disk(worker):
        pipeline.put(orders[0])
        eventually(lambda: str(pipeline.stand_in(worker).state), "waiting")
        eventually(pipeline.delivered, {orders[0]: 1})
        assert "can't save its checkpoint" in pipeline.stand_in(worker).problem
        pipeline.put(*orders[1:])
    pipeline.settle()
    eventually(lambda: str(pipeline.stand_in(worker).state), "running")
    assert pipeline.delivered() == dict.fromkeys(orders, 1)


def test_a_killed_process_of_the_transform_loses_nothing(pipeline):
    pipeline.put("before")
    pipeline.settle()
    pipeline.kill_transform()
    pipeline.put("after")
    pipeline.settle()
    failed = pipeline.failed()
    assert failed in ({}, {"Lambda.FunctionError": 1})
    if failed:
        pipeline.replay()
        pipeline.settle()
    assert pipeline.delivered() == {"before": 1, "after": 1}
