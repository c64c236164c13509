"""The orders that are written right after the deploy. The checks look for what becomes of them."""

from verify_aws.pipeline import Pipeline

EXACT = {
    "exact-1": "0.123456789",
    "exact-2": "9007199254740993.000000001",
    "exact-3": "-9999999999999999999.999999999",
    "exact-4": "349",
    "exact-5": "1E-9",
}
"""Prices by order; binary floating point holds none of the first three."""
MANY = {f"many-{number:02}": str(1000 + number) for number in range(20)}
"""Enough orders for every saved query that shows the first few."""
CHANGED = ("2", "3", "4")
"""Prices of the order `changed`, one after the other."""
REFUSED = "refused"
DELETED = "deleted"


def write(pipeline: Pipeline) -> None:
    """Write them all."""
    for name, price in (EXACT | MANY).items():
        pipeline.put(name, price=price)
    for price in CHANGED:
        pipeline.put("changed", price=price)
    pipeline.put(DELETED, price="5")
    pipeline.remove(DELETED)
    pipeline.put(REFUSED, price={"S": "cheap"})
