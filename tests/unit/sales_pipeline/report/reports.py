"""Reports for tests of the page."""

from sales_pipeline.reconcile.ledger import Found
from sales_pipeline.reconcile.report import Reconciliation, Unread
from sales_pipeline.report import queries
from sales_pipeline.report.figures import Figures, Sums
from sales_pipeline.report.page import Report
from tests.unit.sales_pipeline.report.lakes import asked, figures

EVIL = (
    "<script>alert(1)</script>",
    "</style></script><img src=//a.example/x onerror=alert(2)>",
    '"><a href="javascript:alert(3)">x</a>',
    "]]><svg onload=alert(4)>",
    "&lt;b&gt;",
    "\u202eevil\u202c\u2028\x00\x1b[31m",
    "مرحبا بالعالم",
    "日本語の商品名はとても長いことがあります",
    " ",
    "x" * 400_000,
)
"""Names of products, ids or reasons that others may choose."""
_NONE = Found(0, ())


def report(lake=None, question=None, **changes):
    """Return the report of a lake; without one, that of no orders."""
    question = question or asked()
    sql = (queries.figures(question), queries.orders(question))
    found = figures(lake, question) if lake else Figures(Sums())
    given = {"stack_name": "sales", "place": "on AWS, us-east-1", "buffer_ms": 70_000, "queries": sql}
    return Report(asked=question, figures=found, **given | changes)


def reconciliation(orders, rows, **changes):
    """Return what a comparison found: nothing but these counts and changes."""
    kinds = ("missing", "stale", "undetermined", "duplicate", "unknown", "not_shown")
    given = dict.fromkeys((*kinds, "errors", "dead_letters", "in_progress"), _NONE)
    return Reconciliation(
        orders=orders,
        rows=rows,
        has_change_columns=False,
        has_other_attributes=False,
        rows_with_sequence_number=0,
        objects=1,
        unread=Unread(_NONE, _NONE, 0, 0),
        **given | changes,
    )
