"""The values of a row, from text of DynamoDB to JSON. Pure: no AWS, no environment, no clock."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, PRECISION, SCALE, STRING, ColumnType
from transform.plain_json import JSON_NUMBER, NUMBER_CHARS_MAX


class RecordError(Exception):
    """The reason why a change event is refused: the path, what was expected there, and what kind of value was found.

    The message never has a value of the event in it, so it can be logged:
    ``$.dynamodb.NewImage.price: expected N, found S``.
    """


NULL = b"null"

text = msgspec.json.encode
"""Return a JSON string in UTF-8. With escapes, text in other scripts would be up to three times as long."""


def int32(number: str) -> bytes:
    """Return a JSON integer in signed 32 bits, the range of the catalog's `int`."""
    return number.encode() if _INT32.fullmatch(number) else _whole_number(number, 32)


def int64(number: str) -> bytes:
    """Return a JSON integer in signed 64 bits, the range of the catalog's `bigint`."""
    return number.encode() if _INT64.fullmatch(number) else _whole_number(number, 64)


# What is certainly in the range, and written as it is.
_INT32, _INT64 = re.compile(r"-?[1-9][0-9]{0,8}|0"), re.compile(r"-?[1-9][0-9]{0,17}|0")


def _whole_number(number: str, bits: int) -> bytes:
    value = _finite(number)
    if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        raise RecordError(f"expected a whole number in signed {bits} bits, found a number outside them")
    if value != int(value):
        raise RecordError(f"expected a whole number in signed {bits} bits, found a fraction")
    return b"%d" % int(value)


def decimal_number(number: str) -> bytes:
    """Return a JSON number with every digit kept, and always with a fraction or an exponent.

    Without these, a crawler would take a day on which all prices are whole for a column of integers. A number with many
    digits gets an exponent: some programs refuse the whole object for one number that they can't read.
    """
    if _PLAIN.fullmatch(number):
        return number.encode() if "." in number else number.encode() + b".0"
    try:
        value = as_declared(_finite(number)).normalize(_DECLARED)
    except ArithmeticError:
        limits = f"{PRECISION - SCALE} digits before the point and {SCALE} behind it"
        raise RecordError(f"expected a number with at most {limits}, found one with more") from None
    return f"{value:E}".encode() if value else b"0.0"


def as_declared(value: Decimal) -> Decimal:
    """Return a number as the declared table has it. Raises ArithmeticError if the table can't hold it exactly."""
    return value.quantize(_UNIT, context=_DECLARED)


_UNIT = Decimal(1).scaleb(-SCALE)
_DECLARED = Context(prec=PRECISION, traps=[InvalidOperation, Inexact])

# pandas refuses integers beyond 64 bits, even before a point. There is no minus zero in DynamoDB.
_PLAIN = re.compile(rf"(?:-(?=[0.]*[1-9]))?(?:0|[1-9][0-9]{{0,17}})(?:\.[0-9]{{1,{SCALE}}})?")


def _finite(number: str) -> Decimal:
    """Return the value of a number as JSON has it, which is as DynamoDB writes it."""
    if len(number) > NUMBER_CHARS_MAX or not JSON_NUMBER.fullmatch(number):
        raise RecordError("expected a finite decimal number, found other text")
    return Decimal(number)


ENCODERS: Mapping[ColumnType, Callable[[Any], bytes]] = {
    STRING: text,
    INT32: int32,
    INT64: int64,
    DECIMAL: decimal_number,
    BOOLEAN: (b"false", b"true").__getitem__,
}
"""Make JSON of the value of an attribute, by the type of its column. They raise RecordError for what it can't hold."""


# Amazon DynamoDB Streams API Reference, "StreamRecord": up to 40 digits.
SEQUENCE_NUMBER = re.compile(r"[0-9]{1,40}")


def sequence_number(text: str) -> bytes:
    """Return a JSON string of a change's sequence number. Of two, the longer is greater, else the greater text."""
    if not SEQUENCE_NUMBER.fullmatch(text):
        raise RecordError("$.dynamodb.SequenceNumber: expected up to 40 digits, found other text")
    return b'"%b"' % text.encode()


_MILLISECONDS_MIN = 1e11  # in seconds, this is a time in the year 5138


# All changes within one second have the same time.
@lru_cache(maxsize=64)
def event_time(time: float | str | None) -> bytes:
    """Return a JSON string with a time in UTC, to the millisecond: `"2026-11-22T19:30:00.000Z"`; null for no time.

    DynamoDB gives seconds since 1970. AWS does not document whether a pipe passes them on unchanged, so milliseconds
    and microseconds are recognised by their size, and the text of a number counts as that number. Any other value gives
    null.
    """
    if isinstance(time, str):
        time = float(time) if len(time) <= NUMBER_CHARS_MAX and JSON_NUMBER.fullmatch(time) else None
    try:
        while time and _MILLISECONDS_MIN < time < math.inf:
            time /= 1000
        moment = None if time is None else datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        moment = None
    return b'"%bZ"' % moment.isoformat(timespec="milliseconds")[:23].encode() if moment else NULL
