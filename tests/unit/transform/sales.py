"""The columns of a mock order, and writers of rows with them, whatever columns transform/columns.py has."""

from transform.column_types import DECIMAL, INT32, STRING, Column
from transform.record import RowWriter

COLUMNS = (
    Column("orderid", STRING),
    Column("product_name", STRING),
    Column("quantity", INT32),
    Column("price", DECIMAL),
)

to_row = RowWriter(COLUMNS).row
to_row_with_change = RowWriter(COLUMNS, change_columns=True).row
