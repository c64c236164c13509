"""How many rows a query has, and what an error of Athena tells to do."""

import boto3
import pytest
from pyathena.error import DatabaseError, OperationalError

from sales_pipeline import query
from sales_pipeline.aws.stack import Stack
from sales_pipeline.query import QueryError, ask
from sales_pipeline.terminal.table import DataTable

OUTPUTS = {"WorkGroupName": "sales", "CrawledTable": "db.sales_data", "DeclaredTable": "db_declared.orders"}


@pytest.fixture
def stack():
    return Stack("sales", OUTPUTS, boto3.Session(region_name="us-east-1"))


@pytest.mark.parametrize(
    ("rows", "printed"),
    [
        ([], "name\n0 rows\n"),
        ([("a",)], "name\na\n1 row\n"),
        ([("a",)] * 1200, "name\n" + "a\n" * 1200 + "1,200 rows\n"),
    ],
)
def test_a_table_says_how_many_rows_it_has(stack, monkeypatch, capsys, rows, printed):
    monkeypatch.setattr(query, "ask", lambda *_: DataTable(["name"], rows))
    query.run(stack, "SELECT 1", "table")
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(("output", "printed"), [("csv", "name\n"), ("json", "")])
def test_what_a_program_reads_holds_rows_and_nothing_else(stack, monkeypatch, capsys, output, printed):
    monkeypatch.setattr(query, "ask", lambda *_: DataTable(["name"], []))
    query.run(stack, "SELECT 1", output)
    assert capsys.readouterr().out == printed


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
