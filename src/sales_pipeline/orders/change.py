"""A change event that a replay or a backfill sends. Pure: no AWS, environment or clock."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sales_pipeline.aws.keys import Keys
from sales_pipeline.aws.stream import PARTITION_KEY_CHARACTERS


@dataclass(frozen=True)
class Change:
    """The bytes of a change event, and what can be read of them."""

    data: bytes
    digest: str
    """SHA-256 of the bytes, in hexadecimal: identifies a record, however often it fails."""
    key: str | None
    """The order's key, as the bytes have it; None where there is none that a table can hold."""
    order_id: str | None
    """The one text of the key; None where there is no key."""
    removes: bool
    """Whether the order was deleted."""
    image: Mapping[str, Any] | None
    """The order after the change; None where there is none in the bytes."""

    @property
    def partition_key(self) -> str:
        """The order's key, as the pipe sends it; the digest where there is none, or Kinesis would refuse it.

        Changes of an order with such a key may go to two shards, and arrive in another order.
        """
        if self.key is None or len(self.key) > PARTITION_KEY_CHARACTERS:
            return self.digest
        return self.key


_KEYS = Keys()


def change_of(data: bytes, keys: Keys = _KEYS) -> Change:
    """Return what can be read of a change event's bytes, whatever they are."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        event = None
    image = _member(event, "dynamodb", "NewImage")
    key, order_id = _key(_member(event, "dynamodb", "Keys"), keys)
    return Change(
        data=data,
        digest=hashlib.sha256(data).hexdigest(),
        key=key,
        order_id=order_id,
        removes=_member(event, "eventName") == "REMOVE",
        image=image if isinstance(image, dict) else None,
    )


def _member(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _key(attributes: object, keys: Keys) -> tuple[str, str] | tuple[None, None]:
    """Return the text of a key, and the order's id; None for both where a table can't hold such a key."""
    try:
        order_id = keys.id_of(attributes)
    except ValueError:
        return None, None
    if not keys.can_be(order_id):
        return None, None
    return keys.text_of(attributes), order_id
