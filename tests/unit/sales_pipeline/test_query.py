"""An answer in each form, and what an error of Athena tells to do."""

import csv
import io
import json
from datetime import date
from decimal import Decimal

import boto3
import pytest
from pyathena.error import DatabaseError, OperationalError

from sales_pipeline import query
from sales_pipeline.aws.stack import Stack
from sales_pipeline.query import Answer, QueryError, ask, show

OUTPUTS = {"WorkGroupName": "sales", "CrawledTable": "db.sales_data", "DeclaredTable": "db_declared.orders"}
ANSWER = Answer(
    ["product_name", "quantity", "price", "dt"],
    [
        ('Käse, "alt"\n[bold]', 2, Decimal("349.00"), date(2026, 11, 22)),
        ("ノート", None, Decimal("0.10000000000000000000000000000000000001"), date(2026, 11, 23)),
    ],
)


@pytest.fixture
def stack():
    return Stack("sales", OUTPUTS, boto3.Session(region_name="us-east-1"))


def test_csv_reads_back_as_it_was(capsys):
    show(ANSWER, "csv")
    printed = capsys.readouterr().out
    assert list(csv.reader(io.StringIO(printed))) == [
        ["product_name", "quantity", "price", "dt"],
        ['Käse, "alt"\n[bold]', "2", "349.00", "2026-11-22"],
        ["ノート", "", "0.10000000000000000000000000000000000001", "2026-11-23"],
    ]


def test_json_is_one_document_a_row_with_every_digit(capsys):
    show(ANSWER, "json")
    first, second = (json.loads(line, parse_float=Decimal) for line in capsys.readouterr().out.splitlines())
    assert first == {
        "product_name": 'Käse, "alt"\n[bold]',
        "quantity": 2,
        "price": Decimal("349.00"),
        "dt": "2026-11-22",
    }
    assert second["quantity"] is None
    assert second["price"] == Decimal("0.10000000000000000000000000000000000001")


def test_a_table_lines_up_and_is_cut_nowhere(capsys):
    long = "x" * 300
    show(Answer(["name", "price"], [(long, 1.5), ("[red]y", 22.25)]), "table")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1] == f"{long}    1.5"
    assert lines[2] == f"{'[red]y':<300}  22.25"


def test_a_narrow_terminal_breaks_words_apart_and_cuts_nothing(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "30")
    show(Answer(["id", "name"], [("x" * 24, "Wireless Mouse"), ("y" * 36, "Webcam")]), "table")
    words = capsys.readouterr().out.replace("\x1b[1m", " ").replace("\x1b[0m", " ").split()
    assert words == ["id", "name", "x" * 24, "Wireless", "Mouse", "y" * 36, "Webcam"]


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_an_answer_without_rows_is_none(capsys, output):
    show(Answer(["name"], []), output)
    assert capsys.readouterr().out.split() == ([] if output == "json" else ["name"])


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.sales_data' does not exist", "run `sales crawl`"),
        ("Catalog Error: Table with name sales_data does not exist!", "run `sales crawl`"),
        ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.other' does not exist", "Athena says: TABLE_NOT_FOUND"),
        ("SYNTAX_ERROR: mismatched input 'FRM'", "Athena says: SYNTAX_ERROR"),
        ("COLUMN_NOT_FOUND: Column 'colour' in sales_data cannot be resolved", "Athena says: COLUMN_NOT_FOUND"),
    ],
)
def test_an_error_says_what_to_do_in_one_line(stack, monkeypatch, said, advised):
    class Failing:
        def cursor(self):
            return self

        def execute(self, _sql):
            raise OperationalError(f"{said}\n  at line 1\n")

    monkeypatch.setattr(query, "connect", lambda **_: Failing())
    with pytest.raises(QueryError) as caught:
        ask(stack, "SELECT 1")
    assert advised in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_fails_before_it_is_asked_is_an_error_too(stack, monkeypatch):
    def fail(**_):
        raise DatabaseError("no")

    monkeypatch.setattr(query, "connect", fail)
    with pytest.raises(QueryError, match="Athena says: no"):
        ask(stack, "SELECT 1")
