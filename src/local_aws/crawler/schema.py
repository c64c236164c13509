"""What the Glue crawler makes of newline-delimited JSON: columns and their types.

Sources: AWS Glue Developer Guide, "AWS Glue type systems" (catalog types are Hive's); AWS re:Post, "How does the AWS
Glue crawler detect the schema?" (the first megabyte of an object decides). How unlike types within one table merge
is documented nowhere: what `merge` does keeps every value readable by the JSON SerDe.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

SAMPLE_BYTES = 1024 * 1024

# A scalar by its Hive name, a struct as its fields, an array as a list of its one element type.
Type: TypeAlias = "str | dict[str, Type] | list[Type]"

NULL = "null"
SCALARS: dict[type, str] = {type(None): NULL, str: "string", bool: "boolean", float: "double"}
INTEGER_BITS = {"int": 32, "bigint": 64}
NUMBERS = ("int", "bigint", "double")  # each holds the ones before it
GZIP_MAGIC = b"\x1f\x8b"


@dataclass
class Schema:
    """Columns of some objects, by their name as written and in the order in which they first appear.

    `size_bytes` counts the bytes of the records that parsed, `unreadable` the lines that did not.
    """

    columns: dict[str, Type] = field(default_factory=dict)
    records: int = 0
    size_bytes: int = 0
    unreadable: int = 0

    def hive_columns(self) -> list[dict[str, str]]:
        """Columns as the catalog keeps them: names in lower case, names that differ in case alone made one."""
        lower: dict[str, Type] = {}
        for name, kind in self.columns.items():
            lower[name.lower()] = merge(lower.get(name.lower(), NULL), kind)
        return [{"Name": name, "Type": hive(kind)} for name, kind in lower.items()]


def read(sample: bytes, *, whole: bool) -> Schema:
    """Read the schema off an object's beginning; a last line that the sample cuts off counts as nothing.

    `whole` says that the sample is the whole object. A line that is no JSON object is counted and left out.
    """
    limit_bytes = max(len(sample), SAMPLE_BYTES)
    text = _unpacked(sample, limit_bytes) if is_gzip(sample) else sample
    lines = text.split(b"\n")
    if not whole or (text is not sample and len(text) == limit_bytes):
        lines.pop()
    schema = Schema()
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            schema.unreadable += 1
            continue
        schema.records += 1
        schema.size_bytes += len(line) + 1
        for name, value in record.items():
            seen = schema.columns.get(name)
            kind = type_of(value)
            if seen != kind:
                schema.columns[name] = kind if seen is None else merge(seen, kind)
    return schema


def combine(schemas: Iterable[Schema]) -> Schema:
    combined = Schema()
    for schema in schemas:
        combined.records += schema.records
        combined.size_bytes += schema.size_bytes
        combined.unreadable += schema.unreadable
        for name, kind in schema.columns.items():
            combined.columns[name] = merge(combined.columns.get(name, NULL), kind)
    return combined


def type_of(value: Any) -> Type:  # noqa: ANN401 - whatever JSON holds
    """Type of one JSON value. A whole number beyond 64 bits is a double: Hive has no wider integer."""
    if type(value) in SCALARS:
        return SCALARS[type(value)]
    if isinstance(value, int):
        bits = (value if value >= 0 else ~value).bit_length() + 1
        return next((name for name, most in INTEGER_BITS.items() if bits <= most), "double")
    if isinstance(value, Mapping):
        return {name: type_of(each) for name, each in value.items()}
    element: Type = NULL
    for each in value:
        element = merge(element, type_of(each))
    return [element]


def merge(one: Type, other: Type) -> Type:
    """Type that holds both: the wider of two numbers, structs field by field, and a string where nothing else does."""
    if other in (one, NULL):
        return one
    if one == NULL:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: merge(one.get(name, NULL), other.get(name, NULL)) for name in one | other}
    if isinstance(one, list) and isinstance(other, list):
        return [merge(one[0], other[0])]
    if one in NUMBERS and other in NUMBERS:
        return max((str(one), str(other)), key=NUMBERS.index)
    return "string"


def hive(kind: Type) -> str:
    """Name of a type in the catalog. What was never anything but null, or had no field, is a string."""
    if isinstance(kind, list):
        return f"array<{hive(kind[0])}>"
    if isinstance(kind, dict) and kind:
        return f"struct<{','.join(f'{name}:{hive(each)}' for name, each in kind.items())}>"
    return "string" if kind == NULL or isinstance(kind, dict) else kind


def is_gzip(sample: bytes) -> bool:
    return sample.startswith(GZIP_MAGIC)


def _unpacked(sample: bytes, limit_bytes: int) -> bytes:
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(sample, limit_bytes)
    except zlib.error:
        return b""
