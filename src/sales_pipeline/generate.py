"""`sales generate`: mock orders into the pipeline's table."""

from common.clock import now_ms
from generator.console import write_orders
from generator.orders import live_orders
from generator.writer import connect
from sales_pipeline.aws.stack import Stack


def run(stack: Stack, seed: int | None, count: int | None, interval_seconds: float, profile: str | None) -> int:
    """Write orders at this pace, and return the exit code of `generator.console.write_orders`."""
    client = connect(profile, stack.session.region_name, None)
    orders = live_orders(seed, clock_ms=now_ms)
    return write_orders(client, stack["TableName"], orders, count, interval_seconds, profile)
