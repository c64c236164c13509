"""The values of a row, from text of DynamoDB to JSON. Pure: no AWS, no environment, no clock."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact
from functools import lru_cache

import msgspec


class RecordError(Exception):
    """The reason why a change event is refused: the path, what was expected there, and what kind of value was found.

    The message never has a value of the event in it, so it can be logged:
    ``$.dynamodb.NewImage.price: expected N, found S``.
    """


text = msgspec.json.encode
"""Return a JSON string in UTF-8. With escapes, text in other scripts would be up to three times as long."""


class _Checked(dict[str, bytes]):
    """A cache of numbers in JSON, by their text. When it is full, it is emptied."""

    def __init__(self, encode: Callable[[str], bytes]) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, number: str) -> bytes:
        encoded = self._encode(number)
        if len(self) == _CHECKED_MAX:
            self.clear()
        self[number] = encoded
        return encoded


_CHECKED_MAX = 4096


def _checked_once(encode: Callable[[str], bytes]) -> Callable[[str], bytes]:
    """Check each number once, because prices and quantities recur.

    lru_cache would be slower: it reorders its entries at each hit.
    """
    return _Checked(encode).__getitem__


@_checked_once
def whole_number(number: str) -> bytes:
    """Return a JSON integer in signed 32 bits, the range of the catalog's `int`."""
    value = _dynamodb_number(number)
    if not -(2**31) <= value < 2**31:
        raise RecordError("expected a whole number in signed 32 bits, found a number outside them")
    if value != int(value):
        raise RecordError("expected a whole number in signed 32 bits, found a fraction")
    return b"%d" % int(value)


@_checked_once
def decimal_number(number: str) -> bytes:
    """Return a JSON number with every digit kept, and always with a fraction or an exponent.

    Without these, a crawler would take a day on which all prices are whole for a column of integers. A number with many
    digits gets an exponent: some programs refuse the whole object for one number that they can't read.
    """
    if _PLAIN.fullmatch(number):
        return number.encode() if "." in number else number.encode() + b".0"
    value = _dynamodb_number(number)
    return f"{value.normalize(_EXACT):E}".encode() if value else b"0.0"


# pandas refuses integers beyond 64 bits, even before a point, and by default reads no more than 15 digits behind it.
# pyarrow refuses the zero 0E+999, and there is no minus zero in DynamoDB.
_PLAIN = re.compile(r"(?:-(?=[0.]*[1-9]))?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,15})?")
_JSON_NUMBER = re.compile(r"-?((?:0|[1-9][0-9]*)(?:\.[0-9]+)?)(?:[eE][+-]?[0-9]{1,3})?")
_NUMBER_CHARS_MAX = 200  # a number of DynamoDB has up to 171: "-0.", 130 zeros and 38 digits
_DIGITS_MAX = 38
_EXPONENT_MIN, _EXPONENT_MAX = -130, 125
_EXACT = Context(prec=_DIGITS_MAX, traps=[Inexact])


def _dynamodb_number(number: str) -> Decimal:
    """Return the value of a number that DynamoDB can hold: zero, or ±1E-130 to ±9.9…E+125 with 38 significant digits.

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
def event_time(time: float | None) -> bytes:
    """Return a JSON string with a time in UTC, to the millisecond: `"2026-11-22T19:30:00.000Z"`; null for no time.

    DynamoDB gives seconds since 1970. AWS does not document whether a pipe passes them on unchanged, so milliseconds
    and microseconds are recognised by their size. Any other value gives null.
    """
    try:
        while time and time > _MILLISECONDS_MIN:
            time /= 1000
        moment = None if time is None else datetime.fromtimestamp(time, UTC)
    except (ValueError, OverflowError, OSError):
        moment = None
    return b'"%bZ"' % moment.isoformat(timespec="milliseconds")[:23].encode() if moment else b"null"
