"""The report's SQL over lakes with known answers, by the stand-in for Athena."""

import random
from datetime import UTC, datetime

import pytest

from sales_pipeline.orders.form import RowForm
from sales_pipeline.report import queries
from sales_pipeline.report.figures import Interval, Product, Sums
from sales_pipeline.report.queries import DAY_MS, HOUR_MS, MINUTE_MS
from tests.unit.local_aws.athena.lake import DECLARED, TABLE, Lake
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from tests.unit.sales_pipeline.report.lakes import NOW_MS, ask, asked, figures, lake, name, row, uuid7
from tests.unit.template.parsed import TEMPLATE, resolve
from transform.column_types import DECIMAL, INT64, STRING, Column

BEGIN_MS = NOW_MS - 2 * DAY_MS
APPEND = RowForm(change_columns=True, columns=FOUR)


def change(number, event_name="MODIFY", event_time="2026-11-25T10:00:00.000Z"):
    return {"event_id": f"e{number}", "event_name": event_name, "event_time": event_time, "sequence_number": number}


def test_an_order_counts_once_in_its_current_version_and_a_deleted_one_does_not_count():
    changed, twice = uuid7(BEGIN_MS, 1), uuid7(BEGIN_MS, 2)
    deleted = {"orderid": "deleted", "product_name": None, "quantity": None, "price": None}
    found = figures(
        lake(
            {
                BEGIN_MS: [row(changed, 1), row(twice, 4, 2), row("deleted", 100)],
                BEGIN_MS + MINUTE_MS: [row(changed, 7.25, 3), row(twice, 4, 2), deleted],
            }
        ),
        asked(),
    )
    assert found.total == Sums(2, 5.0, 3 * 7.25 + 8)
    assert [(each.id, each.price) for each in found.latest] == [(twice, "4.000000000"), (changed, "7.250000000")]


def test_with_change_columns_the_sequence_number_decides_and_a_removal_hides_the_order():
    objects = {
        BEGIN_MS: [row("a", 2, **change("20")), row("b", 3, **change("1"))],
        BEGIN_MS + MINUTE_MS: [row("a", 1, **change("9")), row("b", None, None, None, **change("2", "REMOVE"))],
    }
    found = figures(lake(objects, ChangeColumns="APPEND"), asked(form=APPEND))
    assert [(each.id, each.price) for each in found.latest] == [("a", "2.000000000")]


@pytest.mark.parametrize("change_columns", ["NONE", "APPEND"])
def test_the_report_counts_the_rows_that_the_view_shows(change_columns):
    """200 orders, each with up to five rows in any order. No two of an order are equally new: either could be shown."""
    form = {"ChangeColumns": change_columns}
    random_, found = random.Random(1), {}
    days = [f"{datetime.fromtimestamp((BEGIN_MS + place * DAY_MS) / 1000, UTC):%Y-%m-%d}" for place in range(3)]
    paths = [
        f"dt={day}/{each}" for day in days for each in ("by-hand.json", *(f"s-{day}-0{n}-59-00.json" for n in "12"))
    ]
    for order in range(200):
        for path in random_.sample(paths, random_.randint(1, 5)):
            values = (f"{order}-{random_.random()}", 1, 1.5) if random_.random() < 0.8 else (None, None, None)
            made = row(f"order {order}", values[2], values[1], values[0])
            if change_columns == "APPEND" and random_.random() < 0.7:
                made |= change(str(random_.choice((9, 10, 11))), "MODIFY" if values[0] else "REMOVE")
            found.setdefault(path, []).append(made)
    made = lake(found, **form)
    made.ask(resolve(TEMPLATE["Resources"]["CreateSalesCurrentViewQuery"]["Properties"]["QueryString"], **form))
    shown = made.ask("SELECT orderid, product_name FROM sales_current ORDER BY 1, 2").rows
    question = asked(form=RowForm.of(form, FOUR))
    counted = made.ask(f"{queries.current(question)} SELECT id, product FROM timed ORDER BY 1, 2").rows  # noqa: S608
    assert 100 < len(shown) < 200
    assert counted == [[each, product or ""] for each, product in shown]


@pytest.mark.parametrize("price", [0, -5, None])
def test_the_total_is_that_of_all_orders_however_little_those_with_a_delay_sold(price):
    rows = [row(uuid7(BEGIN_MS - 1_000), price), row("no time", 7), row("none", 3)]
    found = figures(lake({BEGIN_MS: rows}), asked())
    assert (found.total, found.timeless) == (Sums(3, 3.0, 10.0 + (price or 0)), 2)
    assert (found.first_ms, found.last_ms) == (BEGIN_MS - 1_000, BEGIN_MS)
    assert found.delays == [(1_000, 1)]


