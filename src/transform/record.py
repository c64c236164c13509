"""One change event of the order table to one sales row. Pure: no AWS, no environment, no clock."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec.structs import astuple

from transform.columns import CHANGE_COLUMNS, COLUMNS, Column
from transform.complete import values_of
from transform.values import RecordError, event_time, sequence_number, text

ToRow: TypeAlias = Callable[[bytes, list[str]], bytes | None]


def row_writer(columns: Sequence[Column]) -> tuple[ToRow, ToRow]:
    """Return `to_row` and `to_row_with_change`, which make rows with these columns from change events.

    Raises ValueError if two columns of a row, change columns included, have the same name.
    """
    names = [column.name for column in columns]
    _require_different([*names, *CHANGE_COLUMNS])
    row = _template(names)
    row_with_change = _template([*names, *CHANGE_COLUMNS])
    decode_change, decode_whole_change = _decoders(columns)
    encode = _encoder([column.encode for column in columns])

    def to_row(event: bytes, unknown_attributes: list[str]) -> bytes | None:
        """Return the row of a change event, with its newline; None for a REMOVE, which has no row.

        `event` is a DynamoDB stream record as EventBridge Pipes sends it (`$.dynamodb.NewImage`), or the same with
        `NewImage` at its top level. The names of attributes that no column takes are appended to `unknown_attributes`.
        Raises RecordError for everything else, whatever the bytes.
        """
        try:
            # msgspec does not look inside the parts that it skips, so it would miss bytes there that are not UTF-8.
            change = decode_change(event if event.isascii() else event.decode())
            return row % encode(astuple(change.dynamodb.NewImage))
        except _REFUSED:
            pass  # a removal, an attribute that no column takes, or an error: the complete way tells which
        values = values_of(event, columns, unknown_attributes, change_columns=False)
        return row % values if values else None

    def to_row_with_change(event: bytes, unknown_attributes: list[str]) -> bytes | None:
        """Return the row of a change event with the change columns at its end. As `to_row`, but a REMOVE has a row too.

        The row of a REMOVE has the order's id, from the event's `Keys`, and null in all other columns of the order. An
        event must have an `eventID` and a `SequenceNumber`. If it has no time that can be read, `event_time` is null.
        """
        try:
            change = decode_whole_change(event if event.isascii() else event.decode())
            stream_record = change.dynamodb
            return row_with_change % (
                *encode(astuple(stream_record.NewImage)),
                text(change.eventID),
                text(change.eventName),
                event_time(stream_record.ApproximateCreationDateTime),
                sequence_number(stream_record.SequenceNumber),
            )
        except _REFUSED:
            pass
        return row_with_change % values_of(event, columns, unknown_attributes, change_columns=True)

    return to_row, to_row_with_change


def _require_different(names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"The row has {count} columns with the name {name!r}: see transform/columns.py.")


def _template(names: Iterable[str]) -> bytes:
    """Return a row with its keys as JSON, and `%b` in place of each value."""
    return b"{%b}\n" % b",".join(text(name).replace(b"%", b"%%") + b":%b" for name in names)


# The fast way decodes the common event straight to the values that the row needs. The complete way takes three times as
# long. Columns have positions here instead of names, because a name need not be an identifier of Python.
_REFUSED = (msgspec.MsgspecError, RecordError, UnicodeDecodeError, RecursionError)
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_VALUE = {
    name: msgspec.defstruct(
        f"Value{name}", [("value", value_type)], rename={"value": name}, gc=False, forbid_unknown_fields=True
    )
    for name, value_type in (("S", _Text), ("N", str))
}
_EventName = Literal["INSERT", "MODIFY"]
_Decode: TypeAlias = Callable[[bytes | str], Any]


def _decoders(columns: Sequence[Column]) -> tuple[_Decode, _Decode]:
    """Return decoders of the common event: one for `to_row`, one for `to_row_with_change`."""
    try:
        image = msgspec.defstruct(
            "Image",
            [(f"c{position}", _VALUE[column.type]) for position, column in enumerate(columns)],
            rename={f"c{position}": column.name for position, column in enumerate(columns)},
            gc=False,
            forbid_unknown_fields=True,
        )
    except ValueError:  # msgspec takes no name with a double quote, a backslash or a control character
        return _refuse, _refuse
    stream_record = msgspec.defstruct("StreamRecord", [("NewImage", image)], gc=False)
    change = msgspec.defstruct("Change", [("eventName", _EventName), ("dynamodb", stream_record)], gc=False)
    whole_stream_record = msgspec.defstruct(
        "WholeStreamRecord",
        [("NewImage", image), ("SequenceNumber", str), ("ApproximateCreationDateTime", int | float | str | None, None)],
        gc=False,
    )
    whole_change = msgspec.defstruct(
        "WholeChange", [("eventID", _Text), ("eventName", _EventName), ("dynamodb", whole_stream_record)], gc=False
    )
    return msgspec.json.Decoder(change).decode, msgspec.json.Decoder(whole_change).decode


def _refuse(_event: bytes | str) -> None:
    """Leave every event to the complete way."""
    raise msgspec.ValidationError


def _encoder(encoders: Sequence[Callable[[str], bytes]]) -> Callable[[tuple[Any, ...]], tuple[bytes, ...]]:
    """Return a function that turns the values of an image, in the order of its columns, to JSON.

    It handles four columns at a time: a loop over them would make each record a fifth slower.
    """
    match encoders:
        case [a]:
            return lambda values: (a(values[0].value),)
        case [a, b]:
            return lambda values: (a(values[0].value), b(values[1].value))
        case [a, b, c]:
            return lambda values: (a(values[0].value), b(values[1].value), c(values[2].value))
        case [a, b, c, d]:
            return lambda values: (a(values[0].value), b(values[1].value), c(values[2].value), d(values[3].value))
    four, more = _encoder(encoders[:4]), _encoder(encoders[4:])
    return lambda values: four(values) + more(values[4:])


to_row, to_row_with_change = row_writer(COLUMNS)
