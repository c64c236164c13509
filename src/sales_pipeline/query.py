"""`sales query`: runs SQL in Athena and prints the result."""

import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from pyathena import connect
from pyathena.async_cursor import AsyncCursor
from pyathena.connection import Connection
from pyathena.error import Error, OperationalError
from pyathena.model import AthenaQueryExecution

from common.answers import AnswerError, error_code
from common.aws_errors import ADVICE
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.terminal.table import DataTable, Format, show

STOP_SECONDS = 5.0
"""How long to wait for Athena to stop a query."""


class QueryError(SalesError):
    """Athena refused the query, or failed to run it. The text says why, and what to do next."""


@dataclass(frozen=True)
class Answer:
    """What Athena answered, and how many bytes of the lake it read for that."""

    table: DataTable
    scanned_bytes: int


def run(stack: Stack, sql: str, output: Format) -> None:
    """Run a query and print its result; below a table, how many rows it has. Raises QueryError."""
    result = ask(stack, sql)
    show(result, output)
    if output == "table":
        sys.stdout.write(f"{counted(len(result.rows), 'row')}\n")


def ask(stack: Stack, sql: str) -> DataTable:
    """Return only the rows of `answer`."""
    return answer(stack, sql).table


def answer(stack: Stack, sql: str) -> Answer:
    """Run a query in the stack's workgroup, wait for it, and return its rows as Python values.

    A table without a database is one of the crawler's database. Raises QueryError, and boto3's errors.
    """
    try:
        cursor = _connect(stack).cursor()
        cursor.execute(sql)
        scanned = cursor.result_set and cursor.result_set.data_scanned_in_bytes
        return Answer(_table(cursor), scanned or 0)
    except Error as error:
        raise _explained(stack, error) from None


def ask_all(stack: Stack, queries: Mapping[str, str], seconds: float) -> dict[str, DataTable | Exception]:
    """Run queries at the same time; return for each its rows, or the error that `ask` would raise.

    Those that take longer are stopped, and so are all of them if this one is interrupted.
    """
    answers: dict[str, DataTable | Exception] = {}
    deadline = time.monotonic() + seconds
    running = {}
    try:
        cursor: AsyncCursor = _connect(stack).cursor(AsyncCursor, max_workers=2 * len(queries))
    except (Error, BotoCoreError, ClientError) as error:
        return dict.fromkeys(queries, _explained(stack, error))
    try:
        for name, sql in queries.items():
            try:
                running[name] = cursor.execute(sql)
            except (Error, BotoCoreError, ClientError) as error:
                answers[name] = _explained(stack, error)
        for name, (_, future) in list(running.items()):
            try:
                result = future.result(max(0.0, deadline - time.monotonic()))
                if result.state != AthenaQueryExecution.STATE_SUCCEEDED:  # this cursor raises no error for it
                    raise OperationalError(result.state_change_reason)
                answers[name] = _table(result)
            except TimeoutError:
                answers[name] = QueryError(f"it took longer than {seconds:.0f} s, so it was stopped")
                continue  # it stays among those that are stopped below
            except (Error, BotoCoreError, ClientError) as error:
                answers[name] = _explained(stack, error)
            del running[name]
    finally:
        for query_id, _ in running.values():
            with suppress(Error, BotoCoreError, ClientError):
                cursor.cancel(query_id).result(STOP_SECONDS)
        cursor.close()
    return answers


def _connect(stack: Stack) -> Connection[Any]:
    return connect(
        session=stack.session,
        region_name=stack.session.region_name,
        work_group=stack["WorkGroupName"],
        schema_name=stack["CrawledTable"].partition(".")[0],
        poll_interval=0.2,
    )


def _table(result: Any) -> DataTable:  # noqa: ANN401 - a cursor, or a result set of one
    rows = cast("list[tuple[Any, ...]]", result.fetchall())
    columns = [column[0] for column in result.description or []]
    return DataTable(columns, [_split(row, len(columns)) for row in rows])


def _split(row: tuple[Any, ...], columns: int) -> tuple[Any, ...]:
    """Return a row with one value per column: DESCRIBE gives a row as one text, with tabs between padded values."""
    if len(row) == columns:
        return row
    values = [each.strip() for each in str(row[0]).split("\t", columns - 1)]
    return tuple(values + [""] * (columns - len(values)))


def _explained(stack: Stack, error: Exception) -> Exception:
    """Return the error of boto3 that PyAthena met, where Athena did not get to judge the query; else QueryError."""
    cause = error.__cause__ if isinstance(error, Error) else error
    if isinstance(cause, BotoCoreError) or (isinstance(cause, ClientError) and error_code(cause) in ADVICE):
        return cause
    if str(error).startswith("KeyError "):  # so PyAthena says that an answer lacks a member
        return AnswerError(str(error))
    return QueryError(_advice(stack, " ".join(str(error).split())))


def _advice(stack: Stack, message: str) -> str:
    crawled, declared = stack["CrawledTable"], stack["DeclaredTable"]
    found = re.search(r"\bTable '([\w.$-]+)' does not exist", message)
    database, _, name = found[1].lower().rpartition(".") if found else ("", "", "")
    if name == crawled.partition(".")[2] and database.rpartition(".")[2] in {"", crawled.partition(".")[0]}:
        return (
            f"no crawler has made the table {crawled} yet. Query {declared}, which needs no crawler, or run `sales "
            f"crawl` when the first rows are in S3 ({message})"
        )
    if name == declared.partition(".")[2]:
        return f"the table {name} is in another database: write {declared} ({message})"
    return f"Athena says: {message.removesuffix('.')}"