def test_orders_count_by_second_then_by_minute_then_by_hour_the_older_they_are():
    times = (NOW_MS - 1_500, NOW_MS - 30 * MINUTE_MS, NOW_MS - 30 * MINUTE_MS - 700, BEGIN_MS)
    objects = {BEGIN_MS: [row(uuid7(each, place)) for place, each in enumerate(times)]}
    one = Sums(1, 1.0, 10.5)
    assert figures(lake(objects), asked()).times == [
        Interval(BEGIN_MS - BEGIN_MS % HOUR_MS, one),
        Interval(NOW_MS - 30 * MINUTE_MS - (NOW_MS % MINUTE_MS), Sums(2, 2.0, 21.0)),
        Interval(NOW_MS - 1_500 - (NOW_MS - 1_500) % 1000, one),
    ]


@pytest.mark.parametrize(
    ("orderid", "hour"),
    [
        (uuid7(BEGIN_MS - 5 * HOUR_MS).upper(), -5),
        ("A-1001", 0),
        (uuid7(BEGIN_MS - HOUR_MS).replace("-7000-", "-4000-"), 0),  # of another version
        (uuid7(946_684_800_000), 0),  # of 2000
        (uuid7(NOW_MS + 3 * DAY_MS), 0),
    ],
)
def test_the_time_of_an_order_is_that_in_its_id_or_else_that_of_its_object(orderid, hour):
    found = figures(lake({BEGIN_MS: [row(orderid)]}), asked())
    assert [each.start_ms for each in found.times] == [BEGIN_MS - BEGIN_MS % HOUR_MS + hour * HOUR_MS]
    assert found.timeless == (hour == 0)


def test_an_object_whose_name_has_no_time_is_of_its_day_and_of_no_delay():
    paths = ("dt=2026-11-23/by-hand.json", "dt=2026-11-24/s-2026-13-99-99-99-99.json")
    found = figures(lake({path: [row(path)] for path in paths}), asked())
    assert [each.start_ms for each in found.times] == [1_795_392_000_000, 1_795_478_400_000]
    assert found.delays == []


def test_the_delay_is_that_of_an_order_s_first_row():
    late = uuid7(BEGIN_MS - 2 * HOUR_MS, 2)
    objects = {
        BEGIN_MS: [row(uuid7(BEGIN_MS - 3_200, 1)), row(late)],
        BEGIN_MS + HOUR_MS: [row(uuid7(BEGIN_MS - 3_200, 1), 9), row("no time")],
    }
    begin_ms = BEGIN_MS - BEGIN_MS % 1000
    assert figures(lake(objects), asked()).delays == [(3_000, 1), (2 * HOUR_MS, 1)]
    assert begin_ms == BEGIN_MS


def test_a_delay_beyond_all_measure_counts_as_the_longest_or_as_an_hour_before_its_time():
    objects = {BEGIN_MS: [row(uuid7(BEGIN_MS - 90 * DAY_MS)), row(uuid7(BEGIN_MS + 5 * HOUR_MS))]}
    assert figures(lake(objects), asked()).delays == [(-HOUR_MS, 1), (30 * DAY_MS, 1)]


def test_with_change_columns_the_delay_is_that_of_the_change():
    at = datetime.fromtimestamp((BEGIN_MS - 2_000) / 1000, UTC)
    first, later = change("1"), change("2", event_time=f"{at:%Y-%m-%dT%H:%M:%S}.500Z")
    objects = {
        BEGIN_MS - DAY_MS: [row("changed", **first)],
        BEGIN_MS: [row("changed", **later), row(uuid7(BEGIN_MS - 5_000), **change("3", event_time=None))],
    }
    assert figures(lake(objects, ChangeColumns="APPEND"), asked(form=APPEND)).delays == [(1_000, 1), (5_000, 1)]


def test_with_change_columns_a_change_that_came_twice_counts_when_it_came_first():
    at = datetime.fromtimestamp((BEGIN_MS - 2_000) / 1000, UTC)
    later = change("2", event_time=f"{at:%Y-%m-%dT%H:%M:%S}.000Z")
    objects = {
        BEGIN_MS - DAY_MS: [row("changed", **change("1"))],
        BEGIN_MS: [row("changed", **later)],
        BEGIN_MS + DAY_MS: [row("changed", **later), row("changed", **change("1"))],
    }
    found = figures(lake(objects, ChangeColumns="APPEND"), asked(form=APPEND))
    assert ([each.time_ms for each in found.latest], found.delays) == ([BEGIN_MS], [(2_000, 1)])


