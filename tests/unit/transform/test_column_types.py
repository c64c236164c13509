import pytest

from transform.column_types import (
    BOOLEAN,
    CHANGE_COLUMNS,
    DECIMAL,
    INT32,
    INT64,
    JSON,
    STRING,
    Column,
    deletion_columns,
    faults,
)

KEY = Column("orderid", STRING)
NO_NAME = "a name in a table has up to 255 bytes"
TAKEN = "of their own, so give the column another name"
CAPITAL = "Athena has no capital letters in names"
NO_ATTRIBUTE = "the attribute's name is empty, or has characters that cannot be printed"


def found(*columns, key=KEY):
    return faults([key, *columns], key)


@pytest.mark.parametrize("kind", [STRING, INT32, INT64, DECIMAL, BOOLEAN, JSON], ids=lambda kind: kind.name)
@pytest.mark.parametrize("optional", [False, True])
def test_a_column_may_have_any_type_and_be_optional(kind, optional):
    assert found(Column("discount", kind, optional=optional)) == []


@pytest.mark.parametrize(
    "name", ["image", "class", "gift-wrap", "order id", "customerId", "1st", "-", "_id", "größe", "select", "_col"]
)
def test_an_attribute_may_give_the_column_its_name(name):
    assert found(Column(name, STRING)) == []


@pytest.mark.parametrize(
    "attribute", ["dt", "event_id", "a.b", "a,b", "it's", '"', "`", "\N{WRAPPED PRESENT}", " a", "n" * 65_535]
)
def test_a_column_may_have_another_name_than_its_attribute(attribute):
    assert found(Column(attribute, STRING, name="given")) == []


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        *(
            (Column(name, STRING), TAKEN)
            for name in ("dt", "DT", *CHANGE_COLUMNS, "other_attributes", "_col1", "_COL10")
        ),
        (Column("orderdate", STRING, name="dt"), TAKEN),
        (Column("customerId", STRING, name="customerId"), f"{CAPITAL}, so write name='customerid'"),
        (Column("Größe", STRING, name="Größe"), CAPITAL),
        *(
            (Column(name, STRING), NO_NAME)
            for name in (" a", "a ", "a,b", "a.b", "a:b", "it's", 'a"b', "a`b", "${a}", "a|b")
        ),
        *((Column("a", STRING, name=name), NO_NAME) for name in ("", " ", "a\n", "a\tb", "n" * 256, "é" * 128)),
        *((Column(name, STRING, name="a"), NO_ATTRIBUTE) for name in ("", "a\n", "a\tb", "\x7f", "\u2028", "\ud800")),
        (Column("a", "S"), "the type is one of STRING, INT32, INT64, DECIMAL, BOOLEAN and JSON"),
    ],
    ids=repr,
)
def test_a_column_that_cannot_work_has_one_reason(column, reason):
    (fault,) = found(column)
    assert fault.startswith(f"{column!r}: ")
    assert reason in fault
    assert fault.isprintable()


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ([Column("Image", STRING), Column("image", STRING)], "2 columns have the name 'image'"),
        ([Column("a", STRING, name="image"), Column("image", STRING)], "2 columns have the name 'image'"),
        ([Column("orderID", STRING)], "2 columns have the name 'orderid'"),
        ([Column("a", STRING), Column("a", JSON, name="b")], "2 columns have the attribute 'a'"),
    ],
)
def test_two_columns_differ_in_attribute_and_name_also_without_case(columns, reason):
    (fault,) = found(*columns)
    assert fault.startswith(f"COLUMNS: {reason}")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (Column("orderid", STRING, optional=True), "every order has its key"),
        (Column("orderid", BOOLEAN), "a key is a STRING, or a number"),
        (Column("orderid", JSON), "a key is a STRING, or a number"),
        *(
            (Column(name, STRING, name="orderid"), "a pipe can read a key only if")
            for name in ("order id", "a.b", "größe", "n" * 239)
        ),
    ],
    ids=repr,
)
def test_a_key_that_cannot_work_has_a_reason(key, reason):
    (fault,) = found(key=key)
    assert reason in fault


@pytest.mark.parametrize(
    "key", [Column("order-no", INT32), Column("Order/No", INT64, name="order_no"), Column("n" * 238, DECIMAL)], ids=repr
)
def test_a_key_may_be_a_number_and_have_other_signs(key):
    assert found(key=key) == []


@pytest.mark.parametrize("columns", [[], [Column("orderid", STRING)], [Column("product_name", STRING), KEY]])
def test_the_first_column_is_the_key(columns):
    assert faults(columns, KEY) == ["COLUMNS: the first column must be KEY."]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (KEY, "COLUMNS: a tuple of columns was expected. Write (KEY,) if there is only the key."),
        ([KEY, ("a", STRING)], f'COLUMNS: {("a", STRING)!r} is not a column. Write Column("…", TYPE).'),
        ([KEY, "a"], "COLUMNS: 'a' is not a column. Write Column(\"…\", TYPE)."),
        ([KEY, Column("a", STRING, name=5)], "Column('a', STRING, name=5): names are texts, in quotes."),
    ],
    ids=["no tuple", "tuple", "text", "number"],
)
def test_what_is_no_column_has_a_reason_too(columns, reason):
    assert faults(columns, KEY) == [reason]


def test_every_fault_of_every_column_is_found():
    columns = [KEY, Column("dt", STRING), Column("A", STRING, name="A"), Column("a", STRING)]
    assert [fault.partition(":")[0] for fault in faults(columns, KEY)] == [
        "Column('dt', STRING)",
        "Column('A', STRING, name='A')",
        "COLUMNS",
    ]


def test_required_columns_tell_deletions():
    assert deletion_columns([KEY, Column("a", STRING, optional=True), Column("B", JSON), Column("c", INT32)]) == [
        "b",
        "c",
    ]
    assert deletion_columns([KEY, Column("a", STRING, optional=True)]) == []
