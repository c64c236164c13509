"""Whole commands on a table whose key is a number, and whose orders have columns of every type."""

import json

import pytest
from moto import mock_aws

from sales_pipeline.aws.pipe_event import encode
from sales_pipeline.aws.table import Table
from sales_pipeline.failures import dead_letters, replay
from sales_pipeline.failures import report as failures
from sales_pipeline.failures.dead_letters import Listing
from sales_pipeline.failures.messages import read_dead_letter
from sales_pipeline.failures.records import Selection
from tests.unit.sales_pipeline.columns import EVERY_TYPE
from tests.unit.sales_pipeline.reconcile.world import World, error_line, stop_time, verdict

LEAST = {
    "orderNo": {"N": "-7"},
    "class": {"BOOL": False},
    "shipping": {"BS": [b"\x00", b"\xff"]},
    "Total": {"N": "0.5"},
}
FULL = {
    "orderNo": {"N": "9223372036854775807"},
    "image": {"S": ""},
    "class": {"BOOL": True},
    "gift-wrap": {"M": {"sizes": {"NS": ["10", "9.5"]}, "card": {"NULL": True}}},
    "order id": {"N": "2147483647"},
    "Total": {"N": "1234567890123456789.123456789"},
    "views": {"N": "-9223372036854775808"},
    "paid": {"NULL": True},
    "shipping": {"L": [{"S": "x"}, {"N": "1"}]},
}
OTHER = LEAST | {"orderNo": {"N": "12"}, "note": {"S": "a"}, "file": {"B": b"\x01"}}
FORMS = [(change, other) for change in ("NONE", "APPEND") for other in ("DROP", "KEEP")]


@pytest.fixture
def make(monkeypatch):
    stop_time(monkeypatch)
    with mock_aws():
        yield lambda *parameters: World(*parameters, EVERY_TYPE)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_backfill_sends_every_order_under_its_number_and_the_lake_is_whole(make, form, capsys):
    world = make(*form)
    world.put(LEAST, FULL, OTHER)
    assert verdict(world, capsys)["missing"]["samples"] == ["-7", "12", "9223372036854775807"]
    assert world.backfill() == 0
    assert sorted(key for key, _ in world.sent()) == ["-7", "12", "9223372036854775807"]
    world.deliver()
    report = verdict(world, capsys)
    assert (report["verdict"], report["rows"], report["has_other_attributes"]) == ("equal", 3, form[1] == "KEEP")
    world.backfill()
    assert world.sent() == []


@pytest.mark.parametrize("other_attributes", ["DROP", "KEEP"])
def test_an_attribute_without_a_column_makes_an_order_stale_if_the_rows_hold_it(make, other_attributes, capsys):
    world = make("NONE", other_attributes)
    world.put(OTHER)
    world.backfill()
    world.deliver()
    world.put(OTHER | {"note": {"S": "b"}})
    stale = ["12"] if other_attributes == "KEEP" else []
    assert verdict(world, capsys)["stale"]["samples"] == stale
    world.backfill()
    assert [key for key, _ in world.sent()] == stale
    world.deliver()
    assert verdict(world, capsys)["verdict"] == "equal"


@pytest.mark.parametrize("other_attributes", ["DROP", "KEEP"])
def test_a_deletion_is_sent_with_the_number_of_its_order(make, other_attributes, capsys):
    world = make("APPEND", other_attributes)
    world.put(OTHER, LEAST)
    world.backfill()
    world.deliver()
    world.delete("12")
    world.backfill()
    ((key, removal),) = world.sent()
    assert (key, removal["eventName"], removal["dynamodb"]["Keys"]) == ("12", "REMOVE", {"orderNo": {"N": "12"}})
    world.deliver()
    assert verdict(world, capsys)["verdict"] == "equal"


def test_all_sends_a_row_that_is_newer_than_the_lakes(make, monkeypatch, capsys):
    world = make("APPEND", "KEEP")
    order = OTHER | {"orderNo": {"N": "100"}}
    world.put(order)
    written = {"orderNo": {"N": "1E+2"}}  # as AWS may write it
    monkeypatch.setattr(Table, "pages", lambda *_: iter([[order | written]]))
    world.write("sales_data/", row_of(order_no=100, sequence_number="41"))
    world.backfill(everything=True)
    ((_, change),) = world.sent()
    assert change["dynamodb"]["SequenceNumber"] == "42"
    world.deliver()
    assert verdict(world, capsys)["verdict"] == "equal"


def row_of(**values):
    columns = {"event_id": "e", "event_name": "INSERT", "event_time": None} | values
    return json.dumps(columns).encode() + b"\n"


def test_a_failed_change_explains_its_order_and_a_replay_sends_it_under_its_number(make, capsys):
    world = make("APPEND", "KEEP")
    world.put(OTHER)
    dynamodb = {"Keys": {"orderNo": OTHER["orderNo"]}, "NewImage": OTHER, "SequenceNumber": "8"}
    world.write("errors/", error_line(encode({"eventID": "e", "eventName": "INSERT", "dynamodb": dynamodb})))
    assert verdict(world, capsys)["errors"]["samples"] == ["12"]
    failures.run(world.stack, Selection(), "json", each=True)
    assert json.loads(capsys.readouterr().out)["orderid"] == "12"
    assert replay.run(world.stack, Selection(), send=True, replays_max=3) == 0
    assert [key for key, _ in world.sent()] == ["12"]
    world.deliver()
    assert verdict(world, capsys)["verdict"] == "equal"


def test_a_change_is_set_aside_if_the_table_holds_another_version_by_now(make, capsys):
    world = make("NONE", "DROP")
    world.put(OTHER | {"Total": {"N": "2"}})
    dynamodb = {"Keys": {"orderNo": OTHER["orderNo"]}, "NewImage": OTHER, "SequenceNumber": "8"}
    world.write("errors/", error_line(encode({"eventID": "e", "eventName": "INSERT", "dynamodb": dynamodb})))
    replay.run(world.stack, Selection(), send=True, replays_max=3)
    assert world.sent() == []
    assert "set aside" in capsys.readouterr().out


def test_a_dead_letter_explains_its_orders_and_a_replay_sends_what_the_table_still_holds(make, monkeypatch, capsys):
    world = make("APPEND", "KEEP")
    world.put(OTHER, LEAST, OTHER | {"note": {"S": "b"}})
    shard, (first, *_, last) = world.changes()
    batch = {
        "shardId": shard,
        "startSequenceNumber": first,
        "endSequenceNumber": last,
        "streamArn": world.outputs["TableStreamArn"],
    }
    body = json.dumps({"DDBStreamBatchInfo": batch})
    queue = [read_dead_letter("1", "receipt", body, world.outputs["TableName"])]
    monkeypatch.setattr(dead_letters, "list_all", lambda _: Listing(list(queue)))
    monkeypatch.setattr(dead_letters, "delete", lambda _, letter: queue.remove(letter))
    assert verdict(world, capsys)["dead_letters"]["samples"] == ["-7", "12"]
    assert replay.run(world.stack, Selection(), send=True, replays_max=3) == 0
    assert sorted(key for key, _ in world.sent()) == ["-7", "12"]
    world.deliver()
    assert (queue, verdict(world, capsys)["verdict"]) == ([], "equal")
