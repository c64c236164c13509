"""What docs/contract.md repeats of the columns. Pure: no AWS, environment or clock."""

import re
from collections.abc import Sequence

from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, JSON, STRING, Column

_IN_DYNAMODB = {"S": "`S` (string)", "N": "`N` (number)", "BOOL": "`BOOL` (boolean)", None: "any"}
_IN_JSON = {
    STRING: "string",
    INT32: "integer",
    INT64: "integer",
    DECIMAL: "number with a fraction or an exponent",
    BOOLEAN: "boolean",
    JSON: "string that holds JSON",
}
_HEADS = ("Field", "Attribute", "Type", "Type in DynamoDB", "Type in JSON", "Type in `orders`", "An order may lack it")


def sections(columns: Sequence[Column], _key: Column) -> dict[str, list[str]]:
    """Return the lines of each section of the page."""
    rows = [
        (
            _code(column.name),
            _code(column.attribute),
            f"`{column.type.name}`",
            _IN_DYNAMODB[column.type.attribute_type],
            _IN_JSON[column.type],
            f"`{column.type.catalog_type}`",
            "yes" if column.optional else "no",
        )
        for column in columns
    ]
    # Without an empty line, the mark would be a part of the table.
    lines = [_line(_HEADS), "|---" * len(_HEADS) + "|", *map(_line, rows)]
    return {"fields": ["", *lines, ""]}


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """Return a text as code in a cell of a table."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    space = " " if longest else ""
    fence = "`" * (longest + 1)
    return f"{fence}{space}{text}{space}{fence}".replace("|", r"\|")
