"""Results as Athena gives them: the types' names, and each value as text. Pure.

The forms of text are those of Trino and of Java, which Athena's results have.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from local_aws.athena.errors import not_supported

_BIGINT = range(-(2**63), 2**63)
_SIMPLE = {
    "VARCHAR": ("varchar", 2147483647, 0),
    '"NULL"': ("unknown", 0, 0),
    "BOOLEAN": ("boolean", 0, 0),
    "TINYINT": ("tinyint", 3, 0),
    "SMALLINT": ("smallint", 5, 0),
    "INTEGER": ("integer", 10, 0),
    "BIGINT": ("bigint", 19, 0),
    "HUGEINT": ("bigint", 19, 0),
    "DOUBLE": ("double", 17, 0),
    "DATE": ("date", 0, 0),
    "TIMESTAMP": ("timestamp", 3, 0),
    "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3, 0),
}


@dataclass(frozen=True)
class Kind:
    """A type, as GetQueryResults names it (Amazon Athena API Reference, ColumnInfo)."""

    name: str
    precision: int
    scale: int

    @property
    def trino(self) -> str:
        """The type in Trino's SQL."""
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name


TEXT = Kind(*_SIMPLE["VARCHAR"])


def kind(duckdb: str) -> Kind:
    """Return the type that goes with one of DuckDB. Raises QueryFailedError."""
    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", duckdb):
        return Kind("decimal", int(found[1]), int(found[2]))
    if duckdb not in _SIMPLE:
        raise not_supported(f"a result of type {duckdb.lower()}")
    return Kind(*_SIMPLE[duckdb])


def text(value: Any) -> str | None:  # noqa: ANN401, PLR0911 - a return per type
    """Return a value of DuckDB as Athena's text; None for NULL. Raises QueryFailedError and OverflowError."""
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case int():
            if value not in _BIGINT:
                raise OverflowError("bigint overflow")
            return str(value)
        case float():
            return _double(value)
        case Decimal():
            return f"{value:f}"
        case datetime():
            ms = round(value.microsecond / 1000)  # of 999.5 and more it would be 1000
            moment = value.replace(microsecond=min(ms, 999) * 1000)
            if moment.tzinfo:
                return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03} UTC"
            return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"
        case date():
            return value.isoformat()
    raise not_supported(f"a result of type {type(value).__name__}")


def _double(value: float) -> str:
    """Return a double as Java's Double.toString does."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    number = "".join(map(str, digits))
    magnitude = int(exponent) + len(number) - 1
    if value == 0 or -3 <= magnitude < 7:  # noqa: PLR2004 - the limits are those of Java
        shown = f"{abs(Decimal(repr(value))):f}"
        if "." not in shown:
            shown += ".0"
    else:
        shown = f"{number[0]}.{number[1:] or '0'}E{magnitude}"
    return ("-" if sign else "") + shown
