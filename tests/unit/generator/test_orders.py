import subprocess
import sys
import uuid
from collections import Counter
from decimal import Decimal
from itertools import islice, pairwise, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.orders import CATALOGUE, Order, live_orders, planned_orders, to_item

START_MS = 1_795_363_200_000
BANDS = {gadget.product_name: gadget for gadget in CATALOGUE}


def live(seed, moments_ms, count):
    clock = iter(moments_ms)
    return list(islice(live_orders(seed, clock_ms=lambda: next(clock)), count))


def planned(seed, count, interval_seconds=3.0):
    return list(islice(planned_orders(seed, start_ms=START_MS, interval_seconds=interval_seconds), count))


def id_ms(order):
    return uuid.UUID(order.orderid).int >> 80


def test_a_seed_gives_these_orders_on_every_machine():
    assert planned(7, 3) == [
        Order("01a203fc-5c00-7000-8719-25fdc602900a", "Smart LED Bulb", 2, Decimal("23.00")),
        Order("01a203fc-67b8-7000-aeea-61ce4b3ece65", "4K Monitor 27-inch", 1, Decimal("259.00")),
        Order("01a203fc-7370-7000-bc34-38046eb77b41", "Mini PC", 1, Decimal("599.00")),
    ]


@given(st.integers(min_value=0))
def test_what_is_ordered_follows_from_the_seed_alone(seed):
    assert [o[1:] for o in planned(seed, 5)] == [o[1:] for o in live(seed, repeat(0), 5)]


def test_without_a_seed_no_two_runs_order_the_same():
    assert [o[1:] for o in planned(None, 20)] != [o[1:] for o in planned(None, 20)]
    assert {o.orderid for o in planned(None, 20)}.isdisjoint(o.orderid for o in planned(None, 20))


def test_live_ids_are_new_even_for_the_same_seed_and_moment():
    assert {o.orderid for o in live(7, repeat(0), 600)}.isdisjoint(o.orderid for o in live(7, repeat(0), 600))


@given(st.lists(st.integers(0, 2**48 - 100), min_size=1, max_size=50))
def test_ids_are_uuids_of_version_7_that_sort_as_they_were_made_whatever_the_clock_does(moments_ms):
    ids = [order.orderid for order in live(1, moments_ms, len(moments_ms))]
    assert all(earlier < later for earlier, later in pairwise(ids))
    for orderid in ids:
        assert str(uuid.UUID(orderid)) == orderid
        assert (uuid.UUID(orderid).version, uuid.UUID(orderid).variant) == (7, uuid.RFC_4122)


def test_more_ids_than_a_millisecond_holds_borrow_the_next_one():
    orders = live(1, repeat(START_MS), 4096 * 2 + 1)
    assert [id_ms(orders[i]) - START_MS for i in (0, 4095, 4096, 8191, 8192)] == [0, 0, 1, 1, 2]
    assert all(earlier.orderid < later.orderid for earlier, later in pairwise(orders))


@pytest.mark.parametrize(
    ("interval_seconds", "expected_ms"),
    [(3, [0, 3000, 6000]), (0.029, [0, 29, 58]), (0.0004, [0, 0, 0, 1, 1, 2]), (1 / 3, [0, 333, 666, 999])],
)
def test_planned_orders_stand_an_interval_apart(interval_seconds, expected_ms):
    orders = planned(1, len(expected_ms), interval_seconds)
    assert [id_ms(order) - START_MS for order in orders] == expected_ms


def test_a_late_order_of_a_plan_does_not_drift():
    interval_seconds = 0.1
    *_, last = islice(planned_orders(1, start_ms=START_MS, interval_seconds=interval_seconds), 100_001)
    assert id_ms(last) == START_MS + 10_000_000


@pytest.mark.parametrize("start_ms", [-1, 1 << 48])
def test_a_start_that_no_id_can_hold_is_refused(start_ms):
    with pytest.raises(ValueError, match="start_ms"):
        planned_orders(1, start_ms=start_ms, interval_seconds=3)


def test_orders_look_like_sales():
    orders = planned(1, 50_000)
    for order in orders:
        gadget = BANDS[order.product_name]
        assert gadget.lowest <= order.price < gadget.highest + 1
        assert order.quantity in gadget.quantities
        assert str(order.price)[-3:] in {".99", ".49", ".00"}
    sold = Counter(order.product_name for order in orders)
    popularity = sum(gadget.popularity for gadget in CATALOGUE)
    for gadget in CATALOGUE:
        assert sold[gadget.product_name] / 50_000 == pytest.approx(gadget.popularity / popularity, rel=0.2)
    # The transform is to meet a price that DynamoDB gives back without its fraction.
    assert any(order.price == 349 for order in orders)
    assert Counter(order.quantity for order in orders).most_common(1)[0][0] == 1
    assert {order.quantity for order in orders if "Gaming" in order.product_name} == {1}


def test_an_item_is_what_the_low_level_api_takes():
    assert to_item(Order("an-id", "Tablet 11-inch", 2, Decimal("349.00"))) == {
        "orderid": {"S": "an-id"},
        "product_name": {"S": "Tablet 11-inch"},
        "quantity": {"N": "2"},
        "price": {"N": "349.00"},
    }


def test_orders_load_neither_boto3_nor_fakers_locales():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, generator.orders; print(*sys.modules)"],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "faker.generator" in loaded
    assert not {"boto3", "botocore", "faker.providers.person.en_US"} & set(loaded)
