"""Reads the files of events/, and makes events from them."""

import base64
import json

import msgspec

from tests import ROOT
from transform.columns import COLUMNS

FOLDER = ROOT / "events"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def answer_to(name):
    """What the transform answers to an event of Firehose. Columns that its sample has no attribute for are null."""
    answer = load(f"{name}.expected")
    for record in answer["records"]:
        if record["result"] == "Ok":
            record["data"] = base64.b64encode(with_nulls(base64.b64decode(record["data"]))).decode()
    return answer


def with_nulls(row):
    """A row, with null in each column that it lacks."""
    members = msgspec.json.decode(row, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({column.name: None for column in COLUMNS} | members) + b"\n"


def crawled_columns():
    """The columns and types that a crawler finds in rows of mock orders. A column that is always null is a string."""
    types = {"quantity": "int", "price": "double"}
    return {column.name: types.get(column.name, "string") for column in COLUMNS}


def firehose_event(*records):
    """Event of Firehose with these bytes, one record each."""
    return {
        "invocationId": "7c1d1c5e-8a3b-4f0e-9d53-0f5f7f2f6a11",
        "deliveryStreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/orders",
        "region": "us-east-1",
        "records": [
            {"recordId": f"{position:056}", "data": base64.b64encode(data).decode()}
            for position, data in enumerate(records)
        ],
    }


def change_event(image, event_name="INSERT"):
    """Bytes of a stream record with this image, as the pipe sends it."""
    event = {
        "eventID": "9f1c6ab2d5e84c0f8f3d1b7a2c4e6d80",
        "eventName": event_name,
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {"orderid": image.get("orderid")}, "NewImage": image, "SequenceNumber": "111"},
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def image(orderid="0", product_name="Laptop", quantity="1", price="349.99"):
    return {
        "orderid": {"S": orderid},
        "product_name": {"S": product_name},
        "quantity": {"N": quantity},
        "price": {"N": price},
    }
