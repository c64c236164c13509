"""Orders from the table to SQL through the whole pipeline: every version once, exact to the last digit."""

import base64
import json
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

import pytest

from generator.orders import Order, planned_orders, to_item
from generator.pace import BATCH_SIZE
from generator.writer import Writer
from sales_pipeline import query
from sales_pipeline.aws.stack import Stack
from sales_pipeline.local import pipeline as local_pipeline
from tests.unit.events import crawled_columns
from transform.columns import COLUMNS

STACK_NAME = "whole"
SEED = 20261122
START_MS = 1_750_000_000_000
ORDERS = 400
MODIFIED_ORDERS = 40
DELETED_ORDERS = 30
SCHEDULED_ORDERS = 20
ARRIVAL_SECONDS = 120  # a minute until the generator's schedule fires, and as long again
STILL_SECONDS = 3  # longer than the last buffers
CRAWL_SECONDS = 150

EXACT_PRICES = [
    "0.123456789",
    "9007199254740993.000000001",
    "-9999999999999999999.999999999",
    "1E+18",
    "1E-9",
    "349",
    "349.50",
    "0",
]
SCRIPTS = [
    "ノートパソコン 14 インチ",
    "कीबोर्ड",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 🎧",
    "سماعات",
    'a "quoted"\n\\ name',
    "\u2028\x7f",
]

S, N = "S", "N"
GOOD = {"product_name": {S: "Käse"}, "quantity": {N: "1"}, "price": {N: "1.5"}}
BAD = {
    "bad-price-is-text": GOOD | {"price": {S: "349.99"}},
    "bad-price-is-missing": {name: value for name, value in GOOD.items() if name != "price"},
    "bad-price-is-too-large": GOOD | {"price": {N: "1" + "0" * 19}},
    "bad-price-is-too-small": GOOD | {"price": {N: "0.0000000001"}},
    "bad-name-is-empty": GOOD | {"product_name": {S: ""}},
    "bad-quantity-is-a-fraction": GOOD | {"quantity": {N: "2.5"}},
    "bad-quantity-is-too-large": GOOD | {"quantity": {N: "2147483648"}},
}


