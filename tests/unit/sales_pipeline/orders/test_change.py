"""What is read of a change event's bytes, and the key under which they are sent."""

import hashlib
import json

import pytest

from sales_pipeline.aws.keys import Keys
from sales_pipeline.orders.change import change_of
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR

KEYS = Keys(FOUR[0])


def change(order_id):
    return change_of(json.dumps({"dynamodb": {"Keys": {"orderid": {"S": order_id}}}}).encode(), KEYS)


def test_a_change_is_sent_under_its_orders_id():
    assert change("ä-1").partition_key == "ä-1"
    assert change("x" * 256).partition_key == "x" * 256


def test_a_number_is_sent_as_the_pipe_sends_it_and_names_the_order_by_its_one_text():
    data = b'{"dynamodb": {"Keys": {"orderNo": {"N": "12.0"}}}}'
    found = change_of(data, Keys(EVERY_TYPE[0]))
    assert (found.partition_key, found.order_id) == ("12.0", "12")
    beyond = change_of(data.replace(b"12.0", b"1e126"), Keys(EVERY_TYPE[0]))
    assert (beyond.partition_key, beyond.order_id) == (beyond.digest, None)


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
    assert change_of(data, KEYS).order_id is None
    assert change_of(data, KEYS).partition_key == hashlib.sha256(data).hexdigest()


def test_a_change_says_what_it_did_to_the_order():
    image = {"orderid": {"S": "1"}}
    written = change_of(json.dumps({"eventName": "MODIFY", "dynamodb": {"NewImage": image}}).encode())
    assert (written.removes, written.image) == (False, image)
    removed = change_of(b'{"eventName": "REMOVE", "dynamodb": {}}')
    assert (removed.removes, removed.image) == (True, None)
