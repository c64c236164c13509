"""Runs the view sales_current and the saved queries that read it on DuckDB, which takes the same SQL."""

from contextlib import closing
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.athena.tables import duckdb_type
from sales_pipeline.orders.row import Row
from sales_pipeline.orders.version import DELETED, Version
from sales_pipeline.reconcile.declared import NAME_TIME, arrival
from sales_pipeline.reconcile.ledger import Kind, Ledger
from tests.unit.template.parsed import TEMPLATE, resolve
from transform.column_types import CHANGE_COLUMNS, PRECISION, SCALE
from transform.columns import COLUMNS

BUCKET = "s3://bucket/sales_data/dt={}/stream-1-{}-{}-2f0c.json"
TYPES = {column.name: duckdb_type(column.type.catalog_type) for column in COLUMNS}
FILLED = ["orderid", "product_name", "quantity", "price"]


def sql(name, **parameters):
    return resolve(TEMPLATE["Resources"][name]["Properties"]["QueryString"], **parameters)


def make_table(database, *, change_columns):
    """Create the table `orders`, and return a statement that inserts a row with a value in some of its columns."""
    text = [*(CHANGE_COLUMNS if change_columns else ()), "dt", "$path"]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in (TYPES | dict.fromkeys(text, "VARCHAR")).items())
    database.execute("CREATE SCHEMA DeclaredDatabase")
    database.execute(f"CREATE TABLE DeclaredDatabase.orders ({columns})")
    names, places = ", ".join(f'"{name}"' for name in (*FILLED, *text)), ", ".join("?" * len((*FILLED, *text)))
    return f"INSERT INTO DeclaredDatabase.orders ({names}) VALUES ({places})"  # noqa: S608


def ask(query, rows, **parameters):
    """Rows that a query gives over these rows of the table `orders`, once the view is there."""
    with duckdb.connect() as database:
        insert = make_table(database, change_columns=bool(parameters))
        database.execute("CREATE MACRO date_format(time, format) AS strftime(time, format)")
        database.executemany(insert, rows)
        database.execute(sql("CreateSalesCurrentViewQuery", **parameters))
        return database.execute(query).fetchall()


def delivered(at, orderid, price, change=()):
    """Row of an object whose oldest record arrived then."""
    day, time = at.split("T")
    path = BUCKET.format(day, day, time.replace(":", "-"))
    return (orderid, "Laptop", 1, price, *change, day, path)


def test_the_view_shows_of_each_order_the_version_that_was_delivered_last():
    rows = [
        delivered("2026-11-22T10:00:59", "changed", 1),
        delivered("2026-11-22T10:02:00", "changed", 3),
        delivered("2026-11-22T10:01:00", "changed", 2),
        delivered("2026-11-21T23:59:59", "overnight", 5),
        delivered("2026-11-22T00:00:01", "overnight", 4),
        delivered("2026-11-22T10:00:00", "duplicate", 6),
        delivered("2026-11-22T10:00:00", "duplicate", 6),
        delivered("2026-11-22T10:00:00", "deleted when rows said so", 7),
        ("deleted when rows said so", None, None, None, *delivered("2026-11-22T10:00:01", "", 0)[4:]),
    ]
    query = "SELECT orderid, price, dt FROM DeclaredDatabase.sales_current ORDER BY orderid"
    assert ask(query, rows) == [
        ("changed", 3, "2026-11-22"),
        ("duplicate", 6, "2026-11-22"),
        ("overnight", 4, "2026-11-22"),
    ]


def change(sequence_number, event_name="MODIFY"):
    return (f"event {sequence_number}", event_name, "2026-11-22T10:00:00.000Z", sequence_number)


def test_with_change_columns_the_view_goes_by_sequence_number_and_leaves_deleted_orders_out():
    before = (None,) * 4  # delivered before the columns were asked for
    rows = [
        delivered("2026-11-22T10:00:00", "longer is later", 1, change("100")),
        delivered("2026-11-22T10:01:00", "longer is later", 2, change("99")),
        delivered("2026-11-22T10:00:00", "late arrival", 1, change("20")),
        delivered("2026-11-22T12:00:00", "late arrival", 2, change("12")),
        delivered("2026-11-22T09:00:00", "old shape first", 1, change("1", "INSERT")),
        delivered("2026-11-22T13:00:00", "old shape first", 2, before),
        delivered("2026-11-22T10:00:00", "old shape only", 1, before),
        delivered("2026-11-22T11:00:00", "old shape only", 2, before),
        delivered("2026-11-22T10:00:00", "deleted", 1, change("5", "INSERT")),
        delivered("2026-11-22T10:00:00", "deleted", None, change("6", "REMOVE")),
        delivered("2026-11-22T10:00:00", "deleted and back", None, change("7", "REMOVE")),
        delivered("2026-11-22T10:00:00", "deleted and back", 9, change("8", "INSERT")),
    ]
    query = "SELECT orderid, price FROM DeclaredDatabase.sales_current ORDER BY orderid"
    assert ask(query, rows, ChangeColumns="APPEND") == [
        ("deleted and back", 9),
        ("late arrival", 1),
        ("longer is later", 1),
        ("old shape first", 1),
        ("old shape only", 2),
    ]


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("RevenueByProductQuery", [("Laptop", Decimal("7.5"), 3, 3)]),
        ("RevenueByDayQuery", [("2099-01-02", Decimal("5.5"), 2, 2), ("2099-01-01", Decimal(2), 1, 1)]),
        (
            "HighestRevenueOrdersQuery",
            [("a", "Laptop", 1, 4, 4), ("b", "Laptop", 1, 2, 2), ("c", "Laptop", 1, Decimal("1.5"), Decimal("1.5"))],
        ),
    ],
)
def test_an_order_that_was_delivered_twice_or_changed_counts_once(query, answer):
    rows = [
        delivered("2099-01-01T10:00:00", "a", 100),
        delivered("2099-01-02T10:00:00", "a", 4),
        delivered("2099-01-01T10:00:00", "b", 2),
        delivered("2099-01-01T10:00:05", "b", 2),
        delivered("2099-01-02T10:00:00", "c", "1.5"),
        delivered("2020-01-01T10:00:00", "too old", 1000),
    ]
    assert ask(sql(query), rows) == answer


