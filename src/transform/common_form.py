"""The common form of change events: decodes them, and makes rows of their values, column by column. Pure.

Most events have this form. `complete.py` takes all others, and finds the reason of each that is refused.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Literal, TypeAlias, cast

import msgspec
from msgspec import UNSET, UnsetType

from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, JSON, SCALE, STRING, Column, ColumnType
from transform.complete import json_value
from transform.values import ENCODERS, NULL, RecordError, text

Images: TypeAlias = Sequence[Any]
"""The attributes of orders, as the decoder makes them."""


def row_maker(columns: Sequence[Column]) -> Callable[[Images, Iterable[str]], list[bytes]]:
    """Return a function from images, and the end of each row, to rows. An end has all that comes after the columns.

    The function raises RecordError if a value is refused, and UnicodeError for a text that UTF-8 can't hold.
    """
    texts = [_column_texts(position, column) for position, column in enumerate(columns)]
    between, quote = {}, ""
    for position, column in enumerate(columns):
        before = f"{quote}," if position else "{"
        quote = '"' if _has_texts(column) else ""
        between[f"before{position}"] = f"{before}{text(column.name).decode()}:{quote}"
    names = [f"text{position}" for position in range(len(columns))]
    row = "".join(f"{{before{position}}}{{{name}}}" for position, name in enumerate(names)) + "{quote}{end}"
    # No text of a column gets into what is compiled. Python makes such a text faster than any other, and bytes of it.
    rows = eval(  # noqa: S307
        f"lambda texts, ends: [f'{row}'.encode() for {', '.join(names)}, end in zip(*texts, ends)]",
        {**between, "quote": quote},
    )
    return lambda images, ends: cast("list[bytes]", rows([of_column(images) for of_column in texts], ends))


def _has_texts(column: Column) -> bool:
    return column.type is STRING and not column.optional


def _column_texts(position: int, column: Column) -> Callable[[Images], list[str]]:
    """Return a function from images to the JSON of this column in each; for texts, without the quotes around them."""
    # The fields are named c0, c1, …. operator.attrgetter would make each record a twentieth slower.
    field = f"image.c{position}"
    if column.optional or column.type is JSON:
        attributes: Callable[[Images], list[Any]] = eval(f"lambda images: [{field} for image in images]")  # noqa: S307
        encode = _optional_encoder(column)
        return lambda images: [encode(attribute).decode() for attribute in attributes(images)]
    values: Callable[[Images], list[Any]] = eval(f"lambda images: [{field}.value for image in images]")  # noqa: S307
    if column.type is STRING:
        return lambda images: _escaped(values(images))
    if column.type in _COMMON_NUMBERS:
        encode_numbers = _numbers_encoder(column.type)
        return lambda images: encode_numbers(values(images))
    encode = ENCODERS[column.type]
    return lambda images: [encode(value).decode() for value in values(images)]


def _escaped(values: list[str]) -> list[str]:
    """Return the JSON of texts, without its quotes. Most need no escape. An escape is longer than its character."""
    if len(_encode_lines(values).decode()) == len("".join(values)) + len('""\n') * len(values):
        return values
    return [text(value).decode()[1:-1] for value in values]


_encode_lines = msgspec.json.Encoder().encode_lines

# Numbers that are written as they are, or with ".0" behind them. Each ends with a line break here, so that one match
# checks them all. A possessive repeat (++) keeps no way back, which takes a third less time.
_COMMON_NUMBERS = {
    INT32: re.compile(r"(?:(?:-?[1-9][0-9]{0,8}+|0)\n)++"),
    INT64: re.compile(r"(?:(?:-?[1-9][0-9]{0,17}+|0)\n)++"),
    DECIMAL: re.compile(rf"(?:(?:-?[1-9][0-9]{{0,17}}+|0)\.[0-9]{{1,{SCALE}}}+\n)++"),
}


def _numbers_encoder(type_: ColumnType) -> Callable[[list[str]], list[str]]:
    are_common, encode = _COMMON_NUMBERS[type_].fullmatch, ENCODERS[type_]
    is_decimal = type_ is DECIMAL

    def encode_numbers(numbers: list[str]) -> list[str]:
        found = [n if "." in n else n + ".0" for n in numbers] if is_decimal else numbers
        lines = "\n".join(found) + "\n"
        if are_common(lines) and lines.count("\n") == len(found):  # a number with a line break in it is none
            return found
        return [encode(number).decode() for number in numbers]

    return encode_numbers


def _optional_encoder(column: Column) -> Callable[[Any], bytes]:
    if column.type is JSON:
        return lambda attribute: json_value(attribute, column)
    encode = ENCODERS[column.type]

    def encode_optional(attribute: Any) -> bytes:  # noqa: ANN401
        if attribute is UNSET:
            return NULL
        value, null = attribute.value, attribute.null
        if null is UNSET and value is not UNSET:
            return encode(value)
        if null is True and value is UNSET:
            return NULL
        raise RecordError  # two types, or none

    return encode_optional


# A change is decoded straight to the values that the row needs. Columns have positions here instead of names, because a
# name need not be an identifier of Python.
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Decode: TypeAlias = Callable[[bytes | str], Any]


def change_decoder(columns: Sequence[Column], *, change_columns: bool) -> _Decode:
    """Return a decoder of the most common form of changes. It raises MsgspecError for all others."""
    try:
        image, key = _image_type(columns), _image_type(columns[:1])
    except ValueError:  # msgspec takes no name with a double quote, a backslash or a control character
        return _refuse
    stream_record: list[Any] = [("NewImage", image | None, None)]
    change: list[Any] = [("eventName", Literal["INSERT", "MODIFY", "REMOVE"])]
    if change_columns:
        time = ("ApproximateCreationDateTime", int | float | str | None, None)
        stream_record = [("SequenceNumber", str), *stream_record, ("Keys", key | None, None), time]
        change += [("eventID", _Text)]
    change += [("dynamodb", msgspec.defstruct("StreamRecord", stream_record, gc=False))]
    return msgspec.json.Decoder(msgspec.defstruct("Change", change, gc=False)).decode


def _refuse(_event: bytes | str) -> Any:  # noqa: ANN401
    """Leave every event to the complete way."""
    raise msgspec.ValidationError


def _image_type(columns: Sequence[Column]) -> Any:  # noqa: ANN401 - a type of msgspec
    return msgspec.defstruct(
        "Image",
        [(f"c{position}", *_value_type(column)) for position, column in enumerate(columns)],
        rename={f"c{position}": column.attribute for position, column in enumerate(columns)},
        kw_only=True,  # an optional column may come before a required one
        gc=False,
    )


def _value_type(column: Column) -> tuple[Any, ...]:
    """Return the type of msgspec for a column's attribute, and its default if an order may lack it."""
    name = column.type.attribute_type
    if name is None:
        return (msgspec.Raw, msgspec.Raw()) if column.optional else (msgspec.Raw,)
    value: Any = bool if column.type is BOOLEAN else _Text if column.type is STRING and not column.optional else str
    if not column.optional:
        return (_attribute_type([("value", value)], {"value": name}),)
    # What is missing is UNSET here, because null is no attribute, and no value of one.
    fields = [("value", value | UnsetType, UNSET), ("null", bool | UnsetType, UNSET)]
    return (_attribute_type(fields, {"value": name, "null": "NULL"}) | UnsetType, UNSET)


def _attribute_type(fields: list[Any], rename: dict[str, str]) -> Any:  # noqa: ANN401
    return msgspec.defstruct("Attribute", fields, rename=rename, gc=False, forbid_unknown_fields=True)
