"""Measures the generator against plain Faker and boto3: orders made, and orders written to the emulator's DynamoDB."""

import tempfile
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from benchmarks import generator_function, interleaved
from benchmarks import generator_writing as writing
from benchmarks.peers.faker_orders import Maker, with_pyfloat, with_uniform
from benchmarks.report import table, target
from common.clock import now_ms
from generator.orders import live_orders, to_item

SEED = 7
OURS, PYFLOAT, UNIFORM = "ours", "Faker", "Faker, with random.uniform for the price"


def measure(report: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    report("generator: making orders")
    made = _made(50 if quick else 10_000, 2 if quick else 15)
    with tempfile.TemporaryDirectory() as folder, writing.emulator(Path(folder)):
        rounds = 1 if quick else 31
        report("generator: writing orders to the emulator, one by one")
        single = writing.measure(batched=False, orders=2 if quick else 50, rounds=rounds)
        report("generator: writing orders to the emulator, in batches")
        batched = writing.measure(batched=True, orders=50 if quick else 500, rounds=rounds)
        report("generator: the function's cold start and memory")
        function = generator_function.measure(writing.TABLE, rounds=1 if quick else 11)
    targets = [
        target(f"Generator, orders made: times as fast as {name}", made["orders"]["ratio"][name], at_least=4)
        for name in (PYFLOAT, UNIFORM)
    ]
    for way, results in (("one by one", single), ("in batches", batched)):
        what = f"Generator, orders written {way}: times as fast as {writing.BARE}"
        targets.append(target(what, results["ratio"][writing.BARE], at_least=0.9))
    return {
        **made,
        "single": single,
        "batched": batched,
        "function": function,
        "targets": targets + generator_function.targets(function),
        "ratios": {
            "label": "Generator: how many times as fast as the usual way with Faker and boto3",
            "x": ["orders made", "items made", "written one by one", "written in batches"],
            "series": {
                "Faker, and boto3's TypeSerializer or Table": [
                    made["orders"]["ratio"][PYFLOAT],
                    made["items"]["ratio"][PYFLOAT],
                    single["ratio"][writing.OBVIOUS],
                    batched["ratio"][writing.OBVIOUS],
                ]
            },
        },
    }


def _made(orders: int, rounds: int) -> dict[str, Any]:
    ours = live_orders(SEED, clock_ms=now_ms)
    fakers = {PYFLOAT: with_pyfloat(SEED), UNIFORM: with_uniform(SEED)}
    serialize = TypeSerializer().serialize

    def take_orders(make: Maker) -> None:
        _take(make() for _ in range(orders))

    def take_items(make: Maker) -> None:
        _take({name: serialize(value) for name, value in make().items()} for _ in range(orders))

    as_orders: dict[str, Callable[[], object]] = {OURS: lambda: _take(islice(ours, orders))}
    as_items: dict[str, Callable[[], object]] = {OURS: lambda: _take(map(to_item, islice(ours, orders)))}
    as_orders |= {name: partial(take_orders, make) for name, make in fakers.items()}
    as_items |= {name: partial(take_items, make) for name, make in fakers.items()}
    return {
        "orders": interleaved.summary(as_orders, orders, rounds, OURS),
        "items": interleaved.summary(as_items, orders, rounds, OURS),
    }


def _take(made: Iterable[object]) -> None:
    deque(made, maxlen=0)


def to_markdown(results: dict[str, Any]) -> str:
    return "\n\n".join(
        [
            _HEAD,
            "### Orders made",
            _table({"orders": results["orders"], "items": results["items"]}, OURS, [PYFLOAT, UNIFORM]),
            "### Orders written to the emulator",
            _WRITTEN,
            _table(
                {"one by one": results["single"], "in batches of 25": results["batched"]},
                writing.OURS,
                [writing.BARE, writing.OBVIOUS],
            ),
            generator_function.to_markdown(results["function"]),
        ]
    )


def _table(cases: dict[str, Any], ours: str, others: list[str]) -> str:
    return table(
        ["", *[f"× {name}" for name in others], *[f"orders/s: {name}" for name in (ours, *others)]],
        [
            [
                case,
                *[f"**{summary['ratio'][name]:.2f}**" for name in others],
                *[f"{summary['orders_per_second'][name]:,.0f}" for name in (ours, *others)],
            ]
            for case, summary in cases.items()
        ],
    )


_HEAD = """## The generator

The columns with × say how many times as fast ours is. The ratio is the median over the rounds; each round measures all
of them in turns. Below 1 ours is slower.

- **Faker**: a dict with uuid4, random_element, random_int, and a Decimal made from pyfloat.
- **Items**: orders in the form of DynamoDB's API. boto3's TypeSerializer makes them from Faker's dicts."""

_WRITTEN = """\
The emulator takes most of the time here. For a single order, ours asks DynamoDB to refuse an id that exists, so that it
never overwrites an order. It also counts what happened to each order.

- **Ready-made items**: put_item or batch_write_item, with requests that were made before the measurement.
- **Faker and boto3's Table**: put_item or batch_writer, with Faker's dicts."""
