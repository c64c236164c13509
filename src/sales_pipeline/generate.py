"""`sales generate`: mock orders into the pipeline's table."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec

from common.clock import now_ms
from generator.console import write_orders
from generator.orders import live_orders, planned_orders, to_item
from generator.pace import DEFAULT_INTERVAL_SECONDS, Stop
from generator.writer import connect
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError
from transform.column_types import Column
from transform.record import RowWriter
from transform.values import RecordError

_WAIT_SECONDS = 3_600.0


class NotOurTableError(SalesError):
    """Mock orders would be mixed with somebody's own."""


class UnfitOrdersError(SalesError):
    """Mock orders lack what the columns require."""


__all__ = ["DEFAULT_INTERVAL_SECONDS", "run"]


def why_unfit(columns: Sequence[Column]) -> str:
    """Say why no row with these columns can be made of a mock order; empty if they fit."""
    item = to_item(next(planned_orders(1, start_ms=0, interval_seconds=1)))
    try:
        RowWriter(columns).row(msgspec.json.encode({"eventName": "INSERT", "dynamodb": {"NewImage": item}}))
    except RecordError as error:
        return str(error)
    return ""


def write_none(screen: AbstractContextManager[object] | None = None) -> int:
    """Wait until Ctrl-C, as `run` does where mock orders do not fit the columns. Returns the exit code."""
    stop = Stop()
    with stop.by_signal(), screen or nullcontext():
        while stop.wait(_WAIT_SECONDS):
            pass
    return 0


def run(  # noqa: PLR0913, PLR0917 - one argument an option
    stack: Stack,
    seed: int | None = None,
    count: int | None = None,
    interval_seconds: float = DEFAULT_INTERVAL_SECONDS,
    profile: str | None = None,
    options: Collection[str] = (),
    screen: AbstractContextManager[object] | None = None,
) -> int:
    """Write orders at this pace, and return the exit code of `generator.console.write_orders`.

    `screen` shows the progress for as long as it is entered.

    Raises NotOurTableError if the table was there before the stack, and UnfitOrdersError if the transform would refuse
    all orders.
    """
    if stack.reads_existing_table:
        raise NotOurTableError(
            f"table {stack['TableName']} is not the stack's own, so it gets no mock orders: choose another stack with "
            "--stack-name"
        )
    if why := why_unfit(stack.columns):
        raise UnfitOrdersError(
            f"mock orders do not fit src/transform/columns.py ({why}): change them in src/generator/orders.py, or "
            "write orders of your own"
        )
    client = connect(profile, stack.session.region_name, None)
    orders = live_orders(seed, clock_ms=now_ms)
    return write_orders(client, stack["TableName"], orders, count, interval_seconds, profile, options, screen)
