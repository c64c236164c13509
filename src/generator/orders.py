"""Makes mock orders of a shop that sells tech gadgets, from a seed and the times of the orders.

Nothing here reads a clock, the environment or AWS. Products, quantities and prices depend on the seed alone. The
caller gives the times, and an order's id holds its time.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import count
from struct import iter_unpack
from typing import TYPE_CHECKING, NamedTuple

from faker.generator import Generator
from faker.providers import BaseProvider

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UniversalAttributeValueTypeDef

    Item = dict[str, UniversalAttributeValueTypeDef]


class Order(NamedTuple):
    """One order, as the order table holds it.

    `orderid` is a UUIDv7 in its 36-character form, `quantity` counts pieces, `price` is that of one piece.
    """

    orderid: str
    product_name: str
    quantity: int
    price: Decimal


class Gadget(NamedTuple):
    """One product and how it sells.

    A price is one of `lowest`, `lowest` + `step`, … up to `highest`, plus .99, .49 or .00. `popularity` is how often it
    is ordered, relative to the others. An order takes each entry of `quantities` equally often.
    """

    product_name: str
    lowest: int
    highest: int
    step: int
    popularity: int
    quantities: tuple[int, ...]


# People buy one laptop, but several cables.
_ONE = (1,)
_SELDOM_TWO = (1, 1, 1, 1, 1, 1, 1, 1, 1, 2)
_A_FEW = (1, 1, 1, 1, 2, 2, 3)
_A_DRAWERFUL = (1, 1, 2, 2, 3, 3, 4, 5, 6, 10)

CATALOGUE = (
    Gadget("Laptop 14-inch", 799, 1499, 50, 5, _SELDOM_TWO),
    Gadget("Gaming Laptop 16-inch", 1199, 2499, 100, 2, _ONE),
    Gadget("Mini PC", 349, 749, 25, 3, _SELDOM_TWO),
    Gadget("Smartphone", 299, 1099, 50, 10, _SELDOM_TWO),
    Gadget("Foldable Phone", 999, 1799, 100, 1, _ONE),
    Gadget("Tablet 11-inch", 249, 649, 20, 6, _SELDOM_TWO),
    Gadget("E-Reader", 99, 249, 10, 5, _SELDOM_TWO),
    Gadget("Smartwatch", 149, 449, 20, 8, _SELDOM_TWO),
    Gadget("Fitness Tracker", 39, 129, 5, 6, _SELDOM_TWO),
    Gadget("Wireless Earbuds", 49, 249, 10, 12, _SELDOM_TWO),
    Gadget("Noise-Cancelling Headphones", 129, 399, 10, 7, _SELDOM_TWO),
    Gadget("Bluetooth Speaker", 29, 179, 10, 7, _SELDOM_TWO),
    Gadget("Soundbar", 129, 599, 10, 2, _ONE),
    Gadget("4K Monitor 27-inch", 249, 599, 10, 5, _A_FEW),
    Gadget("Ultrawide Monitor 34-inch", 349, 899, 25, 2, _SELDOM_TWO),
    Gadget("Mechanical Keyboard", 59, 199, 10, 6, _SELDOM_TWO),
    Gadget("Wireless Mouse", 19, 99, 5, 10, _A_FEW),
    Gadget("Webcam 1080p", 39, 129, 10, 5, _A_FEW),
    Gadget("USB Microphone", 59, 179, 10, 3, _SELDOM_TWO),
    Gadget("Docking Station", 99, 299, 10, 4, _A_FEW),
    Gadget("Wi-Fi 7 Router", 129, 449, 20, 4, _SELDOM_TWO),
    Gadget("NAS 2-Bay", 199, 499, 25, 1, _ONE),
    Gadget("Portable SSD 1 TB", 79, 159, 5, 8, _A_FEW),
    Gadget("MicroSD Card 256 GB", 19, 39, 1, 9, _A_FEW),
    Gadget("Power Bank 20,000 mAh", 25, 69, 2, 9, _A_FEW),
    Gadget("USB-C Charger 65 W", 25, 59, 2, 12, _A_FEW),
    Gadget("USB-C Cable 2 m", 7, 19, 1, 18, _A_DRAWERFUL),
    Gadget("HDMI Cable 3 m", 8, 24, 1, 8, _A_DRAWERFUL),
    Gadget("Smart Plug", 9, 24, 1, 8, _A_DRAWERFUL),
    Gadget("Smart LED Bulb", 9, 29, 1, 8, _A_DRAWERFUL),
    Gadget("Action Camera", 199, 499, 20, 3, _SELDOM_TWO),
    Gadget("Camera Drone", 349, 999, 50, 2, _ONE),
)


def _price_points(gadget: Gadget) -> tuple[Decimal, ...]:
    return tuple(
        Decimal(whole * 100 + cents).scaleb(-2)
        for whole in range(gadget.lowest, gadget.highest + 1, gadget.step)
        for cents in (99, 99, 49, 0)  # half of all prices end in .99
    )


# Every gadget stands here as often as its popularity says, so one random index picks by weight.
_SHELF = tuple(
    entry
    for gadget in CATALOGUE
    for entry in [(gadget.product_name, gadget.quantities, _price_points(gadget))] * gadget.popularity
)


class GadgetProvider(BaseProvider):
    """A Faker provider: `sale()` returns a product's name, the number of pieces, and the price of one piece."""

    def sale(self) -> tuple[str, int, Decimal]:
        # One random number gives three picks of 16 bits each: (bits * n) >> 16 is below n for any 16 bits.
        bits = self.generator.random.getrandbits(48)
        name, quantities, prices = _SHELF[(bits >> 32) * len(_SHELF) >> 16]
        return (
            name,
            quantities[(bits >> 16 & 0xFFFF) * len(quantities) >> 16],
            prices[(bits & 0xFFFF) * len(prices) >> 16],
        )


