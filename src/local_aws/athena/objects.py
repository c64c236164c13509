"""How Athena reads an object of JSON lines. Pure.

Sources, where the Amazon Athena User Guide is silent:
- hidden names: Trino, HiveFileIterator;
- how an object is decompressed: Trino, CompressionKind.forFile (by the text behind the last dot of its name);
- where lines end: Trino, TextLineReader (at a line feed, a carriage return or both);
- names in lower case: Trino, JsonDeserializer.

A value that its column can't hold fails the query here. On AWS it may be NULL instead: AWS does not document it.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal

from local_aws.athena.errors import QueryFailedError, not_supported
from local_aws.athena.tables import decimal_digits

OTHER_CODECS = {"bz2", "snappy", "zst", "lz4", "deflate", "lzo", "lzo_deflate"}
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
_WHOLE = re.compile("-?[0-9]+")
_EXACT = Context(prec=100)  # a decimal has at most 38 digits before the point, and 38 behind it

Row = dict[str, str | None]
"""Values by column, as text that DuckDB turns into the column's type."""


class _Number(str):
    """A number of JSON, with all its digits."""

    __slots__ = ()


class _NoValueError(ValueError):
    """The text says what is wrong with a line. It holds no value, but may hold a column's name."""


def is_read(path: str) -> bool:
    """Say whether Athena reads an object. `path` is its key without the table's or the partition's folder."""
    return all(part and part[0] not in "_." for part in path.split("/"))


def rows(uri: str, body: bytes, columns: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows of an object; columns have Hive's types. Raises QueryFailedError at the first that is none."""
    for number, line in enumerate(_lines(_decompressed(uri, body)), 1):
        try:
            yield _row(line, columns)
        except _NoValueError as error:
            raise QueryFailedError(f"HIVE_BAD_DATA: line {number} of {uri} is no row: {error}") from None
        except (ValueError, RecursionError):
            raise QueryFailedError(f"HIVE_BAD_DATA: line {number} of {uri} is no row: not valid JSON") from None


def _decompressed(uri: str, body: bytes) -> bytes:
    _, dot, codec = uri.rpartition("/")[2].rpartition(".")
    if dot and codec in OTHER_CODECS:
        raise not_supported(f"the compression of {uri}")
    if not dot or codec != "gz":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise QueryFailedError(f"HIVE_CURSOR_ERROR: Failed to read file: {uri}: not in gzip format") from None


def _lines(text: bytes) -> list[bytes]:
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def _row(line: bytes, columns: Mapping[str, str]) -> Row:
    found = json.loads(
        line.decode(), object_pairs_hook=_members, parse_float=_Number, parse_int=_Number, parse_constant=_no_constant
    )
    if not isinstance(found, dict):
        raise _NoValueError("not an object")
    return {name: _text(name, found.get(name), kind) for name, kind in columns.items()}


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = {name.lower(): value for name, value in pairs}
    if len(found) < len(pairs):  # nobody documents which of the two counts
        raise _NoValueError("a name is there twice")
    return found


def _no_constant(name: str) -> None:
    raise _NoValueError(f"{name} is no JSON")


def _text(name: str, value: object, kind: str) -> str | None:
    if value is None:
        return None
    text = _text_of_number(value, kind) if isinstance(value, _Number) else None
    if isinstance(value, bool) and kind in {"boolean", "string"}:
        text = str(value).lower()
    elif type(value) is str and kind in {"string", "date"}:
        value.encode()  # raises an error for half a surrogate pair
        text = value
    if text is None:
        raise _NoValueError(f"column {name} of type {kind} can't hold its value")
    return text


def _text_of_number(number: str, kind: str) -> str | None:
    """Return None for a number that the type can't hold."""
    if kind in {"string", "double"}:
        return str(number)
    if kind in _BITS:
        limit = 1 << _BITS[kind] - 1
        return str(number) if _WHOLE.fullmatch(number) and -limit <= int(number) < limit else None
    digits = decimal_digits(kind)
    # First the magnitude: 1E+999999 would take a million digits.
    if not digits or Decimal(number).adjusted() >= digits[0]:
        return None
    rounded = Decimal(number).quantize(Decimal(1).scaleb(-digits[1]), ROUND_HALF_UP, _EXACT)
    return f"{rounded:f}" if rounded.adjusted() < digits[0] - digits[1] else None
