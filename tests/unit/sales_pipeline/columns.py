"""Columns of tests, so that they do not change with those of the pipeline."""

from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, JSON, STRING, Column

FOUR = (Column("orderid", STRING), Column("product_name", STRING), Column("quantity", INT32), Column("price", DECIMAL))
EVERY_TYPE = (
    Column("orderNo", INT64, name="order_no"),
    Column("image", STRING, optional=True),
    Column("class", BOOLEAN),
    Column("gift-wrap", JSON, optional=True),
    Column("order id", INT32, optional=True),
    Column("Total", DECIMAL, name="price"),
    Column("views", INT64, optional=True),
    Column("paid", BOOLEAN, optional=True),
    Column("shipping", JSON),
)
"""A key of type N, each type, required and optional ones, names that need quotes or differ from the attribute's."""
