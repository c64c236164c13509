"""How many rows a query has, and what an error of Athena tells to do."""

from concurrent.futures import Future
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from pyathena.error import DatabaseError, OperationalError

from common.answers import AnswerError
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


def test_a_row_of_describe_is_split_into_its_columns(stack, monkeypatch):
    class Described:
        description = (("col_name",), ("data_type",), ("comment",))
        result_set = None

        def cursor(self):
            return self

        def execute(self, _):
            pass

        def fetchall(self):
            return [("price               \tdecimal(28,9)       \tPrice of one unit   ",), ("\t \t ",), ("dt",)]

    monkeypatch.setattr(query, "connect", lambda **_: Described())
    answer = ask(stack, "DESCRIBE orders")
    assert answer.rows == [("price", "decimal(28,9)", "Price of one unit"), ("", "", ""), ("dt", "", "")]


@pytest.mark.parametrize(
    ("said", "advised"),
    [
        ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.sales_data' does not exist", "run `sales crawl`"),
        ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.other' does not exist", "Athena says: TABLE_NOT_FOUND"),
        ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.mine.sales_data' does not exist", "Athena says: TABLE_NOT"),
        ("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.orders' does not exist", "write db_declared.orders"),
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


def test_a_name_without_a_database_is_one_of_the_crawlers_database(stack, monkeypatch):
    used = {}
    monkeypatch.setattr(query, "connect", lambda **options: used.update(options) or fail())

    def fail():
        raise DatabaseError("no")

    with pytest.raises(QueryError):
        ask(stack, "SELECT * FROM sales_data")
    assert used["schema_name"] == "db"


@pytest.mark.parametrize(
    ("cause", "raised"),
    [
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), EndpointConnectionError),
        (AnswerError("it has no QueryExecutionId"), AnswerError),
        (
            ClientError({"Error": {"Code": "ExpiredTokenException", "Message": "old"}}, "StartQueryExecution"),
            ClientError,
        ),
        (
            ClientError({"Error": {"Code": "InvalidRequestException", "Message": "no"}}, "StartQueryExecution"),
            QueryError,
        ),
    ],
)
def test_what_athena_did_not_judge_is_no_error_of_the_query(stack, monkeypatch, cause, raised):
    def fail(**_):
        raise DatabaseError(str(cause)) from cause

    monkeypatch.setattr(query, "connect", fail)
    with pytest.raises(raised):
        ask(stack, "SELECT 1")


class Running:
    """An AsyncCursor: each query has a future, and a test says how it ends."""

    description = (("n",),)

    def __init__(self, **ends):
        self.ends, self.stopped = ends, []

    def cursor(self, _class, **_):
        return self

    def execute(self, sql):
        end = self.ends[sql]
        future = Future()
        if isinstance(end, DatabaseError):
            raise end
        if isinstance(end, BaseException):
            future.set_exception(end)
        elif isinstance(end, str):
            future.set_result(SimpleNamespace(state="FAILED", state_change_reason=end, fetchall=list))
        elif end is not None:
            rows = {"description": self.description, "fetchall": lambda: end}
            future.set_result(SimpleNamespace(state="SUCCEEDED", **rows))
        return sql, future

    def cancel(self, query_id):
        self.stopped.append(query_id)
        future = Future()
        future.set_result(None)
        return future

    def close(self):
        pass


def test_queries_at_the_same_time_each_have_an_answer_or_an_error(stack, monkeypatch):
    denied = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "StartQueryExecution")
    not_started = DatabaseError("no")
    not_started.__cause__ = denied
    lost = OperationalError("GENERIC_INTERNAL_ERROR: lost")
    running = Running(good=[(1,)], bad="SYNTAX_ERROR: no", lost=lost, denied=not_started, slow=None)
    monkeypatch.setattr(query, "connect", lambda **_: running)
    answers = query.ask_all(stack, {name.upper(): name for name in running.ends}, 0.01)
    assert (answers["GOOD"].columns, answers["GOOD"].rows) == (["n"], [(1,)])
    assert str(answers["BAD"]) == "Athena says: SYNTAX_ERROR: no"
    assert str(answers["LOST"]) == "Athena says: GENERIC_INTERNAL_ERROR: lost"
    assert answers["DENIED"] is denied
    assert str(answers["SLOW"]) == "it took longer than 0 s, so it was stopped"
    assert running.stopped == ["slow"]


def test_queries_that_are_interrupted_are_stopped(stack, monkeypatch):
    running = Running(one=KeyboardInterrupt(), two=None)
    monkeypatch.setattr(query, "connect", lambda **_: running)
    with pytest.raises(KeyboardInterrupt):
        query.ask_all(stack, {"1": "one", "2": "two"}, 60)
    assert running.stopped == ["one", "two"]


def test_no_connection_is_an_error_of_every_query(stack, monkeypatch):
    def fail(**_):
        raise DatabaseError("no")

    monkeypatch.setattr(query, "connect", fail)
    answers = query.ask_all(stack, {"1": "one", "2": "two"}, 60)
    assert [str(each) for each in answers.values()] == ["Athena says: no"] * 2
