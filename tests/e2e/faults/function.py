"""The transform with a fault, for each batch another: by the order ids in it. It is deployed beside the real one."""

import base64
import json
import signal
import time

from transform import app

ANSWER_BYTES = 6 * 1024 * 1024 + 1


def handler(event, context):
    """Do with a batch what its order ids ask for, `raises-1` for example; transform the others as ever."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # else the emulator waits 2 s for a process that failed
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
            case "doubled":
                answer.append(result)
            case "unknown":
                result["result"] = "Perhaps"
            case "large":
                result["data"] = "A" * ANSWER_BYTES
        answer.append(result)
    return {"records": answer}


def drop_unreadable(event, context):
    """Drop what the transform refuses, as somebody's mended one may."""
    results = app.handler(event, context)["records"]
    for result in results:
        if result["result"] == "ProcessingFailed":
            result |= {"result": "Dropped", "data": ""}
    return {"records": results}


def _order_id(record):
    return json.loads(base64.b64decode(record["data"]))["dynamodb"]["Keys"]["orderid"]["S"]
