"""Change events of the order table to sales rows. Pure: no AWS, no environment, no clock."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

import msgspec

from transform.column_types import CHANGE_COLUMNS, OTHER_ATTRIBUTES, Column
from transform.columns import COLUMNS
from transform.common_form import change_decoder, row_maker
from transform.complete import image_of, other_values, values_of
from transform.values import ENCODERS, NULL, RecordError, event_time, sequence_number, text

# What an event raises that is not of the common form. A change without an image has no attributes.
_RARE = (msgspec.MsgspecError, RecordError, UnicodeError, RecursionError, AttributeError)


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
        more_names = [*CHANGE_COLUMNS] * change_columns + [OTHER_ATTRIBUTES] * other_attributes
        values = [text(name).replace(b"%", b"%%") + b":%b" for name in [*(each.name for each in columns), *more_names]]
        self._row = b"{%b}\n" % b",".join(values)
        self._end = b"".join(b",%b" % each for each in values[len(columns) :]) + b"}\n"
        self._columns, self._change_columns, self._other_attributes = columns, change_columns, other_attributes
        self._decode = change_decoder(columns, change_columns=change_columns)
        self._make = row_maker(columns)

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

        Returns None if any of the events is refused, or is not of the common form: `row` tells which.
        """
        try:
            # msgspec does not look inside the parts that it skips, so it would miss bytes there that are not UTF-8.
            together = b"".join(events)
            if not together.isascii():
                together.decode()
            return self._rows(list(map(self._decode, events)), events)
        except _RARE:
            return None

    def _rows(self, changes: list[Any], events: Sequence[bytes]) -> list[bytes | None]:
        images = [change.dynamodb.NewImage for change in changes if change.eventName != "REMOVE"]
        rows: list[bytes | None] = [*self._make(images, self._ends(changes, events))]
        if len(rows) < len(changes):
            for position, change in enumerate(changes):
                if change.eventName == "REMOVE":
                    rows.insert(position, self._removed(change) if self._change_columns else None)
        return rows

    def _ends(self, changes: list[Any], events: Sequence[bytes]) -> Iterable[str]:
        if not (self._change_columns or self._other_attributes):
            return repeat(self._end.decode())
        return (
            (self._end % self._more(change, event)).decode()
            for change, event in zip(changes, events, strict=True)
            if change.eventName != "REMOVE"
        )

    def _removed(self, change: Any) -> bytes:  # noqa: ANN401 - as the decoder makes it
        key = ENCODERS[self._columns[0].type](change.dynamodb.Keys.c0.value)
        return self._row % (key, *(NULL,) * (len(self._columns) - 1), *self._more(change, None))

    def _more(self, change: Any, event: bytes | None) -> tuple[bytes, ...]:  # noqa: ANN401
        """Return the values after those of the columns. A removal has no `event`, and so no other attributes."""
        values = _change_values(change) if self._change_columns else ()
        if self._other_attributes:
            values += (other_values(image_of(event), self._columns) if event else NULL,)
        return values


def _change_values(change: Any) -> tuple[bytes, ...]:  # noqa: ANN401
    stream_record = change.dynamodb
    return (
        text(change.eventID),
        text(change.eventName),
        event_time(stream_record.ApproximateCreationDateTime),
        sequence_number(stream_record.SequenceNumber),
    )
