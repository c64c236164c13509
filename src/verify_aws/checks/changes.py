"""Changes and deletions with change columns."""

from decimal import Decimal

from sales_pipeline.defaults import READ_UNITS_PER_SECOND, SAMPLES
from sales_pipeline.reconcile.compare import compare
from sales_pipeline.reconcile.reader import Sources
from sales_pipeline.reconcile.report import Verdict, explained
from sales_pipeline.reconcile.temporary import temporary_ledger
from verify_aws import orders
from verify_aws.pipeline import NotShownError, Pipeline


def rows_say_which(pipeline: Pipeline) -> str:
    """Order the rows by their sequence numbers, as numbers and as the view does: both must give what was done."""

    def look() -> str:
        changed, deleted = pipeline.rows_of("changed"), pipeline.rows_of(orders.DELETED)
        for rows in (changed, deleted):
            rows.sort(key=lambda row: (len(row["sequence_number"]), row["sequence_number"]))
            if rows != sorted(rows, key=lambda row: int(row["sequence_number"])):
                raise NotShownError("sequence numbers do not grow as numbers do")
        events = [(row["event_name"], row["price"]) for row in changed]
        names = ["INSERT"] + ["MODIFY"] * (len(orders.CHANGED) - 1)
        if events != list(zip(names, map(Decimal, orders.CHANGED), strict=True)):
            raise NotShownError(f"the changes are {events}")
        if [row["event_name"] for row in deleted] != ["INSERT", "REMOVE"]:
            raise NotShownError(f"the deletion is {[row['event_name'] for row in deleted]}")
        if len({row["event_id"] for row in changed + deleted}) < len(changed + deleted):
            raise NotShownError("two changes have one event_id")
        return f"{changed[-1]['event_time']}, {len(changed[-1]['sequence_number'])} digits"

    return pipeline.wait(look, 2 * pipeline.delivery_seconds)


def reconciled(pipeline: Pipeline) -> str:
    with temporary_ledger() as ledger:
        found = compare(Sources(pipeline.stack, READ_UNITS_PER_SECOND), ledger, None, SAMPLES)
    counts = ", ".join(f"{count.count} {name}" for name, count, _ in explained(found) if count.count)
    seen = f"{found.verdict}: {found.orders} orders, {found.rows} rows" + (f", {counts}" if counts else "")
    if found.verdict is Verdict.not_equal:
        raise NotShownError(seen)
    return seen
