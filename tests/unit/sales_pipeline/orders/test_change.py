"""What a replay decides about one change."""

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.orders.change import CALL_BYTES, CALL_RECORDS, calls, change_of, is_superseded

IMAGE = {"orderid": {"S": "1"}, "price": {"N": "349.99"}}


def change(image=IMAGE, order_id="1", name="INSERT"):
    dynamodb = {"Keys": {"orderid": {"S": order_id}}} | ({"NewImage": image} if image else {})
    return change_of(json.dumps({"eventName": name, "dynamodb": dynamodb}).encode())


def test_a_change_goes_back_under_its_orders_id():
    assert change(order_id="ä-1").partition_key == "ä-1"
    assert change(order_id="x" * 256).partition_key == "x" * 256


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
def test_bytes_that_name_no_order_go_back_under_their_digest(data):
    assert change_of(data).order_id is None
    assert change_of(data).partition_key == hashlib.sha256(data).hexdigest()
    assert not is_superseded(change_of(data), None)


def test_an_order_id_that_kinesis_refuses_goes_back_under_its_digest_and_is_still_compared():
    long = change(order_id="x" * 257)
    assert long.partition_key == long.digest
    assert is_superseded(long, IMAGE | {"price": {"N": "1"}})


@pytest.mark.parametrize(
    ("changed", "item", "superseded"),
    [
        (change(), IMAGE, False),
        (change(), {"orderid": {"S": "1"}, "price": {"N": "349.990"}}, False),
        (change(), IMAGE | {"price": {"N": "350"}}, True),
        (change(), IMAGE | {"price": {"S": "349.99"}}, True),
        (change(), IMAGE | {"note": {"S": "new"}}, True),
        (change(), None, True),
        (change({"a": {"NS": ["1", "2.0"]}}), {"a": {"NS": ["2", "1"]}}, False),
        (change({"a": {"SS": ["1", "2.0"]}}), {"a": {"SS": ["2", "1"]}}, True),
        (change({"a": {"B": "AAE="}}), {"a": {"B": b"\x00\x01"}}, False),
        (change({"a": {"BS": ["AAE=", "/w=="]}}), {"a": {"BS": [b"\xff", b"\x00\x01"]}}, False),
        (change({"a": {"L": [{"M": {"N": {"N": "1.0"}}}]}}), {"a": {"L": [{"M": {"N": {"N": "1"}}}]}}, False),
        (change({"a": {"N": "1" * 38}}), {"a": {"N": "1" * 37 + "2"}}, True),
        (change({"a": {"N": "sNaN"}}), {"a": {"N": "sNaN"}}, False),
        (change({"a": {"NS": ["sNaN", {}]}}), {"a": {"NS": ["1"]}}, True),
        (change(None, name="REMOVE"), None, False),
        (change(None, name="REMOVE"), IMAGE, True),
        (change(None), IMAGE, False),
    ],
)
def test_a_change_is_superseded_once_the_table_holds_another_version(changed, item, superseded):
    assert is_superseded(changed, item) == superseded


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.integers(0, 3))
def test_a_number_is_the_same_however_it_is_written(number, zeros):
    image = {"price": {"N": f"{number}{'0' * zeros}"}}
    assert not is_superseded(change(image), {"price": {"N": str(Decimal(number))}})


class Sized:
    """A change of a size, without the bytes."""

    def __init__(self, size_bytes):
        self.size_bytes = size_bytes


@given(st.lists(st.integers(0, 1_000_000), max_size=1200))
def test_a_call_never_passes_what_kinesis_takes_and_holds_every_change_in_order(sizes):
    changes = [Sized(size) for size in sizes]
    made = list(calls(changes))
    assert [each for call in made for each in call] == changes
    for call in made:
        assert 0 < len(call) <= CALL_RECORDS
        assert len(call) == 1 or sum(each.size_bytes for each in call) <= CALL_BYTES
