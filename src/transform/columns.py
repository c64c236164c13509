"""The columns of a sales row: the one place to edit for other columns. After a change, run `make columns`.

Pure: no AWS, environment or clock.
"""

from transform.column_types import DECIMAL, INT32, STRING, Column

KEY = Column("orderid", STRING)
"""The partition key of the table of orders. A removal says nothing else about its order."""

# Each column names an attribute of the order, and its type: STRING, INT32, INT64, DECIMAL, BOOLEAN or JSON. Examples:
#     Column("discount", DECIMAL, optional=True)  - an order may lack it; the row has null then
#     Column("customerId", STRING, name="customer_id")  - has another name in the tables
#     Column("shipping", JSON, optional=True)  - any attribute, as a text for json_extract
COLUMNS = (
    KEY,
    Column("product_name", STRING),
    Column("quantity", INT32),
    Column("price", DECIMAL),
)
