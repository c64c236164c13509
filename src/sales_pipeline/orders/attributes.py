"""Attribute values in one form: equal where they mean the same. Pure: no AWS, environment or clock."""

import base64
from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from functools import lru_cache
from typing import Any

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
