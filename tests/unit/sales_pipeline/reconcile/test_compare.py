"""`sales reconcile` reads table, lake and failures once each, and waits for what is in progress."""

import base64
import errno
import gzip
import json
import shutil
import time

import pytest

from sales_pipeline.errors import SalesError
from sales_pipeline.failures import dead_letters
from sales_pipeline.failures.dead_letters import Listing
from sales_pipeline.orders.version import created_ms
from sales_pipeline.reconcile import compare, queries
from sales_pipeline.reconcile.temporary import LedgerError
from tests.unit.sales_pipeline.reconcile.conftest import IN_PROGRESS_SECONDS
from tests.unit.sales_pipeline.reconcile.stacks import (
    FOLDER,
    START_SECONDS,
    TABLE,
    object_key,
    order,
    put_object,
    put_orders,
    row,
)

START_MS = START_SECONDS * 1000
LATER_SECONDS = 2 * IN_PROGRESS_SECONDS


def error_line(item):
    event = {"eventName": "INSERT", "dynamodb": {"Keys": {"orderid": item["orderid"]}, "NewImage": item}}
    raw = base64.b64encode(json.dumps(event).encode()).decode()
    return (
        json.dumps({"rawData": raw, "errorCode": "Lambda.FunctionError", "errorMessage": "it failed"}).encode() + b"\n"
    )


def test_table_and_lake_are_read_once_each(stack, run):
    names = [f"{number:03}" for number in range(20)]
    put_orders(stack, *map(order, names))
    put_object(stack, object_key("11-00-00"), b"".join(map(row, names[:10])))
    put_object(stack, object_key("11-00-01"), b"".join(map(row, names[10:])))
    put_object(stack, "sales_data_old/1", b"elsewhere")
    code, report = run()
    assert (code, report["verdict"], report["orders"], report["rows"]) == (0, "equal", 20, 20), report


def test_what_arrives_while_it_waits_is_found_and_ends_the_wait(stack, run, clock):
    put_orders(stack, order("a"), order("b"))
    put_object(stack, f"{FOLDER}1", row("a"))
    clock.during = lambda number: number == 2 and put_object(stack, f"{FOLDER}2", row("b"))
    code, report = run()
    assert (code, report["verdict"], report["rows"]) == (0, "equal", 2)
    assert clock.sleeps == [5.0, 10.0]


def test_what_doesnt_arrive_in_time_is_missing(stack, run, clock):
    put_orders(stack, order("a"))
    code, report = run()
    assert (code, report["missing"]["samples"]) == (1, ["a"])
    assert sum(clock.sleeps) == IN_PROGRESS_SECONDS


def test_an_order_changed_while_it_runs_is_in_progress_and_a_deleted_one_is_gone(stack, run, clock):
    put_orders(stack, order("changed"), order("deleted"))
    put_object(stack, f"{FOLDER}1", row("changed", "1.0"))

    def during(number):
        if number == 1:
            put_orders(stack, order("changed", "2"))
            stack.session.client("dynamodb").delete_item(TableName=TABLE, Key={"orderid": {"S": "deleted"}})

    clock.during = during
    code, report = run()
    assert (code, report["verdict"], report["in_progress"]["samples"]) == (0, "accounted for", ["changed"]), report


def test_rows_of_orders_written_since_the_table_was_read_are_not_unknown(stack, run, clock):
    put_orders(stack, order("late"))

    def during(number):
        if number == 1:
            put_orders(stack, order("new"))
            put_object(stack, f"{FOLDER}1", row("late") + row("new") + row("x" * 3000))

    clock.during = during
    _, report = run()
    assert report["orders"] == 2
    assert report["unknown"] == {"count": 1, "samples": ["x" * 3000]}


@pytest.mark.parametrize(
    ("orderid", "oldest_record"),
    [
        ("any id", "11-59-15"),  # up to 46 s before, by this stack's buffers: --wait says nothing of an object's age
        ("01a20320-a201-7000-8000-000000000001", "08-00-00"),  # Firehose catches up: its object begins hours before
    ],
)
def test_an_order_written_since_is_not_unknown_whatever_object_it_is_in(stack, clock, capsys, orderid, oldest_record):
    assert (created_ms(orderid) or START_MS + 1) == START_MS + 1
    put_orders(stack, order("late"))

    def during(_):
        put_orders(stack, order(orderid))
        put_object(stack, object_key(oldest_record), row("late") + row(orderid))

    clock.during = during
    compare.run(stack, "json", in_progress_seconds=1.0)
    report = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["orders"], report["unknown"]["count"]) == ("equal", 2, 0), report


