"""What a replay does not send again. Pure: no AWS, environment or clock.

A change is superseded once the table holds another version of its order, or no longer holds the order. The lake takes
the row that arrives last for the newest, and the newer version has a change event of its own.
"""

from collections.abc import Mapping
from typing import Any

from sales_pipeline.orders.attributes import normal
from sales_pipeline.orders.change import Change


def is_superseded(change: Change, item: Mapping[str, Any] | None) -> bool:
    """Say whether the order changed again after a change; `item` is what the table holds of it now, None for nothing.

    A change that names no order, or shows no version of it, can't be compared: it is not superseded.
    """
    if change.order_id is None:
        return False
    if change.removes:
        return item is not None
    return change.image is not None and (item is None or not _is_same(change.image, item))


def _is_same(image: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    try:
        return normal({"M": image}) == normal({"M": item})
    except ValueError:  # the image is none that a table could hold
        return False
