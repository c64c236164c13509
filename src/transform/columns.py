"""The columns of a sales row: the one place to edit for another column. Pure: no AWS, no environment, no clock."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from transform.values import decimal_number, text, whole_number


class Column(NamedTuple):
    """A column of the row. Its value comes from the attribute of the same name.

    `name` is any name that DynamoDB allows for an attribute, but none of CHANGE_COLUMNS. `type` is DynamoDB's name for
    the type that the attribute must have: S is a string, N is a number. `encode` makes JSON of the attribute's text,
    or raises RecordError.
    """

    name: str
    type: Literal["S", "N"]
    encode: Callable[[str], bytes]


ORDER_ID = "orderid"
"""The table's partition key. A removal says nothing else about its order, so its row has null in all other columns."""

# The row has its columns in this order. Each needs a line in the table `orders` of template.yaml too.
COLUMNS = (
    Column(ORDER_ID, "S", text),
    Column("product_name", "S", text),
    Column("quantity", "N", whole_number),
    Column("price", "N", decimal_number),
)

# If the stack asks for them, each row ends with these columns, which describe the change. They stay last: a table can
# then gain them later.
CHANGE_COLUMNS = ("event_id", "event_name", "event_time", "sequence_number")
