"""Measures how fast orders are written to a table of the emulator, by the generator's writer and in two other ways."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3

from benchmarks import interleaved
from benchmarks.peers.faker_orders import with_pyfloat
from common.clock import now_ms
from generator.orders import Order, live_orders, to_item
from generator.pace import BATCH_SIZE
from generator.writer import Writer, connect
from local_aws import emulator as local_emulator

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBServiceResource

SEED = 7
TABLE = "orders"
OURS, BARE, OBVIOUS = "ours", "ready-made items", "Faker and boto3's Table"


@contextmanager
def emulator(folder: Path) -> Iterator[None]:
    """Start an emulator with a table that has a stream, and let boto3 use it by default."""
    with (
        local_emulator.start(folder / "emulator.log") as started,
        patch.dict(os.environ, started.environment),
    ):
        boto3.Session().client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        yield


def measure(*, batched: bool, orders: int, rounds: int) -> dict[str, Any]:
    """In each round, write this many orders in each way, one by one or in batches of 25."""
    made = live_orders(SEED, clock_ms=now_ms)
    ways = {
        OURS: _ours(made, orders, BATCH_SIZE if batched else 1),
        BARE: _bare(made, orders, rounds + 1, batched=batched),
        OBVIOUS: _obvious(orders, batched=batched),
    }
    before = _stored()
    summary = interleaved.summary(ways, orders, rounds, OURS)
    written, expected = _stored() - before, len(ways) * orders * (rounds + 1)
    if written != expected:
        raise RuntimeError(f"{written:,} orders were written, not {expected:,}: the times are not valid.")
    return summary


def _stored() -> int:
    pages = boto3.Session().client("dynamodb").get_paginator("scan").paginate(TableName=TABLE, Select="COUNT")
    return sum(page["Count"] for page in pages)


def _ours(made: Iterator[Order], orders: int, at_once: int) -> Callable[[], None]:
    writer = Writer(connect(None, None, None), TABLE, lambda _seconds: True)

    def write() -> None:
        for some in _chunks(islice(made, orders), at_once):
            writer.write(some)

    return write


def _bare(made: Iterator[Order], orders: int, rounds: int, *, batched: bool) -> Callable[[], None]:
    client = boto3.Session().client("dynamodb")
    items = [[to_item(order) for order in islice(made, orders)] for _ in range(rounds)]
    single = iter(items)
    batches = iter([list(_chunks(map(_put_request, some), BATCH_SIZE)) for some in items])

    def put_each() -> None:
        for item in next(single):
            client.put_item(TableName=TABLE, Item=item)

    def put_batches() -> None:
        for batch in next(batches):
            client.batch_write_item(RequestItems={TABLE: batch})

    return put_batches if batched else put_each


def _put_request(item: Any) -> Any:  # noqa: ANN401 - boto3-stubs has the same type
    return {"PutRequest": {"Item": item}}


def _obvious(orders: int, *, batched: bool) -> Callable[[], None]:
    resource: DynamoDBServiceResource = boto3.Session().resource("dynamodb")
    # The two measurements need different seeds, or the second would overwrite the orders of the first.
    table, order = resource.Table(TABLE), with_pyfloat(SEED + batched)

    def put_each() -> None:
        for _ in range(orders):
            table.put_item(Item=order())

    def put_batches() -> None:
        with table.batch_writer() as batch:
            for _ in range(orders):
                batch.put_item(Item=order())

    return put_batches if batched else put_each


def _chunks(some: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while chunk := list(islice(some, size)):
        yield chunk
