"""`sales query`: SQL over the sales, answered as a table, CSV or JSON."""

import csv
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, cast

import msgspec
from pyathena import connect
from pyathena.error import Error
from rich.console import Console
from rich.table import Table

from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.terminal.printable import printable

Format = Literal["table", "csv", "json"]


class QueryError(SalesError):
    """Athena refused the query or failed at it; the text says why, and what to do next."""


@dataclass(frozen=True)
class Answer:
    """Rows of a query, as Python values, under their column names."""

    columns: list[str]
    rows: Sequence[tuple[Any, ...]]


def ask(stack: Stack, sql: str) -> Answer:
    """Run a query in the stack's workgroup and wait for its rows. Raises QueryError."""
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
    return Answer([column[0] for column in cursor.description or []], rows)


def _advice(stack: Stack, message: str) -> str:
    crawled = stack["CrawledTable"]
    name = re.escape(crawled.partition(".")[2])
    if re.search(rf"\btable\b.*\b{name}\b.* does not exist", message, re.IGNORECASE):
        return (
            f"No crawler has made the table {crawled} yet: run `sales crawl` once rows are delivered, or ask "
            f"{stack['DeclaredTable']}, which needs none. ({message})"
        )
    return f"Athena says: {message}"


def show(answer: Answer, output: Format) -> None:
    """Print an answer: a table to read, CSV with a header line, or JSON with one object a row."""
    if output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    elif output == "json":
        encode = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode
        for row in answer.rows:
            sys.stdout.write(encode(dict(zip(answer.columns, row, strict=True))).decode() + "\n")
    else:
        print_table(answer)


def print_table(answer: Answer) -> None:
    """Print an answer to read, with nothing cut off: on a narrow terminal, texts break between words."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for position, column in enumerate(answer.columns):
        values = [row[position] for row in answer.rows]
        numeric = all(isinstance(value, int | float | Decimal | None) for value in values)
        breakable = any(" " in str(value) for value in values)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=not breakable)
    for row in answer.rows:
        table.add_row(*("" if value in (None, "") else printable(str(value)) for value in row))
    console = Console(highlight=False, markup=False, emoji=False)
    shown_width, console.width = console.width, sys.maxsize
    measured = console.measure(table)
    console.width = max(shown_width, measured.minimum) if console.is_terminal else measured.maximum
    console.print(table)
