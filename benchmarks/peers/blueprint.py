"""A handler like AWS' blueprints for Firehose: base64, json and boto3's TypeDeserializer.

Sources: the loop is that of the Lambda blueprint kinesis-firehose-process-record-python; the attribute values follow
the boto3 documentation, "DynamoDB customization reference".
"""

import base64
import json
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from benchmarks.peers.reporting import report

deserializer = TypeDeserializer()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    output = []
    failures = []
    dropped = 0
    for record in event["records"]:
        try:
            payload = json.loads(base64.b64decode(record["data"]))
            if payload["eventName"] == "REMOVE":
                dropped += 1
                output.append({"recordId": record["recordId"], "result": "Dropped", "data": ""})
                continue
            image = {name: deserializer.deserialize(value) for name, value in payload["dynamodb"]["NewImage"].items()}
            row = {
                "orderid": image["orderid"],
                "product_name": image["product_name"],
                "quantity": int(image["quantity"]),
                "price": float(image["price"]),
            }
            data = base64.b64encode((json.dumps(row) + "\n").encode("utf-8")).decode("utf-8")
            output.append({"recordId": record["recordId"], "result": "Ok", "data": data})
        except Exception as error:  # noqa: BLE001 - one record must not fail the others
            failures.append((record["recordId"], type(error).__name__))
            output.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]})
    report(event, len(output), dropped, failures)
    return {"records": output}
