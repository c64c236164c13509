"""`sales generate`: mock orders into the pipeline's table."""

import time

from generator.console import write_orders
from generator.orders import live_orders
from generator.writer import connect
from sales_pipeline.stack import Stack

DEFAULT_INTERVAL_SECONDS = 3.0


def run(stack: Stack, seed: int | None, count: int | None, interval_seconds: float, profile: str | None) -> int:
    """Write orders at this pace, and return the exit code of `generator.console.write_orders`."""
    client = connect(profile, stack.session.region_name, None)
    orders = live_orders(seed, clock_ms=lambda: time.time_ns() // 1_000_000)
    return write_orders(client, stack["TableName"], orders, count, interval_seconds, profile)
