"""A backfill on AWS' APIs (moto): what it sends makes the lake whole, and nothing else is sent."""

import json
from datetime import UTC, datetime

import pytest
from moto import mock_aws

from sales_pipeline.aws import table
from sales_pipeline.aws.retry import RetryError
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.dead_letters import Listing
from sales_pipeline.reconcile import backfill
from tests.unit.sales_pipeline.reconcile.world import NOW_MS, Killed, World, stop_time, verdict

SINCE = datetime(2026, 11, 22, 12, tzinfo=UTC)
SINCE_MS = 1_795_348_800_000


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    return stop_time(monkeypatch)


@pytest.fixture
def make():
    with mock_aws():
        yield World


def uuid7(ms):
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-000000000000"


def order(orderid, price="349", **more):
    item = {"orderid": {"S": orderid}, "product_name": {"S": "PC"}, "quantity": {"N": "2"}, "price": {"N": price}}
    return item | more


def row(orderid, price="349.0", number=None, name="INSERT"):
    columns = {"orderid": orderid, "product_name": "PC", "quantity": 2, "price": float(price)}
    if name == "REMOVE":
        columns |= dict.fromkeys(("product_name", "quantity", "price"))
    if number:
        columns |= {"event_id": f"e{number}", "event_name": name, "event_time": None, "sequence_number": number}
    return json.dumps(columns).encode() + b"\n"


def keys(sent):
    return sorted(key for key, _ in sent)


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_what_is_missing_or_stale_is_sent_and_the_lake_is_whole(make, change_columns, capsys):
    world = make(change_columns)
    number = "100" if change_columns == "APPEND" else None
    photo = {"B": b"\x00\xff"}
    world.put(order("missing", photo=photo), order("stale", "2"), order("there"), order("x" * 300))
    world.write("sales_data/", row("stale", number=number), row("there"))
    assert world.backfill() == 0
    sent = world.sent()
    assert len(sent) == 3
    assert {"missing", "stale"} < {key for key, _ in sent}
    (missing,) = (change for key, change in sent if key == "missing")
    assert missing["dynamodb"]["NewImage"]["photo"] == {"B": "AP8="}
    assert "take up to 46 s to the lake" in capsys.readouterr().out
    world.deliver()
    report = verdict(world, capsys)
    assert (report["verdict"], report["duplicate"]["count"], report["rows"]) == ("equal", 0, 5), report
    assert world.backfill() == 0
    assert world.sent() == []
    assert "There is nothing to send." in capsys.readouterr().out


def test_a_dry_run_sends_nothing_and_says_what_it_would_send(make, capsys):
    world = make("APPEND")
    world.put(order("a"), order("b", "2"))
    world.write("sales_data/", row("b", number="1"), row("gone", number="2"))
    assert world.backfill(send=False) == 0
    printed = capsys.readouterr().out
    assert world.sent() == []
    for line in (
        "1  no row                 send",
        "1  only older rows        send",
        "1  its deletion is missing  send",
    ):
        assert line.split("  ") == [part for part in line.split("  ") if part in printed] or line in printed
    assert "Nothing was done: add --yes to do it." in printed
    assert [f"  {orderid}\n" in printed for orderid in ("a", "b", "gone")] == [True] * 3


def test_deletions_go_as_removals_after_the_lakes_newest(make, capsys):
    world = make("APPEND")
    world.write("sales_data/", row("gone", number="0099"), row("told", number="1"))
    world.write("sales_data/", row("told", number="2", name="REMOVE"), row("without a number"))
    assert world.backfill() == 0
    ((key, change),) = world.sent()
    assert (key, change["eventName"], change["dynamodb"]["SequenceNumber"]) == ("gone", "REMOVE", "0100")
    world.deliver()
    report = verdict(world, capsys)
    assert (report["verdict"], report["unknown"]["samples"]) == ("accounted for", ["without a number"])


def test_without_change_columns_what_only_they_can_tell_is_left(make, capsys):
    world = make("NONE")
    world.write("sales_data/", row("gone", number="1"), row("gone", number="2", name="REMOVE"), row("unknown"))
    assert world.backfill() == 1
    assert world.sent() == []
    assert "left: it needs change columns. Deploy with ChangeColumns=APPEND" in capsys.readouterr().out


def test_after_change_columns_were_switched_off_what_changed_is_sent_and_newest(make, capsys):
    world = make("NONE")
    world.put(order("changed", "2"))
    world.write("sales_data/", row("changed", number="1"))
    assert world.backfill() == 0
    assert keys(world.sent()) == ["changed"]
    world.deliver()
    assert verdict(world, capsys)["verdict"] == "equal"


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_an_order_whose_newest_version_is_undetermined_is_sent_and_then_newest(make, change_columns, capsys):
    world = make(change_columns)
    world.put(order("a"))
    world.write("sales_data/", row("a"), row("a", "2.0"))
    assert world.backfill() == 0
    assert "versions that are equally new  send" in capsys.readouterr().out
    assert keys(world.sent()) == ["a"]
    world.deliver()
    report = verdict(world, capsys)
    assert (report["verdict"], report["duplicate"]["samples"]) == ("accounted for", ["a"])  # its version came twice
    assert world.backfill() == 0
    assert world.sent() == []


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_what_the_transform_refuses_is_sent_once_and_then_accounted_for(make, change_columns, capsys):
    world = make(change_columns)
    bad = order("bad")
    del bad["price"]
    world.put(bad, order("good"))
    assert world.backfill() == 0
    assert keys(world.sent()) == ["bad", "good"]
    world.deliver()
    report = verdict(world, capsys)
    assert (report["verdict"], report["errors"]["samples"]) == ("accounted for", ["bad"])
    assert world.backfill() == 0
    assert world.sent() == []
    assert "not sent: run `sales replay`" in capsys.readouterr().out


