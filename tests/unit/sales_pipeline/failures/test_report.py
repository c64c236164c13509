"""What `sales failures` prints: a table that reads well in 80 columns, and every field for programs."""

import json
import re

import pytest

from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import dead_letters, report
from sales_pipeline.failures.dead_letters import Listing
from sales_pipeline.failures.records import Failure, Selection
from sales_pipeline.failures.report import _Listed
from sales_pipeline.terminal.table import layout

NOON_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z
MINUTE_MS = 60_000
PRICE = "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.price: expected N, found S"
QUANTITY = "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.quantity: expected N, found S"
BROKEN = "Lambda.FunctionError: The Lambda function was successfully invoked but it returned an error result."
KEY = "errors/processing-failed/dt=2026-11-22/sales-DeliveryStream-abcdefghijkl-1-2026-11-22-12-00-05-0a1b2c3d-11112222"


def failure(reason, changes=1, minutes=0, **more):
    times = {"oldest_ms": NOON_MS, "newest_ms": NOON_MS + minutes * MINUTE_MS, "attempted_ms": NOON_MS}
    return Failure(reason=reason, changes=changes, **times | more)


def listed(reason, order_id, where=KEY, **more):
    return _Listed(failure(reason, **more), order_id, where)


def lines(table, headings, width=80):
    header, body = layout(table, width, headings=headings)
    return [*header, *body]


def test_reasons_stand_under_their_error_and_read_well_in_80_columns():
    failures = [
        failure(QUANTITY, 3),
        failure(BROKEN, 4, attempts=1),
        failure("Pipe.RetryAttemptsExhausted", 230, minutes=15, attempted_ms=None),
        failure(PRICE, 2),
    ]
    assert lines(report._overview(failures, NOON_MS), 1) == [
        "reason                                             changes  arrived UTC",
        "Pipe.RetryAttemptsExhausted",
        "  the pipe gave up on these changes                    230  11-22 12:00 to 12:15",
        "Lambda.ProcessingFailedStatus (refused by the transform)",
        "  $.dynamodb.NewImage.quantity: expected N, found        3  11-22 12:00",
        "  S",
        "  $.dynamodb.NewImage.price: expected N, found S         2  11-22 12:00",
        "Lambda.FunctionError",
        "  The Lambda function was successfully invoked           4  11-22 12:00",
        "  but it returned an error result.",
    ]


@pytest.mark.parametrize(
    ("more", "columns"),
    [
        ([{}, {"attempts": 1}], []),
        ([{}, {"attempts": 4}], ["attempts"]),
        ([{"replays": 2}, {}], ["replays"]),
        ([{"replays": 1}, {"attempts": 2}], ["attempts", "replays"]),
    ],
)
def test_attempts_and_replays_stand_there_only_if_something_was_tried_again(more, columns):
    failures = [failure(PRICE, **each) for each in more]
    table = report._overview(failures, NOON_MS)
    assert table.columns == ["error", "reason", "changes", "arrived UTC", *columns]


def test_orders_stand_under_their_reason_and_their_place():
    table = report._details(
        [listed(PRICE, "b"), listed(BROKEN, "0193f0b7-7a00-7000-8000-000000000001"), listed(PRICE, None)], NOON_MS
    )
    assert lines(table, 2) == [
        "order id                                  arrived UTC",
        "Lambda.FunctionError: The Lambda function was successfully invoked but it",
        "returned an error result.",
        f"  {KEY[:78]}",
        f"  {KEY[78:]}",
        "    0193f0b7-7a00-7000-8000-000000000001  11-22 12:00",
        "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.price: expected N, found S",
        f"  {KEY[:78]}",
        f"  {KEY[78:]}",
        "    b                                     11-22 12:00",
        "    no order id                           11-22 12:00",
    ]


def test_a_dead_letter_says_how_many_changes_it_stands_for():
    table = report._details([listed(PRICE, "b"), listed("Pipe.X", None, "dead letter 1", changes=7)], NOON_MS)
    assert "    no order id        7  11-22 12:00" in lines(table, 2)


@pytest.fixture
def ask(monkeypatch, capsys):
    monkeypatch.setattr(dead_letters, "list_all", lambda _: Listing([]))
    monkeypatch.setattr(report, "now_ms", lambda: NOON_MS)
    monkeypatch.setattr(report, "replayed_lately", lambda *_: None)

    def ask(found, output, *, each=False):
        monkeypatch.setattr(report, "_failures", lambda *_: (found, set()))
        report.run(Stack("sales", {}, None, {"BufferIntervalSeconds": "60"}), Selection(), output, each=each)
        return capsys.readouterr().out

    return ask


def test_a_person_is_told_what_to_do_next(ask):
    assert ask([listed(PRICE, "a")], "table").splitlines()[-2:] == [
        "",
        "Fix the cause, then send these changes again: sales replay",
    ]


def test_nothing_in_errors_yet_is_not_said_to_be_nothing_that_failed(ask):
    assert ask([], "table") == (
        "No failure is in errors/ or in the dead-letter queue yet. Firehose writes a failure to errors/ up to 105 s "
        "after the change.\n"
    )


def test_a_search_finds_the_whole_of_a_failure_in_one_line(ask):
    (line,) = [line for line in ask([listed(PRICE, "a")], "table", each=True).splitlines() if "price" in line]
    assert re.split("  +", line) == [PRICE, KEY, "a", "11-22 12:00"]


@pytest.mark.parametrize("each", [False, True])
def test_a_program_gets_every_field(ask, each):
    found = [listed(PRICE, "a", attempts=4, replays=1), listed(PRICE, "b", attempts=4)]
    printed = [json.loads(line) for line in ask(found, "json", each=each).splitlines()]
    fields = {
        "changes": 1 if each else 2,
        "oldest": "2026-11-22T12:00:00Z",
        "newest": "2026-11-22T12:00:00Z",
        "last_attempt": "2026-11-22T12:00:00Z",
        "attempts": 4,
        "replays": 1,
        "reason": PRICE,
    }
    assert printed[0] == fields | ({"orderid": "a", "where": KEY} if each else {})
    header, *rows = ask(found, "csv", each=each).splitlines()
    assert header.split(",") == list(printed[0])
    assert len(rows) == len(printed)


@pytest.mark.parametrize("output", ["csv", "json"])
def test_a_program_gets_nothing_if_nothing_failed(ask, output):
    assert ask([], output) == ""
