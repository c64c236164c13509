"""A lake for the report's queries, and their answers as Python values."""

from datetime import UTC, datetime

from sales_pipeline.orders.form import RowForm
from sales_pipeline.report import queries
from sales_pipeline.report.figures import Figures
from sales_pipeline.terminal.table import DataTable
from tests.unit.local_aws.athena.lake import DECLARED, Lake
from tests.unit.sales_pipeline.columns import FOUR

NOW_MS = int(datetime(2026, 11, 25, 14, 32, 10, tzinfo=UTC).timestamp() * 1000)
_READ = {"bigint": int, "double": float}


def asked(**changes):
    """Return what is asked of the table `orders` of a lake; `form` is its columns, four by default."""
    given = {"table": f"{DECLARED}.orders", "form": RowForm(columns=FOUR), "now_ms": NOW_MS}
    return queries.Asked(**given | changes)


def ask(lake, sql):
    """Run a query as `sales_pipeline.query.ask` does."""
    answer = lake.ask(sql)
    read = [_READ.get(kind.trino, str) for kind in answer.kinds]
    rows = [
        tuple(None if value is None else each(value) for each, value in zip(read, row, strict=True))
        for row in answer.rows
    ]
    return DataTable(answer.columns, rows)


def figures(lake, question):
    """Return the figures of a lake."""
    return Figures.of(ask(lake, queries.figures(question)), ask(lake, queries.orders(question)))


def uuid7(time_ms, number=0):
    """Return an order's id of this time."""
    digits = f"{time_ms:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-{number:012x}"


def name(time_ms):
    """Return the path of an object that begins then."""
    time = datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d-%H-%M-%S")
    return f"dt={time[:10]}/stream-1-{time}-2f0c.json"


def row(orderid, price=10.5, quantity=1, product="Laptop", **more):
    return {"orderid": orderid, "product_name": product, "quantity": quantity, "price": price} | more


def lake(objects, **parameters):
    """Return a lake of objects: rows by the time at which each begins, or by path."""
    made = Lake(**parameters)
    for key, rows in objects.items():
        made.add(key if isinstance(key, str) else name(key), *rows)
    return made
