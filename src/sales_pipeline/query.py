"""`sales query`: runs SQL in Athena and prints the result."""

import re
import sys
from dataclasses import dataclass
from typing import Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from pyathena import connect
from pyathena.error import Error

from common.answers import AnswerError, error_code
from common.aws_errors import ADVICE
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.terminal.table import DataTable, Format, show


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
        cursor = connect(
            session=stack.session,
            region_name=stack.session.region_name,
            work_group=stack["WorkGroupName"],
            schema_name=stack["CrawledTable"].partition(".")[0],
            poll_interval=0.2,
        ).cursor()
        cursor.execute(sql)
        rows = cast("list[tuple[Any, ...]]", cursor.fetchall())
        scanned = cursor.result_set and cursor.result_set.data_scanned_in_bytes
    except Error as error:
        _raise_cause(error)
        raise QueryError(_advice(stack, " ".join(str(error).split()))) from None
    columns = [column[0] for column in cursor.description or []]
    table = DataTable(columns, [_split(row, len(columns)) for row in rows])
    return Answer(table, scanned or 0)


def _split(row: tuple[Any, ...], columns: int) -> tuple[Any, ...]:
    """Return a row with one value per column: DESCRIBE gives a row as one text, with tabs between padded values."""
    if len(row) == columns:
        return row
    values = [each.strip() for each in str(row[0]).split("\t", columns - 1)]
    return tuple(values + [""] * (columns - len(values)))


def _raise_cause(error: Error) -> None:
    """Raise the error of boto3 that PyAthena met, where Athena did not get to judge the query."""
    cause = error.__cause__
    if isinstance(cause, BotoCoreError) or (isinstance(cause, ClientError) and error_code(cause) in ADVICE):
        raise cause from None
    if str(error).startswith("KeyError "):  # so PyAthena says that an answer lacks a member
        raise AnswerError(str(error)) from None


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
