"""The screen in terminals of all sizes: what it shows there, and that it never has more lines or columns."""

import io
from itertools import product

import pytest
from rich.cells import cell_len
from rich.console import Console

from sales_pipeline.status import stages
from sales_pipeline.watch.orders import Order
from sales_pipeline.watch.view import View
from tests.unit.sales_pipeline.watch.samples import NOW, changes, lake, letters, look, objects, order, stage

WRONG = {
    "pipe": stage("pipe", CurrentState="STOPPED", StateReason="denied"),
    "dead_letters": stage("dead letters", **letters(3)),
    "errors": stages.errors(objects(30, 700), None, NOW),
}
LATE = {"errors": stages.errors(objects(700), None, NOW)}


def drawn(screen, width, height=None, **options):
    """Draw on a terminal of this size; return what it shows, and what it was sent."""
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        height=height or 1000,
        record=True,
        color_system="standard",
        **options,
    )
    console.print(View(screen, fills=height is not None))
    return console.export_text(styles=False, clear=False), console.file.getvalue()


def shown(screen, width, height=None):
    return drawn(screen, width, height)[0].rstrip("\n")


AT_80 = """\
sales-data-projection on this machine                               12:00:00 UTC

  stage         state                                            per min  oldest
  generator     DISABLED   `sales up` writes the orders
  table         ACTIVE     about 112 orders, 9.8 KB
! pipe          STOPPED    newest change took 2 s
! dead letters             about 3 messages to replay                        2 h
  stream        ACTIVE     1 open shard                                6
  delivery      ACTIVE     about 6 wait; next object in 55 s                15 s
  transform     Active     108 rows in the last hour                  20
  lake                     2 objects today; newest 10 s ago
! errors                   2 objects, 2.0 KB                              11 min
  crawler       READY      last crawl SUCCEEDED, 3 min ago
  alarms                   1 alarm; none fires

! pipe: it is STOPPED, not RUNNING: see docs/runbook.md#stopped-pipe
! dead letters: changes wait for a replay: see `sales failures`, and
  docs/runbook.md#dead-letters
! errors: records wait for a replay: see `sales failures`, and
  docs/runbook.md#refused-records or docs/runbook.md#transform-errors

newest changes in the Kinesis stream
     3 s  01a20446-a53f-7000-a43e-000000000002  INSERT  Tablet 11-inch, 1, 349.…
     6 s  01a20446-a53f-7000-a43e-000000000001  INSERT  Laptop, 1, 349.00

newest rows in the lake: 10 s ago
  01a20446-a53f-7000-a43e-000000000009  Drone, 1, 349.00
  01a20446-a53f-7000-a43e-000000000008  Mini PC, 1, 349.00"""

AT_40 = """\
sales-data-projection on this machine
12:00:00 UTC

  generator     `sales up` writes the
                orders
  table         about 112 orders, 9.8 KB
! pipe          newest change took 2 s
! dead letters  about 3 messages to
                replay; oldest 2 h
  stream        1 open shard; 6 per min
  delivery      about 6 wait; next
                object in 55 s; oldest
                15 s
  transform     108 rows in the last
                hour; 20 per min
  lake          2 objects today; newest
                10 s ago
! errors        2 objects, 2.0 KB;
                oldest 11 min
  crawler       last crawl SUCCEEDED, 3
                min ago
  alarms        1 alarm; none fires

! pipe: it is STOPPED, not RUNNING:
  see docs/runbook.md#stopped-pipe
! dead letters: changes wait for a
  replay: see `sales failures`, and
  docs/runbook.md#dead-letters
! errors: records wait for a replay:
  see `sales failures`, and
  docs/runbook.md#refused-records or
  docs/runbook.md#transform-errors

newest changes in the Kinesis stream
     3 s  01a20446-a53f-7000-a43e-00000…
     6 s  01a20446-a53f-7000-a43e-00000…

newest rows in the lake: 10 s ago
  01a20446-a53f-7000-a43e-000000000009 …
  01a20446-a53f-7000-a43e-000000000008 …"""

AT_200 = """\
sales-data-projection on this machine                                                                       12:00:00 UTC

  stage         state                                                                                    per min  oldest
  generator     DISABLED   `sales up` writes the orders
  table         ACTIVE     about 112 orders, 9.8 KB
  pipe          RUNNING    newest change took 2 s
  dead letters             none
  stream        ACTIVE     1 open shard                                                                        6
  delivery      ACTIVE     about 6 wait; next object in 55 s                                                        15 s
  transform     Active     108 rows in the last hour                                                          20
  lake                     2 objects today; newest 10 s ago
  errors                   none
  crawler       READY      last crawl SUCCEEDED, 3 min ago
  alarms                   1 alarm; none fires

newest changes in the Kinesis stream
     3 s  01a20446-a53f-7000-a43e-000000000002  INSERT  Tablet 11-inch, 1, 349.00
     6 s  01a20446-a53f-7000-a43e-000000000001  INSERT  Laptop, 1, 349.00

newest rows in the lake: 10 s ago
  01a20446-a53f-7000-a43e-000000000009  Drone, 1, 349.00
  01a20446-a53f-7000-a43e-000000000008  Mini PC, 1, 349.00"""

