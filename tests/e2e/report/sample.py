"""A report of mock orders that is the same each time: for tests, and for the picture in the README.

`python -m tests.e2e.report.sample FILE` writes it.
"""

import math
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

from generator.orders import planned_orders
from sales_pipeline.failures.records import Failure
from sales_pipeline.reconcile.ledger import Found
from sales_pipeline.report.page import page
from sales_pipeline.report.queries import DAY_MS, HOUR_MS, MINUTE_MS
from tests.unit.sales_pipeline.report.lakes import NOW_MS, lake, row
from tests.unit.sales_pipeline.report.reports import reconciliation, report

SEED = 7
DAYS = 16
ORDERS_PER_HOUR = 9
REFUSALS = {
    "$.dynamodb.NewImage.price: expected N, found S": 5,
    "$.dynamodb.NewImage.product_name: expected S, found an empty string": 2,
}


def orders():
    """Yield the time and the row of each order: more by day than by night, fewer at weekends."""
    random_ = random.Random(SEED)
    for hour_ms in range(NOW_MS - NOW_MS % HOUR_MS - DAYS * DAY_MS, NOW_MS, HOUR_MS):
        at = datetime.fromtimestamp(hour_ms / 1000, UTC)
        busy = (1.1 - math.cos((at.hour - 3) / 24 * 2 * math.pi)) * (0.6 if at.weekday() >= 5 else 1)
        count = max(1, round(ORDERS_PER_HOUR * busy * random_.uniform(0.7, 1.3)))
        seed, start_ms = random_.randrange(10**9), hour_ms + random_.randrange(MINUTE_MS)
        made = planned_orders(seed, start_ms=start_ms, interval_seconds=3500 / count)
        for place, order in zip(range(count), made, strict=False):
            time_ms = start_ms + place * 3_500_000 // count
            if time_ms < NOW_MS - 2 * MINUTE_MS:
                yield time_ms, row(order.orderid, float(order.price), order.quantity, order.product_name)


def sales():
    """Return a lake with these orders. An object takes those of a minute, and has its first one's time in its name."""
    random_ = random.Random(SEED)
    arrivals = sorted(((ms + random_.randrange(700, 2600), made) for ms, made in orders()), key=lambda each: each[0])
    begin_ms, objects = 0, {}
    for arrived_ms, made in arrivals:
        if arrived_ms >= begin_ms + MINUTE_MS:
            begin_ms = arrived_ms
        objects.setdefault(begin_ms, []).append(made)
    return lake(objects)


def sample(lake, **changes):
    """Return the page of a lake, with some refused records and a verdict."""
    failures = [
        Failure(
            reason=f"Lambda.ProcessingFailedStatus: {reason}",
            changes=count,
            oldest_ms=NOW_MS - 3 * HOUR_MS,
            newest_ms=NOW_MS - HOUR_MS,
        )
        for reason, count in REFUSALS.items()
    ]
    count = sum(body.count(b"\n") for body in lake.stored.values())
    found = reconciliation(count + 2, count, errors=Found(2, ("A-1001", "A-1002")))
    given = {"failures": failures, "reconciliation": found, "stack_name": "sales-data-projection"}
    given["scanned_bytes"] = 3 * sum(map(len, lake.stored.values()))
    return page(report(lake, **given | changes))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(sample(sales()))
