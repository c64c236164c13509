"""Change events of the order table to sales rows. Pure: no AWS, no environment, no clock."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from transform.column_types import (
    BOOLEAN,
    CHANGE_COLUMNS,
    DECIMAL,
    INT32,
    INT64,
    JSON,
    OTHER_ATTRIBUTES,
    STRING,
    Column,
)
from transform.columns import COLUMNS
from transform.complete import image_of, json_value, other_values, values_of
from transform.values import ENCODERS, NULL, RecordError, event_time, is_plain_fraction, sequence_number, text


class RowWriter:
    """Makes rows with these columns, the first of them that of the table's key.

    Each row ends with the change columns and the column OTHER_ATTRIBUTES, if they are asked for.

    A change event is a DynamoDB stream record as EventBridge Pipes sends it (`$.dynamodb.NewImage`), or the same with
    `NewImage` at its top level. With change columns an event must have an `eventID` and a `SequenceNumber`, and a
    REMOVE has a row: the order's key, and null in its other columns. Without a time that can be read, `event_time` is
    null.
    """

    def __init__(
        self, columns: Sequence[Column] = COLUMNS, *, change_columns: bool = False, other_attributes: bool = False
    ) -> None:
        names = [column.name for column in columns]
        names += [*CHANGE_COLUMNS] * change_columns + [OTHER_ATTRIBUTES] * other_attributes
        self._row = b"{%b}\n" % b",".join(text(name).replace(b"%", b"%%") + b":%b" for name in names)
        self._columns, self._change_columns, self._other_attributes = columns, change_columns, other_attributes
        self._decode_lines = _lines_decoder(columns, change_columns=change_columns)
        self._make_rows = self._compiled()

    def row(self, event: bytes) -> bytes | None:
        """Return the row of a change event, with its newline; None for a REMOVE that has no row.

        Raises RecordError for everything else, whatever the bytes.
        """
        if rows := self.rows([event]):
            return rows[0]
        values = values_of(
            event, self._columns, change_columns=self._change_columns, other_attributes=self._other_attributes
        )
        return self._row % values if values else None

    def rows(self, events: Sequence[bytes]) -> list[bytes | None] | None:
        """Return what `row` returns for each of the events, in less than half of the time.

        Returns None if any of the events is not of the most common form, or is refused: `row` tells which.
        """
        try:
            # An event that begins with { and ends with } can't be a part of another one's JSON: no JSON has a line
            # break in a string, or } and { beside each other. So there are as many values as events, or more.
            if [event for event in events if event[0] != _OPENING or event[-1] != _CLOSING]:
                return None
            lines = b"\n".join(events)
            # msgspec does not look inside the parts that it skips, so it would miss bytes there that are not UTF-8.
            changes = self._decode_lines(lines if lines.isascii() else lines.decode())
            return self._make_rows(changes, events) if len(changes) == len(events) else None
        except _REFUSED:
            return None

    def _compiled(self) -> Callable[[Sequence[Any], Sequence[bytes]], list[bytes | None]]:
        """Return a function from decoded changes, and their events, to rows.

        It is compiled from its text, as Python's own named tuples are: with a call for each value it would take longer
        by a third. No text of an event or a column gets into it.
        """
        values = [_expression(position, column) for position, column in enumerate(self._columns)]
        each = "change in changes"
        if self._change_columns or self._other_attributes:
            values.append("*more(change, event)")
            each = "change, event in zip(changes, events)"
        removed = "removed(change)" if self._change_columns else "None"
        names: dict[str, Any] = {f"encode{position}": _encoder(column) for position, column in enumerate(self._columns)}
        names |= {
            "is_plain_fraction": is_plain_fraction,
            "more": self._more,
            "removed": self._removed,
            "row": self._row,
        }
        exec(_MAKE_ROWS.format(each=each, values=", ".join(values), removed=removed), names)  # noqa: S102
        make_rows: Callable[[Sequence[Any], Sequence[bytes]], list[bytes | None]] = names["make_rows"]
        return make_rows

    def _removed(self, change: Any) -> bytes:  # noqa: ANN401 - as _lines_decoder makes it
        key = _encoder(self._columns[0])(change.dynamodb.Keys.c0.value)
        return self._row % (key, *(NULL,) * (len(self._columns) - 1), *self._more(change, None))

    def _more(self, change: Any, event: bytes | None) -> tuple[bytes, ...]:  # noqa: ANN401
        """Return the values after those of the columns. A removal has no `event`, and so no other attributes."""
        values = _change_values(change) if self._change_columns else ()
        if self._other_attributes:
            values += (other_values(image_of(event), self._columns) if event else NULL,)
        return values


_OPENING, _CLOSING = b"{}"
_MAKE_ROWS = """
def make_rows(changes, events):
    rows = []
    for {each}:
        image = change.dynamodb.NewImage
        rows.append(row % ({values},) if change.eventName != "REMOVE" else {removed})
    return rows
