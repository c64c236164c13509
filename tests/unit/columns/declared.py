"""Columns that the tests declare in place of those of src/transform/columns.py."""

from columns.files import SECTIONS, rewritten
from tests import ROOT
from transform.column_types import BOOLEAN, DECIMAL, INT32, INT64, JSON, STRING, Column

TEXTS = {path: (ROOT / path).read_text() for path in SECTIONS}

ORDER = Column("order-no", INT64, name="order_no")
EVERY_TYPE = (
    ORDER,
    Column("product", STRING),
    Column("image", STRING, optional=True),
    Column("class", INT32, optional=True),
    Column("gift-wrap", BOOLEAN, optional=True),
    Column("order id", INT64, optional=True),
    Column("customerId", DECIMAL, optional=True, name="customer_id"),
    Column("shipping", JSON, optional=True),
    Column("newest", BOOLEAN, optional=True),
    Column("Größe", STRING, optional=True),
)


def text(path, columns=EVERY_TYPE):
    """What a file holds after `make columns` with these columns, the first of them the key."""
    return (TEXTS | rewritten(TEXTS, columns, columns[0]))[path]