def test_what_is_in_progress_is_not_sent(make, capsys):
    world = make()
    world.put(order(uuid7(NOW_MS + 5_000)), order(uuid7(SINCE_MS)))  # it waits for the older one, 10 s
    assert world.backfill() == 0
    assert keys(world.sent()) == [uuid7(SINCE_MS)]
    assert "not sent: they may still arrive" in capsys.readouterr().out


def test_a_version_that_was_superseded_since_it_was_compared_is_not_sent(make, capsys):
    world = make("APPEND")
    world.put(order("changed"), order("deleted"), order("same"))
    world.write("sales_data/", row("back", number="1"))

    def change():
        def change_again():
            world.put(order("changed", "2"), order("back"))
            world.delete("deleted")

        world.before["BatchGetItem"] = change_again  # the second read is the one before the sending

    world.before["BatchGetItem"] = change
    assert world.backfill() == 0
    assert keys(world.sent()) == ["same"]
    assert "not sent: it changed since the comparison" in capsys.readouterr().out


def test_since_takes_orders_from_then_on_and_leaves_those_without_a_time(make, capsys):
    world = make()
    world.put(order(uuid7(SINCE_MS)), order(uuid7(SINCE_MS - 1)), order("17"))
    for everything in (False, True):
        assert world.backfill(since=SINCE, everything=everything) == 1
        printed = capsys.readouterr().out
        assert keys(world.sent()) == [uuid7(SINCE_MS)]
        assert "left: its id holds no time. Without --since it is sent too" in printed
        assert "not sent: older than --since" in printed
        world.delivered += 1
    assert world.backfill(since=SINCE, everything=True, send=False) == 0


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_all_sends_every_order_whether_the_lake_has_it_or_not(make, change_columns, capsys):
    world = make(change_columns)
    world.put(*(order(f"{number:03}") for number in range(250)))
    number = "100" if change_columns == "APPEND" else None
    world.write("sales_data/", *(row(f"{each:03}", number=number) for each in range(100)), row("gone", number=number))
    assert world.backfill(everything=True, send=False) == 0
    assert "250  not compared  send" in capsys.readouterr().out
    assert world.backfill(everything=True) == 0
    numbers = {key: change["dynamodb"]["SequenceNumber"] for key, change in world.sent()}
    assert sorted(numbers) == [f"{each:03}" for each in range(250)]
    expected = {"101", "0"} if change_columns == "APPEND" else {"0"}
    assert {numbers["099"], numbers["100"]} == expected


def test_what_kinesis_throttles_is_sent_again_and_what_it_refuses_is_left(make, monkeypatch, capsys):
    world = make()
    world.put(order("throttled"), order("taken"))
    put_records = backfill.stream.put
    answers = [["X", None], [None]]

    class Kinesis:
        def put_records(self, Records, **_):  # noqa: N803 - boto3's name
            codes = answers.pop(0) if answers else ["X"] * len(Records)
            assert len(codes) == len(Records)
            return {"Records": [{"ErrorCode": code} if code else {} for code in codes]}

    monkeypatch.setattr(backfill.stream, "put", lambda _, *more: put_records(Kinesis(), *more))
    assert world.backfill() == 0
    assert answers == []
    with pytest.raises(RetryError, match="run the same command again"):
        world.backfill()
    monkeypatch.setattr(backfill.stream, "put", lambda _, __, changes: {changes[0].digest})
    assert world.backfill() == 1
    assert "left: Kinesis refuses it" in capsys.readouterr().out


def test_orders_go_at_their_rate_in_batches_of_a_second(make, clock, monkeypatch):
    world = make()
    world.put(*(order(f"{number:03}") for number in range(100)))
    batches = []
    monkeypatch.setattr(backfill.stream, "put", lambda _, __, changes: batches.append(len(changes)) or set())
    assert world.backfill(everything=True, orders_per_second=20.0) == 0
    assert batches == [20] * 5
    assert clock.slept_seconds == pytest.approx(5.0, abs=0.1)


def test_nothing_is_sent_while_another_program_reads_the_queue(make, monkeypatch, capsys):
    world = make()
    world.put(order("a"))
    monkeypatch.setattr(dead_letters, "list_all", lambda _: Listing([], 1))
    assert [world.backfill(send=send) for send in (True, False)] == [1, 0]
    assert world.sent() == []
    assert capsys.readouterr().err.count("Another program is reading the dead-letter queue") == 2


def test_a_backfill_that_is_stopped_anywhere_and_run_again_loses_nothing_and_sends_nothing_twice(monkeypatch, capsys):
    monkeypatch.setattr(table, "SEGMENTS", 1)
    number, is_stopped = 0, True
    while is_stopped:
        number, is_stopped = number + 1, False
        with mock_aws():
            world = World()
            world.put(*(order(str(each)) for each in range(3)))
            world.stop_at = number
            try:
                world.backfill(orders_per_second=2.0)
            except Killed:
                is_stopped = True
            world.stop_at = None
            world.deliver()  # the next run would wait for it
            assert world.backfill(orders_per_second=2.0) == 0
            world.deliver()
            report = verdict(world, capsys)
            assert (report["verdict"], report["rows"]) == ("equal", 3), report
    assert number > 10
