"""Draws the screen in the width and the height of a terminal. Pure: no AWS, environment or clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from common.printable import visible
from sales_pipeline.terminal.times import time_of_day
from sales_pipeline.watch.model import Screen, amount
from sales_pipeline.watch.rows import Level, Phrase, Row, age

NARROW = 70
"""Below so many columns, a stage's state is left out, and its numbers follow its text."""
WIDE = 120
"""Numbers are no farther to the right than this, so that the eye finds their stage."""
ORDERS_MAX = 10
ORDERS = 5
"""Orders in each list where the height does not matter."""
_STYLES = {Level.fine: "", Level.waits: "yellow", Level.wrong: "bold red", Level.unknown: "dim"}
_MARKS = {Level.fine: "  ", Level.waits: "~ ", Level.wrong: "! ", Level.unknown: "? "}
_HEADING = "bold"
_MARK, _STAGE, _STATE, _RATE, _OLDEST = 2, 14, 11, 8, 8
_ABOVE_LIST = 2
_UUID = 36
# Where there is no room for all stages, these tell most, after those with a problem.
_FIRST = ("delivery", "lake", "stream", "transform", "errors", "dead letters", "pipe")


@dataclass(frozen=True)
class View:
    """What rich draws of a screen. Where it `fills` the terminal, it has no more lines than that."""

    screen: Screen
    fills: bool = False

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Text]:  # noqa: ANN401 - types of rich.console
        drawing = _Drawing(self.screen, console, options.max_width)
        for each in drawing.filling(options.max_height) if self.fills else drawing.all():
            each.no_wrap, each.overflow = True, "crop"
            yield each


