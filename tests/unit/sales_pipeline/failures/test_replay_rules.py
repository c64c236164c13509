"""What a replay decides about one change."""

import json

import pytest

from sales_pipeline.aws.keys import Keys
from sales_pipeline.failures.replay_rules import is_superseded
from sales_pipeline.orders.change import change_of
from tests.unit.sales_pipeline.columns import FOUR

IMAGE = {"orderid": {"S": "1"}, "price": {"N": "349.99"}}


def change(image=IMAGE, order_id="1", name="INSERT"):
    dynamodb = {"Keys": {"orderid": {"S": order_id}}} | ({"NewImage": image} if image else {})
    return change_of(json.dumps({"eventName": name, "dynamodb": dynamodb}).encode(), Keys(FOUR[0]))


@pytest.mark.parametrize(
    ("changed", "item", "superseded"),
    [
        (change(), IMAGE, False),
        (change(), {"orderid": {"S": "1"}, "price": {"N": "349.990"}}, False),
        (change(), IMAGE | {"price": {"N": "350"}}, True),
        (change(), IMAGE | {"price": {"S": "349.99"}}, True),
        (change(), IMAGE | {"note": {"S": "new"}}, True),
        (change(), None, True),
        (change({"a": {"B": "AAE="}}), {"a": {"B": b"\x00\x01"}}, False),
        (change({"a": {"N": "1" * 38}}), {"a": {"N": "1" * 37 + "2"}}, True),
        (change({"a": {"NS": ["sNaN", {}]}}), {"a": {"NS": ["1"]}}, True),
        (change(None, name="REMOVE"), None, False),
        (change(None, name="REMOVE"), IMAGE, True),
        (change(None), IMAGE, False),
        (change(order_id=""), None, False),
        (change(order_id="x" * 257), IMAGE | {"price": {"N": "1"}}, True),
    ],
)
def test_a_change_is_superseded_once_the_table_holds_another_version(changed, item, superseded):
    assert is_superseded(changed, item) == superseded
