"""What a person sees of a trace, which ids there can be, and how an order is followed until it arrives."""

import json
from datetime import date

import pytest

from sales_pipeline.orders.version import DELETED
from sales_pipeline.trace import command
from sales_pipeline.trace.found import Answer, Gap, Place
from sales_pipeline.trace.where import Period
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from tests.unit.sales_pipeline.trace.made import ERROR, TODAY, A, B, evidence, failed, gap, in_kinesis, in_stream, row
from tests.unit.sales_pipeline.trace.odd_ids import ODD_IDS


@pytest.mark.parametrize("text", ODD_IDS)
def test_an_id_that_a_table_can_hold_is_taken_as_it_is(text):
    assert command.order_id(text, FOUR[0]) == text


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("", FOUR[0], "expected an order's id, found nothing"),
        ("x" * 2049, FOUR[0], "an order's id has at most 2,048 bytes, found 2,049"),
        ("é" * 1025, FOUR[0], "found 2,050"),
        ("order-7", EVERY_TYPE[0], "expected a number, because the table's key orderNo is one"),
        ("1e999", EVERY_TYPE[0], "expected a number"),
        (" 1", EVERY_TYPE[0], "expected a number"),
    ],
)
def test_an_id_that_no_order_can_have(text, key, says):
    with pytest.raises(ValueError, match=says):
        command.order_id(text, key)


@pytest.mark.parametrize(("text", "order_id"), [("12.0", "12"), ("1e3", "1000"), ("-0", "0"), ("0.50", "0.5")])
def test_a_number_has_one_form(text, order_id):
    assert command.order_id(text, EVERY_TYPE[0]) == order_id


