"""CSV is exact for the readers of programs, and no text in it is a formula where a spreadsheet is to read it."""

import csv
import io
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales_pipeline.terminal.csv_text import csv_line

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
BREAKS = ["a\rb", "a\nb", "a\r\nb", "\r", "a\x0bb", "a\x0cb", "a\x1cb", "a\x85b", "a\u2028b", "a\u2029b"]


def read(text):
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2)))
def test_a_reader_gets_the_texts_that_were_written(rows):
    assert read("".join(map(csv_line, rows))) == rows


@pytest.mark.parametrize("text", BREAKS)
def test_a_break_in_a_text_is_in_quotes(text):
    written = csv_line(["name", "n"]) + csv_line([text, 1])
    assert read(written) == [["name", "n"], [text, "1"]]
    assert written.split("\n", 1)[1].startswith('"')


READERS = {
    "pandas": lambda path: list(pd.read_csv(path, keep_default_na=False)["name"]),
    "polars": lambda path: pl.read_csv(path)["name"].to_list(),
    "DuckDB": lambda path: [
        name for (name, _) in duckdb.sql(f"FROM read_csv('{path}', header=true, new_line='\\n')").fetchall()
    ],
}


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_takes_a_break_in_a_text_for_another_row(reader, tmp_path):
    path = tmp_path / "rows.csv"
    lines = [csv_line([text, number]) for number, text in enumerate(BREAKS)]
    path.write_text("".join([csv_line(["name", "n"]), *lines]), encoding="utf-8", newline="")
    assert READERS[reader](path) == BREAKS


def test_null_and_the_empty_text_differ(tmp_path):
    written = csv_line(["a", "b"]) + csv_line([None, ""])
    assert written == 'a,b\n,""\n'
    path = tmp_path / "rows.csv"
    path.write_text(written)
    query = f"SELECT a, b FROM read_csv('{path}', header=true, all_varchar=true, allow_quoted_nulls=false)"  # noqa: S608
    assert duckdb.sql(query).fetchall() == [(None, "")]


def test_a_line_of_one_null_is_not_empty():
    assert [csv_line([None]), csv_line([""])] == ['""\n', '""\n']


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    ' "=1',
    "a;=1",
    "a\n@x",
    "a\r-x",
    'a;"=1',
    "\uff1d1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_a_spreadsheet(text):
    [[shown, number]] = read(csv_line([text, -5], spreadsheet=True))
    assert shown.replace("'", "") == text.replace("'", "")
    assert number == "-5"
    for separators in (";\t\r\n", "\t\r\n"):
        cells = shown
        for separator in separators:
            cells = cells.replace(separator, "\0")
        assert not any(cell.lstrip(' "')[:1] in "=+-@\uff1d" for cell in cells.split("\0") if cell.strip(' "'))


@pytest.mark.parametrize("text", FORMULAS)
def test_programs_get_formulas_as_they_are(text):
    assert read(csv_line([text, -5])) == [[text, "-5"]]


@pytest.mark.parametrize(
    "value",
    [-5, -5.5, Decimal("-0.10"), date(2026, 11, 22), datetime(2026, 11, 22, 1, 2, 3), True],  # noqa: DTZ001 - as Athena
)
def test_what_is_no_text_stays_as_it_is_in_a_spreadsheet(value):
    assert csv_line([value, 1], spreadsheet=True) == csv_line([value, 1]) == f"{value},1\n"


@pytest.mark.parametrize("text", ["Laptop", "USB-C Cable 2 m", "a = b", "'quoted'", "mail@example.com"])
def test_other_texts_stay_as_they_are_in_a_spreadsheet(text):
    assert csv_line([text, 1], spreadsheet=True) == csv_line([text, 1])