@pytest.mark.parametrize("query", ["RevenueByProductQuery", "RevenueByDayQuery", "HighestRevenueOrdersQuery"])
def test_the_largest_quantity_at_the_largest_price_overflows_no_revenue(query):
    quantity, price, unit = 2**31 - 1, 10**PRECISION - 1, f"E-{SCALE}"
    row = delivered("2099-01-01T10:00:00", "a", Decimal(f"{price}{unit}"))
    assert Decimal(f"{quantity * price}{unit}") in ask(sql(query), [(*row[:2], quantity, *row[3:])])[0]


days = st.sampled_from(["2026-11-21", "2026-11-22"])
names = st.sampled_from(
    [
        "s-1-2026-11-22-10-00-00-uuid.json",
        "s-2-2026-11-22-10-00-00-uuid.json",
        "s-1-2026-11-22-10-00-01-uuid.json",
        "2026-12-31-00-00-00/s-1-2026-11-22-10-00-00-uuid.json",
        "s-2026-12-31-00-00-00-2026-11-22-10-00-00.json",
        "by-hand.json",
    ]
)
lakes = st.lists(
    st.tuples(st.sampled_from("1234") | st.none(), st.none() | st.sampled_from(["9", "10", "010"]), days, names),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_the_view_and_reconcile_have_one_rule_for_the_newest_row(change_columns, tmp_path_factory):
    """`rank` instead of `row_number` shows every row that the view may show: those that nothing orders."""
    view = sql("CreateSalesCurrentViewQuery", ChangeColumns=change_columns)
    assert "row_number()" in view
    shown = "SELECT product_name FROM DeclaredDatabase.sales_current"

    with duckdb.connect() as database:
        insert = make_table(database, change_columns=True)
        database.execute(view.replace("row_number()", "rank()"))

        @settings(max_examples=100)
        @given(lakes)
        def holds(rows):
            database.execute("DELETE FROM DeclaredDatabase.orders")
            for version, number, day, name in rows:
                path = f"s3://2020-01-01-00-00-00/sales_data/dt={day}/{name}"
                digits = sequence_number(version, number)
                event_name = digits and ("MODIFY" if version else "REMOVE")
                one = 1 if version else None
                database.execute(insert, ["a", version, one, one, digits, event_name, None, digits, day, path])
            found = {product for (product,) in database.execute(shown).fetchall()}
            kinds = {version: kind_of(version, rows, tmp_path_factory.mktemp("ledger")) for version in [*"1234", None]}
            newest = {version for version, kind in kinds.items() if kind in (None, Kind.undetermined)}
            assert newest - {None} == found
            assert all(kinds[version] is (Kind.undetermined if len(newest) > 1 else None) for version in newest)

        def kind_of(held, rows, folder):
            with closing(Ledger(folder / "ledger")) as ledger:
                ledger.add_orders([Version("a", held.encode())] if held else [])
                for version, number, day, name in rows:
                    digits = sequence_number(version, number) if change_columns == "APPEND" else None
                    row = Row("a", version.encode() if version else DELETED, digits, digits and "e")
                    ledger.add_rows([row], arrival(date.fromisoformat(day), f"sales_data/dt={day}/{name}"))
                ledger.compare(0, 0)
                found = [kind for kind in Kind if ledger.unexplained(kind, 1).count]
                return found[0] if found else None

        def sequence_number(version, number):
            """A row without a version is a deletion, which only change columns can tell."""
            return number or (None if version else "1")

        holds()


def test_the_view_and_reconcile_find_the_time_in_a_name_by_one_expression():
    for change_columns in ("NONE", "APPEND"):
        assert f"'{NAME_TIME}'" in sql("CreateSalesCurrentViewQuery", ChangeColumns=change_columns)
