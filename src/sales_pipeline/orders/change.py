"""A change event that a replay or a backfill sends. Pure: no AWS, environment or clock."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sales_pipeline.aws.stream import PARTITION_KEY_CHARACTERS
from sales_pipeline.aws.table import KEY_BYTES_MAX


@dataclass(frozen=True)
class Change:
    """The bytes of a change event, and what can be read of them."""

    data: bytes
    digest: str
    """SHA-256 of the bytes, in hexadecimal: identifies a record, however often it fails."""
    order_id: str | None
    """None where the bytes name no order, or one that no table can hold."""
    removes: bool
    """Whether the order was deleted."""
    image: Mapping[str, Any] | None
    """The order after the change; None where there is none in the bytes."""

    @property
    def partition_key(self) -> str:
        """The order's id, as the pipe sends it; the digest where there is none, or Kinesis would refuse it.

        Changes of an order with such an id may go to two shards, and arrive in another order.
        """
        if self.order_id is None or len(self.order_id) > PARTITION_KEY_CHARACTERS:
            return self.digest
        return self.order_id


def change_of(data: bytes) -> Change:
    """Return what can be read of a change event's bytes, whatever they are."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        event = None
    image = _member(event, "dynamodb", "NewImage")
    return Change(
        data=data,
        digest=hashlib.sha256(data).hexdigest(),
        order_id=_order_id(_member(event, "dynamodb", "Keys", "orderid", "S")),
        removes=_member(event, "eventName") == "REMOVE",
        image=image if isinstance(image, dict) else None,
    )


def _member(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _order_id(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        size_bytes = len(value.encode())
    except UnicodeEncodeError:
        return None
    return value if 0 < size_bytes <= KEY_BYTES_MAX else None
