"""One change event of the order table to one sales row. Pure: no AWS, no environment, no clock."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from transform.values import RecordError, decimal_number, event_time, sequence_number, text, whole_number


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
# What a change says besides, in a stack that asks for it: behind the fields, so that a table may gain them later.
CHANGE_COLUMNS = ("event_id", "event_name", "event_time", "sequence_number")


def _template(columns: Iterable[str]) -> bytes:
    return b"{%b}\n" % b",".join(b'"%b":%%b' % column.encode() for column in columns)


_FIELD_NAMES = [field.name for field in FIELDS]
_ROW = _template(_FIELD_NAMES)
_ROW_WITH_CHANGE = _template([*_FIELD_NAMES, *CHANGE_COLUMNS])


def to_row(event: bytes, unknown_attributes: list[str]) -> bytes | None:
    """Sales row of a change event, with its newline; None for a REMOVE, which leaves nothing to write.

    `event` is a DynamoDB stream record as EventBridge Pipes sends it (`$.dynamodb.NewImage`), or the same with
    `NewImage` at its top level. The names of attributes that no field takes are appended to `unknown_attributes`.
    Raises RecordError for everything else, whatever the bytes.
    """
    try:
        # msgspec doesn't look inside what it skips, where it would miss bytes that are not UTF-8.
        change = _decode_change(event if event.isascii() else event.decode())
        return _ROW % _field_values(change.dynamodb.NewImage)
    except _REFUSED:
        pass  # a removal, an attribute that no field takes, or an error: the complete way tells them apart
    return _to_row_completely(event, unknown_attributes, change_columns=False)


def to_row_with_change(event: bytes, unknown_attributes: list[str]) -> bytes | None:
    """Sales row of a change event with the change columns at its end. As `to_row`, but that a REMOVE has a row too.

    It holds the order's id, from the event's `Keys`, and null for every other field. An event must say its `eventID`
    and `SequenceNumber`; where it says no time that can be read, `event_time` is null.
    """
    try:
        change = _decode_whole_change(event if event.isascii() else event.decode())
        stream_record = change.dynamodb
        return _ROW_WITH_CHANGE % (
            *_field_values(stream_record.NewImage),
            text(change.eventID),
            text(change.eventName),
            event_time(stream_record.ApproximateCreationDateTime),
            sequence_number(stream_record.SequenceNumber),
        )
    except _REFUSED:
        pass
    return _to_row_completely(event, unknown_attributes, change_columns=True)


# The common case is decoded straight to the few values that the row needs, three times as fast as the complete way.
_REFUSED = (msgspec.MsgspecError, RecordError, UnicodeDecodeError, RecursionError)
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_VALUE = {
    name: msgspec.defstruct(f"Value{name}", [(name, text_type)], gc=False, forbid_unknown_fields=True)
    for name, text_type in (("S", _Text), ("N", str))
}
_IMAGE = msgspec.defstruct(
    "Image", [(field.name, _VALUE[field.type]) for field in FIELDS], gc=False, forbid_unknown_fields=True
)
_EventName = Literal["INSERT", "MODIFY"]
_STREAM_RECORD = msgspec.defstruct("StreamRecord", [("NewImage", _IMAGE)], gc=False)
_CHANGE = msgspec.defstruct("Change", [("eventName", _EventName), ("dynamodb", _STREAM_RECORD)], gc=False)
_decode_change: Callable[[bytes | str], Any] = msgspec.json.Decoder(_CHANGE).decode

_WHOLE_STREAM_RECORD = msgspec.defstruct(
    "WholeStreamRecord",
    [("NewImage", _IMAGE), ("SequenceNumber", str), ("ApproximateCreationDateTime", int | float | None, None)],
    gc=False,
)
_WHOLE_CHANGE = msgspec.defstruct(
    "WholeChange", [("eventID", _Text), ("eventName", _EventName), ("dynamodb", _WHOLE_STREAM_RECORD)], gc=False
)
_decode_whole_change: Callable[[bytes | str], Any] = msgspec.json.Decoder(_WHOLE_CHANGE).decode

# Unrolled when the module is loaded, as dataclasses does with __init__: a loop over the fields would cost every record
# a fifth more.
_field_values: Callable[[Any], tuple[bytes, ...]] = eval(  # noqa: S307 - made of the fields above, not of input
    f"lambda image: ({', '.join(f'{f.name}(image.{f.name}.{f.type})' for f in FIELDS)},)",
    {field.name: field.encode for field in FIELDS},
)


def _to_row_completely(event: bytes, unknown_attributes: list[str], *, change_columns: bool) -> bytes | None:
    try:
        return _row_of(_decode_raw(event.decode()), unknown_attributes, change_columns=change_columns)
    except UnicodeDecodeError as error:
        raise RecordError(f"$: not UTF-8: at byte {error.start}") from None
    except msgspec.DecodeError as error:
        raise RecordError(f"$: not JSON: {str(error).removeprefix('JSON is malformed: ')}") from None
    except RecursionError:
        raise RecordError("$: expected a change event, found JSON that is nested too deep") from None


def _row_of(event: msgspec.Raw, unknown_attributes: list[str], *, change_columns: bool) -> bytes | None:
    change = _members("$", event)
    event_name = _text_or_kind(change.get("eventName"))
    if event_name == "REMOVE":
        return _ROW_WITH_CHANGE % (*_removed_values(change), *_change_values(change)) if change_columns else None
    bare = "NewImage" in change and "dynamodb" not in change
    if event_name not in ("INSERT", "MODIFY") and not (bare and "eventName" not in change):
        found = event_name if event_name in _KINDS.values() else "another name"
        raise RecordError(f"$.eventName: expected INSERT, MODIFY or REMOVE, found {found}")

    path, image = _inside(change, *(("NewImage",) if bare else ("dynamodb", "NewImage")))
    unknown_attributes += image.keys() - set(_FIELD_NAMES)
    values = [_value(path, image, field) for field in FIELDS]
    return _ROW_WITH_CHANGE % (*values, *_change_values(change)) if change_columns else _ROW % tuple(values)


def _inside(change: dict[str, msgspec.Raw], *names: str) -> tuple[str, dict[str, msgspec.Raw]]:
    """Return the path of the object below these names, and its members."""
    path, members = "$", change
    for name in names:
        path = f"{path}.{name}"
        members = _members(path, members.get(name))
    return path, members


def _removed_values(change: dict[str, msgspec.Raw]) -> list[bytes]:
    path, keys = _inside(change, "dynamodb", "Keys")
    return [_value(path, keys, field) if field.name == "orderid" else b"null" for field in FIELDS]


def _value(path: str, attributes: dict[str, msgspec.Raw], field: Field) -> bytes:
    try:
        return field.encode(_attribute(attributes.get(field.name), field.type))
    except RecordError as error:
        raise RecordError(f"{path}.{field.name}: {error}") from None


def _change_values(change: dict[str, msgspec.Raw]) -> tuple[bytes, ...]:
    event_id, event_name = (_string(f"$.{name}", change.get(name)) for name in ("eventID", "eventName"))
    _, stream_record = _inside(change, "dynamodb")
    place = _string("$.dynamodb.SequenceNumber", stream_record.get("SequenceNumber"))
    time = _time(stream_record.get("ApproximateCreationDateTime"))
    return text(event_id), text(event_name), event_time(time), sequence_number(place)


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
_decode_time = msgspec.json.Decoder(int | float).decode


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


def _string(path: str, value: msgspec.Raw | None) -> str:
    if value is None or _kind(value) != "a string":
        raise RecordError(f"{path}: expected a string, found {_kind(value)}")
    string = _decode_text(value)
    if not string:
        raise RecordError(f"{path}: expected a string, found an empty one")
    return string


def _time(value: msgspec.Raw | None) -> float | None:
    try:
        return None if value is None else _decode_time(value)
    except msgspec.MsgspecError:
        return None


def _text_or_kind(value: msgspec.Raw | None) -> str:
    return _decode_text(value) if value is not None and _kind(value) == "a string" else _kind(value)


def _kind(value: msgspec.Raw | None) -> str:
    return _KINDS.get(bytes(value or b"").lstrip(b" \t\r\n")[:1], "a number")
