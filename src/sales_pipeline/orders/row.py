"""Rows of the lake, read as strictly as the contract is (docs/contract.md). Pure: no AWS, environment or clock.

A line counts as a row only where no reader of the declared table `orders` can take it for anything else. That table has
the Hive JSON SerDe (template.yaml):

- It does not allow a key twice (Amazon Athena User Guide, "Hive JSON SerDe").
- It shows a number or a boolean in a column of text as it is written (Trino, `JsonDeserializer.java`).
- It ignores the case of keys, and takes `_col3` for the name of the fourth column. A line that is blank or no object
  fails the query. A column that a row lacks is null. Sources: Apache Hive, `JsonSerDe.java`; Trino,
  `JsonDeserializer.java`, which follows it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, NamedTuple

import msgspec

from sales_pipeline.aws.keys import id_of_number
from sales_pipeline.orders.attributes import json_of_text, number
from sales_pipeline.orders.form import RowForm
from sales_pipeline.orders.version import DELETED, VersionError, digest_of
from transform.column_types import (
    BOOLEAN,
    CHANGE_COLUMNS,
    DECIMAL,
    INT32,
    INT64,
    JSON,
    OTHER_ATTRIBUTES,
    STRING,
    ColumnType,
    deletion_columns,
)
from transform.values import SEQUENCE_NUMBER, as_declared


class Row(NamedTuple):
    """The version that a row of the lake holds, and its change columns: None in a row without them."""

    orderid: str
    digest: bytes
    sequence_number: str | None = None
    event_id: str | None = None


class _NumberText(str):
    """A JSON number with a fraction or an exponent, as it was written."""

    __slots__ = ()


_decode = msgspec.json.Decoder(dict[str, Any], float_hook=_NumberText).decode
_INTERNAL_NAME = re.compile(r"_col[0-9]+")
_EVENT_NAMES = ("INSERT", "MODIFY", "REMOVE")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_NO_CHANGE = (None, None, False)


class RowReader:
    """Reads rows as a declared table of this form shows them.

    A table without change columns, or without other attributes, has none, whatever a row holds.
    """

    def __init__(self, form: RowForm) -> None:
        names = tuple(column.name for column in form.columns)
        deletion = deletion_columns(form.columns)
        self._key, self._id_of = form.key.name, _id_reader(form.key.type)
        self._read = [(column.name, _VALUES[column.type]) for column in form.columns[1:]]
        if form.other_attributes:
            self._read.append((OTHER_ATTRIBUTES, _other_attributes))
        self._has_change_columns = form.change_columns
        # A row with null at all of these positions is hidden by the view sales_current. The id at 0 is never null.
        self._hidden_by = [names.index(name) for name in deletion] or [0]
        # As the transform writes them. The names of every other row are looked at one by one.
        self._without_change = frozenset((names, (*names, OTHER_ATTRIBUTES)))
        self._with_change = frozenset(((*names, *CHANGE_COLUMNS), (*names, *CHANGE_COLUMNS, OTHER_ATTRIBUTES)))

    def read(self, line: bytes) -> Row:
        """Return what a line of the lake holds. Raises VersionError where it is no row."""
        try:
            row = _decode(line)
            _refuse_repeated_keys(line, row)
            names = (*row,)
            if not (is_plain := names in self._without_change) and names not in self._with_change:
                row = _without_case(row)
            sequence_number, event_id, is_removed = _NO_CHANGE if is_plain else _change(row)
            value_of = row.get
            orderid = self._id_of(row[self._key])
            values = [orderid, *[read(value_of(name)) for name, read in self._read]]
            if is_removed:
                _refuse_values(values[1:])
            if self._has_change_columns:
                return Row(orderid, DELETED if is_removed else digest_of(values), sequence_number, event_id)
            is_hidden = values[self._hidden_by[0]] is None and all(values[each] is None for each in self._hidden_by)
            return Row(orderid, DELETED if is_hidden else digest_of(values))
        except (LookupError, TypeError, ArithmeticError, ValueError, RecursionError) as error:
            raise VersionError(f"no row: {type(error).__name__}") from None


def _refuse_repeated_keys(line: bytes, row: Mapping[str, Any]) -> None:
    """Raise ValueError where an object in this JSON text has a key twice."""
    quotes = line if b"\\" not in line else line.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Each key and each text has two quotes. Where there are more, a key is there twice, or a value is an object.
    if quotes.count(b'"') != 2 * (len(row) + [*map(type, row.values())].count(str)):
        json.loads(line, object_pairs_hook=_pairs, parse_int=str, parse_float=str)


def _pairs(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")


def _without_case(row: Mapping[str, Any]) -> dict[str, Any]:
    folded = {key.lower(): value for key, value in row.items()}
    if len(folded) < len(row) or any(map(_INTERNAL_NAME.fullmatch, row)):
        raise ValueError("two keys name one column")
    return folded


def _change(row: Mapping[str, Any]) -> tuple[str | None, str | None, bool]:
    """Return the sequence number, the event's id, and whether it is a removal."""
    event_id, name, time, sequence_number = (row.get(column) for column in CHANGE_COLUMNS)
    if event_id is name is time is sequence_number is None:
        return _NO_CHANGE
    if name not in _EVENT_NAMES:
        raise ValueError("the event has another name")
    if time is not None:
        _refuse_other_times(time)
    if not SEQUENCE_NUMBER.fullmatch(digits := _checked_text(sequence_number)):
        raise ValueError("the sequence number has another form")
    return digits, _checked_text(event_id), name == "REMOVE"


