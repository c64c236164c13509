"""Makes mock orders with Faker in the usual way: dicts for boto3's Table, which takes Decimals and no floats."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from faker import Faker

from generator.orders import CATALOGUE

PRODUCTS = [gadget.product_name for gadget in CATALOGUE]
LOWEST, HIGHEST = 7, 2500

Maker = Callable[[], dict[str, Any]]


def with_pyfloat(seed: int) -> Maker:
    """Return a function that makes orders with Faker only."""
    fake = Faker()
    fake.seed_instance(seed)

    def order() -> dict[str, Any]:
        return {
            "orderid": fake.uuid4(),
            "product_name": fake.random_element(PRODUCTS),
            "quantity": fake.random_int(1, 5),
            "price": Decimal(str(fake.pyfloat(min_value=LOWEST, max_value=HIGHEST, right_digits=2))),
        }

    return order


def with_uniform(seed: int) -> Maker:
    """Return a function that makes orders with Faker, and the price with random.uniform."""
    fake = Faker()
    fake.seed_instance(seed)
    uniform = random.Random(seed).uniform  # noqa: S311 - mock data

    def order() -> dict[str, Any]:
        return {
            "orderid": fake.uuid4(),
            "product_name": fake.random_element(PRODUCTS),
            "quantity": fake.random_int(1, 5),
            "price": Decimal(str(round(uniform(LOWEST, HIGHEST), 2))),
        }

    return order
