"""The complete way from a change event to the values of its row. Pure: no AWS, no environment, no clock.

It takes what the fast way of record.py leaves: events of a rare form, and errors, for which it finds the reason.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from transform.column_types import BOOLEAN, Column
from transform.plain_json import plain_json
from transform.values import ENCODERS, NULL, RecordError, event_time, sequence_number, text


def values_of(
    event: bytes, columns: Sequence[Column], *, change_columns: bool, other_attributes: bool
) -> tuple[bytes, ...]:
    """Return the JSON of a row's values in order, or nothing for a removal that has no row. Raises RecordError."""
    try:
        return _values_of(_change(event), columns, change_columns=change_columns, other_attributes=other_attributes)
    except RecursionError:
        raise RecordError("$: expected a change event, found JSON that is nested too deep") from None


def _values_of(
    change: Mapping[str, msgspec.Raw], columns: Sequence[Column], *, change_columns: bool, other_attributes: bool
) -> tuple[bytes, ...]:
    event_name = _text_or_kind(change.get("eventName"))
    if event_name == "REMOVE":
        if not change_columns:
            return ()
        path, keys = _inside(change, "dynamodb", "Keys")
        values = [_value(path, keys, columns[0]), *(NULL for _ in columns[1:]), *_change_values(change)]
        return (*values, *((NULL,) if other_attributes else ()))
    path, image = _image(change, event_name)
    values = [_value(path, image, column) for column in columns]
    if change_columns:
        values += _change_values(change)
    if other_attributes:
        values.append(other_values(image, columns, path))
    return tuple(values)


def other_names(event: bytes, columns: Sequence[Column]) -> set[str]:
    """Return the names of an event's attributes that no column takes; nothing where it has none that can be read."""
    try:
        change = _decode_images(event)
    except (msgspec.MsgspecError, RecursionError):
        return set()
    image = change.dynamodb.NewImage if change.dynamodb else change.NewImage
    return image.keys() - {column.attribute for column in columns} if image else set()


def image_of(event: bytes) -> Mapping[str, msgspec.Raw]:
    """Return the attributes of an event that has them at `$.dynamodb.NewImage`.

    Raises MsgspecError or RecursionError for an event that is broken elsewhere, and AttributeError for one without.
    """
    image: Mapping[str, msgspec.Raw] = _decode_images(event).dynamodb.NewImage  # type: ignore[union-attr, assignment]
    return image


class _StreamRecord(msgspec.Struct, gc=False):
    NewImage: dict[str, msgspec.Raw] | None = None


class _Change(msgspec.Struct, gc=False):
    dynamodb: _StreamRecord | None = None
    NewImage: dict[str, msgspec.Raw] | None = None


_decode_images = msgspec.json.Decoder(_Change).decode


def other_values(image: Mapping[str, msgspec.Raw], columns: Sequence[Column], path: str = "") -> bytes:
    """Return a JSON string of plain JSON: an object of the attributes that no column takes. NULL if there are none."""
    names = {column.attribute for column in columns}
    others = {name: _decoded(attribute) for name, attribute in image.items() if name not in names}
    if not others:
        return NULL
    try:
        return text(plain_json({"M": others}).decode())
    except ValueError:
        broken = next(name for name, each in others.items() if not _is_attribute(each))
        raise RecordError(f"{path}{_step(broken)}: {_NO_ATTRIBUTE}") from None


def json_value(attribute: msgspec.Raw | None, column: Column) -> bytes:
    """Return a JSON string of an attribute's plain JSON, for a column of type JSON. Raises RecordError.

    A missing attribute is None, or no bytes.
    """
    if not attribute or _is_null(attribute):
        if column.optional:
            return NULL
        raise RecordError(f"expected a value of any type, found {'NULL' if attribute else 'nothing'}")
    try:
        return text(plain_json(_decoded(attribute)).decode())
    except ValueError:
        raise RecordError(_NO_ATTRIBUTE) from None


_NO_ATTRIBUTE = "expected a value of any type, found JSON that is no attribute of DynamoDB"


def _is_attribute(value: object) -> bool:
    try:
        plain_json(value)
    except ValueError:
        return False
    return True


def _is_null(attribute: msgspec.Raw) -> bool:
    value = _decoded(attribute)
    return isinstance(value, dict) and list(value) == ["NULL"] and value["NULL"] is True