def planned_orders(seed: int | None, *, start_ms: int, interval_seconds: float) -> Iterator[Order]:
    """Return endless orders with the times `start_ms`, `start_ms` + interval, …; it does not wait for those times.

    `start_ms` is in milliseconds since 1970, UTC. The same arguments give the same orders under the same ids, on every
    machine. With None as the seed they differ each time.
    """
    if not 0 <= start_ms < 1 << 48:
        raise ValueError(f"start_ms: expected milliseconds since 1970 that 48 bits hold, found {start_ms}")
    interval_ns = round(interval_seconds * 1e9)
    moments_ms = (start_ms + position * interval_ns // 1_000_000 for position in count())
    # A second random generator, so that the products do not depend on the ids.
    random = Generator().seed_instance(None if seed is None else f"ids of {seed}").random
    return _orders(seed, moments_ms, iter(lambda: random.getrandbits(62), -1))


def live_orders(
    seed: int | None,
    *,
    clock_ms: Callable[[], int],
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> Iterator[Order]:
    """Return endless orders, each with the time at which it is taken from the iterator and with a new id.

    `clock_ms` gives milliseconds since 1970, UTC. Products, quantities and prices are those of `planned_orders` for the
    same seed.
    """
    return _orders(seed, iter(clock_ms, -1), _random_62_bits(random_bytes))


def to_item(order: Order) -> "Item":
    """Return the order in the form of DynamoDB's low-level API: attributes under their type, numbers as text."""
    orderid, product_name, quantity, price = order
    return {
        "orderid": {"S": orderid},
        "product_name": {"S": product_name},
        "quantity": {"N": str(quantity)},
        "price": {"N": str(price)},
    }


def _orders(seed: int | None, moments_ms: Iterable[int], id_bits: Iterator[int]) -> Iterator[Order]:
    sale = GadgetProvider(Generator().seed_instance(seed)).sale
    for orderid in _uuid7s(moments_ms, id_bits):
        yield Order(orderid, *sale())


def _uuid7s(moments_ms: Iterable[int], random_bits: Iterator[int]) -> Iterator[str]:
    """Return UUIDs of version 7 that sort by their time: RFC 9562, section 5.7, with the counter of 6.2, method 1.

    A UUID holds 48 bits of milliseconds, the version, 12 bits of counter, the variant and 62 random bits. Ids of one
    millisecond differ in their counter. After the counter's last number the next millisecond begins early. When the
    clock steps back, the ids keep the latest millisecond.
    """
    last_ms, counter = -1, 0
    for moment_ms, bits in zip(moments_ms, random_bits, strict=False):
        if moment_ms > last_ms:
            last_ms, counter = moment_ms, 0
        elif counter < 0xFFF:  # noqa: PLR2004 - what 12 bits hold
            counter += 1
        else:
            last_ms, counter = last_ms + 1, 0
        text = (last_ms << 80 | 7 << 76 | counter << 64 | 2 << 62 | bits).to_bytes(16).hex()
        yield f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _random_62_bits(random_bytes: Callable[[int], bytes]) -> Iterator[int]:
    # One system call gives the bits of 512 ids: a call per id would cost more than the rest of an order.
    while True:
        for (bits,) in iter_unpack(">Q", random_bytes(4096)):
            yield bits >> 2
