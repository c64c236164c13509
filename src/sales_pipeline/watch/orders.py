"""What the screen shows of an order: from a change event, and from a row. Pure: no AWS, environment or clock."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.printable import printable
from sales_pipeline.aws.keys import Keys
from sales_pipeline.orders.change import change_of
from sales_pipeline.terminal.times import to_ms
from transform.column_types import Column
from transform.plain_json import plain_json
from transform.values import event_time

_CHARACTERS_MAX = 80  # of one value: an order has up to 400 KB


@dataclass(frozen=True)
class Order:
    """An order, in text that a terminal may get."""

    id: str
    values: str
    """The values of its columns but the key, in their order."""
    event: str = ""
    """INSERT, MODIFY or REMOVE; empty for a row."""
    created_ms: int | None = None
    """When the table was changed, in milliseconds since 1970; None where the event does not say it."""


def of_event(data: bytes, columns: Sequence[Column]) -> Order:
    """Return what a change event says, whatever it holds."""
    change = change_of(data, Keys(columns[0]))
    event = _member(data, "eventName")
    values = [change.image.get(column.attribute) for column in columns[1:]] if change.image else []
    return Order(
        printable(change.order_id) if change.order_id else "no order id",
        ", ".join(_text(_of_attribute(value)) for value in values if value is not None),
        printable(event[:_CHARACTERS_MAX]) if isinstance(event, str) else "",
        _created_ms(_member(data, "dynamodb", "ApproximateCreationDateTime")),
    )


def of_row(line: bytes, columns: Sequence[Column]) -> Order:
    """Return what a row says. Raises ValueError for a line that is none."""
    try:
        row = json.loads(line, parse_int=str, parse_float=str)
        order_id = row[columns[0].name]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise ValueError(f"no row: {type(error).__name__}") from None
    values = [row.get(column.name) for column in columns[1:]]
    return Order(_text(order_id), ", ".join(_text(value) for value in values if value is not None))


def of_rows(body: bytes, count: int, columns: Sequence[Column]) -> list[Order]:
    """Return the last orders of a text of rows, the last first. Lines that are no rows are left out."""

    def read() -> Iterator[Order]:
        for line in body.splitlines()[-count:][::-1]:
            try:
                yield of_row(line, columns)
            except ValueError:
                continue

    return list(read())


def _member(data: bytes, *names: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _created_ms(time: Any) -> int | None:  # noqa: ANN401
    if not isinstance(time, int | float | str):
        return None
    text = json.loads(event_time(time))
    return to_ms(datetime.fromisoformat(text)) if text else None


def _of_attribute(attribute: Any) -> str:  # noqa: ANN401
    """Return the text of a string or of a number as it is there, and any other attribute as the JSON of a row."""
    match attribute:
        case {"S": str(text)} | {"N": str(text)}:
            return text
    try:
        return plain_json(attribute).decode()
    except (ValueError, RecursionError):
        return "?"


def _text(value: Any) -> str:  # noqa: ANN401
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return printable(text[:_CHARACTERS_MAX])
