"""The tables of lakes: their columns, and the orders in them."""

from dataclasses import dataclass
from decimal import Decimal

from tests.unit.sales_pipeline.reconcile.lakes.values import ATTRIBUTE_TYPES, EXACT, OTHERS, Column, comparable, plain


@dataclass(frozen=True, repr=False, eq=False)
class Schema:
    """A table, its columns, and orders to write into it. The first column is the key."""

    name: str
    columns: tuple[Column, ...]
    ids: tuple[str, ...]
    """Order ids, as reconcile names them."""
    lost_ids: tuple[str, ...]
    versions: tuple[dict, ...]
    """Items without their key, each another version."""
    others: tuple[dict, ...]
    """Attributes that no column takes."""
    changed: tuple[tuple[str, dict], ...]
    """Attributes that change any of the versions."""
    refused: tuple[tuple[str, dict], ...]
    """Attributes that the transform refuses."""

    def __repr__(self):
        return self.name.upper()

    def __deepcopy__(self, _memo):
        return self

    @property
    def key(self):
        return self.columns[0]

    def of_word(self, word):
        """An item that has this word, and what no order may lack."""
        values = {"STRING": {"S": word}, "JSON": {"S": word}, "INT32": {"N": "1"}, "DECIMAL": {"N": "1"}}
        return {column.attribute: values[column.type] for column in self.columns[1:] if not column.optional}

    def keys(self, orderid):
        return {self.key.attribute: {ATTRIBUTE_TYPES[self.key.type]: orderid}}

    def id_of(self, item):
        """The order id that reconcile names."""
        (value,) = item[self.key.attribute].values()
        return value if self.key.type == "STRING" else f"{EXACT.normalize(Decimal(value)):f}"

    def names(self, *, keep):
        """Names of the columns that make a version."""
        return [*(column.name for column in self.columns[1:]), *([OTHERS] if keep else [])]

    def others_of(self, item):
        """The attributes that no column takes."""
        taken = {column.attribute for column in self.columns}
        return {name: each for name, each in item.items() if name not in taken}

    def version_of(self, item, *, keep):
        """What SQL has to show of an order."""
        values = [column.of_item(item) for column in self.columns[1:]]
        others = self.others_of(item)
        return (*values, *([comparable(plain({"M": others})) if others else None] if keep else []))

    def event(self, orderid, item):
        """The change event that brings this item; None stands for the order's deletion."""
        dynamodb = {"Keys": self.keys(orderid), "SequenceNumber": "1"}
        if item:
            dynamodb["NewImage"] = dict(item)
        return {"eventID": "e", "eventName": "MODIFY" if item else "REMOVE", "dynamodb": dynamodb}


def _four(product, quantity, price):
    return {"product_name": {"S": product}, "quantity": {"N": quantity}, "price": {"N": price}}


FOUR = Schema(
    name="four",
    columns=(
        Column("orderid", "orderid", "STRING"),
        Column("product_name", "product_name", "STRING"),
        Column("quantity", "quantity", "INT32"),
        Column("price", "price", "DECIMAL"),
    ),
    ids=("a", "A", "ä ö", "0", 'quote"\\', "a\u2028b", "a\0", "😀", "x" * 2048),
    lost_ids=("lost 0", "lost 1", "lost 2"),
    versions=(
        _four("Laptop", "1", "349"),
        _four("Laptop", "2", "349"),
        _four("Laptop", "1", "349.5"),
        _four("Größe 27″", "-3", "0"),
        _four("Drone", "2147483647", "0.000000001"),
        _four("null", "0", "1234567890123456789.123456789"),
        _four('a "b" \\ \n\u2028', "-2147483648", "9999999999999999999"),
        _four('{"price":1}', "7", "-0.5"),
    ),
    others=({}, {"note": {"S": "no column takes it"}}),
    changed=(("product_name", {"S": "Drone"}), ("quantity", {"N": "9"}), ("price", {"N": "349.000000001"})),
    refused=(
        ("price", {"S": "349"}),
        ("price", {"NULL": True}),
        ("quantity", {"N": "1.5"}),
        ("quantity", {"N": "2147483648"}),
        ("product_name", {"S": ""}),
        ("product_name", {"N": "7"}),
    ),
)

_GIFT = {"M": {"colour": {"S": "red"}, "sizes": {"NS": ["9.5", "10"]}}}
_ALL = {
    "Product": {"S": "Laptop"},
    "paid": {"BOOL": True},
    "views": {"N": "7"},
    "Total": {"N": "349"},
    "gift-wrap": _GIFT,
    "shipping": {"M": {"city": {"S": "Bonn"}, "n": {"N": "100"}}},
}
_LEAST = {"Product": {"S": "Drone"}, "shipping": {"L": []}}
OWN = Schema(
    name="own",
    columns=(
        Column("orderNo", "order_no", "INT64"),
        Column("Product", "product_name", "STRING"),
        Column("paid", "paid", "BOOLEAN", optional=True),
        Column("views", "views", "INT64", optional=True),
        Column("Total", "price", "DECIMAL", optional=True),
        Column("gift-wrap", "gift-wrap", "JSON", optional=True),
        Column("image", "image", "STRING", optional=True),
        Column("shipping", "shipping", "JSON"),
    ),
    ids=("12", "1", "-7", "0", "100", "123", "9223372036854775807", "-9223372036854775808"),
    lost_ids=("31", "310", "-31"),
    versions=(
        _ALL,
        _ALL | {"paid": {"BOOL": False}},
        _ALL | {"views": {"N": "9223372036854775807"}},
        _ALL | {"Total": {"N": "349.5"}},
        _ALL | {"image": {"S": ""}},
        _ALL | {"gift-wrap": {"M": {"colour": {"S": "red"}, "sizes": {"SS": ["10", "9.5"]}}}},
        _ALL | {"gift-wrap": {"L": [{"N": "9.5"}, {"N": "10"}, {"NULL": True}, {"BOOL": False}]}},
        _ALL | {"shipping": {"B": b"\x00\xff"}},
        _ALL | {"shipping": {"BS": [b"\xff", b"\x00"]}},
        _ALL | {"shipping": {"S": 'a "b" \\ \n\u2028'}},
        _ALL | {"paid": {"NULL": True}},
        _LEAST,
        _LEAST | {"views": {"N": "0"}},
    ),
    others=(
        {},
        {"note": {"S": "a"}},
        {"note": {"S": "b"}},
        {"note": {"NULL": True}},
        {"file": {"B": b"\x01"}, "tags": {"SS": ["a", "b"]}},
        {"orderno": {"M": {"Product": {"N": "1E+2"}}}},
    ),
    changed=(
        ("Product", {"S": "Other"}),
        ("paid", {"NULL": True}),
        ("views", {"N": "-1"}),
        ("Total", {"N": "349.000000001"}),
        ("gift-wrap", {"M": {}}),
        ("shipping", {"M": {"city": {"S": "Bonn"}, "n": {"S": "100"}}}),
        ("image", {"S": "a.png"}),
    ),
    refused=(
        ("Product", {"NULL": True}),
        ("Product", {"S": ""}),
        ("paid", {"S": "true"}),
        ("views", {"N": "0.5"}),
        ("views", {"N": "9223372036854775808"}),
        ("Total", {"N": "1E+19"}),
        ("shipping", {"NULL": True}),
    ),
)
SCHEMAS = {each.name: each for each in (FOUR, OWN)}
