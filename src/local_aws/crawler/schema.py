"""The columns that the Glue crawler sees in newline-delimited JSON, and their types.

Sources: AWS Glue Developer Guide, "AWS Glue type systems" (catalog types are Hive's); AWS re:Post, "How does the AWS
Glue crawler detect the schema?" (the first megabyte of an object decides). AWS does not document how two types of one
column merge: `merge` takes a type that holds the values of both.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

SAMPLE_BYTES = 1024 * 1024

NULL = "null"
INTEGER_BITS = {"int": 32, "bigint": 64}
NUMBERS = ("int", "bigint", "double")  # each holds the ones before it
SCALARS: dict[type, str] = {type(None): NULL, str: "string", bool: "boolean", float: "double"}


@dataclass
class Schema:
    """Columns of some objects and their types, in the order in which they first appear.

    `size_bytes` counts the bytes of the rows, `unreadable` the lines that are no rows.
    """

    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    size_bytes: int = 0
    unreadable: int = 0

    def add(self, column: str, kind: str) -> None:
        """Add a value of this type. The catalog writes names in lower case."""
        name = column.lower()
        self.columns[name] = merge(self.columns.get(name, NULL), kind)

    def hive_columns(self) -> list[dict[str, str]]:
        """Return the columns as the catalog keeps them. A column that was always null is a string."""
        return [{"Name": name, "Type": "string" if kind == NULL else kind} for name, kind in self.columns.items()]


def read(sample: bytes, *, whole: bool) -> Schema:
    """Return the schema of an object's beginning. `whole` says that the sample is the whole object.

    A row is a JSON object of texts, numbers, booleans and nulls. Other lines are counted and left out. If the sample
    cuts off the last line, that line is left out too.
    """
    lines = sample.split(b"\n")
    if not whole:
        lines.pop()
    schema = Schema()
    for line in filter(bytes.strip, lines):
        row = _row(line)
        if row is None:
            schema.unreadable += 1
            continue
        schema.rows += 1
        schema.size_bytes += len(line) + 1
        for name, value in row.items():
            schema.add(name, type_of(value))
    return schema


def _row(line: bytes) -> dict[str, object] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_row = isinstance(row, dict) and not any(isinstance(each, dict | list) for each in row.values())
    return row if is_row else None


def combine(schemas: Iterable[Schema]) -> Schema:
    """Return the schema of several objects together."""
    combined = Schema()
    for schema in schemas:
        combined.rows += schema.rows
        combined.size_bytes += schema.size_bytes
        combined.unreadable += schema.unreadable
        for name, kind in schema.columns.items():
            combined.add(name, kind)
    return combined


def type_of(value: object) -> str:
    """Return the type of a text, number, boolean or null. A whole number beyond 64 bits is a double, as in Hive."""
    if isinstance(value, int) and not isinstance(value, bool):
        bits = (value if value >= 0 else ~value).bit_length() + 1
        return next((name for name, most in INTEGER_BITS.items() if bits <= most), "double")
    return SCALARS[type(value)]


def merge(one: str, other: str) -> str:
    """Return a type that holds both: the wider of two numbers, and a string for all that are unlike."""
    if other in (one, NULL):
        return one
    if one == NULL:
        return other
    if one in NUMBERS and other in NUMBERS:
        return max(one, other, key=NUMBERS.index)
    return "string"
