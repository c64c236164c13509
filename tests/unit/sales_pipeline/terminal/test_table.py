"""A table fits the terminal, is whole everywhere, and leaves no blanks at the end of a line."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sales_pipeline.terminal.table import DataTable, layout, print_table, show

TABLE = DataTable(
    ["product_name", "quantity", "price", "dt"],
    [
        ('Käse, "alt"\n[bold]', 2, Decimal("349.00"), date(2026, 11, 22)),
        ("ノート", None, Decimal("0.10000000000000000000000000000000000001"), date(2026, 11, 23)),
    ],
)
REASON = "Lambda.FunctionError: The Lambda function was successfully invoked but it returned an error result."
HOSTILE = DataTable(
    ["reason", "order id", "changes"],
    [
        (REASON, "0193-5c1e-7a00", 3),
        ("\x1b[31mred \x9b2J \r\n \x07", "\u202egnp.exe", 12),
        ("日本語の商品名がとても長い場合もあります", "ノート 大学", 1),
        ("👨\u200d👩\u200d👧 emoji ❤️ and 😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀", "x" * 300, 1_000_000),
        ("two  blanks   and a trailing one ", "", None),
    ],
)


def lines_of(table, width, **options):
    header, body = layout(table, width, **options)
    return [*header, *body]


def marks(text):
    """Count what is no blank."""
    return Counter("".join(text.split()))


# ── As text ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("headings", [0, 1, 2])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_hostile_text_stays_inside_the_terminal_and_is_whole(width, headings):
    lines = lines_of(HOSTILE, width, headings=headings)
    assert max(map(cell_len, lines)) <= width
    assert all(line == line.rstrip() and line.isprintable() for line in lines)
    whole = lines_of(HOSTILE, None, headings=headings)
    assert sum(map(marks, lines), Counter()) == sum(map(marks, whole), Counter())


def test_without_a_terminal_every_row_is_one_whole_line():
    lines = lines_of(HOSTILE, None)
    assert len(lines) == 1 + len(HOSTILE.rows)
    assert lines[1].split("  ")[0] == REASON
    assert r"\x1b[31mred \x9b2J \r\n \x07" in lines[2]
    assert r"\u202egnp.exe" in lines[2]
    assert "x" * 300 in lines[4]
    assert '"two  blanks   and a trailing one "' in lines[5]
    assert all(line == line.rstrip() for line in lines)


def test_columns_line_up_numbers_and_amounts_to_the_right():
    table = DataTable(
        ["name", "price", "count"], [("ノート", 1.5, "1,440"), ("[red]y", 22.25, "96")], amounts=["count"]
    )
    assert lines_of(table, None) == [
        "name    price  count",
        "ノート    1.5  1,440",
        "[red]y  22.25     96",
    ]


def test_a_text_breaks_between_words_inside_its_column():
    assert lines_of(DataTable(["reason", "changes"], [("it returned an error result", 3)]), 25) == [
        "reason            changes",
        "it returned an          3",
        "error result",
    ]


def test_the_longest_word_breaks_before_an_id_does():
    order_id = "0193f0b7-7a00-7000-8000-000000000001"
    lines = lines_of(DataTable(["order id", "where"], [(order_id, "errors/" + "k" * 60)]), 60)
    assert lines[1] == f"{order_id}  errors/{'k' * 15}"
    assert lines[2].strip() == "k" * 22


def test_a_long_word_in_one_column_leaves_a_text_beside_it_its_room():
    lines = lines_of(DataTable(["reason", "where"], [(REASON, "k" * 110)]), 100)
    assert lines[1].startswith("Lambda.FunctionError: The Lambda function was ")


def test_a_table_of_more_columns_than_the_terminal_has_room_for_is_left_to_the_terminal():
    table = DataTable([f"column{number}" for number in range(10)], [["value"] * 10])
    assert lines_of(table, 40) == lines_of(table, None)


def test_a_heading_stands_once_above_the_rows_that_share_it():
    table = DataTable(["error", "reason", "changes"], [("A", "one", 1), ("A", "two words", 2), ("B", "one", 3)])
    assert lines_of(table, 16, headings=1) == [
        "reason   changes",
        "A",
        "  one          1",
        "  two          2",
        "  words",
        "B",
        "  one          3",
    ]


def test_headings_can_have_headings_below_them():
    table = DataTable(["a", "b", "c"], [("A", "one", "x"), ("A", "one", "y"), ("A", "two", "y"), ("B", "two", "z")])
    assert lines_of(table, 40, headings=2) == [
        "c",
        "A",
        "  one",
        "    x",
        "    y",
        "  two",
        "    y",
        "B",
        "  two",
        "    z",
    ]


@given(
    st.lists(st.tuples(st.text(), st.text(max_size=60), st.one_of(st.none(), st.integers())), max_size=5),
    st.integers(16, 120),
    st.integers(0, 2),
)
def test_any_text_fits_and_is_whole(rows, width, headings):
    table = DataTable(["a", "b c", "d"], rows)
    lines = lines_of(table, width, headings=headings)
    assert max(map(cell_len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    assert sum(map(marks, lines), Counter()) == sum(map(marks, lines_of(table, None, headings=headings)), Counter())


# ── Printed ──────────────────────────────────────────────────────────────────────────────────────

PROGRAM = """
from sales_pipeline.terminal.table import DataTable, print_table
print_table(DataTable(["kind", "reason", "changes"], [("A", "one two three", 1), ("A", "x" * 50, 2)]), headings=1)
"""


def on_a_terminal(**environment):
    """Run the program on a terminal; return the lines that it prints there."""
    leader, follower = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "40"} | environment,
        stdin=subprocess.DEVNULL,
        stdout=follower,
        check=True,
    )
    os.close(follower)
    printed = b""
    try:
        while read := os.read(leader, 4096):
            printed += read
    except OSError:  # its other end is closed
        pass
    os.close(leader)
    return printed.decode().splitlines()


def test_a_terminal_gets_a_bold_header_and_what_fits():
    header, *lines = on_a_terminal(TERM="xterm")
    assert header == "\x1b[1mreason                           changes\x1b[0m"
    assert lines == [
        "A",
        "  one two three                        1",
        f"  {'x' * 29}        2",
        f"  {'x' * 21}",
    ]


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}])
def test_nothing_is_bold_where_a_person_wants_it_so_or_the_terminal_can_t(environment):
    assert not any("\x1b" in line for line in on_a_terminal(**environment))


def test_a_pipe_gets_every_column_in_every_line(capsys):
    table = DataTable(["error", "reason"], [("A", "one"), ("A", "two")])
    print_table(table, headings=1)
    assert capsys.readouterr().out.splitlines() == ["error  reason", "A      one", "A      two"]


# ── For programs ─────────────────────────────────────────────────────────────────────────────────


def test_csv_reads_back_as_it_was(capsys):
    show(TABLE, "csv")
    printed = capsys.readouterr().out
    assert list(csv.reader(io.StringIO(printed))) == [
        ["product_name", "quantity", "price", "dt"],
        ['Käse, "alt"\n[bold]', "2", "349.00", "2026-11-22"],
        ["ノート", "", "0.10000000000000000000000000000000000001", "2026-11-23"],
    ]


def test_json_is_one_document_a_row_with_every_digit(capsys):
    show(TABLE, "json")
    first, second = (json.loads(line, parse_float=Decimal) for line in capsys.readouterr().out.splitlines())
    assert first == {
        "product_name": 'Käse, "alt"\n[bold]',
        "quantity": 2,
        "price": Decimal("349.00"),
        "dt": "2026-11-22",
    }
    assert second["quantity"] is None
    assert second["price"] == Decimal("0.10000000000000000000000000000000000001")


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_a_table_without_rows_is_its_header(capsys, output):
    show(DataTable(["name"], []), output)
    assert capsys.readouterr().out.split() == ([] if output == "json" else ["name"])