def _decoded(attribute: msgspec.Raw) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of JSON; None where it has a number that Python does not, which no attribute has."""
    try:
        return _decode_any(attribute)
    except (msgspec.MsgspecError, ValueError):
        return None


def _change(event: bytes) -> dict[str, msgspec.Raw]:
    try:
        return _members("$", _decode_raw(event.decode()))
    except UnicodeDecodeError as error:
        raise RecordError(f"$: not UTF-8: at byte {error.start}") from None
    except msgspec.DecodeError as error:
        raise RecordError(f"$: not JSON: {str(error).removeprefix('JSON is malformed: ')}") from None


def _image(change: Mapping[str, msgspec.Raw], event_name: str) -> tuple[str, dict[str, msgspec.Raw]]:
    """Return the path of the order's attributes, and the attributes."""
    bare = "NewImage" in change and "dynamodb" not in change
    if event_name not in ("INSERT", "MODIFY") and not (bare and "eventName" not in change):
        found = event_name if event_name in _KINDS.values() else "another name"
        raise RecordError(f"$.eventName: expected INSERT, MODIFY or REMOVE, found {found}")
    return _inside(change, *(("NewImage",) if bare else ("dynamodb", "NewImage")))


def _change_values(change: Mapping[str, msgspec.Raw]) -> tuple[bytes, ...]:
    event_id, event_name = (_string(f"$.{name}", change.get(name)) for name in ("eventID", "eventName"))
    _, stream_record = _inside(change, "dynamodb")
    number = _string("$.dynamodb.SequenceNumber", stream_record.get("SequenceNumber"))
    time = _time(stream_record.get("ApproximateCreationDateTime"))
    return text(event_id), text(event_name), event_time(time), sequence_number(number)


def _value(path: str, attributes: Mapping[str, msgspec.Raw], column: Column) -> bytes:
    attribute = attributes.get(column.attribute)
    try:
        if column.type.attribute_type is None:
            return json_value(attribute, column)
        if column.optional and (attribute is None or _is_null(attribute)):
            return NULL
        return ENCODERS[column.type](_attribute(attribute, column, column.type.attribute_type))
    except RecordError as error:
        raise RecordError(f"{path}{_step(column.attribute)}: {error}") from None


def _attribute(attribute: msgspec.Raw | None, column: Column, expected: str) -> str | bool:
    """Return the value of an attribute, `{"S": "…"}`, `{"N": "…"}` or `{"BOOL": …}`.

    Its errors are the reasons of most refused records, such as `expected N, found S`.
    """
    if attribute is None or _kind(attribute) != "an object":
        raise RecordError(f"expected {expected}, found {_kind(attribute)}")
    value = _decode_members(attribute)
    if list(value) != [expected]:
        # The name of a type is input. Only a name that DynamoDB has may be logged.
        names = sorted(name if name in _ATTRIBUTE_TYPES else "an unknown type" for name in value)
        raise RecordError(f"expected {expected}, found {' and '.join(names) or 'no type'}")
    kind = "a boolean" if column.type is BOOLEAN else "a string"
    if _kind(value[expected]) != kind:
        raise RecordError(f"expected the value of {expected} as {kind}, found {_kind(value[expected])}")
    if column.type is BOOLEAN:
        return _decode_boolean(value[expected])
    text = _decode_text(value[expected])
    if not text and not column.optional:
        raise RecordError(f"expected {expected}, found an empty string")
    return text


_STEP_CHARS_MAX = 255


def _step(name: str) -> str:
    """Return the step of a path to the member of this name: `.price`, `["gift-wrap"]`.

    Quotes and escapes are those of JSONPath (RFC 9535, 2.3.1) and JSON. Invisible characters are escaped. A longer name
    is cut, because the log has the reason: DynamoDB allows names of 64 KB.
    """
    if len(name) > _STEP_CHARS_MAX:
        name = f"{name[: _STEP_CHARS_MAX - 1]}…"
    return f".{name}" if name.isidentifier() else f"[{json.dumps(name, ensure_ascii=not name.isprintable())}]"


def _inside(change: Mapping[str, msgspec.Raw], *names: str) -> tuple[str, dict[str, msgspec.Raw]]:
    """Return the path of the object below these names, and its members."""
    path, members = "$", dict(change)
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
_decode_boolean = msgspec.json.Decoder(bool).decode
_decode_any = msgspec.json.decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_time = msgspec.json.Decoder(int | float | str).decode
