"""The contract once more, slow and obvious, for any columns: a row as Python values, None for no row, or a ValueError.

It shares no code with the transform but the declarations of columns.
"""

import json
from decimal import Decimal
from fractions import Fraction

from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, JSON, STRING

REFUSED = (ValueError, KeyError, TypeError, AttributeError)


class Numeral(str):
    """A number of a JSON text, as it is written."""

    __slots__ = ()


def oracle(data, columns, *, change_columns=False, other_attributes=False):
    change = json.loads(data.decode(), parse_constant=refuse, parse_int=Numeral, parse_float=Numeral)
    json.dumps(change, ensure_ascii=False).encode()  # refuses lone surrogates
    bare = "dynamodb" not in change and "NewImage" in change
    event_name = change.get("eventName", "INSERT") if bare else change["eventName"]
    if event_name not in ("INSERT", "MODIFY", "REMOVE"):
        raise ValueError
    if event_name == "REMOVE" and not change_columns:
        return None
    row = {column.name: None for column in columns}
    others = None
    if event_name == "REMOVE":
        row[columns[0].name] = value(change["dynamodb"]["Keys"], columns[0])
    else:
        image = change["NewImage"] if bare else change["dynamodb"]["NewImage"]
        row = {column.name: value(image, column) for column in columns}
        others = {name: each for name, each in image.items() if name not in {column.attribute for column in columns}}
    if change_columns:
        row |= described(change)
    if other_attributes:
        row["other_attributes"] = plain({"M": others}) if others else None
    return row


def refuse(constant):
    raise ValueError(constant)


def described(change):
    event_id, sequence_number = change["eventID"], change["dynamodb"]["SequenceNumber"]
    if not (isinstance(event_id, str) and event_id and isinstance(sequence_number, str)):
        raise ValueError
    if type(event_id) is Numeral or type(sequence_number) is Numeral:
        raise ValueError
    if not (1 <= len(sequence_number) <= 40 and set(sequence_number) <= set("0123456789")):
        raise ValueError
    return {
        "event_id": event_id,
        "event_name": change["eventName"],
        "event_time": None,
        "sequence_number": sequence_number,
    }


def value(attributes, column):  # noqa: C901 - the contract has as many cases
    attribute = attributes.get(column.attribute)
    is_null = isinstance(attribute, dict) and len(attribute) == 1 and attribute.get("NULL") is True
    if column.optional and (column.attribute not in attributes or is_null):
        return None
    if is_null:
        raise ValueError
    if column.type is JSON:
        return plain(attribute)
    ((kind, content),) = attribute.items()
    if column.type is BOOLEAN:
        if kind != "BOOL" or not isinstance(content, bool):
            raise ValueError
        return content
    if type(content) is not str or (not content and not column.optional):
        raise ValueError
    if column.type is STRING:
        if kind != "S":
            raise ValueError
        return content
    if kind != "N":
        raise ValueError
    number = decimal(content)
    if column.type is DECIMAL:
        if abs(number) >= 10**19 or (Fraction(number) * 10**9).denominator > 1:
            raise ValueError
        return number
    bits = {INT32: 31, INT64: 63}[column.type]
    if not -(2**bits) <= number < 2**bits or number % 1:
        raise ValueError
    return int(number)


def decimal(text):
    """Return a number of at most 200 characters, and at most 3 digits in its exponent, as JSON has it."""
    mantissa, _, exponent = text.lower().partition("e")
    if len(text) > 200 or len(exponent.lstrip("+-")) > 3 or type(text) is not str or text != text.strip():
        raise ValueError
    number = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=refuse)
    if not isinstance(number, Decimal) or not mantissa:
        raise ValueError
    return number


def plain(attribute):  # noqa: PLR0911 - one for each type
    """Return an attribute as plain JSON, with numbers as `Numeral`."""
    ((kind, content),) = attribute.items()
    if kind in ("S", "B") and type(content) is str:
        return content
    if kind == "N":
        decimal(content)
        return Numeral(content)
    if kind == "BOOL" and isinstance(content, bool):
        return content
    if kind == "NULL" and content is True:
        return None
    if kind == "M" and isinstance(content, dict):
        return {name: plain(each) for name, each in content.items()}
    if kind == "L" and isinstance(content, list):
        return [plain(each) for each in content]
    if kind in ("SS", "BS") and isinstance(content, list) and all(type(each) is str for each in content):
        return sorted(content)
    if kind == "NS" and isinstance(content, list):
        return [Numeral(each) for each in sorted(content, key=decimal)]
    raise ValueError


def members(line, columns):
    """Return a row that the transform wrote as the oracle returns it: JSON texts are decoded."""
    row = json.loads(line, parse_float=Decimal)
    texts = [column.name for column in columns if column.type is JSON] + ["other_attributes"]
    for name in texts:
        if row.get(name) is not None:
            row[name] = json.loads(row[name], parse_int=Numeral, parse_float=Numeral, parse_constant=refuse)
    return row
