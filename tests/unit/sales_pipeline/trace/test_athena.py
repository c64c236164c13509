"""The questions to Athena find an order by any id that a table can hold, and nothing else: here on the stand-in."""

import pytest

from sales_pipeline.trace import athena
from tests.unit.local_aws.athena.lake import Lake, day
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from tests.unit.sales_pipeline.trace.odd_ids import ODD_IDS
from transform.column_types import DECIMAL, INT32, Column

GOOD = {"product_name": "Laptop", "quantity": 1, "price": 349.0}
TODAY = [day()]


def test_every_odd_id_is_found_in_its_own_row_alone():
    lake = Lake()
    for number, order_id in enumerate(ODD_IDS):
        lake.add(f"dt={day()}/{number}.json", *[GOOD | {"orderid": order_id}] * (number + 1))
    questions = [athena.rows("orders", FOUR[0], each, TODAY) for each in ODD_IDS]
    found = lake.ask(" UNION ALL ".join(questions)).rows
    assert sorted(int(count) for (count,) in found) == list(range(1, len(ODD_IDS) + 1))


def test_the_objects_of_an_order():
    lake = Lake()
    lake.add(f"dt={day()}/a.json", GOOD | {"orderid": "o'"}, GOOD | {"orderid": "o"})
    lake.add(f"dt={day()}/b.json", *[GOOD | {"orderid": "o'"}] * 2)
    found = lake.ask(athena.paths("orders", FOUR[0], "o'", TODAY)).rows
    place = f"s3://Bucket/sales_data/dt={day()}/"
    assert sorted(found) == [[f"{place}a.json", "1"], [f"{place}b.json", "2"]]


def test_only_the_days_are_asked_for_and_the_view_has_all():
    lake = Lake()
    for ago in range(3):
        lake.add(f"dt={day(ago)}/rows.json", GOOD | {"orderid": "a"}, GOOD | {"orderid": "a"})
    assert lake.ask(athena.rows("orders", FOUR[0], "a", [day(), day(2)])).rows == [["4"]]
    assert lake.ask(athena.rows_of_view("orders", FOUR[0], "a")).rows == [["6"]]


@pytest.mark.parametrize(
    ("key", "order_id", "sql"),
    [
        (EVERY_TYPE[0], "12", "\"order_no\" = CAST('12' AS bigint)"),
        (Column("n", DECIMAL), "-0.5", "\"n\" = CAST('-0.5' AS decimal(28,9))"),
        (FOUR[0], "12", "\"orderid\" = '12'"),
        (FOUR[0], "a'b''c", "\"orderid\" = 'a''b''''c'"),
    ],
)
def test_a_key_has_the_type_of_its_column(key, order_id, sql):
    for question in (athena.paths, athena.rows):
        assert f"WHERE {sql} AND dt IN ('{day()}')" in question("t", key, order_id, TODAY)


@pytest.mark.parametrize(
    ("key", "order_id", "can"),
    [
        (FOUR[0], "1.5", True),
        (Column("n", INT32), "-12", True),
        (Column("n", INT32), "2147483648", False),
        (EVERY_TYPE[0], "2147483648", True),
        (EVERY_TYPE[0], "1.5", False),
        (Column("n", DECIMAL), "1.5", True),
        (Column("n", DECIMAL), "1.0000000001", False),
        (Column("n", DECIMAL), "12345678901234567890", False),
    ],
)
def test_no_row_has_an_id_that_its_column_can_not_hold(key, order_id, can):
    assert athena.can_have(key, order_id) == can
