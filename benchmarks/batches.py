"""Makes Firehose events to measure with: the change events of orders that this project's generator makes.

Sources of their form: Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose"; Amazon
DynamoDB Developer Guide, "Change data capture for DynamoDB Streams". The same arguments give the same event.
"""

import base64
import json
import random
from itertools import islice
from typing import Any

from generator.orders import Order, planned_orders

SIZES = (1, 100, 500, 4000)
SEED = 20261122
START_MS = 1_795_339_800_000
INTERVAL_SECONDS = 0.003

# In a mixed batch 1 % of the records are bad, beginning with the first, and 5 % are removals.
BAD_EVERY = 100
REMOVED_EVERY, REMOVED_FIRST = 20, 10
MODIFIED_EVERY = 8

_REGION = "eu-central-1"
_ARN = f"arn:aws:{{}}:{_REGION}:123456789012:{{}}"


def batch(records: int, *, mixed: bool = False) -> dict[str, Any]:
    """Return an event of this many records; a mixed one contains removals and bad records."""
    rnd = random.Random(SEED)  # noqa: S311 - data to measure with, no secret
    orders = planned_orders(SEED, start_ms=START_MS, interval_seconds=INTERVAL_SECONDS)
    return {
        "invocationId": "98daa4bf-7559-2f89-b3fb-95ee22432045",
        "sourceKinesisStreamArn": _ARN.format("kinesis", "stream/sales-data-projection-KinesisStream-9pX2mQ7bT4Ka"),
        "deliveryStreamArn": _ARN.format(
            "firehose", "deliverystream/sales-data-projection-DeliveryStream-Vb6YtR0cLw1e"
        ),
        "region": _REGION,
        "records": [
            _record(position, order, rnd, mixed=mixed) for position, order in enumerate(islice(orders, records))
        ],
    }


def largest_batch(event_bytes_max: int) -> bytes:
    """Return the JSON of the largest event that fits into this many bytes, in the form that Lambda sends."""
    few = 100
    record_bytes = len(to_json(batch(few))) // few
    event = batch(event_bytes_max // record_bytes)
    while len(body := to_json(event)) > event_bytes_max:
        del event["records"][-1 - (len(body) - event_bytes_max) // record_bytes :]
    return body


def to_json(event: dict[str, Any]) -> bytes:
    """Return the event's JSON in the form that Lambda sends."""
    return json.dumps(event, separators=(",", ":")).encode()


def _record(position: int, order: Order, rnd: random.Random, *, mixed: bool) -> dict[str, Any]:
    arrival_ms = START_MS + position * 3 + rnd.randrange(150, 900)
    sequence_number = str(49_660_731_834_520_195_830_217_464_582_913_041_037_419_650_017_530 + position * 16)
    bad = mixed and position % BAD_EVERY == 0
    removed = mixed and position % REMOVED_EVERY == REMOVED_FIRST
    change = _change(position, order, rnd, removed=removed)
    return {
        "recordId": f"{sequence_number}000000",
        "approximateArrivalTimestamp": arrival_ms,
        "data": _spoiled(change, position // BAD_EVERY) if bad else _base64(change),
        "kinesisRecordMetadata": {
            "sequenceNumber": sequence_number,
            "subsequenceNumber": 0,
            "partitionKey": order.orderid,
            "shardId": "shardId-000000000000",
            "approximateArrivalTimestamp": arrival_ms,
        },
    }


def _change(position: int, order: Order, rnd: random.Random, *, removed: bool) -> dict[str, Any]:
    image = {
        "orderid": {"S": order.orderid},
        "product_name": {"S": order.product_name},
        "quantity": {"N": str(order.quantity)},
        # DynamoDB returns 349.00 as 349.
        "price": {"N": f"{order.price.normalize():f}"},
    }
    event_name = "REMOVE" if removed else "INSERT" if position % MODIFIED_EVERY else "MODIFY"
    return {
        "eventID": f"{rnd.getrandbits(128):032x}",
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": _REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": (START_MS + position * 3) // 1000,
            "Keys": {"orderid": image["orderid"]},
            **({} if removed else {"NewImage": image}),
            "SequenceNumber": str(111_100_000_000_087_654_321_067 + position * rnd.randrange(1, 90)),
            "SizeBytes": rnd.randrange(90, 130),
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": _ARN.format("dynamodb", "table/order_table/stream/2026-11-22T09:14:05.482"),
    }


def _spoiled(change: dict[str, Any], kind: int) -> str:
    """Return the base64 of a change event that every handler refuses; `kind` picks one of four ways to spoil it."""
    image = change["dynamodb"]["NewImage"]
    match kind % 4:
        case 0:
            image["price"] = {"S": "cheap"}
        case 1:
            del image["quantity"]
        case 2:
            del change["dynamodb"]["NewImage"]
        case _:
            return _base64(change)[:400]  # incomplete JSON in complete base64
    return _base64(change)


def _base64(change: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(change, separators=(",", ":")).encode()).decode()
