"""What template.yaml repeats of the columns. Pure: no AWS, environment or clock."""

import json
from collections.abc import Iterator, Sequence

from transform.column_types import Column, deletion_columns

_WIDTH = 90


def sections(columns: Sequence[Column], key: Column) -> dict[str, list[str]]:
    """Return the lines of each section of the template."""
    return {
        "table": [
            "AttributeDefinitions:",
            f"  - {{AttributeName: {_quoted(key.attribute)}, AttributeType: {key.type.attribute_type}}}",
            "KeySchema:",
            f"  - {{AttributeName: {_quoted(key.attribute)}, KeyType: HASH}}",
        ],
        "table check": [
            f"PartitionKey: {_quoted(key.attribute)}",
            f"PartitionKeyType: {key.type.attribute_type}",
        ],
        "partition key": [f"PartitionKey: {_quoted(f'$.dynamodb.Keys.{key.attribute}.{key.type.attribute_type}')}"],
        "declared table": [
            f"- {{Name: {_quoted(column.name)}, Type: {_quoted(column.type.catalog_type)}}}" for column in columns
        ],
        "view": [
            f"Key: '{_quoted(key.name)}'",
            *_folded("Columns", [_quoted(column.name) for column in columns], ", "),
        ],
        "deletions": _folded("IsOrder", _is_order(columns), " OR "),
    }


def _quoted(text: str) -> str:
    """Return a name as a string of YAML or as an identifier of SQL: it has neither quotes nor control characters.

    In SQL all names are quoted, because each version of Athena reserves other words.
    """
    return json.dumps(text, ensure_ascii=False)


def _is_order(columns: Sequence[Column]) -> list[str]:
    """Return conditions, of which one holds in each row of an order that is there."""
    return [f"{_quoted(name)} IS NOT NULL" for name in deletion_columns(columns)] or ["true"]


def _folded(name: str, parts: Sequence[str], separator: str) -> list[str]:
    """Return a member of an object in YAML. Its value is one line, and the file has it on several."""
    return [f"{name}: >-", *(f"  {line.rstrip()}" for line in _lines(parts, separator))]


def _lines(parts: Sequence[str], separator: str) -> Iterator[str]:
    line = ""
    for each in [*(f"{part}{separator}" for part in parts[:-1]), parts[-1]]:
        if line and len(line + each) > _WIDTH:
            yield line
            line = ""
        line += each
    yield line
