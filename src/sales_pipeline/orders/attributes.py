"""Attribute values in one form: equal where they mean the same. Pure: no AWS, environment or clock."""

import base64
import json
from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from functools import lru_cache
from typing import Any

import msgspec

# Raises an error instead of rounding: a price that differs in any digit is another price.
_EXACT = Context(prec=1000, Emin=-99_999, Emax=99_999, traps=[Inexact, InvalidOperation, Overflow, Subnormal])


def normal(attribute: Mapping[str, Any]) -> tuple[str, Any]:
    """Return an attribute's type and its value in the one form of all values that mean the same.

    Numbers count by value, sets without order, and binary values are base64, as in a change event. `attribute` is as
    boto3's low-level client or a change event has it: `{"N": "349.00"}`. Raises ValueError where it is neither.
    """
    try:
        return _normal(attribute)
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, RecursionError) as error:
        raise ValueError(f"no attribute value: {type(error).__name__}") from None


def _normal(attribute: Mapping[str, Any]) -> tuple[str, Any]:
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            value = number(value)
        case "B":
            value = _text(value)
        case "NS":
            value = sorted(number(each) for each in value)
        case "SS" | "BS":
            value = sorted(_text(each) for each in value)
        case "L":
            value = [_normal(each) for each in value]
        case "M":
            value = sorted((name, _normal(each)) for name, each in value.items())
    return kind, value


def json_of_attribute(attribute: Mapping[str, Any]) -> str:
    """Return `json_of_text` of the plain JSON that the transform makes of an attribute. Raises ValueError.

    `attribute` is as `normal` takes it. Sets are arrays, in the order that the transform gives them.
    """
    try:
        return _sorted_json(_plain(attribute))
    except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError, RecursionError) as error:
        raise ValueError(f"no attribute value: {type(error).__name__}") from None


def _plain(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            value = _json_number(value)
        case "B":
            value = _text(value)
        case "NULL":
            value = None
        case "NS":
            value = [_json_number(each) for each in sorted(value, key=Decimal)]
        case "SS" | "BS":
            value = sorted(_text(each) for each in value)
        case "L":
            value = [_plain(each) for each in value]
        case "M":
            value = {name: _plain(each) for name, each in value.items()}
        case "S" | "BOOL":
            pass
        case _:
            raise TypeError
    return value


def json_of_text(text: str) -> str:
    """Return one JSON text for all that mean the same: the order of members and the form of numbers do not count.

    Raises ValueError, ArithmeticError or RecursionError for a text that is no JSON, or has an object with a name twice.
    """
    return _sorted_json(_decode(text))


def _sorted_json(value: object) -> str:
    return _encode(value).decode()


def _text(value: str | bytes) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


# Prices and quantities recur.
@lru_cache(maxsize=65_536)
def number(text: str) -> str:
    """Return one text for all that mean the same number. Raises ArithmeticError for a text that is no number.

    DynamoDB makes 349 of 349.00, and the transform makes 349.0 of it.
    """
    value = Decimal(text)
    return str(_EXACT.normalize(value)) if value else "0"


@lru_cache(maxsize=65_536)
def _json_number(text: str) -> msgspec.Raw:
    return msgspec.Raw(number(text).encode())


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a name is there twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_json_number, parse_float=_json_number, parse_constant=_refuse
).decode
