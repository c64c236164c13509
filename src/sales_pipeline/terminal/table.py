"""Tables: aligned text for people, CSV and JSON for programs."""

import os
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import msgspec
from rich.cells import cell_len

from common.printable import Styled, printable, printable_json, visible
from sales_pipeline.errors import SalesError
from sales_pipeline.terminal.csv_text import BYTE_ORDER_MARK, csv_line
from sales_pipeline.terminal.wrap import terminal_width, wrap

Format = Literal["table", "csv", "spreadsheet", "json"]

_GAP = "  "
_INDENT = "  "
# In character cells. Words up to the first length, such as an order's id, break only if nothing else helps. A column
# that holds longer ones has the second width at least; if that is too much for the terminal, the third.
_WORD = 40
_NARROW = 16
_NARROWEST = 4


@dataclass(frozen=True)
class DataTable:
    """Values in rows, under the names of their columns."""

    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    amounts: Collection[str] = ()
    """Names of columns that align to the right although their values are texts, such as `1,440`. Numbers always do."""


def show(table: DataTable, output: Format) -> None:
    """Print a table as text, as CSV with a header line, or as JSON with one object per row.

    `spreadsheet` is CSV too, in which no text is a formula. Raises SalesError for JSON with two columns of one name.
    """
    if output == "table":
        print_table(table)
    elif output == "json":
        _print_json(table)
    else:
        is_terminal, is_spreadsheet = sys.stdout.isatty(), output == "spreadsheet"
        if is_spreadsheet and not is_terminal:
            sys.stdout.write(BYTE_ORDER_MARK)
        for row in (table.columns, *table.rows):
            values = [visible(each) if is_terminal and isinstance(each, str) else each for each in row]
            sys.stdout.write(csv_line(values, spreadsheet=is_spreadsheet))


def _print_json(table: DataTable) -> None:
    twice = [name for name, count in Counter(table.columns).items() if count > 1]
    if twice:
        raise SalesError(
            f"several columns are called {visible(twice[0])}, and an object of JSON holds one of each name: name them "
            "with AS, or print CSV"
        )
    encode = msgspec.json.Encoder(decimal_format="number", enc_hook=str).encode
    for row in table.rows:
        sys.stdout.write(printable_json(encode(dict(zip(table.columns, row, strict=True)))) + "\n")


def print_table(table: DataTable, *, headings: int = 0) -> None:
    """Print a table as text. It fits the terminal: long values continue below, inside their column.

    So many first columns become headings: a value stands once, above the rows that share it. Where standard output is
    no terminal, every row is one whole line instead, so that a search finds all of it.
    """
    width = terminal_width()
    header, body = layout(table, width, headings=headings if width else 0)
    is_bold = width is not None and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    for line in header:
        sys.stdout.write(Styled(f"\x1b[1m{line}\x1b[0m\n") if is_bold and line else f"{line}\n")
    sys.stdout.writelines(f"{line}\n" for line in body)


def layout(table: DataTable, width: int | None, *, headings: int = 0) -> tuple[list[str], list[str]]:
    """Return the lines of a table's header, and those below it. No line ends in blanks.

    `width` is in character cells; None is for as wide as the values are. So is a table with more columns than fit.
    """
    texts = [[_text(value) for value in row] for row in table.rows]
    columns = [
        _Column.of(
            name,
            [text[position] for text in texts],
            indent=_INDENT * headings if position == headings else "",
            is_right=name in table.amounts or _are_numbers([row[position] for row in table.rows]),
        )
        for position, name in enumerate(table.columns)
        if position >= headings
    ]
    widths = _widths(columns, width)
    header = _lines([column.name_lines(each) for column, each in zip(columns, widths, strict=True)], columns, widths)
    body: list[str] = []
    above: list[str] = []
    for row in texts:
        for level in range(headings):
            if row[: level + 1] != above[: level + 1]:
                indent = _INDENT * level
                lines = wrap(row[level], width - len(indent)) if width else [row[level]]
                body += [(indent + line).rstrip() for line in lines]
        above = row
        cells = [column.lines(text, each) for column, text, each in zip(columns, row[headings:], widths, strict=True)]
        body += _lines(cells, columns, widths)
    return header, body


@dataclass(frozen=True)
class _Column:
    name: str
    indent: str
    is_right: bool
    width: int
    """Of its widest value, in character cells, the name included."""
    word_width: int
    """Of its longest word."""

    @classmethod
    def of(cls, name: str, texts: Sequence[str], *, indent: str, is_right: bool) -> "_Column":
        shown = _text(name)
        indented = [shown, *(indent + text for text in texts)]
        words = [*shown.split(" "), *(indent + word for text in texts for word in text.split(" "))]
        return cls(shown, indent, is_right, max(map(cell_len, indented)), max(map(cell_len, words)))

    def name_lines(self, width: int) -> list[str]:
        return wrap(self.name, width)

    def lines(self, text: str, width: int) -> list[str]:
        return [self.indent + line for line in wrap(text, width - len(self.indent))]


def _text(value: Any) -> str:  # noqa: ANN401
    return "" if value in (None, "") else printable(str(value))


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float | Decimal | None) for value in values)


def _widths(columns: Sequence[_Column], width: int | None) -> list[int]:
    """Return the columns' widths: each as wide as its values if there is room for all; if not, the widest give way."""
    whole = [column.width for column in columns]
    if width is None:
        return whole
    room = width - len(_GAP) * (len(columns) - 1)
    words = [column.word_width for column in columns]
    widths = [min(each, max(room, 1)) for each in whole]
    _shrink(widths, room, [each if each <= _WORD else _NARROW for each in words])
    _shrink(widths, room, [min(each, _NARROW) for each in words])
    _shrink(widths, room, [min(each, _NARROWEST) for each in words])
    return widths if sum(widths) <= room else whole


def _shrink(widths: list[int], room: int, least: Sequence[int]) -> None:
    """Make the widest columns narrower until all fit the room or have their least width."""
    while sum(widths) > room:
        wider = [position for position, each in enumerate(widths) if each > least[position]]
        if not wider:
            return
        widths[max(wider, key=widths.__getitem__)] -= 1


def _lines(cells: Sequence[Sequence[str]], columns: Sequence[_Column], widths: Sequence[int]) -> list[str]:
    """Return the lines of a row whose cells may have several."""
    lines = []
    for number in range(max(map(len, cells), default=0)):
        line = [
            _pad(cell[number] if number < len(cell) else "", width, is_right=column.is_right)
            for cell, column, width in zip(cells, columns, widths, strict=True)
        ]
        lines.append(_GAP.join(line).rstrip())
    return lines


def _pad(text: str, width: int, *, is_right: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if is_right else text + blanks
