"""`sales generate`: mock orders into the pipeline's table."""

from collections.abc import Collection
from contextlib import AbstractContextManager

from common.clock import now_ms
from generator.console import write_orders
from generator.orders import live_orders
from generator.pace import DEFAULT_INTERVAL_SECONDS
from generator.writer import connect
from sales_pipeline.aws.stack import Stack
from sales_pipeline.errors import SalesError


class NotOurTableError(SalesError):
    """Mock orders would be mixed with somebody's own."""


__all__ = ["DEFAULT_INTERVAL_SECONDS", "run"]


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

    Raises NotOurTableError if the table was there before the stack.
    """
    if stack.reads_existing_table:
        raise NotOurTableError(
            f"table {stack['TableName']} is not the stack's own, so it gets no mock orders: choose another stack with "
            "--stack-name"
        )
    client = connect(profile, stack.session.region_name, None)
    orders = live_orders(seed, clock_ms=now_ms)
    return write_orders(client, stack["TableName"], orders, count, interval_seconds, profile, options, screen)
