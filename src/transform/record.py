"""One change event of the order table to one sales row. Pure: no AWS, no environment, no clock."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

import msgspec


class RecordError(Exception):
    """What is wrong with a change event: where, what was expected there, and what kind of thing was found.

    The message never holds a value of the event, so that it can be logged:
    ``$.dynamodb.NewImage.price: expected N, found S``.
    """


text = msgspec.json.encode
"""JSON string in UTF-8: other scripts would be up to three times as long as escapes."""


# Prices and quantities recur: a bounded cache saves checking most of them again.
@lru_cache(maxsize=4096)
def whole_number(number: str) -> bytes:
    """JSON integer in signed 32 bits, the range of the catalog's `int`."""
    value = _dynamodb_number(number)
    if not -(2**31) <= value < 2**31:
        raise RecordError("expected a whole number in signed 32 bits, found a number outside them")
    if value != int(value):
        raise RecordError("expected a whole number in signed 32 bits, found a fraction")
    return b"%d" % int(value)


@lru_cache(maxsize=4096)
def decimal_number(number: str) -> bytes:
    """JSON number with every digit kept, and always with a fraction or an exponent.

    Without one, a day on which all prices happen to be whole would look like a day of integers to a crawler.
    """
    _dynamodb_number(number)
    return number.encode() if any(mark in number for mark in ".eE") else number.encode() + b".0"


_JSON_NUMBER = re.compile(r"-?((?:0|[1-9][0-9]*)(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]{1,3})?")
_NUMBER_CHARS_MAX = 200  # what DynamoDB holds takes up to 171: -0. and 130 zeros and 38 digits
_DIGITS_MAX = 38
_EXPONENT_MIN, _EXPONENT_MAX = -130, 125


def _dynamodb_number(number: str) -> Decimal:
    """Value of a number that DynamoDB can hold: 38 significant digits, zero or 1E-130 to 9.9…E+125 either side of it.

    Source: Amazon DynamoDB Developer Guide, "Supported data types and naming rules", Number.
    """
    match = _JSON_NUMBER.fullmatch(number) if len(number) <= _NUMBER_CHARS_MAX else None
    if match is None:
        raise RecordError("expected a finite decimal number, found other text")
    digits = match[1].replace(".", "").strip("0")
    value = Decimal(number)
    if len(digits) > _DIGITS_MAX or (value and not _EXPONENT_MIN <= value.adjusted() <= _EXPONENT_MAX):
        raise RecordError("expected a number that DynamoDB can hold, found one with more digits or a larger exponent")
    return value


class Field(NamedTuple):
    """A column of the row, from the attribute of the same name.

    `type` is DynamoDB's name for the attribute's type; `encode` turns its text to JSON, or raises a RecordError.
    """

    name: str
    type: str
    encode: Callable[[str], bytes]


# A new column is one line here, and one in the table `orders` of template.yaml.
FIELDS = (
    Field("orderid", "S", text),
    Field("product_name", "S", text),
    Field("quantity", "N", whole_number),
    Field("price", "N", decimal_number),
)
_ROW = b"{%b}\n" % b",".join(b'"%b":%%b' % field.name.encode() for field in FIELDS)


def to_row(event: bytes, unknown_attributes: list[str]) -> bytes | None:
    """Sales row of a change event, with its newline; None for a REMOVE, which leaves nothing to write.

    `event` is a DynamoDB stream record as EventBridge Pipes sends it (`$.dynamodb.NewImage`), or the same with
    `NewImage` at its top level. The names of attributes that no field takes are appended to `unknown_attributes`.
    Raises RecordError for everything else, whatever the bytes.
    """
    try:
        # msgspec doesn't look inside what it skips, where it would miss bytes that are not UTF-8.
        change = _decode_change(event if event.isascii() else event.decode())
        if change.eventName != "REMOVE":
            return _encode_row(change.dynamodb.NewImage)
    except (msgspec.MsgspecError, RecordError, UnicodeDecodeError, RecursionError):
        pass  # an attribute that no field takes, or an error: the complete way collects the one and names the other
    return _to_row_completely(event, unknown_attributes)


