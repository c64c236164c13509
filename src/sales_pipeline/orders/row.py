"""Rows of the lake, read as strictly as the contract is (docs/contract.md). Pure: no AWS, environment or clock.

A line counts as a row only where no reader of the declared table `orders` can take it for anything else. That table has
the Hive JSON SerDe (template.yaml):

- It does not allow a key twice (Amazon Athena User Guide, "Hive JSON SerDe").
- It ignores the case of keys, and takes `_col3` for the name of the fourth column. A line that is blank or no object
  fails the query. Sources: Apache Hive, `JsonSerDe.java`; Trino, `JsonDeserializer.java`, which follows it.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from sales_pipeline.orders.attributes import number
from sales_pipeline.orders.version import COLUMN_NAMES, DELETED, VersionError, checked_text, digest_of
from transform.columns import CHANGE_COLUMNS, COLUMNS, ORDER_ID
from transform.values import SEQUENCE_NUMBER, as_declared, text, whole_number


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
_KEYS = frozenset(COLUMN_NAMES)
_KEYS_WITH_CHANGE = _KEYS | set(CHANGE_COLUMNS)
_INTERNAL_NAME = re.compile(r"_col[0-9]+")
_EVENT_NAMES = ("INSERT", "MODIFY", "REMOVE")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
# Rows from before a column was added lack it. All rows have the first four.
_FIRST_COLUMNS = 4
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1


def read_row(line: bytes, *, change_columns: bool = True) -> Row:
    """Return what a line of the lake holds. Raises VersionError where it is no row.

    With `change_columns` off, the row has none, whatever the line holds: as in a table without them.
    """
    try:
        row = _decode(line)
        # Each key and each string has two quotes. Where there are more, a key is there twice, or a value is an object.
        if b"\\" in line or line.count(b'"') != 2 * (len(row) + [*map(type, row.values())].count(str)):
            _refuse_repeated_keys(line)
        if not (is_plain := row.keys() == _KEYS) and row.keys() != _KEYS_WITH_CHANGE:
            row = _without_case(row)
        sequence_number, event_id, is_removed = (None, None, False) if is_plain else _change(row)
        orderid = checked_text(row[ORDER_ID])
        digest = _removed(row) if is_removed else digest_of([read(row) for read in _READ])
    except (LookupError, TypeError, ArithmeticError, ValueError, RecursionError) as error:
        raise VersionError(f"no row: {type(error).__name__}") from None
    return Row(orderid, digest, sequence_number, event_id) if change_columns else Row(orderid, digest)


def _refuse_repeated_keys(line: bytes) -> None:
    """Raise ValueError where an object in this JSON text has a key twice."""
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
        return None, None, False
    if name not in _EVENT_NAMES:
        raise ValueError("the event has another name")
    if time is not None:
        _refuse_other_times(time)
    if not SEQUENCE_NUMBER.fullmatch(digits := checked_text(sequence_number)):
        raise ValueError("the sequence number has another form")
    return digits, checked_text(event_id), name == "REMOVE"


# Many changes have the same time: DynamoDB gives whole seconds.
@lru_cache(maxsize=4096)
def _refuse_other_times(text: str) -> None:
    """Raise ValueError or TypeError for what is no time in UTC as the transform writes it."""
    if not _TIME.fullmatch(text):
        raise ValueError("the event's time has another form")
    datetime.fromisoformat(text)


def _removed(row: Mapping[str, Any]) -> bytes:
    if any(row.get(name) is not None for name in COLUMN_NAMES if name != ORDER_ID):
        raise ValueError("a deleted order has no values")
    return DELETED


# Prices recur.
@lru_cache(maxsize=65_536)
def _declared_number(text: str) -> str:
    """Return `number` of a text. Raises ArithmeticError for one that the declared table can't hold exactly.

    Athena shows NULL for it, rounds it, or fails. Rows of an earlier transform may have such numbers.
    """
    as_declared(Decimal(text))
    return number(text)


def _reader(name: str, encode: Callable[[str], bytes], *, may_be_absent: bool) -> Callable[[Mapping[str, Any]], Any]:
    """Return a function that returns a column's value as `normal` returns the attribute that it comes from."""

    def read_text(row: Mapping[str, Any]) -> object:
        return ("S", checked_text(row[name]))

    def read_whole_number(row: Mapping[str, Any]) -> object:
        value = row[name]
        if type(value) is not int or not _INT_MIN <= value <= _INT_MAX:
            raise ValueError("no whole number in signed 32 bits")
        return ("N", number(str(value)))

    def read_number(row: Mapping[str, Any]) -> object:
        value = row[name]
        if type(value) is not int and type(value) is not _NumberText:
            raise ValueError("no number")
        return ("N", _declared_number(str(value)))

    read = read_text if encode is text else read_whole_number if encode is whole_number else read_number
    return (lambda row: read(row) if name in row else None) if may_be_absent else read


_READ = [
    _reader(column.name, column.encode, may_be_absent=position >= _FIRST_COLUMNS)
    for position, column in enumerate(COLUMNS)
]