@dataclass
class Whole:
    """The stack, and clients of the root user."""

    stack: Stack
    endpoint_url: str

    def __getitem__(self, output):
        return self.stack[output]

    def client(self, service):
        return self.stack.session.client(service, endpoint_url=self.endpoint_url)

    def put(self, item):
        self.client("dynamodb").put_item(TableName=self["TableName"], Item=item)

    def scheduled_orders(self, versions):
        """Items that the generator function wrote."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self["TableName"])
        return [item for page in pages for item in page["Items"] if is_scheduled(item["orderid"][S], versions)]


@dataclass
class Lake:
    """What lies in the bucket: rows and failures, in order within each object, with the key of the object."""

    rows: list[tuple[str, dict]]
    failures: list[tuple[str, dict]]


@pytest.fixture(scope="session")
def whole(emulator, sam, built_template, tmp_path_factory):
    """Deploy with short buffers, the generator on, and a crawl once the first orders are there; run the stand-ins."""
    crawl_time = datetime.now(UTC) + timedelta(minutes=2)
    settings = {
        "TableName": "whole_orders",
        "DatabaseName": "whole_db",
        "BufferIntervalSeconds": "1",
        "GeneratorState": "ENABLED",
        "CrawlerSchedule": f"cron({crawl_time.minute} {crawl_time.hour} * * ? *)",
    }
    outputs = sam.deploy(built_template, STACK_NAME, settings)
    folder = tmp_path_factory.mktemp("whole")
    session = emulator.session()
    with local_pipeline.workers(emulator, STACK_NAME, folder / "state", folder):
        yield Whole(Stack(STACK_NAME, outputs, session), emulator.endpoint_url)


@pytest.fixture(scope="session")
def versions(whole):
    """Write everything; return each version that the table took, in order, by order id."""
    orders = list(islice(planned_orders(SEED, start_ms=START_MS, interval_seconds=1), ORDERS))
    writer = Writer(whole.client("dynamodb"), whole["TableName"], lambda seconds: not time.sleep(seconds))
    for start in range(0, ORDERS, BATCH_SIZE):
        writer.write(orders[start : start + BATCH_SIZE])
    assert writer.tally.written == ORDERS

    changed = [
        order._replace(quantity=order.quantity + change + 1, price=order.price + Decimal("0.01"))
        for position, order in enumerate(orders[:MODIFIED_ORDERS])
        for change in range(position % 3 + 1)
    ]
    exact = [Order(f"exact-{position}", "Käse", 1, Decimal(price)) for position, price in enumerate(EXACT_PRICES)]
    scripts = [Order(f"script-{position}-ß", name, 1, Decimal("1.5")) for position, name in enumerate(SCRIPTS)]
    others = {"colour": {S: "red"}, "price_history": {"L": [{N: "1"}]}}
    for order in changed + exact + scripts:
        whole.put(to_item(order))
    more = Order("more", "Käse", 1, Decimal("1.5"))
    whole.put(to_item(more) | others)
    for orderid, attributes in BAD.items():
        whole.put({"orderid": {S: orderid}} | attributes)
    for order in orders[-DELETED_ORDERS:]:
        whole.client("dynamodb").delete_item(TableName=whole["TableName"], Key={"orderid": {S: order.orderid}})

    versions = defaultdict(list)
    for order in [*orders, *changed, *exact, *scripts, more]:
        versions[order.orderid].append((order.product_name, order.quantity, order.price))
    return versions


def is_scheduled(orderid, versions):
    return orderid not in versions and orderid not in BAD


def read_lake(whole):
    s3, bucket = whole.client("s3"), whole["BucketName"]

    def lines(prefix):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = sorted(found["Key"] for page in pages for found in page.get("Contents", []))
        bodies = [(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
        assert all(body.endswith(b"\n") for _, body in bodies)
        return [(key, json.loads(line, parse_float=Decimal)) for key, body in bodies for line in body[:-1].split(b"\n")]

    return Lake(lines("sales_data/"), lines("errors/"))


@pytest.fixture(scope="session")
def lake(whole, versions):
    """Wait until everything has arrived, and for a while more, in which nothing may come twice."""
    expected = sum(map(len, versions.values())) + SCHEDULED_ORDERS + len(BAD)
    deadline = time.monotonic() + ARRIVAL_SECONDS
    still_since = None
    while still_since is None or time.monotonic() < still_since + STILL_SECONDS:
        found = read_lake(whole)
        arrived = len(found.rows) + len(found.failures)
        assert time.monotonic() < deadline, f"{arrived} of {expected} arrived in {ARRIVAL_SECONDS} s"
        still_since = (still_since or time.monotonic()) if arrived >= expected else None
        time.sleep(0.25)
    return found


@pytest.mark.first
def test_the_table_holds_the_newest_version_of_what_is_not_deleted(whole, versions):
    pages = whole.client("dynamodb").get_paginator("scan").paginate(TableName=whole["TableName"])
    items = {item["orderid"][S]: item for page in pages for item in page["Items"]}
    held = versions.keys() & items.keys()
    assert len(versions) - len(held) == DELETED_ORDERS
    assert items.keys() >= BAD.keys()
    for orderid in held:
        product_name, quantity, price = versions[orderid][-1]
        assert items[orderid]["product_name"] == {S: product_name}
        assert Decimal(items[orderid]["quantity"][N]) == quantity
        assert Decimal(items[orderid]["price"][N]) == price


@pytest.mark.last
def test_every_version_is_a_row_once_in_order_and_exact(lake, versions):
    found = defaultdict(list)
    for _, row in lake.rows:
        assert list(row) == [column.name for column in COLUMNS]
        assert isinstance(row["quantity"], int)
        assert isinstance(row["price"], Decimal)
        if not is_scheduled(row["orderid"], versions):
            found[row["orderid"]].append((row["product_name"], row["quantity"], row["price"]))
    assert found == versions


@pytest.mark.last
def test_rows_share_the_objects_of_their_day(lake):
    objects = Counter(key for key, _ in lake.rows)
    assert len(objects) <= len(lake.rows) / 20
    assert all(key.startswith("sales_data/dt=20") and key.endswith(".json") for key in objects)


@pytest.mark.last
def test_failures_lie_under_errors_with_the_event_as_it_came(lake, whole):
    events = {}
    for key, failure in lake.failures:
        assert key.startswith("errors/processing-failed/dt=20")
        assert failure["errorCode"] == "Lambda.ProcessingFailedStatus"
        assert {"attemptsMade", "arrivalTimestamp", "errorMessage", "attemptEndingTimestamp"} < failure.keys()
        event = json.loads(base64.b64decode(failure["rawData"], validate=True))
        events[event["dynamodb"]["Keys"]["orderid"][S]] = event
    assert len(lake.failures) == len(BAD)
    assert events.keys() == BAD.keys()
    for orderid, attributes in BAD.items():
        assert events[orderid]["dynamodb"]["NewImage"] == {"orderid": {S: orderid}} | attributes
        assert events[orderid]["eventSourceARN"] == whole["TableStreamArn"]
    assert len({key for key, _ in lake.failures}) < len(BAD)


@pytest.mark.last
def test_the_schedule_fires_the_generator_function(whole, lake, versions):
    items = whole.scheduled_orders(versions)
    start_ms = int(min(item["orderid"][S] for item in items).replace("-", "")[:12], 16)
    planned = list(islice(planned_orders(start_ms, start_ms=start_ms, interval_seconds=3), SCHEDULED_ORDERS))
    assert start_ms % 60_000 == 0
    assert sorted(item["orderid"][S] for item in items) == [order.orderid for order in planned]
    rows = [row for _, row in lake.rows if is_scheduled(row["orderid"], versions)]
    assert sorted(tuple(row[name] for name in Order._fields) for row in rows) == [tuple(order) for order in planned]


@pytest.fixture(scope="session")
def crawled(whole, lake):  # noqa: ARG001 - nothing is to be crawled before
    """Wait for the scheduled crawl; return the columns of the table that it makes."""
    glue = whole.client("glue")
    deadline = time.monotonic() + CRAWL_SECONDS
    while not (tables := glue.get_tables(DatabaseName="whole_db")["TableList"]):
        assert time.monotonic() < deadline, f"no table in {CRAWL_SECONDS} s"
        time.sleep(0.5)
    [table] = tables
    return {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}


@pytest.mark.last
def test_the_schedule_starts_the_crawler_that_makes_the_table(crawled):
    assert crawled == crawled_columns()


@pytest.mark.last
@pytest.mark.parametrize("table", ["CrawledTable", "DeclaredTable"])
@pytest.mark.usefixtures("crawled")
def test_sql_sees_every_row_as_exact_as_its_table(emulator, whole, lake, table, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    answer = query.ask(whole.stack, f"SELECT {', '.join(Order._fields)} FROM {whole[table]}")  # noqa: S608
    assert answer.columns == list(Order._fields)
    number = float if table == "CrawledTable" else Decimal
    assert Counter(answer.rows) == Counter(
        (row["orderid"], row["product_name"], row["quantity"], number(row["price"])) for _, row in lake.rows
    )
