"""Faults between the table and the Kinesis stream: kills, refused calls, partial answers, dead letters, two workers."""

import base64
import json
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from tests.e2e.faults.pipeline import eventually
from tests.e2e.faults.proxy import json_answer, refuse

GIVEN_UP = "Pipe.RetryAttemptsExhausted"
LONG_ID = "long-" + "x" * 300  # more characters than a partition key of Kinesis may have


def test_a_pipe_killed_before_or_after_it_puts_loses_nothing(pipeline):
    orders = [f"killed-{number}" for number in range(3)]
    with pipeline.proxy.hold("DynamoDBStreams.GetRecords") as reading:
        reading.wait()
        pipeline.put(*orders)
        with (
            pipeline.proxy.meet("Kinesis.PutRecords", pipeline.kill_before("pipe"), times=1),
            pipeline.proxy.meet("Kinesis.PutRecords", pipeline.kill_after("pipe"), times=1) as after,
        ):
            reading.release()
            pipeline.settle()
    assert len(after.met) == 1
    # The call whose answer it didn't live to see is made once more; the one that never went out leaves nothing.
    assert pipeline.delivered() == dict.fromkeys(orders, 2)
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "duplicate": orders})
    assert pipeline.failed() == {}


def test_kinesis_takes_part_of_a_batch_or_answers_nonsense_or_nothing(pipeline):
    orders = [f"part-{number}" for number in range(6)]

    def take_every_other(request, _):
        asked = json.loads(request.body)
        taken = pipeline.client("kinesis").put_records(
            StreamName=pipeline.stack["StreamName"],
            Records=[
                {"Data": base64.b64decode(each["Data"]), "PartitionKey": each["PartitionKey"]}
                for each in asked["Records"][::2]
            ],
        )
        refused = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
        results = [taken["Records"].pop(0) if place % 2 == 0 else refused for place in range(len(asked["Records"]))]
        return json_answer({"FailedRecordCount": len(orders) // 2, "Records": results})

    with pipeline.proxy.hold("DynamoDBStreams.GetRecords") as reading, ExitStack() as faults:
        reading.wait()
        pipeline.put(*orders)
        rules = [
            faults.enter_context(pipeline.proxy.meet("Kinesis.PutRecords", act, times=1))
            for act in (
                take_every_other,
                lambda *_: json_answer({}),
                refuse("InternalFailure", 500),
                lambda *_: None,
                lambda _, forward: forward() and refuse("InternalFailure", 500)(),
            )
        ]
        again = faults.enter_context(pipeline.proxy.watch("Kinesis.PutRecords"))
        reading.release()
        eventually(lambda: [len(rule.met) for rule in (*rules, again)], [1] * 6)
        pipeline.settle()
    # What Kinesis took without saying so it is given once more.
    assert pipeline.delivered() == {order: 1 + place % 2 for place, order in enumerate(orders)}
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "duplicate": orders[1::2]})
    assert pipeline.failed() == {}


@contextmanager
def two_versions_in_turned_order(pipeline):
    """Write an order twice; Kinesis takes the newer version, and refuses the older one until the `with` block ends."""

    def take_the_last(request, _):
        last = json.loads(request.body)["Records"][-1]
        taken = pipeline.client("kinesis").put_record(
            StreamName=pipeline.stack["StreamName"],
            Data=base64.b64decode(last["Data"]),
            PartitionKey=last["PartitionKey"],
        )
        refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "Internal service failure."}
        accepted = {"SequenceNumber": taken["SequenceNumber"], "ShardId": taken["ShardId"]}
        return json_answer({"FailedRecordCount": 1, "Records": [refused, accepted]})

    with pipeline.proxy.hold("DynamoDBStreams.GetRecords") as reading:
        reading.wait()
        pipeline.put("passed")
        pipeline.put("passed", price={"N": "9.5"})
        with (
            pipeline.proxy.meet("Kinesis.PutRecords", take_the_last, times=1),
            pipeline.proxy.hold("Kinesis.PutRecords") as again,
        ):
            reading.release()
            again.wait()
            yield


