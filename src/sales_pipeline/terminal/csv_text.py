"""Lines of CSV: exact for programs, or harmless for spreadsheets. Pure: no AWS, environment or clock."""

import re
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

BYTE_ORDER_MARK = "\ufeff"
"""Excel reads a file as UTF-8 only if it begins with this."""

# RFC 4180 asks for quotes around separators, quotes and breaks. Some readers break lines at others than CR and LF, and
# some remove space around a value.
_NEEDS_QUOTES = re.compile('[,"\x00-\x1f\x7f-\x9f\u2028\u2029]|^\\s|\\s$')
# OWASP, "CSV Injection". A spreadsheet for which the semicolon separates values begins another one there. In some
# languages the wide forms of the four signs count too.
_FORMULA = re.compile("(^|[;\t\r\n])(?=[\\s\"']*[=+\\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])")
_NO_TEXT = (int, float, Decimal, date, time)


def csv_line(values: Sequence[Any], *, spreadsheet: bool = False) -> str:
    """Return a line of CSV. NULL is an empty value, and the empty text is `""`, as in the files that Athena writes.

    In a line of one value NULL is `""` too, because most readers skip an empty line.

    For a spreadsheet, text that it would take for a formula has a `'` in front. Numbers, dates and times never have.
    """
    if len(values) == 1 and values[0] is None:
        return '""\n'
    return ",".join(_value(each, spreadsheet=spreadsheet) for each in values) + "\n"


def _value(value: Any, *, spreadsheet: bool) -> str:  # noqa: ANN401 - what a query gives
    if value is None:
        return ""
    text = str(value)
    if spreadsheet and not isinstance(value, _NO_TEXT):
        text = _FORMULA.sub(r"\1'", text)
    if not text or _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text