def test_error_records_explain_their_version_alone(stack, run):
    put_orders(stack, order("refused"), order("changed since", "2"))
    lines = error_line(order("refused")) + error_line(order("changed since", "1")) + b"not an error record\n"
    put_object(stack, "errors/processing-failed/dt=2026-11-22/1", lines)
    code, report = run()
    assert code == 1
    assert report["errors"]["samples"] == ["refused"]
    assert report["missing"]["samples"] == ["changed since"]
    assert report["unread"]["error_records"] == 1


def test_an_archived_error_object_explains_nothing_and_is_counted(stack, run):
    put_orders(stack, order("refused"))
    put_object(stack, "errors/processing-failed/dt=2026-11-22/1", error_line(order("refused")), "DEEP_ARCHIVE")
    code, report = run()
    assert (code, report["missing"]["samples"], report["unread"]["error_records"]) == (1, ["refused"], 1)


def test_what_was_replayed_just_now_is_in_progress_and_nobody_waits_for_it(stack, run, clock):
    put_orders(stack, order("replayed"))
    put_object(stack, "replay/sent/errors/processing-failed/dt=2026-11-22/1-0", error_line(order("replayed")))
    code, report = run()
    assert (code, report["in_progress"]["samples"]) == (0, ["replayed"]), report
    assert clock.sleeps == []


def test_what_was_replayed_long_ago_explains_nothing(stack, run, clock):
    put_orders(stack, order("replayed"))
    put_object(stack, "replay/sent/1", error_line(order("replayed")))
    clock.seconds = time.time() + LATER_SECONDS - START_SECONDS
    assert run()[1]["missing"]["samples"] == ["replayed"]


@pytest.mark.parametrize("change_columns", ["APPEND"])
def test_a_deletion_arrives_as_a_row_with_change_columns(stack, run, clock):
    def line(name, number):
        columns = {"orderid": "a", "product_name": "PC", "quantity": 2, "price": 349.0}
        if name == "REMOVE":
            columns = columns | dict.fromkeys(("product_name", "quantity", "price"))
        change = {"event_id": number, "event_name": name, "event_time": None, "sequence_number": number}
        return json.dumps(columns | change).encode() + b"\n"

    put_object(stack, f"{FOLDER}1", line("INSERT", "1"))
    clock.during = lambda number: number == 2 and put_object(stack, f"{FOLDER}2", line("REMOVE", "10"))
    code, report = run()
    assert (code, report["verdict"], report["rows_with_sequence_number"]) == (0, "equal", 2), report
    put_object(stack, f"{FOLDER}3", line("MODIFY", "011"))
    code, report = run()
    assert (code, report["stale"]["samples"]) == (1, ["a"])


@pytest.mark.parametrize("parameters", [{}, {"projection.dt.range": "NOW-3YEARS,NOW"}, None])
def test_a_declared_table_that_shows_no_days_is_an_error_that_says_what_to_do(stack, run, parameters):
    if parameters is None:
        stack.session.glue.table = {}
    else:
        stack.session.glue.table["Parameters"] = parameters
    with pytest.raises(SalesError, match=r"declared table declared\.orders .*template\.yaml"):
        run()


def test_dead_letters_that_another_program_reads_are_counted(stack, run, monkeypatch):
    put_orders(stack, order("a"))
    monkeypatch.setattr(dead_letters, "list_all", lambda _: Listing([], 3))
    code, text = run("text")
    assert code == 1
    assert "unseen DLQ                  3\n  Another program is reading them" in text


def test_a_line_that_is_no_row_is_named_and_the_others_count(stack, run):
    put_orders(stack, order("a"))
    put_object(stack, f"{FOLDER}1", b"damaged\n" + row("a"))
    code, report = run()
    assert (code, report["missing"]["count"]) == (1, 0)
    assert report["unread"]["rows"] == {"count": 1, "samples": [f"{FOLDER}1:1"]}


def test_a_full_disk_is_one_line_that_says_what_to_do(stack, run, monkeypatch):
    put_orders(stack, *(order(f"{number:0500}") for number in range(300)))
    monkeypatch.setattr(queries, "SCHEMA", queries.SCHEMA + "PRAGMA max_page_count = 20;")
    with pytest.raises(LedgerError, match=r"database or disk is full\).*TMPDIR"):
        run()


def test_a_disk_that_a_decompressed_object_fills_is_the_same_line(stack, run, monkeypatch):
    def copy(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", copy)
    put_object(stack, object_key(tail=".gz"), gzip.compress(row("a")))
    with pytest.raises(LedgerError, match=r"No space left on device\).*TMPDIR"):
        run()


def test_the_text_ends_with_the_verdict(stack, run):
    put_orders(stack, order("a"))
    code, text = run("text")
    assert code == 1
    assert text.splitlines()[-1].startswith("NOT EQUAL: 1 orders in the table, 0 rows in the lake, 1 missing")