def test_a_version_that_passes_another_is_found(pipeline):
    """The older version is in a later object: nothing is lost, and the lake's newest is old."""
    with two_versions_in_turned_order(pipeline):
        eventually(lambda: [row["price"] for row in pipeline.rows()], [9.5])
    pipeline.settle()
    assert pipeline.delivered() == {"passed": 2}
    assert pipeline.reconcile() == (1, {"verdict": "not equal", "stale": ["passed"]})
    assert pipeline.backfill() == 0
    pipeline.settle()
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "duplicate": ["passed"]})


def test_a_version_that_passes_another_within_an_object_is_found(pipeline):
    """Both versions are in one object, so nothing in the lake says which is newer."""
    with pipeline.proxy.hold("Kinesis.GetRecords") as delivering:
        delivering.wait()
        with two_versions_in_turned_order(pipeline):
            pass
        eventually(lambda: list(pipeline.left()), ["firehose"])
        delivering.release()
    pipeline.settle()
    assert [row["price"] for row in pipeline.rows()] == [9.5, 2.5]
    assert len(pipeline.keys("sales_data/")) == 1
    assert pipeline.reconcile() == (1, {"verdict": "not equal", "undetermined": ["passed"]})
    assert pipeline.backfill() == 0
    pipeline.settle()
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "duplicate": ["passed"]})


def test_what_the_pipe_gave_up_on_is_in_its_queue_until_it_is_replayed(pipeline):
    """Kinesis refuses by permission; one order is never taken, one changes and one goes meanwhile."""
    orders = ["refused-0", "refused-1", "refused-changed", "refused-deleted", LONG_ID]
    with pipeline.denied("OrderPipeRole", "table-to-kinesis", "kinesis:PutRecords"):
        pipeline.put(*orders)
        pipeline.settle()
    assert pipeline.failed() == {GIVEN_UP: 5}
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "dead_letters": sorted(orders)})

    pipeline.put("refused-changed", price={"N": "9.5"})
    pipeline.delete("refused-deleted")
    pipeline.settle()
    assert pipeline.delivered() == {"refused-changed": 1}
    code, printed = pipeline.replay()
    assert code == 0, printed
    pipeline.settle()
    assert pipeline.failed() == {}
    assert pipeline.delivered() == {"refused-0": 1, "refused-1": 1, "refused-changed": 1, LONG_ID: 1}
    assert pipeline.reconcile() == (0, {"verdict": "equal"})


def test_the_same_stream_record_twice_and_orders_that_change_in_flight(pipeline):
    def twice(_, forward):
        answer = forward()
        page = json.loads(answer.body)
        return replace(answer, body=json.dumps(page | {"Records": page["Records"] * 2}).encode())

    with pipeline.proxy.hold("Kinesis.GetRecords") as delivering:
        delivering.wait()
        pipeline.put("in-flight-changed", "in-flight-deleted")
        eventually(lambda: list(pipeline.left()), ["firehose"])
        with pipeline.proxy.meet("DynamoDBStreams.GetRecords", twice) as doubled:
            eventually(lambda: bool(doubled.met), expected=True)
            pipeline.put("twice")
            eventually(lambda: list(pipeline.left()), ["firehose"])
        pipeline.put("in-flight-changed", price={"N": "9.5"})
        pipeline.delete("in-flight-deleted")
        assert pipeline.reconcile()[0] == 1
    pipeline.settle()
    assert pipeline.delivered() == {"in-flight-changed": 2, "in-flight-deleted": 1, "twice": 2}
    others = {"duplicate": ["twice"], "unknown": ["in-flight-deleted"]}
    # One object holds both versions of the changed order.
    assert pipeline.reconcile() == (1, {"verdict": "not equal", "undetermined": ["in-flight-changed"], **others})
    assert pipeline.failed() == {}
