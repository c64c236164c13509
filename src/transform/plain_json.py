"""Attributes of DynamoDB to plain JSON, without the names of their types. Pure: no AWS, environment or clock."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

# `DynamoDB` writes a number as JSON has it.
JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
NUMBER_CHARS_MAX = 200  # a number of DynamoDB has up to 171: "-0.", 130 zeros and 38 digits

_encode = msgspec.json.Encoder().encode


def plain_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return an attribute value such as `{"M": {"city": {"S": "Bonn"}}}` as plain JSON: `{"city":"Bonn"}`.

    Numbers keep the text that DynamoDB gave them. Binary values are base64, as in the event. Sets become arrays in
    order, because DynamoDB returns them in any. Raises ValueError for what is no attribute value.
    """
    try:
        return _encode(_plain(value))
    except (AttributeError, TypeError, ArithmeticError) as error:
        raise ValueError(f"no attribute value: {type(error).__name__}") from None


def plain_object(attributes: Mapping[str, Any]) -> bytes:
    """Return attributes by name as a plain JSON object. Raises as `plain_json`."""
    return plain_json({"M": attributes})


def _plain(attribute: Any) -> Any:  # noqa: ANN401, PLR0911 - one for each type
    ((kind, value),) = attribute.items()
    match kind, value:
        case ("S" | "B", str()) | ("BOOL", bool()):
            return value
        case "N", str():
            return _number(value)
        case "NULL", True:
            return None
        case "M", dict():
            return {name: _plain(each) for name, each in value.items()}
        case "L", list():
            return [_plain(each) for each in value]
        case "NS", list():
            return [_number(each) for each in sorted(value, key=Decimal)]
        case (("SS" | "BS"), list()):
            return sorted(map(_text, value))
    raise TypeError


def _number(text: str) -> msgspec.Raw:
    if len(text) > NUMBER_CHARS_MAX or not JSON_NUMBER.fullmatch(text):
        raise TypeError
    return msgspec.Raw(text.encode())


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
