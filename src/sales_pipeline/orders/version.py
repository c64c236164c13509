"""Versions of an order, wherever they are read: equal where every field is. Pure: no AWS, environment or clock."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from transform.columns import COLUMNS
from transform.values import SEQUENCE_NUMBER


class VersionError(ValueError):
    """What was read is no version of an order."""


GONE = b""
"""Digest of an order that is deleted: no other version has it."""


class Version(NamedTuple):
    """An order's id, and a digest of what the row's fields hold: 128 bits of BLAKE2, or GONE."""

    orderid: str
    digest: bytes


class Row(NamedTuple):
    """A row of the lake: the version that it holds, and what its change columns say; None where it has none."""

    orderid: str
    digest: bytes
    sequence_number: str | None = None
    event_id: str | None = None


class _NumberText(str):
    """A JSON number with a fraction or an exponent, as it was written."""

    __slots__ = ()


# Traps everything that would round: a price of another digit, however far behind the point, is another price.
_EXACT = Context(prec=1000, Emin=-99_999, Emax=99_999, traps=[Inexact, InvalidOperation, Overflow, Subnormal])
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_ARRIVAL = re.compile(r"-(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-")
_decode_row = msgspec.json.Decoder(dict[str, Any], float_hook=_NumberText).decode
_encode = msgspec.json.Encoder().encode


def of_item(item: Mapping[str, Any]) -> Version:
    """Version that an item holds, with its attributes as boto3's low-level client or a change event has them.

    Attributes that no field of the row takes make no difference. Raises VersionError.
    """
    try:
        values = [_canonical(item.get(column.name)) for column in COLUMNS]
        return _version(item["orderid"]["S"], values)
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
        raise VersionError(f"no item of the order table: {type(error).__name__}") from None


def of_change(event: bytes) -> Version:
    """Version that a change event brings; its id is read where the transform reads it. Raises VersionError."""
    try:
        change = msgspec.json.decode(event)
        if change.get("eventName") == "REMOVE":
            return _version(change["dynamodb"]["Keys"]["orderid"]["S"], None)
        return of_item(change.get("dynamodb", change)["NewImage"])
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise VersionError(f"no change event: {type(error).__name__}") from None


def of_row(line: bytes) -> Row:
    """Version that a line of the lake holds, with or without change columns. Raises VersionError."""
    try:
        row = _decode_row(line)
        is_removal = row.get("event_name") == "REMOVE"
        values = None if is_removal else [_typed(row.get(column.name)) for column in COLUMNS]
        orderid, digest = _version(row["orderid"], values)
        if row.get("sequence_number") is None:
            return Row(orderid, digest)
        if not SEQUENCE_NUMBER.fullmatch(row["sequence_number"]):
            raise VersionError("its sequence number is no number")
        return Row(orderid, digest, row["sequence_number"], _checked_text(row["event_id"]))
    except (LookupError, TypeError, ArithmeticError, ValueError, RecursionError) as error:
        raise VersionError(f"no row: {type(error).__name__}") from None


def created_ms(orderid: str) -> int | None:
    """Moment in a UUIDv7 (RFC 9562, 5.7), in milliseconds since 1970; None for any other id."""
    return int(orderid[:8] + orderid[9:13], 16) if _UUID7.fullmatch(orderid) else None


def arrived_ms(key: str, last_modified_ms: int) -> int:
    """Moment at which an object's oldest record arrived, in milliseconds since 1970.

    Firehose writes it in the name, to the second (Amazon Data Firehose Developer Guide, "Configure Amazon S3 object
    name format"); where the name has none, it is when S3 took the object.
    """
    for found in reversed(_ARRIVAL.findall(key.rpartition("/")[2])):
        try:
            return int(datetime.strptime(found, "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC).timestamp() * 1000)
        except ValueError:
            continue
    return last_modified_ms


def _version(orderid: object, values: list[object] | None) -> Version:
    """Return the version with these values, or with None the order's deletion."""
    digest = GONE if values is None else hashlib.blake2b(_encode(values), digest_size=16).digest()
    return Version(_checked_text(orderid), digest)


def _checked_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise VersionError("expected a text")
    return value


def _typed(value: object) -> object:
    """Return a row's value as the attribute value that it comes from."""
    match value:
        case None:
            return None
        case bool():
            return ("BOOL", value)
        case int() | _NumberText():
            return ("N", _number(str(value)))
        case str():
            return ("S", value)
    raise VersionError("a column holds a list or an object")


def _canonical(attribute: Mapping[str, Any] | None) -> object:
    if attribute is None:
        return None
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            value = _number(value)
        case "B":
            value = _text(value)
        case "SS" | "NS" | "BS":  # DynamoDB keeps no order in a set
            value = sorted(_number(each) if kind == "NS" else _text(each) for each in value)
        case "L":
            value = [_canonical(each) for each in value]
        case "M":
            value = sorted((name, _canonical(each)) for name, each in value.items())
    return (kind, value)


def _text(value: str | bytes) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


# Prices and quantities recur.
@lru_cache(maxsize=65_536)
def _number(text: str) -> str:
    """One text for all that mean the same number: DynamoDB makes 349 of 349.00, and the transform 349.0."""
    value = Decimal(text)
    return str(_EXACT.normalize(value)) if value else "0"