FIRST_MINUTE = """\
sales-data-projection on this machine                               12:00:00 UTC

No row of today or of yesterday is in S3 yet. Firehose gathers rows for 60 s
before it writes an object. The first rows come at about 12:00:58 UTC, in 58 s.

  stage         state                                            per min  oldest
  generator     DISABLED   `sales up` writes the orders
  table         ACTIVE     about 112 orders, 9.8 KB
  pipe          RUNNING    newest change took 0 s
  dead letters             none
  stream        ACTIVE     1 open shard                                2
  delivery      ACTIVE     about 2 wait; next object in 58 s                12 s
  transform     Active     108 rows in the last hour                  20
  lake                     0 objects today
  errors                   none
  crawler       READY      last crawl SUCCEEDED, 3 min ago
  alarms                   1 alarm; none fires

newest changes in the Kinesis stream
     5 s  01a20446-a53f-7000-a43e-000000000001  INSERT  Laptop, 1, 349.00"""

FEW_LINES = """\
sales-data-projection on this machine                               12:00:00 UTC
  stage         state                                            per min  oldest
! pipe          STOPPED    newest change took 2 s
  delivery      ACTIVE     about 6 wait; next object in 55 s                15 s
  lake                     2 objects today; newest 10 s ago
! crawler       READY      last crawl FAILED, 3 min ago"""


@pytest.mark.parametrize(
    ("changed", "width", "height", "expected"),
    [
        (WRONG, 80, None, AT_80),
        (WRONG, 40, None, AT_40),
        ({}, 200, None, AT_200),
        ({"lake": lake(), "changes": changes(8, 12, newest=[(8, order(1))])}, 80, None, FIRST_MINUTE),
        # What asks for attention, and then what tells most.
        (
            {"pipe": stage("pipe", CurrentState="STOPPED"), "crawler": stage("crawler", Status="FAILED")},
            80,
            6,
            FEW_LINES,
        ),
    ],
    ids=["80 columns", "40 columns", "200 columns", "first minute", "few lines"],
)
def test_a_terminal_shows(changed, width, height, expected):
    assert shown(look(**changed), width, height) == expected


@pytest.mark.parametrize("changed", [{}, WRONG, {"lake": lake()}], ids=["healthy", "wrong", "first minute"])
def test_it_never_leaves_the_terminal(changed):
    screen = look(failing={"crawler": ("slow down " * 9, 990.0)}, **changed)
    for width, height in product([1, 2, 20, 40, 69, 70, 80, 200], [1, 3, 5, 14, 24, 60]):
        lines = shown(screen, width, height).split("\n")
        assert len(lines) <= height
        assert max(map(cell_len, lines)) <= width
        assert lines[0].strip()


def test_the_lists_of_orders_fill_the_height():
    many = changes(newest=[(age, order(age, age=age)) for age in range(20)])
    rows = [order(number, "Drone") for number in range(10)]
    screen = look(changes=many, lake=lake(5, rows=rows))

    def count(height):
        text = shown(screen, 100, height)
        return text.count("Laptop"), text.count("Drone")

    assert [count(height) for height in (14, 17, 18, 24, 38, 60)] == [
        (0, 0),
        (1, 0),
        (2, 0),
        (3, 3),
        (10, 10),
        (10, 10),
    ]


def test_what_is_wrong_is_marked_by_a_sign_too_and_no_color_has_no_colours(monkeypatch):
    screen = look(failing={"table": ("denied", 990.0)}, changes=changes(110), lake=lake(300), **WRONG | LATE)
    plain, sent = drawn(screen, 80)
    assert "\x1b[1;31m! \x1b[0m\x1b[1;31mpipe" in sent
    marks = {line[2:15].strip(): line[0] for line in plain.splitlines()[3:14]}
    assert {name: mark for name, mark in marks.items() if mark != " "} == {
        **dict.fromkeys(("pipe", "dead letters", "errors"), "!"),
        "delivery": "~",
        "table": "?",
    }
    monkeypatch.setenv("NO_COLOR", "1")
    without, sent = drawn(screen, 80)
    assert without == plain
    assert "\x1b[31m" not in sent
    assert "\x1b[1;31m" not in sent
    assert "\x1b[33m" not in sent


def test_text_of_others_is_harmless():
    nasty = "a\x1b[31mred\x9b1m\u202eegnp\r\nb\x07"
    orders = [(1, Order(nasty, nasty, nasty))]
    problem = {"table": (nasty, 990.0)}
    screen = look(failing=problem, changes=changes(1, newest=orders), lake=lake(5, rows=[Order(nasty, nasty)]))
    text = shown(screen, 300)
    assert text.count("a\\x1b[31mred\\x9b1m\\u202eegnp\\r\\nb\\x07") >= 6
    assert not set(text) & set("\x1b\x9b\u202e\r\x07")


def test_wide_characters_take_two_columns():
    orders = [(1, order(1, "漢字" * 60))]
    for line in shown(look(changes=changes(1, newest=orders), lake=lake(5, rows=[order(2, "漢字" * 60)])), 80).split(
        "\n"
    ):
        assert cell_len(line) <= 80


def test_ids_of_any_length_stand_in_a_column():
    newest = [
        (number, Order(each, "Mug", "INSERT")) for number, each in enumerate(("7", "bad-order", "漢字", "x" * 40))
    ]
    lines = shown(look(changes=changes(1, newest=newest)), 100).partition("in the Kinesis stream\n")[2].splitlines()[:4]
    assert [cell_len(each.partition("INSERT")[0]) for each in lines] == [48, 48, 48, 52]
