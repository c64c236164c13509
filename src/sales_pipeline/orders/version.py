"""Versions of an order: equal where every column is, wherever they are read. Pure: no AWS, environment or clock."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from sales_pipeline.aws.keys import Keys
from sales_pipeline.orders.attributes import json_of_attribute, normal, number
from sales_pipeline.orders.form import RowForm
from transform.column_types import Column

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


UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""Pattern of a UUIDv7 in lower case (RFC 9562, 5.7)."""
_UUID7 = re.compile(UUID7, re.IGNORECASE)
_encode = msgspec.json.Encoder().encode


class Versions:
    """Reads versions of orders from the table's items and from change events.

    Attributes that have no column make no difference, unless the rows hold them too.
    """

    def __init__(self, form: RowForm) -> None:
        self.attributes = [] if form.other_attributes else [column.attribute for column in form.columns]
        """Attributes that an item must have here, if it has them at all; empty for all attributes."""
        self.id_of = Keys(form.key).id_of
        self._columns = [(column.attribute, _reader(column)) for column in form.columns[1:]]
        self._taken = {column.attribute for column in form.columns} if form.other_attributes else None

    def of_item(self, item: Mapping[str, Any]) -> Version:
        """Return the version that an item holds, as boto3's low-level client or a change event has the item.

        Raises VersionError.
        """
        try:
            orderid = self.id_of(item)
            values = [orderid, *[read(item.get(name)) for name, read in self._columns]]
            if self._taken is not None:
                others = {name: value for name, value in item.items() if name not in self._taken}
                values.append(json_of_attribute({"M": others}) if others else None)
            return Version(orderid, digest_of(values))
        except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
            raise VersionError(f"no item of the order table: {type(error).__name__}") from None

    def of_event(self, event: bytes) -> Version:
        """Return the version that a change event brings. Raises VersionError.

        The order's id is where the transform reads it.
        """
        try:
            change = msgspec.json.decode(event)
            if change.get("eventName") == "REMOVE":
                return Version(self.id_of(change["dynamodb"]["Keys"]), DELETED)
            return self.of_item(change.get("dynamodb", change)["NewImage"])
        except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise VersionError(f"no change event: {type(error).__name__}") from None


def created_ms(orderid: str) -> int | None:
    """Return the time in a UUIDv7 (RFC 9562, 5.7), in milliseconds since 1970; None for any other id."""
    return int(orderid[:8] + orderid[9:13], 16) if _UUID7.fullmatch(orderid) else None


def digest_of(values: Sequence[object]) -> bytes:
    """Return the digest of an order's id and the values of its other columns, each in the form in which they compare.

    A value is None for null, text, a boolean, or `number` of a number. JSON is the text that `json_of_text` returns.
    """
    return hashlib.blake2b(_encode(values), digest_size=16).digest()


def _reader(column: Column) -> Callable[[Any], object]:
    """Return a function from an attribute, or None, to its value as `digest_of` takes it.

    An attribute of another type than the column's gives a value that no row can have.
    """
    kind = column.type.attribute_type
    if kind is None:
        return _json_value
    compared = _COMPARED[kind]

    def read(attribute: Any) -> object:  # noqa: ANN401
        if attribute is None:
            return None
        value = attribute.get(kind)
        if value is None or len(attribute) > 1:
            return None if attribute == _NULL else normal(attribute)
        return compared(value)

    return read


def _json_value(attribute: Any) -> object:  # noqa: ANN401
    return None if attribute is None or attribute == _NULL else json_of_attribute(attribute)


def _checked(type_: type) -> Callable[[object], object]:
    def checked(value: object) -> object:
        if type(value) is not type_:
            raise TypeError
        return value

    return checked


_NULL = {"NULL": True}
_COMPARED: Mapping[str, Callable[[Any], object]] = {"S": _checked(str), "N": number, "BOOL": _checked(bool)}
