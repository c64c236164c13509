"""Makes Firehose events to measure with, from the orders of this project's generator, in several shapes.

Sources of their form: Amazon Data Firehose Developer Guide, "Transform source data in Amazon Data Firehose"; Amazon
DynamoDB Developer Guide, "Change data capture for DynamoDB Streams". The same arguments give the same event.
"""

import base64
import json
import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from generator.orders import Order, planned_orders, to_item

MOCK, PRICES, ATTRIBUTES, REMOVALS = "mock orders", "different prices", "more attributes", "removals"
SHAPES = {
    MOCK: "as the generator makes them: four attributes, and prices that recur",
    PRICES: "mock orders, but each has another price",
    ATTRIBUTES: "each has another price, and five more attributes: text, boolean, string set, map and number",
    REMOVALS: "each has another price, and one record in five is a removal",
}
BAD = "bad records"
"""Mock orders, of which one in 100 is refused, beginning with the first. No target is about these."""

SIZES = (1, 100, 500, 4000)
SEED = 20261122
START_MS = 1_795_339_800_000
INTERVAL_SECONDS = 0.003
BAD_EVERY, REMOVED_EVERY, MODIFIED_EVERY = 100, 5, 8

# The step has no factor in common with the number of prices, so a price comes again only after all others.
_CENTS_MIN, _CENTS_COUNT, _CENTS_STEP = 100, 99_900, 61_801

_CUSTOMERS = (
    "Anna Smith",
    "Ben Okafor",
    "Zoë Müller",
    "Chen Wei",
    "Dana Levi",
    "Eve O'Brien",
    "Farid Rahimi",
    "Jo Kim",
)
_CITIES = ("Utrecht", "Leeds", "Porto", "Kraków", "Turku", "Ghent", "Bologna", "Leipzig")
_TAGS = ("express", "first order", "fragile", "mobile", "newsletter", "voucher")

_REGION = "eu-central-1"
_ARN = f"arn:aws:{{}}:{_REGION}:123456789012:{{}}"


def batch(records: int, shape: str = MOCK) -> dict[str, Any]:
    """Return an event of this many records."""
    return _event(list(islice(_records(shape), records)))


def write_stream(path: Path, shape: str, records: int) -> None:
    """Write lines from which events of any size can be made: the JSON of an event up to its records, then each record.

    An event is the first line, some of the others with commas between them, and `]}`.
    """
    lines = [to_json(_event([])).removesuffix(b"]}"), *map(to_json, islice(_records(shape), records))]
    path.write_bytes(b"\n".join(lines))


def largest_batch(event_bytes_max: int) -> bytes:
    """Return the JSON of the largest event that fits into this many bytes, in the form that Lambda sends."""
    few = 100
    record_bytes = len(to_json(batch(few))) // few
    event = batch(event_bytes_max // record_bytes)
    while len(body := to_json(event)) > event_bytes_max:
        del event["records"][-1 - (len(body) - event_bytes_max) // record_bytes :]
    return body


def to_json(value: dict[str, Any]) -> bytes:
    """Return JSON in the form that Lambda and the pipe send: without spaces, and without escapes of letters."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _event(records: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "invocationId": "98daa4bf-7559-2f89-b3fb-95ee22432045",
        "sourceKinesisStreamArn": _ARN.format("kinesis", "stream/sales-data-projection-KinesisStream-9pX2mQ7bT4Ka"),
        "deliveryStreamArn": _ARN.format(
            "firehose", "deliverystream/sales-data-projection-DeliveryStream-Vb6YtR0cLw1e"
        ),
        "region": _REGION,
        "records": records,
    }


def _records(shape: str) -> Iterator[dict[str, Any]]:
    rnd = random.Random(SEED)  # noqa: S311 - data to measure with, no secret
    orders = planned_orders(SEED, start_ms=START_MS, interval_seconds=INTERVAL_SECONDS)
    for position, order in enumerate(orders):
        arrival_ms = START_MS + position * 3 + rnd.randrange(150, 900)
        sequence_number = str(49_660_731_834_520_195_830_217_464_582_913_041_037_419_650_017_530 + position * 16)
        yield {
            "recordId": f"{sequence_number}000000",
            "approximateArrivalTimestamp": arrival_ms,
            "data": _data(position, _change(position, order, rnd, shape), shape),
            "kinesisRecordMetadata": {
                "sequenceNumber": sequence_number,
                "subsequenceNumber": 0,
                "partitionKey": order.orderid,
                "shardId": "shardId-000000000000",
                "approximateArrivalTimestamp": arrival_ms,
            },
        }


def _change(position: int, order: Order, rnd: random.Random, shape: str) -> dict[str, Any]:
    removed = shape == REMOVALS and position % REMOVED_EVERY == REMOVED_EVERY // 2
    image = _image(position, order, rnd, shape)
    return {
        "eventID": f"{rnd.getrandbits(128):032x}",
        "eventName": "REMOVE" if removed else "INSERT" if position % MODIFIED_EVERY else "MODIFY",
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


def _image(position: int, order: Order, rnd: random.Random, shape: str) -> dict[str, Any]:
    if shape in (PRICES, ATTRIBUTES, REMOVALS):
        cents = _CENTS_MIN + position * _CENTS_STEP % _CENTS_COUNT
        order = order._replace(price=Decimal(cents).scaleb(-2))
    # DynamoDB returns 349.00 as 349.
    image: dict[str, Any] = {**to_item(order), "price": {"N": f"{order.price.normalize():f}"}}
    if shape == ATTRIBUTES:
        image |= _more_attributes(rnd)
        # DynamoDB does not document an order. In this one, columns and other attributes alternate.
        return dict(sorted(image.items()))
    return image


def _more_attributes(rnd: random.Random) -> dict[str, Any]:
    city = rnd.choice(_CITIES)
    return {
        "customer": {"S": rnd.choice(_CUSTOMERS)},
        "gift": {"BOOL": rnd.random() < 0.1},  # noqa: PLR2004 - as often as it may be
        "shipping": {
            "M": {
                "street": {"S": f"{rnd.randrange(1, 200)} {city} Road"},
                "city": {"S": city},
                "postcode": {"S": f"{rnd.randrange(10_000, 99_999)}"},
                "floor": {"N": str(rnd.randrange(9))},
            }
        },
        "tags": {"SS": sorted(rnd.sample(_TAGS, rnd.randrange(1, 4)))},
        "weight_kg": {"N": f"{Decimal(rnd.randrange(1, 9999)).scaleb(-2).normalize():f}"},
    }


def _data(position: int, change: dict[str, Any], shape: str) -> str:
    """Return the base64 of a change event; that of a bad record is spoiled in one of four ways."""
    if shape == BAD and position % BAD_EVERY == 0:
        image = change["dynamodb"]["NewImage"]
        match position // BAD_EVERY % 4:
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
    return base64.b64encode(to_json(change)).decode()
