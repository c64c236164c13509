"""The partition key of the order table, and the ids of orders: an id is the text of a key. Pure."""

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Any

from transform.column_types import STRING, Column
from transform.columns import KEY
from transform.plain_json import JSON_NUMBER, NUMBER_CHARS_MAX

KEY_BYTES_MAX = 2048
"""Amazon DynamoDB Developer Guide, "Constraints in Amazon DynamoDB": partition key values."""
# The numbers that DynamoDB has (same page, "Number"). Every other number raises an error.
_NUMBERS = Context(prec=38, Emin=-130, Emax=125, traps=[Inexact, InvalidOperation, Overflow, Subnormal])
_PLAIN_DIGITS_MAX = 38


class Keys:
    """Keys and order ids of a table with this partition key."""

    def __init__(self, key: Column = KEY) -> None:
        self.attribute, self.type = key.attribute, key.type.attribute_type or ""
        self.is_text = key.type is STRING

    def of(self, order_id: str) -> dict[str, dict[str, str]]:
        """Return the key of an order, as boto3's low-level client has it: `{"orderid": {"S": "7"}}`."""
        return {self.attribute: {self.type: order_id}}

    def text_of(self, attributes: Any) -> str:  # noqa: ANN401 - any JSON
        """Return the value of the key in an item or a change event, as it is there. Raises ValueError without one."""
        try:
            text = attributes[self.attribute][self.type]
        except (LookupError, TypeError) as error:
            raise ValueError(f"no key of the order table: {type(error).__name__}") from None
        if not isinstance(text, str) or not text:
            raise ValueError("no key of the order table: it is no text")
        return text

    def id_of(self, attributes: Any) -> str:  # noqa: ANN401
        """Return the id of the order whose item or key this is. Raises ValueError without one."""
        text = self.text_of(attributes)
        return text if self.is_text else id_of_number(text)

    def can_be(self, order_id: str) -> bool:
        """Say whether an order of the table can have this id."""
        try:
            return 0 < len(order_id.encode()) <= KEY_BYTES_MAX and (self.is_text or id_of_number(order_id) == order_id)
        except ValueError:
            return False


def id_of_number(text: str) -> str:
    """Return the one id of all texts of a number: `12` of `12.0`. Raises ValueError if no table can hold the number."""
    if text.isdigit() and text.isascii() and text[0] != "0" and len(text) <= _PLAIN_DIGITS_MAX:
        return text
    if len(text) > NUMBER_CHARS_MAX or not JSON_NUMBER.fullmatch(text):
        raise ValueError("no number of DynamoDB")
    try:
        value = _NUMBERS.plus(Decimal(text))
    except ArithmeticError:
        raise ValueError("no number of DynamoDB") from None
    return f"{value.normalize(_NUMBERS):f}"
