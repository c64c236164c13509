"""A faulty transform. The order ids of a batch choose the fault. A test switches the function's handler to it."""

import base64
import json
import signal
import time

from transform import app

ANSWER_BYTES = 6 * 1024 * 1024 + 1


def handler(event, context):
    """Show the faults that the order ids begin with, such as `raises-1`; transform all other records as usual."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # else the emulator waits 2 s for a failed process
    order_ids = [_order_id(record) for record in event["records"]]
    faults = {order_id.partition("-")[0] for order_id in order_ids}
    if "raises" in faults:
        raise RuntimeError("a fault of a test")
    if "hangs" in faults:
        time.sleep(60)
    if "nonsense" in faults:
        return ["nonsense"]
    answer = []
    for order_id, result in zip(order_ids, app.handler(event, context)["records"], strict=True):
        match order_id.partition("-")[0]:
            case "omitted":
                continue
            case "duplicate":
                answer.append(result)
            case "unknown":
                result["result"] = "Perhaps"
            case "large":
                result["data"] = "A" * ANSWER_BYTES
        answer.append(result)
    return {"records": answer}


def drop_unreadable(event, context):
    """Answer Dropped for the records that the transform refuses, as somebody may do to get rid of them."""
    results = app.handler(event, context)["records"]
    for result in results:
        if result["result"] == "ProcessingFailed":
            result |= {"result": "Dropped", "data": ""}
    return {"records": results}


def _order_id(record):
    return json.loads(base64.b64decode(record["data"]))["dynamodb"]["Keys"]["orderid"]["S"]
