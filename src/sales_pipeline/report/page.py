"""The report as a page. Pure: no AWS, environment or clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from xml.etree import ElementTree as ET

from sales_pipeline.failures.records import Failure
from sales_pipeline.reconcile.report import Reconciliation
from sales_pipeline.report import checks, sales, words
from sales_pipeline.report.elements import Child, document, tag
from sales_pipeline.report.figures import Figures
from sales_pipeline.report.queries import Asked
from sales_pipeline.terminal.amounts import size


@dataclass(frozen=True)
class Report:
    """Everything that the page shows."""

    stack_name: str
    place: str
    """Where the stack is, such as `on this machine` or `on AWS, us-east-1`."""
    asked: Asked
    figures: Figures
    buffer_ms: int
    """How long Firehose gathers records for the transform, and then rows for an object."""
    failures: Sequence[Failure] = ()
    """Error records by reason."""
    older_error_objects: int = 0
    """Error objects that were not read, because there are too many."""
    reconciliation: Reconciliation | None = None
    why_not_compared: str = ""
    queries: Sequence[str] = field(default=())
    """The SQL that Athena ran."""
    scanned_bytes: int = 0


def page(report: Report) -> str:
    """Return the page: HTML that needs no other file, no network and no script."""
    figures, asked = report.figures, report.asked
    parts = [
        _head(report),
        checks.verdict_line(report.reconciliation, report.why_not_compared),
        sales.key_figures(asked, figures, report.failures),
    ]
    if figures.total.orders:
        parts += [
            *sales.over_time(asked, figures),
            *sales.products(asked, figures),
            *sales.orders(asked, figures),
            *checks.delay(asked, figures, report.buffer_ms),
        ]
    else:
        parts.append(sales.no_orders(asked, report.buffer_ms))
    parts += [
        *checks.refused(report.failures, report.older_error_objects),
        *checks.reconciled(report.reconciliation, report.why_not_compared),
        *_how(report),
    ]
    return document(f"Sales report: {report.stack_name}", style(), tag("body", tag("main", *parts)))


def style() -> str:
    """Return the page's style sheet."""
    return files("sales_pipeline.report").joinpath("page.css").read_text(encoding="utf-8")


def _head(report: Report) -> ET.Element:
    figures, asked = report.figures, report.asked
    when: list[Child] = ["no orders yet"]
    if figures.first_ms is not None and figures.last_ms is not None:
        when = ["orders from ", _minute(figures.first_ms), " to ", _minute(figures.last_ms), " UTC"]
    if asked.since_ms is not None:
        when += ["; only orders since ", _minute(asked.since_ms), " UTC"]
    return tag(
        "header",
        tag("h1", "Sales report"),
        tag("p", tag("strong", report.stack_name), f" {report.place} · ", *when),
        tag("p", "Made on ", _minute(asked.now_ms), " UTC. All times are in UTC.", class_="muted"),
    )


def _minute(time_ms: int) -> ET.Element:
    """Return a time that does not break at the end of a line."""
    return tag("time", words.minute(time_ms))


def _how(report: Report) -> list[ET.Element]:
    asked = report.asked
    since = "" if asked.since_ms is None else f" It read the days from {words.day(asked.oldest_day_ms)} on."
    return [
        tag("h2", "How this report was made"),
        tag(
            "div",
            tag(
                "p",
                f"Athena ran {len(report.queries)} queries and scanned {size(report.scanned_bytes)} of the "
                f"table {asked.table}.{since} AWS bills at least 10 MB of each query.",
            ),
            tag(
                "p",
                "Each order counts once, in its current version, by the rule of the view sales_current. Duplicate rows "
                "and deleted orders do not count."
                + (" Revenue is quantity × price, in the currency of the prices." if asked.has_revenue else ""),
            ),
            *(
                tag("details", tag("summary", f"SQL of query {number}"), tag("pre", *_lines(sql)))
                for number, sql in enumerate(report.queries, 1)
            ),
            class_="card",
        ),
    ]


def _lines(sql: str) -> list[ET.Element]:
    return [tag("code", line) for line in sql.strip().splitlines()]