def test_since_takes_orders_by_their_time_and_reads_the_days_from_one_before():
    since_ms = BEGIN_MS
    old, new = uuid7(since_ms - 1, 1), uuid7(since_ms, 2)
    objects = {
        BEGIN_MS - 30 * DAY_MS: [row("too old")],
        BEGIN_MS: [row(old), row(new, 1)],
        NOW_MS: [row(new, 2), row("no time", 3)],
    }
    question = asked(since_ms=since_ms)
    assert [(each.id, each.price[0]) for each in figures(lake(objects), question).latest] == [
        ("no time", "3"),
        (new, "2"),
    ]
    assert "WHERE dt >= '2026-11-22'" in queries.figures(question)


def test_since_may_be_any_time_that_a_person_can_write():
    first_ms = int(datetime(1, 1, 1, tzinfo=UTC).timestamp() * 1000)
    assert figures(lake({BEGIN_MS: [row("a")]}), asked(since_ms=first_ms)).total.orders == 1


def test_products_are_those_with_the_highest_revenue_and_texts_of_others_are_cut():
    many = [row(f"{number}", number, 1, f"Product {number:03}") for number in range(300)]
    huge = row("h" * 2000, 1000, 1, "x" * 400_000)
    found = figures(lake({BEGIN_MS: [*many, huge, row("none", -5, 1, None)]}), asked())
    assert found.product_count == 302
    assert found.products[0] == Product("x" * queries.TEXT_CHARS, Sums(1, 1.0, 1000.0))
    assert [each.name for each in found.products[1:]] == [
        f"Product {299 - place}" for place in range(queries.PRODUCTS - 1)
    ]
    assert [each.revenue for each in found.expensive] == [1000, *(299 - place for place in range(queries.ORDERS - 1))]
    assert found.expensive[0].id == "h" * queries.TEXT_CHARS


def test_the_lists_are_those_of_all_days_however_many_orders_a_day_has():
    many = [
        (BEGIN_MS - day * DAY_MS - place * MINUTE_MS, (day * 37 + place * 11) % 50)
        for day in range(3)
        for place in range(30)
    ]
    rows = [row(uuid7(time_ms, place), price) for place, (time_ms, price) in enumerate(many)]
    found = figures(lake({BEGIN_MS: rows}), asked())
    assert [each.time_ms for each in found.latest] == sorted((each for each, _ in many), reverse=True)[: queries.ORDERS]
    most_expensive = sorted(((price, time_ms) for time_ms, price in many), reverse=True)[: queries.ORDERS]
    assert [(each.revenue, each.time_ms) for each in found.expensive] == most_expensive


def test_the_highest_prices_that_a_row_can_hold_and_an_empty_lake_make_no_query_fail():
    largest = "9999999999999999999.999999999"
    line = '{{"orderid":"{}","product_name":"p","quantity":{},"price":{}}}'
    lines = [line.format(place, 2**31 - 1, largest).encode() for place in range(10)]
    found = figures(lake({BEGIN_MS: [*lines, line.format("less", -(2**31), f"{largest}").encode()]}), asked())
    assert found.total.revenue == pytest.approx(9 * (2**31 - 1) * 1e19, rel=1e-6)
    assert figures(lake({}), asked()).total == Sums()


@pytest.mark.parametrize(
    ("columns", "total"),
    [
        ((FOUR[0], Column("amount", DECIMAL)), Sums(2)),
        ((FOUR[0], Column("price", DECIMAL), Column("quantity", STRING)), Sums(2)),
        ((Column("orderid", INT64), Column("quantity", DECIMAL, optional=True)), Sums(2, 3.5)),
        (EVERY_TYPE, Sums(2)),
    ],
)
def test_other_columns_leave_out_what_needs_those_that_are_not_there(columns, total):
    storage = TABLE["StorageDescriptor"]
    listed = [{"Name": column.name, "Type": column.type.catalog_type} for column in columns]
    made = Lake(TABLE | {"StorageDescriptor": storage | {"Columns": listed}})
    values = {"string": "t", "int": 7, "bigint": 7, "decimal(28,9)": 1.75, "boolean": True}
    for number in (1, 2):
        line = {each["Name"]: values[each["Type"]] for each in listed}
        line[columns[0].name] = f"{number}" if columns[0].type is STRING else number
        made.add(name(BEGIN_MS + number * MINUTE_MS), line)
    found = figures(made, asked(form=RowForm(columns=columns)))
    assert found.total == total
    assert {each.id for each in found.latest} == {"1", "2"}


def test_the_answer_has_the_columns_that_the_figures_read():
    answer = ask(lake({BEGIN_MS: [row("a")]}), queries.figures(asked(table=f"{DECLARED}.orders")))
    assert answer.columns == ["part", "start_ms", "end_ms", "product", "orders", "units", "revenue", "number"]
