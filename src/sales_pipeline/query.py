"""`sales query`: runs SQL in Athena and prints the result."""

import re
import sys
from typing import Any, cast

from pyathena import connect
from pyathena.error import Error

from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.terminal.table import DataTable, Format, show


class QueryError(SalesError):
    """Athena refused the query, or failed to run it. The text says why, and what to do next."""


def run(stack: Stack, sql: str, output: Format) -> None:
    """Run a query and print its result; below a table, how many rows it has. Raises QueryError."""
    result = ask(stack, sql)
    show(result, output)
    if output == "table":
        sys.stdout.write(f"{counted(len(result.rows), 'row')}\n")


def ask(stack: Stack, sql: str) -> DataTable:
    """Run a query in the stack's workgroup, wait for it, and return its rows as Python values. Raises QueryError."""
    try:
        cursor = connect(
            session=stack.session,
            region_name=stack.session.region_name,
            work_group=stack["WorkGroupName"],
            poll_interval=0.2,
        ).cursor()
        cursor.execute(sql)
        rows = cast("list[tuple[Any, ...]]", cursor.fetchall())
    except Error as error:
        raise QueryError(_advice(stack, " ".join(str(error).split()))) from None
    return DataTable([column[0] for column in cursor.description or []], rows)


def _advice(stack: Stack, message: str) -> str:
    crawled = stack["CrawledTable"]
    name = re.escape(crawled.partition(".")[2])
    if re.search(rf"\btable\b.*\b{name}\b.* does not exist", message, re.IGNORECASE):
        return (
            f"no crawler has made the table {crawled} yet. Query {stack['DeclaredTable']}, which needs no crawler, or "
            f"run `sales crawl` when the first rows are in S3 ({message})"
        )
    return f"Athena says: {message.removesuffix('.')}"
