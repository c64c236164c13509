"""`sales report`: asks Athena for the orders, reads what failed, and writes a page with charts."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from common.clock import now_ms
from common.files import write_output
from common.printable import visible
from sales_pipeline import defaults, query
from sales_pipeline.aws.bucket import Folder, Location
from sales_pipeline.aws.place import is_local
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from sales_pipeline.failures.records import Failure, by_reason, read_error_object
from sales_pipeline.orders.form import RowForm
from sales_pipeline.plan.capacity import PROCESSOR_BUFFER_SECONDS
from sales_pipeline.reconcile.compare import compare, say
from sales_pipeline.reconcile.reader import Sources
from sales_pipeline.reconcile.report import Reconciliation, to_text
from sales_pipeline.reconcile.temporary import temporary_ledger
from sales_pipeline.report import queries, words
from sales_pipeline.report.figures import Figures
from sales_pipeline.report.page import Report, page
from sales_pipeline.terminal.amounts import size
from sales_pipeline.terminal.times import to_ms
from sales_pipeline.terminal.wrap import print_prose

COMPARED_TABLE_BYTES, COMPARED_OBJECTS = 10_000_000, 2_000
"""How large a table and a lake are compared if nobody asked for it: that takes seconds and less than a US cent."""
ERROR_OBJECTS = 1_000
"""Error objects that are read: the latest ones."""


def run(stack: Stack, output: Path, since: datetime | None, *, reconcile: bool | None) -> None:
    """Write the report to a file, and print where it is and what it says in short.

    `reconcile` says whether to compare the table with the lake too; None does so where both are small. Raises
    SalesError, and boto3's errors.
    """
    why_not = "" if reconcile else _why_not_compared(stack, is_wanted=reconcile is None)
    # The comparison waits for orders in progress, so that the queries after it find those too.
    found = None if why_not else compared(stack, say)
    say("asking Athena")
    report = replace(collect(stack, to_ms(since)), reconciliation=found, why_not_compared=why_not)
    text = page(report)
    write_output(output, text)
    sys.stdout.writelines(f"{name:<15}{value}\n" for name, value in _summary(report).items())
    verdict = to_text(report.reconciliation).rpartition("\n")[2] if report.reconciliation else report.why_not_compared
    print_prose(verdict)
    sys.stdout.write(f"Wrote {visible(str(output))} ({size(len(text.encode()))}). Open it in a browser.\n")


def _summary(report: Report) -> dict[str, str]:
    total = report.figures.total
    return {
        "orders": f"{total.orders:,}",
        **({"units": words.quantity(total.units)} if report.asked.has_units else {}),
        **({"revenue": words.amount(total.revenue)} if report.asked.has_revenue else {}),
        "error records": f"{sum(each.changes for each in report.failures):,}",
        "scanned": size(report.scanned_bytes),
    }


def collect(stack: Stack, since_ms: int | None = None) -> Report:
    """Return what the report shows, without a comparison of table and lake. Raises SalesError, and boto3's errors."""
    asked = queries.Asked(stack["DeclaredTable"], RowForm.of(stack.parameters, stack.columns), now_ms(), since_ms)
    sql = [queries.figures(asked), queries.orders(asked)]
    answers = [_ask(stack, each) for each in sql]
    failures, unread = _failures(stack, since_ms)
    return Report(
        stack_name=stack.name,
        place=_place(stack),
        asked=asked,
        figures=Figures.of(*(each.table for each in answers)),
        buffer_ms=int((PROCESSOR_BUFFER_SECONDS + float(stack.parameters["BufferIntervalSeconds"])) * 1000),
        failures=failures,
        older_error_objects=unread,
        queries=sql,
        scanned_bytes=sum(each.scanned_bytes for each in answers),
    )


def compared(stack: Stack, tell: Callable[[str], None] = lambda _: None) -> Reconciliation:
    """Compare table and lake, as `sales reconcile` does. `tell` gets each step when it begins."""
    with temporary_ledger() as ledger:
        return compare(Sources(stack, defaults.READ_UNITS_PER_SECOND), ledger, None, defaults.SAMPLES, tell)


def _ask(stack: Stack, sql: str) -> query.Answer:
    try:
        return query.answer(stack, sql)
    except query.QueryError as error:
        if "scanned limit" not in str(error).lower():
            raise
        raise SalesError(
            f"{error}. The workgroup allows no query that reads more: read fewer days with --since"
        ) from None


def _place(stack: Stack) -> str:
    if is_local(stack, "athena"):
        return "on this machine"
    return f"on AWS, {stack.session.region_name}"


def _failures(stack: Stack, since_ms: int | None) -> tuple[list[Failure], int]:
    """Return the latest error records by reason, and how many older objects were not read."""
    folder = Folder(stack, Location.parse(stack["ErrorLocation"]))
    # An object is written after its records have arrived.
    found = [each for each in folder.objects() if each.last_modified_ms >= (since_ms or 0)]
    found.sort(key=lambda each: -each.last_modified_ms)
    some = found[:ERROR_OBJECTS]
    records = (each for lines in folder.lines(_error_records, some) for line in lines.read for each in line)
    recent = (each for each in records if since_ms is None or (each.newest_ms or since_ms) >= since_ms)
    return by_reason(recent), len(found) - len(some)


def _error_records(line: bytes) -> list[Failure]:
    """Return the failures of a line without the records themselves, which are large."""
    return [
        Failure(reason=each.reason, changes=each.changes, oldest_ms=each.oldest_ms, newest_ms=each.newest_ms)
        for each in read_error_object(line)
    ]


def _why_not_compared(stack: Stack, *, is_wanted: bool) -> str:
    """Say why the table and the lake are not compared; empty where they are small enough."""
    how = "`sales report --reconcile` compares every order of the table with the lake."
    if not is_wanted:
        return how
    described = stack.session.client("dynamodb").describe_table(TableName=stack["TableName"])["Table"]
    if described.get("TableSizeBytes", 0) > COMPARED_TABLE_BYTES:
        return f"The table has more than {size(COMPARED_TABLE_BYTES)}. {how}"
    objects = Folder(stack, Location.parse(stack["DataLocation"])).objects()
    if len(list(islice(objects, COMPARED_OBJECTS + 1))) > COMPARED_OBJECTS:
        return f"The lake has more than {COMPARED_OBJECTS:,} objects. {how}"
    return ""
