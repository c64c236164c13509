"""Numbers and times of the report in words. Pure: no AWS, environment or clock. Times are in UTC."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_EXACT_BELOW = 1e15  # a double has 15 digits
_COMPACT = ((1e15, ""), (1e9, "bn"), (1e6, "M"), (1e3, "k"))


def amount(value: float) -> str:
    """Return an amount of money, such as `1,234.50`."""
    return f"{value:,.2f}" if abs(value) < _EXACT_BELOW else f"{value:.6g}"


def short_amount(value: float) -> str:
    """Return an amount of money in up to ten characters or so."""
    if abs(value) < 1e6:  # noqa: PLR2004 - a million has no room for cents
        return amount(value)
    return f"{value:,.0f}" if abs(value) < 1e9 else compact(value)  # noqa: PLR2004


def quantity(value: float) -> str:
    """Return a number of pieces, such as `1,234`, or `1.5` if they are not whole."""
    if abs(value) >= _EXACT_BELOW:
        return f"{value:.6g}"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def compact(value: float) -> str:
    """Return a round number for an axis, such as `250`, `2.5k` or `12M`."""
    for least, unit in _COMPACT:
        if abs(value) >= least:
            return f"{value / least:.4g}{unit}" if unit else f"{value:.2g}"
    return f"{value:.3g}"


def of_row(number: str | None) -> str:
    """Return a number of a row, with its digits and without zeros that say nothing: `349.00` for `349.000000000`."""
    if number is None:
        return ""
    try:
        value = Decimal(number)
    except InvalidOperation:
        return number
    whole, _, digits = f"{value:,f}".partition(".")
    digits = digits.rstrip("0")
    return f"{whole}.{digits:0<2}" if "." in number else whole


def minute(time_ms: int) -> str:
    return _at(time_ms, "%Y-%m-%d %H:%M")


def second(time_ms: int) -> str:
    return _at(time_ms, "%Y-%m-%d %H:%M:%S")


def day(time_ms: int) -> str:
    """Return a day, such as `Tue 24 Nov 2026`."""
    return _at(time_ms, "%a %-d %b %Y")


def short_day(time_ms: int) -> str:
    return _at(time_ms, "%-d %b")


def clock(time_ms: int, *, seconds: bool = False) -> str:
    return _at(time_ms, "%H:%M:%S" if seconds else "%H:%M")


def span(ms: int) -> str:
    """Return a length of time, such as `45 s`, `2 min`, `1.5 h` or `3 days`."""
    for unit, unit_ms in (("days", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if abs(ms) >= unit_ms * 2:
            return f"{ms / unit_ms:.3g} {unit}"
    return f"{ms / 1000:g} s"


def _at(time_ms: int, form: str) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime(form)
