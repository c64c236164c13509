"""The complete way from a change event to the values of its row. Pure: no AWS, no environment, no clock.

It takes what the fast way of record.py leaves: removals, orders with more attributes than the row has columns, and
errors, for which it finds the reason.
"""

import json
from collections.abc import Sequence

import msgspec

from transform.columns import ORDER_ID, Column
from transform.values import RecordError, event_time, sequence_number, text


def values_of(
    event: bytes, columns: Sequence[Column], unknown_attributes: list[str], *, change_columns: bool
) -> tuple[bytes, ...]:
    """Return the JSON of a row's values in order, or nothing for a removal that has no row.

    Appends the names of attributes that no column takes to `unknown_attributes`. Raises RecordError.
    """
    try:
        return _values_of(_decode_raw(event.decode()), columns, unknown_attributes, change_columns=change_columns)
    except UnicodeDecodeError as error:
        raise RecordError(f"$: not UTF-8: at byte {error.start}") from None
    except msgspec.DecodeError as error:
        raise RecordError(f"$: not JSON: {str(error).removeprefix('JSON is malformed: ')}") from None
    except RecursionError:
        raise RecordError("$: expected a change event, found JSON that is nested too deep") from None


def _values_of(
    event: msgspec.Raw, columns: Sequence[Column], unknown_attributes: list[str], *, change_columns: bool
) -> tuple[bytes, ...]:
    change = _members("$", event)
    event_name = _text_or_kind(change.get("eventName"))
    if event_name == "REMOVE":
        return (*_removed_values(change, columns), *_change_values(change)) if change_columns else ()
    bare = "NewImage" in change and "dynamodb" not in change
    if event_name not in ("INSERT", "MODIFY") and not (bare and "eventName" not in change):
        found = event_name if event_name in _KINDS.values() else "another name"
        raise RecordError(f"$.eventName: expected INSERT, MODIFY or REMOVE, found {found}")

    path, image = _inside(change, *(("NewImage",) if bare else ("dynamodb", "NewImage")))
    unknown_attributes += image.keys() - {column.name for column in columns}
    values = [_value(path, image, column) for column in columns]
    return (*values, *_change_values(change)) if change_columns else tuple(values)


def _removed_values(change: dict[str, msgspec.Raw], columns: Sequence[Column]) -> list[bytes]:
    path, keys = _inside(change, "dynamodb", "Keys")
    return [_value(path, keys, column) if column.name == ORDER_ID else b"null" for column in columns]


def _change_values(change: dict[str, msgspec.Raw]) -> tuple[bytes, ...]:
    event_id, event_name = (_string(f"$.{name}", change.get(name)) for name in ("eventID", "eventName"))
    _, stream_record = _inside(change, "dynamodb")
    number = _string("$.dynamodb.SequenceNumber", stream_record.get("SequenceNumber"))
    time = _time(stream_record.get("ApproximateCreationDateTime"))
    return text(event_id), text(event_name), event_time(time), sequence_number(number)


def _value(path: str, attributes: dict[str, msgspec.Raw], column: Column) -> bytes:
    try:
        return column.encode(_attribute(attributes.get(column.name), column.type))
    except RecordError as error:
        raise RecordError(f"{path}{_step(column.name)}: {error}") from None


def _step(name: str) -> str:
    """Return the step of a path to the member of this name: `.price`, `["gift-wrap"]`.

    Quotes and escapes are those of JSONPath (RFC 9535, 2.3.1) and JSON. Invisible characters are escaped.
    """
    return f".{name}" if name.isidentifier() else f"[{json.dumps(name, ensure_ascii=not name.isprintable())}]"


def _attribute(attribute: msgspec.Raw | None, expected: str) -> str:
    """Return the text of an attribute value, `{"S": "…"}` or `{"N": "…"}`.

    Its errors are the reasons of most refused records, such as `expected N, found S`.
    """
    if attribute is None or _kind(attribute) != "an object":
        raise RecordError(f"expected {expected}, found {_kind(attribute)}")
    value = _decode_members(attribute)
    if list(value) != [expected]:
        # The name of a type is input. Only a name that DynamoDB has may be logged.
        names = sorted(name if name in _ATTRIBUTE_TYPES else "an unknown type" for name in value)
        raise RecordError(f"expected {expected}, found {' and '.join(names) or 'no type'}")
    if _kind(value[expected]) != "a string":
        raise RecordError(f"expected the value of {expected} as a string, found {_kind(value[expected])}")
    text = _decode_text(value[expected])
    if not text:
        raise RecordError(f"expected {expected}, found an empty string")
    return text


def _inside(change: dict[str, msgspec.Raw], *names: str) -> tuple[str, dict[str, msgspec.Raw]]:
    """Return the path of the object below these names, and its members."""
    path, members = "$", change
    for name in names:
        path = f"{path}.{name}"
        members = _members(path, members.get(name))
    return path, members


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


def _time(value: msgspec.Raw | None) -> float | str | None:
    try:
        return None if value is None else _decode_time(value)
    except msgspec.MsgspecError:
        return None


def _text_or_kind(value: msgspec.Raw | None) -> str:
    return _decode_text(value) if value is not None and _kind(value) == "a string" else _kind(value)


def _kind(value: msgspec.Raw | None) -> str:
    return _KINDS.get(bytes(value or b"").lstrip(b" \t\r\n")[:1], "a number")


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

# Members stay JSON until they are asked for, so the parts that a row does not need are skipped, as in the fast way.
_decode_raw = msgspec.json.Decoder(msgspec.Raw).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_time = msgspec.json.Decoder(int | float | str).decode