class Looker:
    """Finds what a test gave, one after the other."""

    def __init__(self, *found):
        self.found, self.again = list(found), []

    def look(self, *, again=False):
        self.again.append(again)
        return self.found.pop(0) if len(self.found) > 1 else self.found[0]


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command; return its exit code and what it printed."""
    clock = [0.0]
    monkeypatch.setattr(command, "delivery_seconds", lambda _: 100.0)
    monkeypatch.setattr(command.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(command.time, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))

    def run(*found, output="text", watch=False):
        looker = found[0] if isinstance(found[0], Looker) else Looker(*found)
        monkeypatch.setattr(command, "Looker", lambda *_: looker)
        code = command.run(None, "order", output, period=Period(), watch=watch)
        printed = capsys.readouterr()
        run.looker, run.seconds = looker, clock[0]
        return code, printed.out, printed.err

    return run


IN_STREAM = evidence(sightings=[in_stream()], now=1)
IN_KINESIS = evidence(sightings=[in_stream(), in_kinesis(2)], now=3)
ARRIVED = evidence(
    sightings=[in_stream(), in_kinesis(2)],
    rows=[row(seconds=65, line=3)],
    answers=[
        Answer("declared.orders", 1),
        Answer("crawled.sales_data", None, "no crawler has made it"),
        Answer("declared.sales_current", 1),
    ],
)


def test_what_a_person_sees(run):
    code, printed, _ = run(ARRIVED)
    assert code == 0
    assert printed == (
        "place           found\n"
        "table           version 414141: price 1\n"
        "table's stream  1 change\n"
        "dead letters    none\n"
        "Kinesis stream  1 change\n"
        "errors/         none\n"
        "lake            1 row; looked at 2026-11-22\n"
        "orders          1 row\n"
        "sales_data      no crawler has made it\n"
        "sales_current   1 row\n"
        "\n"
        "time UTC          after  place           what\n"
        "11-22 12:00:00           table           INSERT, version 414141\n"
        "11-22 12:00:02   +2.0 s  Kinesis stream  arrived (shard-2)\n"
        "11-22 12:01:05  +63.0 s  lake            row, version 414141 (object 1, line 3)\n"
        "object 1: sales_data/dt=2026-11-22/65.json\n"
        "\n"
        "In the lake since 11-22 12:01:05 UTC, 65 s after the change.\n"
    )


def test_a_program_gets_everything(run):
    code, printed, _ = run(ARRIVED, output="json")
    report = json.loads(printed)
    assert (code, report["verdict"], report["orderid"]) == (0, "in the lake", "order")
    assert [(each["place"], each["version"]) for each in report["seen"]] == [
        ("table's stream", "414141"),
        ("Kinesis stream", "414141"),
    ]
    assert [(each["line"], each["shown"]) for each in report["rows"]] == [(3, True)]
    assert [each["after_ms"] for each in report["timeline"]] == [None, 2000, 63000]


def test_what_was_not_looked_at_is_said(run):
    found = evidence(None, gaps=[gap(Place.table), Gap("declared.orders", "no")], lake_days=[TODAY, date(2026, 1, 1)])
    code, printed, _ = run(found)
    assert code == 1
    assert "table           could not be read\n" in printed
    assert "Not looked at: table, no permission.\nNot looked at: declared.orders, no.\n" in printed
    assert "looked at 2026-11-22, not at the other 1 day of the lake\n" in printed
    assert "The id does not say when the order was new, so only these days of the lake were looked at: " in printed


def test_rows_that_nobody_sees_are_counted_and_long_delays_are_short(run):
    found = evidence(
        sightings=[in_stream()],
        rows=[row(seconds=150), row(None, 160), row(seconds=170, is_shown=False)],
        lake_days=[date(2026, 11, 21)],
        days=[TODAY, date(2026, 11, 21)],
    )
    _, printed, _ = run(found)
    assert "lake            1 row, 1 unreadable, 1 not shown; looked at 2026-11-22, 2026-11-21\n" in printed
    assert next(line.split()[2:4] for line in printed.splitlines() if "row, version" in line) == ["+2", "min"]
    assert json.loads(run(found, output="json")[1])["other_days"] == 0


def test_a_hundred_steps_are_too_many_for_a_person(run):
    found = evidence(DELETED, sightings=[in_stream(number=number, seconds=number) for number in range(100)])
    _, printed, _ = run(found)
    assert "80 older steps are not shown: --format json has all.\n" in printed
    assert printed.count("INSERT") == 20
    assert len(json.loads(run(found, output="json")[1])["timeline"]) == 100


def test_text_of_others_is_harmless(run):
    found = evidence(sightings=[failed(9, reason="Lambda.X: \x1b[2J\n")])
    _, printed, _ = run(found)
    assert "\x1b" not in printed
    assert "Failed because of Lambda.X: \\x1b[2J\\n." in printed.splitlines()[-1]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (ARRIVED, 0),
        (evidence(sightings=[in_kinesis(2), failed(9, reason=ERROR)]), 1),
        (evidence(DELETED, rows=[row()]), 0),
    ],
)
def test_an_order_is_followed_until_it_has_arrived_or_failed(run, last, code):
    ended, printed, told = run(IN_STREAM, IN_STREAM, IN_KINESIS, IN_KINESIS, last, last, watch=True)
    assert (ended, printed == run(last)[1]) == (code, True)
    assert ["table's stream" in line for line in told.splitlines()] == [True, False]
    assert [line.split()[2:4] for line in told.splitlines()] == [["In", "progress:"]] * 2


def test_each_look_but_the_first_and_the_last_is_a_cheap_one(run):
    run(IN_STREAM, IN_KINESIS, ARRIVED, watch=True)
    assert run.looker.again == [False, True, True, False]


def test_an_order_that_does_not_arrive_is_not_followed_for_ever(run):
    code, printed, told = run(evidence(sightings=[in_stream()], now=700), watch=True)
    assert (code, run.seconds) == (1, 300.0)
    assert told.endswith("It did not arrive in 300 s.\n")
    assert printed.splitlines()[-1].startswith("Late: ")


def test_an_order_that_is_not_in_progress_is_not_followed(run):
    assert run(ARRIVED, watch=True)[2] == ""
    assert run.looker.again == [False]
    assert run(evidence(B, rows=[row(A)]), watch=True)[0] == 1


def test_ctrl_c_ends_it_at_once(run):
    class Interrupted(Looker):
        def look(self, *, again=False):
            if again:
                raise KeyboardInterrupt
            return super().look()

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted(IN_STREAM), watch=True)