"""
# What an event raises that is no common one. A change without an image has no attributes, and no bytes no first one.
_REFUSED = (msgspec.MsgspecError, RecordError, UnicodeDecodeError, RecursionError, AttributeError, IndexError)

# The most common forms of numbers need no call of their encoder.
_EXPRESSIONS = {
    DECIMAL: "v.encode() if is_plain_fraction(v := {value}) else {encode}(v)",
    INT32: "v.encode() if (v := {value}).isdigit() and len(v) < 10 and v.isascii() and v[0] != '0' else {encode}(v)",
    INT64: "v.encode() if (v := {value}).isdigit() and len(v) < 19 and v.isascii() and v[0] != '0' else {encode}(v)",
}


def _expression(position: int, column: Column) -> str:
    """Return the expression that makes JSON of a column's value."""
    if column.optional or column.type is JSON:
        return f"encode{position}(image.c{position})"
    expression = _EXPRESSIONS.get(column.type, "{encode}({value})")
    return expression.format(value=f"image.c{position}.value", encode=f"encode{position}")


def _encoder(column: Column) -> Callable[[Any], bytes]:
    if column.type is JSON:
        return lambda attribute: json_value(attribute, column)
    encode = ENCODERS[column.type]
    if not column.optional:
        return encode

    def encode_optional(attribute: Any) -> bytes:  # noqa: ANN401
        if attribute is None:
            return NULL
        value = attribute.value
        if attribute.null == (value is not None):
            raise RecordError  # two types, or none
        return NULL if attribute.null else encode(value)

    return encode_optional


def _change_values(change: Any) -> tuple[bytes, ...]:  # noqa: ANN401
    stream_record = change.dynamodb
    return (
        text(change.eventID),
        text(change.eventName),
        event_time(stream_record.ApproximateCreationDateTime),
        sequence_number(stream_record.SequenceNumber),
    )


# A change is decoded straight to the values that the row needs. Columns have positions here instead of names, because a
# name need not be an identifier of Python.
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_DecodeLines: TypeAlias = Callable[[bytes | str], list[Any]]


def _lines_decoder(columns: Sequence[Column], *, change_columns: bool) -> _DecodeLines:
    """Return a decoder of the most common form of changes."""
    try:
        image, key = _image_type(columns), _image_type(columns[:1])
    except ValueError:  # msgspec takes no name with a double quote, a backslash or a control character
        return _refuse
    stream_record: list[Any] = [("NewImage", image | None, None)]
    change: list[Any] = [("eventName", Literal["INSERT", "MODIFY", "REMOVE"])]
    if change_columns:
        time = ("ApproximateCreationDateTime", int | float | str | None, None)
        stream_record = [("SequenceNumber", str), *stream_record, ("Keys", key | None, None), time]
        change += [("eventID", _Text)]
    change += [("dynamodb", msgspec.defstruct("StreamRecord", stream_record, gc=False))]
    return msgspec.json.Decoder(msgspec.defstruct("Change", change, gc=False)).decode_lines


def _refuse(_lines: bytes | str) -> list[Any]:
    """Leave every event to the complete way."""
    raise msgspec.ValidationError


def _image_type(columns: Sequence[Column]) -> Any:  # noqa: ANN401 - a type of msgspec
    return msgspec.defstruct(
        "Image",
        [(f"c{position}", *_value_type(column)) for position, column in enumerate(columns)],
        rename={f"c{position}": column.attribute for position, column in enumerate(columns)},
        kw_only=True,  # an optional column may come before a required one
        gc=False,
    )


def _value_type(column: Column) -> tuple[Any, ...]:
    """Return the type of msgspec for a column's attribute, and its default if an order may lack it."""
    name = column.type.attribute_type
    if name is None:
        return (msgspec.Raw, msgspec.Raw()) if column.optional else (msgspec.Raw,)
    value: Any = bool if column.type is BOOLEAN else _Text if column.type is STRING and not column.optional else str
    if not column.optional:
        return (_attribute_type([("value", value)], {"value": name}),)
    fields = [("value", value | None, None), ("null", bool, False)]
    return (_attribute_type(fields, {"value": name, "null": "NULL"}) | None, None)


def _attribute_type(fields: list[Any], rename: dict[str, str]) -> Any:  # noqa: ANN401
    return msgspec.defstruct("Attribute", fields, rename=rename, gc=False, forbid_unknown_fields=True)
