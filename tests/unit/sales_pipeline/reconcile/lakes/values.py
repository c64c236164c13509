"""Columns of a lake's table: what a value of each type is in DynamoDB, in a row and in SQL.

Shares no code with the product. Source: docs/contract.md.
"""

import base64
import json
from dataclasses import dataclass
from decimal import Context, Decimal

EXACT = Context(prec=200)
NO_VALUE = "a value of another type"  # no row has it
NULL = {"NULL": True}
CHANGE_COLUMNS = ("event_id", "event_name", "event_time", "sequence_number")
OTHERS = "other_attributes"
CATALOG_TYPES = {
    "STRING": "string",
    "INT32": "int",
    "INT64": "bigint",
    "DECIMAL": "decimal(28,9)",
    "BOOLEAN": "boolean",
    "JSON": "string",
}
ATTRIBUTE_TYPES = {"STRING": "S", "INT32": "N", "INT64": "N", "DECIMAL": "N", "BOOLEAN": "BOOL"}


class NoRowError(ValueError):
    """The line is no row by the contract."""


def require(holds):
    if not holds:
        raise NoRowError


@dataclass(frozen=True)
class Column:
    """A column, the attribute that it takes, and its type by the contract's names."""

    attribute: str
    name: str
    type: str
    optional: bool = False

    def in_row(self, item):
        """What the transform writes of an item."""
        attribute = item.get(self.attribute, NULL)
        if attribute == NULL:
            return "null"
        if self.type == "JSON":
            return json.dumps(json_text(attribute), ensure_ascii=False)
        value = attribute[ATTRIBUTE_TYPES[self.type]]
        if self.type in {"STRING", "BOOLEAN"}:
            return json.dumps(value, ensure_ascii=False)
        return value if "." in value or self.type != "DECIMAL" else f"{value}.0"

    def of_row(self, value):
        """What SQL has of a value in JSON, whose numbers are `Number`. Raises NoRowError for another type."""
        if value is None:
            return None
        if self.type == "BOOLEAN":
            require(type(value) is bool)
            return value
        if self.type in {"STRING", "JSON"}:
            # Hive's and Trino's SerDe show a number or a boolean in a column of text as it is written.
            text = json.dumps(value) if type(value) is bool else value
            require(isinstance(text, str) and text.encode() is not None)
            return str(text) if self.type == "STRING" else _of_any_text(str(text))
        require(isinstance(value, Number))
        number = Decimal(value)
        if self.type == "DECIMAL":
            # Athena rounds a number that the column can't hold, shows NULL or fails.
            require(-(10**19) < number < 10**19 and number == EXACT.quantize(number, Decimal("1E-9")))
            # As text of a number without an exponent: DuckDB would make a float of a Decimal with many digits.
            return f"{number:f}"
        bits = int(self.type.removeprefix("INT"))
        require(set(value) <= set("-0123456789") and -(2 ** (bits - 1)) <= number < 2 ** (bits - 1))
        return int(value)

    def of_item(self, item):
        """What SQL has to show of an item."""
        attribute = item.get(self.attribute, NULL)
        if attribute == NULL:
            return None
        if self.type == "JSON":
            return comparable(plain(attribute))
        value = attribute.get(ATTRIBUTE_TYPES[self.type])
        if value is None:
            return NO_VALUE
        return Decimal(value) if ATTRIBUTE_TYPES[self.type] == "N" else value


class Number(str):
    """A number of JSON, as it was written."""

    __slots__ = ()


def is_text(value):
    if type(value) is not str:
        return False
    value.encode()  # raises an error for half a surrogate pair
    return True


def parse(text):
    """The value of JSON. No name is there twice."""
    return json.loads(
        text,
        object_pairs_hook=unique,
        parse_float=Number,
        parse_int=Number,
        parse_constant=lambda _: require(holds=False),
    )


def unique(pairs):
    require(len(dict(pairs)) == len(pairs))
    return dict(pairs)


def of_json_text(text):
    """What compares of a JSON text: members in any order, numbers by value."""
    return comparable(_with_decimals(parse(text)))


def _of_any_text(text):
    """The same of a text that may be no JSON: then no order has it."""
    try:
        return of_json_text(text)
    except (ValueError, ArithmeticError, RecursionError):
        return f"no JSON: {text}"


def _with_decimals(value):
    match value:
        case Number():
            return Decimal(value)
        case dict():
            return {name: _with_decimals(each) for name, each in value.items()}
        case list():
            return [_with_decimals(each) for each in value]
    return value


def comparable(value):
    """One text for each value of JSON."""
    match value:
        case dict():
            return "{" + ",".join(f"{name!r}:{comparable(value[name])}" for name in sorted(value)) + "}"
        case list():
            return "[" + ",".join(map(comparable, value)) + "]"
        case Decimal():
            return str(EXACT.normalize(value) if value else 0)
    return repr(value)


def plain(attribute):  # noqa: PLR0911
    """The JSON that an attribute stands for."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return Decimal(value)
        case "B":
            return base64.b64encode(value).decode() if isinstance(value, bytes) else value
        case "NS":
            return sorted(map(Decimal, value))
        case "SS" | "BS":
            return sorted(plain({kind[0]: each}) for each in value)
        case "L":
            return [plain(each) for each in value]
        case "M":
            return {name: plain(each) for name, each in value.items()}
        case "NULL":
            return None
    return value


def json_text(attribute):
    """JSON text of an attribute as the transform writes it."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return value
        case "NS":
            return "[" + ",".join(sorted(value, key=Decimal)) + "]"
        case "L":
            return "[" + ",".join(map(json_text, value)) + "]"
        case "M":
            members = (f"{json.dumps(name, ensure_ascii=False)}:{json_text(each)}" for name, each in value.items())
            return "{" + ",".join(members) + "}"
    return json.dumps(plain(attribute), ensure_ascii=False, separators=(",", ":"))
