"""Versions of an order: equal where every column is, wherever they are read. Pure: no AWS, environment or clock."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from sales_pipeline.orders.attributes import normal
from transform.columns import COLUMNS, ORDER_ID

COLUMN_NAMES = [column.name for column in COLUMNS]
"""The attributes that make a version of an order: those that have a column in the row."""

DELETED = b"deleted"
"""Stands in the place of a digest for an order that was deleted: no digest is as short."""

BACKFILLED = "backfill-"
"""An event's id that begins so, in any case, is none of the table's stream: a backfill made it."""


class VersionError(ValueError):
    """The text or item is no version of an order."""


class Version(NamedTuple):
    """An order's id, and the BLAKE2 digest (16 bytes) of the values in the row's columns, or DELETED."""

    orderid: str
    digest: bytes


_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_encode = msgspec.json.Encoder().encode


def version_of_item(item: Mapping[str, Any]) -> Version:
    """Return the version that an item holds, as boto3's low-level client or a change event has the item.

    Attributes without a column make no difference. Raises VersionError.
    """
    try:
        values = [None if (attribute := item.get(name)) is None else normal(attribute) for name in COLUMN_NAMES]
        return _version(item[ORDER_ID]["S"], values)
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise VersionError(f"no item of the order table: {type(error).__name__}") from None


def version_of_event(event: bytes) -> Version:
    """Return the version that a change event brings. The id is where the transform reads it. Raises VersionError."""
    try:
        change = msgspec.json.decode(event)
        if change.get("eventName") == "REMOVE":
            return _version(change["dynamodb"]["Keys"][ORDER_ID]["S"], None)
        return version_of_item(change.get("dynamodb", change)["NewImage"])
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise VersionError(f"no change event: {type(error).__name__}") from None


def created_ms(orderid: str) -> int | None:
    """Return the time in a UUIDv7 (RFC 9562, 5.7), in milliseconds since 1970; None for any other id."""
    return int(orderid[:8] + orderid[9:13], 16) if _UUID7.fullmatch(orderid) else None


def _version(orderid: object, values: Sequence[object] | None) -> Version:
    """Return the version with these values; None stands for the order's deletion."""
    return Version(checked_text(orderid), DELETED if values is None else digest_of(values))


def digest_of(values: Sequence[object]) -> bytes:
    """Return the digest of the values of an order, in the order of COLUMNS, as `normal` has them."""
    return hashlib.blake2b(_encode(values), digest_size=16).digest()


def checked_text(value: object) -> str:
    """Return a text that is not empty. Raises VersionError for every other value."""
    if not isinstance(value, str) or not value:
        raise VersionError("expected a text")
    return value