# The common case is decoded straight to the few values that the row needs, three times as fast as the complete way.
_TEXT = {"S": Annotated[str, msgspec.Meta(min_length=1)], "N": str}
_VALUE = {
    name: msgspec.defstruct(f"Value{name}", [(name, text_type)], gc=False, forbid_unknown_fields=True)
    for name, text_type in _TEXT.items()
}
_IMAGE = msgspec.defstruct(
    "Image", [(field.name, _VALUE[field.type]) for field in FIELDS], gc=False, forbid_unknown_fields=True
)
_STREAM_RECORD = msgspec.defstruct("StreamRecord", [("NewImage", _IMAGE)], gc=False)
_CHANGE = msgspec.defstruct(
    "Change", [("eventName", Literal["INSERT", "MODIFY", "REMOVE"]), ("dynamodb", _STREAM_RECORD)], gc=False
)
_decode_change: Callable[[bytes | str], Any] = msgspec.json.Decoder(_CHANGE).decode

# Unrolled when the module is loaded, as dataclasses does with __init__: a loop over the fields would cost every record
# a fifth more.
_encode_row: Callable[[Any], bytes] = eval(  # noqa: S307 - made of the fields above, not of input
    f"lambda image: row % ({', '.join(f'{f.name}(image.{f.name}.{f.type})' for f in FIELDS)},)",
    {"row": _ROW} | {field.name: field.encode for field in FIELDS},
)


def _to_row_completely(event: bytes, unknown_attributes: list[str]) -> bytes | None:
    try:
        return _row_of(_decode_raw(event.decode()), unknown_attributes)
    except UnicodeDecodeError as error:
        raise RecordError(f"$: not UTF-8: at byte {error.start}") from None
    except msgspec.DecodeError as error:
        raise RecordError(f"$: not JSON: {str(error).removeprefix('JSON is malformed: ')}") from None
    except RecursionError:
        raise RecordError("$: expected a change event, found JSON that is nested too deep") from None


def _row_of(event: msgspec.Raw, unknown_attributes: list[str]) -> bytes | None:
    change = _members("$", event)
    event_name = _text_or_kind(change.get("eventName"))
    if event_name == "REMOVE":
        return None
    bare = "NewImage" in change and "dynamodb" not in change
    if event_name not in ("INSERT", "MODIFY") and not (bare and "eventName" not in change):
        found = event_name if event_name in _KINDS.values() else "another name"
        raise RecordError(f"$.eventName: expected INSERT, MODIFY or REMOVE, found {found}")

    path, image = "$", change
    for name in ("NewImage",) if bare else ("dynamodb", "NewImage"):
        path = f"{path}.{name}"
        image = _members(path, image.get(name))
    unknown_attributes += image.keys() - {field.name for field in FIELDS}
    values = []
    for field in FIELDS:
        try:
            values.append(field.encode(_attribute(image.get(field.name), field.type)))
        except RecordError as error:
            raise RecordError(f"{path}.{field.name}: {error}") from None
    return _ROW % tuple(values)


_KINDS = {
    b"": "nothing",
    b'"': "a string",
    b"[": "an array",
    b"f": "a boolean",
    b"n": "null",
    b"t": "a boolean",
    b"{": "an object",
}
_ATTRIBUTE_TYPES = frozenset(("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"))
# Members stay JSON until they are asked for: what the row doesn't need is skipped here as in the common case.
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode


def _attribute(attribute: msgspec.Raw | None, expected: str) -> str:
    """Text of an attribute value, `{"S": "…"}` or `{"N": "…"}`."""
    if attribute is None or _kind(attribute) != "an object":
        raise RecordError(f"expected {expected}, found {_kind(attribute)}")
    value = _decode_members(attribute)
    if list(value) != [expected]:
        # A type's name is input: only one that DynamoDB has may reach a log.
        names = sorted(name if name in _ATTRIBUTE_TYPES else "an unknown type" for name in value)
        raise RecordError(f"expected {expected}, found {' and '.join(names) or 'no type'}")
    if _kind(value[expected]) != "a string":
        raise RecordError(f"expected the value of {expected} as a string, found {_kind(value[expected])}")
    text = _decode_text(value[expected])
    if not text:
        raise RecordError(f"expected {expected}, found an empty string")
    return text


def _members(path: str, value: msgspec.Raw | None) -> dict[str, msgspec.Raw]:
    if value is None or _kind(value) != "an object":
        raise RecordError(f"{path}: expected an object, found {_kind(value)}")
    return _decode_members(value)


def _text_or_kind(value: msgspec.Raw | None) -> str:
    return _decode_text(value) if value is not None and _kind(value) == "a string" else _kind(value)


def _kind(value: msgspec.Raw | None) -> str:
    return _KINDS.get(bytes(value or b"").lstrip(b" \t\r\n")[:1], "a number")
