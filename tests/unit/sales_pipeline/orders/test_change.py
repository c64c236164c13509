"""What is read of a change event's bytes, and the key under which they are sent."""

import hashlib
import json

import pytest

from sales_pipeline.orders.change import change_of


def change(order_id):
    return change_of(json.dumps({"dynamodb": {"Keys": {"orderid": {"S": order_id}}}}).encode())


def test_a_change_is_sent_under_its_orders_id():
    assert change("ä-1").partition_key == "ä-1"
    assert change("x" * 256).partition_key == "x" * 256


def test_an_order_id_that_kinesis_refuses_is_sent_under_its_digest():
    long = change("x" * 257)
    assert (long.order_id, long.partition_key) == ("x" * 257, long.digest)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"1",
        b"[" * 100_000,
        b'{"dynamodb": null}',
        b'{"dynamodb": {"Keys": {"orderid": {"N": "1"}}}}',
        b'{"dynamodb": {"Keys": {"orderid": {"S": ""}}}}',
        b'{"dynamodb": {"Keys": {"orderid": {"S": "\\ud800"}}}}',
        json.dumps({"dynamodb": {"Keys": {"orderid": {"S": "x" * 2049}}}}).encode(),
    ],
)
def test_bytes_that_name_no_order_are_sent_under_their_digest(data):
    assert change_of(data).order_id is None
    assert change_of(data).partition_key == hashlib.sha256(data).hexdigest()


def test_a_change_says_what_it_did_to_the_order():
    image = {"orderid": {"S": "1"}}
    written = change_of(json.dumps({"eventName": "MODIFY", "dynamodb": {"NewImage": image}}).encode())
    assert (written.removes, written.image) == (False, image)
    removed = change_of(b'{"eventName": "REMOVE", "dynamodb": {}}')
    assert (removed.removes, removed.image) == (True, None)
