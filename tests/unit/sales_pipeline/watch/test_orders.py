"""What is shown of an order comes from its event or its row, whatever these hold, and needs no column but the key."""

import json

import pytest

from sales_pipeline.watch.orders import Order, of_event, of_row, of_rows
from tests.unit.sales_pipeline.columns import FOUR
from transform.column_types import INT32, JSON, STRING, Column

IMAGE = {"orderid": {"S": "7"}, "product_name": {"S": "Mug"}, "quantity": {"N": "10"}, "price": {"N": "349.00"}}
MS = 1_795_000_000_000
OWN = (Column("number", INT32), Column("customerId", STRING, name="customer_id"), Column("box", JSON, optional=True))


def event(name="INSERT", image=IMAGE, **more):
    keys = {"orderid": {"S": "7"}}
    record = {"ApproximateCreationDateTime": MS / 1000, "Keys": keys} | ({"NewImage": image} if image else {}) | more
    return json.dumps({"eventName": name, "dynamodb": record}).encode()


def test_a_change_is_shown_with_its_numbers_as_they_are_written():
    assert of_event(event(), FOUR) == Order("7", "Mug, 10, 349.00", "INSERT", MS)
    assert of_event(event("REMOVE", None), FOUR) == Order("7", "", "REMOVE", MS)


@pytest.mark.parametrize("time", [MS / 1000, MS, MS * 1000, str(MS // 1000)])
def test_the_time_of_a_change_may_come_in_any_unit(time):
    assert of_event(event(ApproximateCreationDateTime=time), FOUR).created_ms == MS


@pytest.mark.parametrize("time", [None, [], {}, "soon", float("inf"), -1e300])
def test_without_a_time_a_change_is_shown_all_the_same(time):
    shown = of_event(event(ApproximateCreationDateTime=time), FOUR)
    assert (shown.id, shown.created_ms) == ("7", None)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[]", b"1", b"{}", b'{"dynamodb":[]}', b"[" * 100_000, b'{"eventName":7}']
)
def test_what_is_no_change_event_is_shown_without_an_id(data):
    assert of_event(data, FOUR) == Order("no order id", "")


def test_columns_of_a_team_are_shown_in_their_order_and_those_that_are_missing_left_out():
    image = {"number": {"N": "12"}, "customerId": {"S": "c-1"}, "more": {"S": "not shown"}}
    data = json.dumps({"dynamodb": {"Keys": {"number": {"N": "12"}}, "NewImage": image}}).encode()
    assert of_event(data, OWN) == Order("12", "c-1")
    image["box"] = {"M": {"cm": {"L": [{"N": "1.50"}]}}}
    data = json.dumps({"dynamodb": {"Keys": {"number": {"N": "12"}}, "NewImage": image}}).encode()
    assert of_event(data, OWN).values == 'c-1, {"cm":[1.50]}'
    assert of_row(b'{"number":12,"customer_id":"c-1","box":null}', OWN) == Order("12", "c-1")


@pytest.mark.parametrize(
    ("attribute", "shown"),
    [
        ({"M": {"n": {"NS": ["10", "2.5"]}, "b": {"B": "AQ=="}}}, '{"n":[2.5,10],"b":"AQ=="}'),
        ({"L": [{"N": "1E+20"}, {"NULL": True}, {"S": "é"}]}, '[1E+20,null,"é"]'),
        ({"BOOL": False}, "false"),
        ({"N": 10}, "?"),
        ({"other": "1"}, "?"),
    ],
)
def test_a_change_shows_any_attribute_as_its_row_will(attribute, shown):
    data = json.dumps({"dynamodb": {"Keys": {"number": {"N": "12"}}, "NewImage": {"box": attribute}}}).encode()
    assert of_event(data, OWN).values == shown


def test_text_of_others_is_visible_and_of_bounded_length():
    image = IMAGE | {"product_name": {"S": "\x1b[2J" + "x" * 400_000}}
    shown = of_event(event("IN\x1bSERT", image), FOUR)
    assert "\x1b" not in shown.values + shown.event
    assert len(shown.values) < 200
    row = of_row(json.dumps({"orderid": "\x1b" * 9, "product_name": "\u202e"}).encode(), FOUR)
    assert row == Order("\\x1b" * 9, "\\u202e")


def test_the_last_rows_come_first_and_lines_that_are_none_are_left_out():
    body = b'artial"}\n{"orderid":"1","quantity":1,"price":349.0}\nnull\n\xff\n{"orderid":"2","price":1E+2}\n'
    assert of_rows(body, 10, FOUR) == [Order("2", "1E+2"), Order("1", "1, 349.0")]
    assert of_rows(body, 1, FOUR) == [Order("2", "1E+2")]
    assert of_rows(b"", 10, FOUR) == []
