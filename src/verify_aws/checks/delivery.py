"""From the table to S3."""

import json
from decimal import Decimal

from common.clock import now_ms
from generator.orders import planned_orders
from sales_pipeline.aws.bucket import Folder, Location
from sales_pipeline.aws.table import Table
from sales_pipeline.defaults import READ_UNITS_PER_SECOND
from sales_pipeline.failures import dead_letters
from verify_aws import events, orders
from verify_aws.pipeline import NotShownError, Pipeline

SCHEDULE_SECONDS = 240.0
MINUTE_MS = 60_000


def roles_ready(pipeline: Pipeline) -> str:
    found = events.events(pipeline.stack.session, pipeline.stack.name)
    failed = events.failures(found)
    if failed:
        raise NotShownError("; ".join(failed))
    return f"{len({each['LogicalResourceId'] for each in found})} resources, none failed"


def dead_letter_queue_is_listed(pipeline: Pipeline) -> str:
    return _letters(pipeline)[1]


def dead_letter_queue_is_empty(pipeline: Pipeline) -> str:
    count, seen = _letters(pipeline)
    if count:
        raise NotShownError(seen)
    return seen


def _letters(pipeline: Pipeline) -> tuple[int, str]:
    """Return how many messages there are, and a line about them."""
    listing = dead_letters.list_all(pipeline.stack)
    seen = [f"{len(listing.letters)} messages after the deploy", *(str(each.reason) for each in listing.letters)]
    if listing.problem:
        seen.append(listing.problem)
    return len(listing.letters) + listing.unseen, "; ".join(seen)


def in_time(pipeline: Pipeline) -> str:
    """Measure from the call that writes an order to the time at which S3 says that it got the object."""
    wanted = {f"{pipeline.prefix}{name}" for name in orders.EXACT | orders.MANY}
    seconds = pipeline.delivery_seconds

    def look() -> dict[str, str]:
        arrived = {row["orderid"]: row["key"] for row in pipeline.rows()}
        if wanted - arrived.keys():
            raise NotShownError(f"{len(wanted & arrived.keys())} of {len(wanted)} orders are rows")
        return arrived

    keys = pipeline.wait(look, 3 * seconds)
    folder = Folder(pipeline.stack, Location.parse(pipeline.stack["DataLocation"]))
    taken_ms = {each.key: each.last_modified_ms for each in folder.objects()}
    slowest = max((taken_ms[keys[each]] - pipeline.written_ms[each]) / 1000 for each in wanted)
    seen = f"the slowest of {len(wanted)} orders took {slowest:.0f} s; {seconds:.0f} s are assumed"
    if slowest > seconds:
        raise NotShownError(seen)
    return seen


def rows_are_lines(pipeline: Pipeline) -> str:
    objects = pipeline.objects()
    for key, body in objects.items():
        for line in body.split(b"\n")[:-1]:
            if not isinstance(json.loads(line), dict):
                raise NotShownError(f"{key} has a line that is no JSON object")
        if not body.endswith(b"\n"):
            raise NotShownError(f"{key} does not end with a newline")
    rows = sum(len(body.splitlines()) for body in objects.values())
    return f"{rows} rows in {len(objects)} objects"


def exact_prices(pipeline: Pipeline) -> str:
    for name, price in orders.EXACT.items():
        found = {row["price"] for row in pipeline.rows_of(name)}
        if found != {Decimal(price)}:
            raise NotShownError(f"{price} is {found} in S3")
    return ", ".join(orders.EXACT.values())


def scheduled_orders(pipeline: Pipeline) -> str:
    """Look for the first order of each minute since the deploy, whose id follows from the minute."""
    table = Table(pipeline.stack, READ_UNITS_PER_SECOND)
    first_ms = int(pipeline.started.timestamp() * 1000) // MINUTE_MS * MINUTE_MS

    def look() -> str:
        minutes = list(range(first_ms, now_ms(), MINUTE_MS))[-60:]
        ids = {next(planned_orders(minute, start_ms=minute, interval_seconds=3)).orderid for minute in minutes}
        found = table.items(sorted(ids), ["orderid"])
        if not found:
            raise NotShownError("no order has an id that follows from a scheduled minute")
        return f"orders of {len(found)} minutes"

    return pipeline.wait(look, SCHEDULE_SECONDS)
