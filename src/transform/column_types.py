"""Columns of a row, the types that they can have, and what no declaration may say. Pure: no AWS, environment or clock.

It has no dependencies, so that every function can have it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

PRECISION, SCALE = 28, 9
"""What `decimal(28,9)` holds, the tables' type of a decimal number: 28 digits, 9 of them behind the point.

A whole number in 32 bits times such a number is decimal(38,9), the most that Athena has, so no revenue overflows.
"""


class ColumnType(NamedTuple):
    """A type of a column.

    `attribute_type` is DynamoDB's name for the type that the attribute must have; None takes any. `catalog_type` is
    Glue's name for the column's type.
    """

    name: str
    attribute_type: str | None
    catalog_type: str


STRING = ColumnType("STRING", "S", "string")
INT32 = ColumnType("INT32", "N", "int")
INT64 = ColumnType("INT64", "N", "bigint")
DECIMAL = ColumnType("DECIMAL", "N", f"decimal({PRECISION},{SCALE})")
BOOLEAN = ColumnType("BOOLEAN", "BOOL", "boolean")
JSON = ColumnType("JSON", None, "string")
"""JSON text of any attribute, nested or not, with plain names and exact numbers instead of DynamoDB's types."""

_TYPES = (STRING, INT32, INT64, DECIMAL, BOOLEAN, JSON)


class Column:
    """A column of the row, and the attribute of the order that it comes from.

    `name` is the column's name in the row and in the tables. Without one it is the attribute's, in lower case. An order
    may lack the attribute of an `optional` column: the column is null then.
    """

    __slots__ = ("attribute", "name", "optional", "type")

    def __init__(self, attribute: str, type_: ColumnType, *, optional: bool = False, name: str | None = None) -> None:
        self.attribute = attribute
        self.type = type_
        self.optional = optional
        self.name = attribute.lower() if name is None else name

    def __repr__(self) -> str:
        """Return the declaration."""
        more = ", optional=True" if self.optional else ""
        more += "" if self.name == self.attribute.lower() else f", name={self.name!r}"
        return f"Column({self.attribute!r}, {getattr(self.type, 'name', repr(self.type))}{more})"


CHANGE_COLUMNS = ("event_id", "event_name", "event_time", "sequence_number")
"""If the stack asks for them, each row has these columns after those of the order. They describe the change."""

OTHER_ATTRIBUTES = "other_attributes"
"""If the stack asks for it, each row ends with this column: JSON text of the attributes that no other column takes."""


def deletion_columns(columns: Sequence[Column]) -> list[str]:
    """Return the names of columns that are null together only in a row that says that its order was deleted.

    They are the required columns but the key, and all that tells deletions where there are no change columns: the view
    sales_current hides a row in which all of them are null. The list is empty if an order may lack everything but its
    key. Then such a row can be an order, and the view hides none.
    """
    return [column.name for column in columns[1:] if not column.optional]


_RESERVED = frozenset(("dt", *CHANGE_COLUMNS, OTHER_ATTRIBUTES))
_NAME_BYTES_MAX = 255  # Amazon Athena User Guide, "Name databases, tables, and columns"
# Hive separates the names of columns by commas and colons. Other signs have a meaning in SQL or in the template.
_NAME = re.compile(r"[\w-](?:[\w -]*[\w-])?")
_INTERNAL_NAME = re.compile(r"_col[0-9]+")  # Hive's JSON SerDe takes it for the name of a position
# Amazon EventBridge Pipes API Reference, "PipeTargetKinesisStreamParameters": a path has up to 256 characters, 18 of
# them around the attribute's name.
_KEY_CHARS_MAX = 238
_KEY_ATTRIBUTE = re.compile(r"[A-Za-z0-9_/-]+")


def faults(columns: Sequence[Column], key: Column) -> list[str]:
    """Say in one line each why these columns cannot work, and what to write instead. `key` must be the first."""
    if not isinstance(columns, Sequence):
        return ["COLUMNS: a tuple of columns was expected. Write (KEY,) if there is only the key."]
    if not columns or columns[0] is not key:
        return ["COLUMNS: the first column must be KEY."]
    others = [each for each in columns if not isinstance(each, Column)]
    if others:
        return [f'COLUMNS: {each!r} is not a column. Write Column("…", TYPE).' for each in others]
    no_texts = [column for column in columns if not isinstance(column.name, str)]
    if no_texts:
        return [f"{column!r}: names are texts, in quotes." for column in no_texts]
    found = [f"{column!r}: {fault}." for column in columns for fault in (*_faults(column), *_key_faults(column, key))]
    attributes = Counter(column.attribute for column in columns)
    names = Counter(column.name.lower() for column in columns)
    found += [
        f"COLUMNS: {count} columns have the attribute {each!r}." for each, count in attributes.items() if count > 1
    ]
    found += [
        f'COLUMNS: {count} columns have the name {each!r}, and Athena ignores case. Give one another name: name="…".'
        for each, count in names.items()
        if count > 1
    ]
    return found


def _faults(column: Column) -> list[str]:
    name, found = column.name, []
    if column.type not in _TYPES:
        found.append("the type is one of STRING, INT32, INT64, DECIMAL, BOOLEAN and JSON, without quotes")
    if not column.attribute or not column.attribute.isprintable():
        found.append("the attribute's name is empty, or has characters that cannot be printed")
    if name.lower() in _RESERVED or _INTERNAL_NAME.fullmatch(name.lower()):
        found.append(f'the tables have a {name} of their own, so give the column another name: name="…"')
    elif not _NAME.fullmatch(name) or len(name.encode()) > _NAME_BYTES_MAX:
        found.append(
            f"a name in a table has up to {_NAME_BYTES_MAX} bytes: letters, digits, underscores, hyphens, and spaces "
            'inside it. Give the column one: name="…"'
        )
    elif name != name.lower():
        found.append(f"Athena has no capital letters in names, so write name={name.lower()!r}")
    return found


def _key_faults(column: Column, key: Column) -> list[str]:
    if column is not key:
        return []
    found = []
    if column.optional:
        found.append("every order has its key, so it is not optional")
    if column.type in (BOOLEAN, JSON):
        found.append("a key is a STRING, or a number: INT32, INT64 or DECIMAL")
    if not _KEY_ATTRIBUTE.fullmatch(column.attribute) or len(column.attribute) > _KEY_CHARS_MAX:
        found.append(
            f"a pipe can read a key only if its name has up to {_KEY_CHARS_MAX} characters, all of them letters from A "
            "to Z, digits, _, - or /"
        )
    return found