# Many changes have the same time: DynamoDB gives whole seconds.
@lru_cache(maxsize=4096)
def _refuse_other_times(text: str) -> None:
    """Raise ValueError or TypeError for what is no time in UTC as the transform writes it."""
    if not _TIME.fullmatch(text):
        raise ValueError("the event's time has another form")
    datetime.fromisoformat(text)


def _checked_text(value: object) -> str:
    if type(value) is not str or not value:
        raise ValueError("no text, or an empty one")
    return value


def _refuse_values(values: Iterable[object]) -> None:
    if any(value is not None for value in values):
        raise ValueError("a deleted order has no values")


# Functions from a column's value in JSON, None for null or nothing, to the value as `digest_of` takes it. They raise an
# error for what the column can't hold.


def _text(value: object) -> str | None:
    """Return what a column of text shows: a number or a boolean as it was written.

    A row has one from before its column got another type.
    """
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    return str(value) if type(value) in (int, _NumberText) else _null(value)


def _whole_number(value: object, limit: int) -> str | None:
    return _of_integer(value) if type(value) is int and -limit <= value < limit else _null(value)


def _of_integer(value: int) -> str:
    return str(value) if value % 10 else number(str(value))


def _decimal_number(value: object) -> str | None:
    if type(value) is _NumberText:
        return _declared_number(value)
    return _declared_number(str(value)) if type(value) is int else _null(value)


def _boolean(value: object) -> bool | None:
    return value if type(value) is bool else _null(value)


def _json(value: object) -> str | None:
    """Return what compares of JSON text. Text that is none is a version that no order has: its column had no JSON."""
    text = _text(value)
    if text is None:
        return None
    try:
        return json_of_text(text)
    except (ValueError, ArithmeticError, RecursionError):
        return text


def _other_attributes(value: object) -> str | None:
    text = json_of_text(value) if type(value) is str else _null(value)
    if text is not None and text[0] != "{":
        raise ValueError("no attributes")
    return text


def _null(value: object) -> Any:  # noqa: ANN401 - None, in the place of any value
    if value is not None:
        raise ValueError("no value of the column's type")
    return value


# Prices recur.
@lru_cache(maxsize=65_536)
def _declared_number(text: str) -> str:
    """Return `number` of a text. Raises ArithmeticError for one that the declared table can't hold exactly.

    Athena shows NULL for it, rounds it, or fails. Rows of an earlier transform may have such numbers.
    """
    as_declared(Decimal(text))
    return number(text)


_VALUES: Mapping[ColumnType, Callable[[object], object]] = {
    STRING: _text,
    INT32: partial(_whole_number, limit=2**31),
    INT64: partial(_whole_number, limit=2**63),
    DECIMAL: _decimal_number,
    BOOLEAN: _boolean,
    JSON: _json,
}


def _id_reader(type_: ColumnType) -> Callable[[object], str]:
    """Return a function from the key's value to the order's id. It raises an error for null too."""
    read = _VALUES[type_]
    if type_ is STRING:
        return lambda value: _checked_text(read(value))
    return lambda value: id_of_number(_checked_text(read(value)))
