"""Batches and orders of the largest size that AWS takes, and an order that is larger."""

import base64
import json

from tests.e2e.faults.pipeline import eventually, item

CALL_RECORDS = 500  # of PutRecords
INVOCATION_BYTES = 6_000_000  # of the function's event, as the stand-in reads AWS' 6 MB
RECORD_BYTES = 1024 * 1024  # of a record in Kinesis
ITEM_BYTES = 400 * 1024
NAMES_BYTES = (
    len("orderidproduct_namequantityprice") + 2 + 3
)  # 1 and 2.5: a byte, and one for two digits on the same side of the point
ENVELOPE_BYTES = 600  # of an order's change event, and a little more

KEY_CHARACTERS = 256  # of a partition key
SMALL_ORDERS = 600
LONG_ORDERS = 1400  # with keys as long, escaped in the function's event, they fill it before they are 3 MiB of data
CONTROL = "\x01"  # six characters in JSON


def test_batches_and_orders_at_their_limits_arrive_and_one_beyond_them_shows(pipeline):
    small = [f"small-{number}" for number in range(SMALL_ORDERS)]
    small += [f"{number}".rjust(KEY_CHARACTERS, "ß") for number in range(LONG_ORDERS)]
    large = {f"large-{number}": "x" * (ITEM_BYTES - NAMES_BYTES - len("large-0")) for number in range(5)}
    edge = {"edge": CONTROL * ((RECORD_BYTES - ENVELOPE_BYTES) // 6)}
    beyond = {"beyond": CONTROL * (RECORD_BYTES // 6)}

    with (
        pipeline.proxy.hold("Kinesis.GetRecords") as delivering,
        pipeline.proxy.hold("DynamoDBStreams.GetRecords") as reading,
        pipeline.proxy.watch("Kinesis.PutRecords") as put,
        pipeline.proxy.watch("Lambda.Invoke") as invoked,
    ):
        delivering.wait()
        reading.wait()
        pipeline.put_all(map(item, small))
        for order_id, product_name in (large | edge | beyond).items():
            pipeline.put(order_id, product_name={"S": product_name})
        reading.release()
        eventually(lambda: list(pipeline.left()), ["firehose"])
        delivering.release()
        pipeline.settle()

    records = [json.loads(request.body)["Records"] for request in put.met]
    assert max(map(len, records)) == CALL_RECORDS
    record_bytes = [len(base64.b64decode(each["Data"])) for call in records for each in call]
    assert max(size for size in record_bytes if size <= RECORD_BYTES) > RECORD_BYTES - ENVELOPE_BYTES
    assert INVOCATION_BYTES * 0.999 < max(len(request.body) for request in invoked.met) <= INVOCATION_BYTES

    assert pipeline.delivered() == dict.fromkeys([*small, *large, *edge], 1)
    assert pipeline.failed() == {"Pipe.RetryAttemptsExhausted": 1}
    assert pipeline.reconcile() == (0, {"verdict": "accounted for", "dead_letters": ["beyond"]})

    # Kinesis never takes it: only a smaller order does away with it.
    code, printed = pipeline.replay()
    assert (code, "left: Kinesis refuses it" in printed) == (1, True), printed
    assert pipeline.failed() == {"Pipe.RetryAttemptsExhausted": 1}
    pipeline.put("beyond")
    pipeline.settle()
    code, printed = pipeline.replay()
    assert code == 0, printed
    assert pipeline.failed() == {}
    assert pipeline.reconcile() == (0, {"verdict": "equal"})