class _Drawing:
    def __init__(self, screen: Screen, console: Any, width: int) -> None:  # noqa: ANN401
        self._screen = screen
        self._console = console
        self._width = width
        self._is_narrow = width < NARROW

    def all(self) -> list[Text]:
        return [*self._head(), *self._orders(ORDERS, ORDERS), *self._hints()]

    def filling(self, height: int) -> list[Text]:
        """Return the most that fits: all, or each stage in one line, or only the stages that tell most."""
        head, foot = self._head(), self._hints()
        room = height - len(head) - len(foot)
        if room >= 0:
            return [*head, *self._orders_in(room), *foot]
        rows = self._screen.rows
        short = [*self._title(), *self._note(), *self._stages(rows, one_line=True), *self._problems()]
        if len(short) <= height:
            return short
        title = self._title()
        stages = self._stages(_most_telling(rows, height - len(title) - 1), one_line=True)
        return [*title, *stages, *self._problems()][:height]

    def _head(self) -> list[Text]:
        note, problems = self._note(), self._problems()
        return [
            *self._title(),
            *([Text(), *note] if note else []),
            Text(),
            *self._stages(self._screen.rows),
            *([Text(), *problems] if problems else []),
        ]

    def _title(self) -> list[Text]:
        line, time = Text(visible(self._screen.title), _HEADING), time_of_day(self._screen.time_ms)
        blanks = min(self._width, WIDE) - line.cell_len - len(time)
        if blanks > 0:
            return [Text.assemble(line, " " * blanks, time)]
        return [_cut(line, self._width), Text(time)]

    def _note(self) -> list[Text]:
        return self._wrapped([self._screen.note]) if self._screen.note.text else []

    def _hints(self) -> list[Text]:
        hints = [line for hint in self._screen.hints for line in self._wrapped([Phrase(hint)])]
        return [Text(), *hints] if hints else []

    def _problems(self) -> list[Text]:
        problems = [[Phrase(f"! {stage}: ", Level.wrong), Phrase(text)] for stage, text in self._screen.problems]
        notes = [[Phrase(each, Level.waits)] for each in self._screen.notes]
        return [line for phrases in (*problems, *notes) for line in self._wrapped(phrases, "  ")]

    def _stages(self, rows: Sequence[Row], *, one_line: bool = False) -> list[Text]:
        left = _MARK + _STAGE + (0 if self._is_narrow else _STATE)
        right = 0 if self._is_narrow else _RATE + _OLDEST
        room = max(1, min(self._width, WIDE) - left - right)
        found = []
        if not self._is_narrow:
            names = f"{'':<{_MARK}}{'stage':<{_STAGE}}{'state':<{_STATE + room}}"
            found.append(Text(f"{names}{'per min':>{_RATE}}{'oldest':>{_OLDEST}}", _HEADING))
        for row in rows:
            text = self._text(row)
            lines = [text] if one_line else list(text.wrap(self._console, room)) or [text]
            for number, line in enumerate(lines):
                start = self._start(row) if number == 0 else Text(" " * left)
                whole = Text.assemble(start, _cut(line, room))
                if right and number == 0:
                    whole.pad_right(left + room - whole.cell_len)
                    whole.append(_numbers(row))
                whole.rstrip()
                found.append(whole)
        return found

    def _start(self, row: Row) -> Text:
        style = _STYLES[row.level]
        start = Text.assemble((_MARKS[row.level], style), (f"{row.stage:<{_STAGE}}", style))
        if not self._is_narrow:
            state = _cut(Text(visible(row.state), style), _STATE - 1)
            state.pad_right(_STATE - state.cell_len)
            start.append(state)
        return start

    def _text(self, row: Row) -> Text:
        phrases = list(row.phrases)
        if self._is_narrow and row.per_minute is not None:
            phrases.append(Phrase(f"{amount(row.per_minute)} per min"))
        if self._is_narrow and row.oldest_seconds is not None:
            phrases.append(Phrase(f"oldest {age(row.oldest_seconds)}"))
        is_known = row.level is not Level.unknown
        parts = [Text(visible(each.text), _STYLES[each.level if is_known else row.level]) for each in phrases]
        return Text("; ").join(parts)

    def _orders_in(self, room: int) -> list[Text]:
        """Return the lists of orders that fit, each with a blank line and a heading above it."""
        changes, rows = len(self._screen.changes[:ORDERS_MAX]), len(self._screen.lake_rows[:ORDERS_MAX])
        if changes and room < 2 * (_ABOVE_LIST + 1):  # no room for both
            rows = 0
        room = max(0, room - _ABOVE_LIST * (bool(changes) + bool(rows)))
        first = min(changes, max(room // 2, room - rows))
        return self._orders(first, min(rows, room - first))

    def _orders(self, changes: int, rows: int) -> list[Text]:
        screen, found = self._screen, list[Text]()
        if screen.changes and changes > 0:
            shown = screen.changes[:changes]
            ids = _same_width([each.order.id for each in shown])
            texts = [
                f"  {age(each.age_seconds):>6}  {order_id}  {each.order.event:<6}  {each.order.values}"
                for order_id, each in zip(ids, shown, strict=True)
            ]
            found += self._list("newest changes in the Kinesis stream", texts)
        if screen.lake_rows and rows > 0:
            written = "" if screen.lake_age_seconds is None else f": {age(screen.lake_age_seconds)} ago"
            orders = screen.lake_rows[:rows]
            ids = _same_width([each.id for each in orders])
            texts = [f"  {order_id}  {each.values}" for order_id, each in zip(ids, orders, strict=True)]
            found += self._list(f"newest rows in the lake{written}", texts)
        return found

    def _list(self, heading: str, texts: Sequence[str]) -> list[Text]:
        return [
            Text(),
            _cut(Text(heading, _HEADING), self._width),
            *(_cut(Text(visible(each).rstrip()), self._width) for each in texts),
        ]

    def _wrapped(self, phrases: Sequence[Phrase], indent: str = "") -> list[Text]:
        text = Text.assemble(*((visible(each.text), _STYLES[each.level]) for each in phrases))
        lines = text.wrap(self._console, max(1, self._width - len(indent)))
        for line in lines:
            line.rstrip()
        return [Text.assemble(indent if number else "", line) for number, line in enumerate(lines)]


def _most_telling(rows: Sequence[Row], count: int) -> list[Row]:
    """Return so many rows, in their order: those with a problem first."""
    ranked = sorted(
        rows,
        key=lambda each: (
            each.level is Level.fine,
            _FIRST.index(each.stage) if each.stage in _FIRST else len(_FIRST),
        ),
    )
    taken = {each.stage for each in ranked[: max(0, count)]}
    return [each for each in rows if each.stage in taken]


def _cut(line: Text, width: int) -> Text:
    line.truncate(max(1, width), overflow="ellipsis")
    return line


def _numbers(row: Row) -> str:
    rate = "" if row.per_minute is None else amount(row.per_minute)
    oldest = "" if row.oldest_seconds is None else age(row.oldest_seconds)
    return f"{rate:>{_RATE}}{oldest:>{_OLDEST}}"


def _same_width(ids: Sequence[str]) -> list[str]:
    """Return order ids in a column; longer ones than a UUID stand out of it."""
    width = min(_UUID, max(map(cell_len, ids)))
    return [each + " " * (width - cell_len(each)) for each in ids]
