"""A handler like AWS' blueprints for Firehose: base64, json and boto3's TypeDeserializer.

Sources: the loop is that of the Lambda blueprint kinesis-firehose-process-record-python; the attribute values follow
the boto3 documentation, "DynamoDB customization reference".
"""

import base64
import json
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from benchmarks.peers.optional_columns import (
    CHANGE_COLUMNS,
    COLUMNS,
    OTHER_ATTRIBUTES,
    change_columns,
    other_attributes,
)
from benchmarks.peers.reporting import looks_at_every, report

deserializer = TypeDeserializer()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    output = []
    failures = []
    dropped = 0
    unknown: set[str] = set()
    every = looks_at_every(event)
    for position, record in enumerate(event["records"]):
        try:
            payload = json.loads(base64.b64decode(record["data"]))
            change = payload["dynamodb"]
            if payload["eventName"] == "REMOVE":
                if not CHANGE_COLUMNS:
                    dropped += 1
                    output.append({"recordId": record["recordId"], "result": "Dropped", "data": ""})
                    continue
                image = {}
                row = dict.fromkeys(COLUMNS) | {"orderid": deserializer.deserialize(change["Keys"]["orderid"])}
            else:
                image = {name: deserializer.deserialize(value) for name, value in change["NewImage"].items()}
                row = {
                    "orderid": image["orderid"],
                    "product_name": image["product_name"],
                    "quantity": int(image["quantity"]),
                    "price": float(image["price"]),
                }
                if position % every == 0:
                    unknown |= image.keys() - COLUMNS
            if CHANGE_COLUMNS:
                time, sequence_number = change["ApproximateCreationDateTime"], change["SequenceNumber"]
                row |= change_columns(payload["eventID"], payload["eventName"], time, sequence_number)
            if OTHER_ATTRIBUTES:
                row |= other_attributes(image)
            data = base64.b64encode((json.dumps(row) + "\n").encode("utf-8")).decode("utf-8")
            output.append({"recordId": record["recordId"], "result": "Ok", "data": data})
        except Exception as error:  # noqa: BLE001 - one record must not fail the others
            failures.append((record["recordId"], type(error).__name__))
            output.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]})
    report(event, len(output), dropped, unknown, failures)
    return {"records": output}
