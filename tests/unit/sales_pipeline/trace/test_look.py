"""Every place is looked at, and one that can't be is named while the others are looked at all the same."""

import base64
import json
import time
from dataclasses import replace
from types import SimpleNamespace

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

from sales_pipeline import query
from sales_pipeline.aws.pipe_event import encode
from sales_pipeline.aws.stack import Stack
from sales_pipeline.query import QueryError
from sales_pipeline.terminal.table import DataTable
from sales_pipeline.trace import athena
from sales_pipeline.trace.found import Gap, Place
from sales_pipeline.trace.look import Looker
from sales_pipeline.trace.verdict import Kind, decide
from sales_pipeline.trace.where import Period
from tests.unit.sales_pipeline.columns import EVERY_TYPE, FOUR
from tests.unit.sales_pipeline.reconcile.stacks import (
    BUCKET,
    TABLE,
    Clock,
    Glue,
    object_key,
    order,
    put_orders,
    row,
)
from tests.unit.sales_pipeline.trace.fakes import ARN, Denied, Kinesis, Queue, TableStreams, event, record
from tests.unit.sales_pipeline.trace.made import NOON_MS
from tests.unit.sales_pipeline.trace.odd_ids import ODD_IDS
from transform.record import RowWriter

OUTPUTS = {
    "BucketName": BUCKET,
    "CrawledTable": "crawled.sales_data",
    "DataLocation": f"s3://{BUCKET}/sales_data/",
    "DeclaredTable": "declared.orders",
    "ErrorLocation": f"s3://{BUCKET}/errors/",
    "PipeDeadLetterQueueUrl": "queue",
    "StreamName": "stream",
    "TableName": TABLE,
    "TableStreamArn": ARN,
}
CLIENTS = {}  # each takes a tenth of a second to make
REFUSED = "errors/processing-failed/dt=2026-11-22/a.json"


class World:
    """A stack: moto's S3 and DynamoDB, and streams, a queue and Athena in memory. Some services can be denied."""

    def __init__(self, session, columns=FOUR):
        self.session, self.denied = session, set()
        self.kinesis, self.streams, self.queue = Kinesis([]), TableStreams({"shard-1": [[]]}), Queue()
        self.glue = Glue("NONE", columns=columns)
        self.athena = {}
        self.stack = Stack(
            "sales",
            OUTPUTS,
            SimpleNamespace(client=self.client, events=session.events, region_name="us-east-1"),
            {"BufferIntervalSeconds": "60"},
            columns=columns,
        )

    def client(self, name, **_):
        if name in self.denied:
            return Denied()
        fakes = {"kinesis": self.kinesis, "dynamodbstreams": self.streams, "sqs": self.queue, "glue": self.glue}
        if name not in fakes and name not in CLIENTS:
            CLIENTS[name] = self.session.client(name)
        return fakes.get(name) or CLIENTS[name]

    def put(self, key, body):
        self.session.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)

    def ask_all(self, _stack, queries, _seconds):
        if "athena" in self.denied:
            denied = {
                "Code": "AccessDeniedException",
                "Message": "not authorized to perform: athena:StartQueryExecution",
            }
            return dict.fromkeys(queries, ClientError({"Error": denied}, "StartQueryExecution"))
        return {name: self.athena.get(name, DataTable(["path", "found"], [])) for name in queries}

    def looker(self, order_id="o", **period):
        return Looker(self.stack, order_id, Period(**period), 60.0)

    def look(self, order_id="o", **period):
        return self.looker(order_id, **period).look()


@pytest.fixture(scope="module")
def session():
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")
        CLIENTS.clear()


@pytest.fixture
def world(session, monkeypatch):
    world, clock = World(session), Clock()
    monkeypatch.setattr("common.clock.time", clock)
    monkeypatch.setattr(query, "ask_all", world.ask_all)
    monkeypatch.setattr("sales_pipeline.trace.streams._CALL_SECONDS", 0)
    s3, dynamodb = session.client("s3"), session.client("dynamodb")
    s3.create_bucket(Bucket=BUCKET)
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "orderid", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "orderid", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield world
    for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    s3.delete_bucket(Bucket=BUCKET)
    dynamodb.delete_table(TableName=TABLE)


def arrive(world, *order_ids, price="1"):
    """Let orders go all the way: table, streams and lake."""
    put_orders(world.stack, *[order(each, price) for each in order_ids])
    rows = b"".join(row("x", f"{price}.0").replace(b'"x"', json.dumps(each).encode()) for each in order_ids)
    world.put(object_key("11-59-30"), rows)
    world.streams.shards = {"shard-1": [[record(each, 1) for each in order_ids]]}
    world.kinesis.shards = [[(1, each, event(each, 1)) for each in order_ids]]


def gaps(found):
    return {gap.place for gap in found.gaps}


def test_an_order_in_the_lake(world):
    arrive(world, "p", "o")
    key = object_key("11-59-30")
    world.athena = {
        "declared.orders": DataTable(["path", "found"], [(f"s3://{BUCKET}/{key}", 1)]),
        "crawled.sales_data": DataTable(["found"], [(1,)]),
        "declared.sales_current": DataTable(["found"], [(1,)]),
    }
    found = world.look()
    assert found.gaps == []
    assert decide(found).kind is Kind.in_the_lake
    assert [(each.place, each.change.order_id) for each in found.sightings] == [
        (Place.kinesis, "o"),
        (Place.table_stream, "o"),
    ]
    assert [(each.key, each.line) for each in found.rows] == [(key, 2)]
    assert [(each.table, each.rows) for each in found.answers] == [
        ("declared.orders", 1),
        ("crawled.sales_data", 1),
        ("declared.sales_current", 1),
    ]
    assert found.held.values == {"product_name": "PC", "quantity": "2", "price": "1"}


@pytest.mark.parametrize(
    ("service", "lacks"),
    [
        ("dynamodb", {Place.table}),
        ("dynamodbstreams", {Place.table_stream}),
        ("kinesis", {Place.kinesis}),
        ("sqs", {Place.dead_letters}),
        ("glue", {"declared.orders"}),
        ("s3", {Place.lake, Place.errors, Place.replayed, Place.set_aside}),
        ("athena", {"declared.orders", "crawled.sales_data", "declared.sales_current"}),
    ],
)
def test_a_service_without_permission_is_named_and_hides_no_other(world, service, lacks):
    arrive(world, "o")
    world.denied = {service}
    found = world.look()
    assert gaps(found) == lacks
    assert all("no permission for x:" in gap.why or "no permission for athena:" in gap.why for gap in found.gaps)
    expected = {"dynamodb": Kind.not_known, "s3": Kind.in_progress}.get(service, Kind.in_the_lake)
    assert decide(found).kind is expected


def test_rows_that_athena_shows_and_nobody_may_read(world):
    arrive(world, "o")
    world.athena = {"declared.orders": DataTable(["path", "found"], [(f"s3://{BUCKET}/{object_key()}", 1)])}
    world.denied = {"s3"}
    verdict = decide(world.look())
    assert (verdict.kind, "Athena shows 1 row of it, which could not be read" in verdict.text) == (Kind.not_known, True)


def test_without_any_permission_there_is_an_error(world):
    world.denied = {"dynamodb", "dynamodbstreams", "kinesis", "sqs", "glue", "s3", "athena"}
    with pytest.raises(ClientError, match="AccessDenied"):
        world.look()


def test_odd_ids_go_all_the_way(world):
    arrive(world, *ODD_IDS)
    for number, order_id in enumerate(ODD_IDS, 1):
        if number % 6 == 0 or not order_id.isprintable():
            found = world.look(order_id)
            assert (decide(found).kind, [each.line for each in found.rows]) == (Kind.in_the_lake, [number])


def b64(data):
    return base64.b64encode(data).decode()


def test_an_error_record_and_a_dead_letter(world):
    put_orders(world.stack, order("o", "1"))
    world.put(REFUSED, json.dumps({"rawData": "e30=", "errorCode": "x"}).encode())
    assert decide(world.look()).kind is Kind.missing
    world.put(
        REFUSED, json.dumps({"rawData": b64(event("o", 1)), "errorCode": "Lambda.X", "errorMessage": "no"}).encode()
    )
    assert "Failed because of Lambda.X: no." in decide(world.look()).text


def test_a_lake_of_a_year_costs_what_its_few_days_cost(world, monkeypatch):
    for month in range(1, 12):
        world.put(object_key(day=f"2026-{month:02}-05"), row("o"))
    operations = []
    put_orders(world.stack, order("o"))
    monkeypatch.setattr(BaseClient, "_make_api_call", counting(operations))
    found = world.look()
    assert (len(found.days), found.days_left) == (3, 11)
    assert decide(found).text.startswith("Missing: no row of it is in these days")
    assert [answer.note for answer in found.answers][-1] == "not asked: it reads all 11 days of the lake"
    assert len(operations) < 25
    world.athena = {"declared.orders": QueryError("no")}
    found = world.look(since_ms=1_780_272_000_000)  # 2026-06-01
    assert (len(found.rows), found.days_left) == (6, 5)
    assert decide(found).kind is Kind.in_the_lake


def test_since_looks_at_more_and_never_at_less(world):
    arrive(world, "o")
    found = world.look(since_ms=NOON_MS + 86_400_000)
    assert {each.place for each in found.sightings} == {Place.kinesis, Place.table_stream}


def test_days_that_the_bucket_does_not_have_cost_nothing(world, monkeypatch):
    put_orders(world.stack, order("o"))
    world.put(object_key(day="2016-03-01"), row("o"))
    world.put("errors/processing-failed/dt=2015-03-01/a.json", b64(b"{}").encode())
    asked, operations = {}, []
    monkeypatch.setattr(query, "ask_all", lambda _, queries, __: asked.update(queries) or world.ask_all(_, queries, __))
    monkeypatch.setattr(BaseClient, "_make_api_call", counting(operations))
    found = world.look(since_ms=-1)
    assert [f"{day}" for day in found.days] == ["2016-03-01", "2026-11-20", "2026-11-21", "2026-11-22"]
    assert "dt IN ('2016-03-01', '2026-11-20', '2026-11-21', '2026-11-22')" in asked["crawled.sales_data"]
    assert (found.gaps, found.days_left) == ([], 0)
    assert len(operations) < 25


def test_athena_is_asked_again_about_a_row_that_came_after_its_answer(world):
    arrive(world, "o")
    answers = [[], [(f"s3://{BUCKET}/{object_key('11-59-30')}", 1)]]

    def ask_all(_stack, queries, _seconds):
        rows = answers.pop(0)
        return {name: DataTable(["path", "found"], rows) for name in queries}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query, "ask_all", ask_all)
        found = world.look()
    assert ([answer.rows for answer in found.answers], answers) == ([1, 1, 1], [])


def test_objects_that_athena_leaves_out_are_named(world):
    paths = [[f"s3://{BUCKET}/{object_key(place)}", 2] for place in range(athena.PATHS_MAX)]
    for left_out, gaps in (
        (1, []),
        (0, [Gap("declared.orders", "only its first 1,000 objects with rows were looked at")]),
    ):
        world.athena["declared.orders"] = DataTable(["path", "found"], paths[left_out:])
        assert [gap for gap in world.look().gaps if gap.place == "declared.orders"] == gaps


def test_ctrl_c_ends_all_that_is_being_read(world, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(query, "ask_all", interrupted)
    endless = {"Records": [], "NextShardIterator": "i", "MillisBehindLatest": 1}
    monkeypatch.setattr(world.kinesis, "get_records", lambda **_: endless)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        world.look()
    assert time.monotonic() - started < 30  # it would read for 60 s


def test_a_table_that_is_not_there_is_told_from_a_view_over_one_that_is_not(world):
    arrive(world, "o")
    missing = QueryError("Athena says: line 1:15: Table 'awsdatacatalog.{}' does not exist")
    world.athena = {
        "crawled.sales_data": QueryError(str(missing).format("crawled.sales_data")),
        "declared.sales_current": QueryError(str(missing).format("declared.orders")),
    }
    notes = {answer.table: answer.note for answer in world.look().answers}
    assert notes["crawled.sales_data"] == "not there: `sales crawl` makes it"
    assert notes["declared.sales_current"].endswith("'awsdatacatalog.declared.orders' does not exist")


def counting(operations):
    make = BaseClient._make_api_call

    def call(self, operation, parameters):
        operations.append(operation)
        return make(self, operation, parameters)

    return call


def test_an_order_that_is_looked_for_again_is_found_when_it_arrives(world, monkeypatch):
    put_orders(world.stack, order("o", "1"))
    world.streams.shards = {"shard-1": [[record("o", 1)]]}
    looker = world.looker()
    assert decide(looker.look()).text.startswith("In progress: it was last seen in the table's stream")
    monkeypatch.setattr(query, "ask_all", None)  # it costs the most
    # Clocks differ: the first one seems to have been there when it was looked at.
    world.kinesis.shards = [[(-4, "o", event("o", 1)), (1, "o", event("o", 1))]]
    world.streams.shards = {"shard-1": [[]]}
    assert "in the Kinesis stream" in decide(looker.look(again=True)).text
    world.kinesis.shards = [[]]
    world.put(object_key("12-00-00"), row("o", "1.0"))
    found = looker.look(again=True)
    assert (decide(found).kind, len(found.sightings)) == (Kind.in_the_lake, 3)


@pytest.mark.usefixtures("world")
def test_athena_is_not_asked_for_an_id_that_no_row_can_have(session, monkeypatch):
    monkeypatch.setattr(query, "ask_all", None)
    found = World(session, EVERY_TYPE).look("1.5")
    assert {each.table for each in found.answers} == {"declared.orders", "crawled.sales_data", "declared.sales_current"}
    assert {(each.rows, each.note) for each in found.answers} == {
        (None, "not asked: column order_no can't hold this id")
    }
    assert found.rows_are_known


def test_a_table_with_a_key_and_columns_of_its_own(session, world, monkeypatch):
    own = World(session, EVERY_TYPE)
    monkeypatch.setattr(query, "ask_all", own.ask_all)
    box = {"L": [{"S": "x"}, {"N": "10"}, {"B": b"x"}]}
    item = {"orderNo": {"N": "12"}, "class": {"BOOL": True}, "Total": {"N": "1.5"}, "shipping": box}
    change = json.loads(event("o", 1))
    change["dynamodb"] |= {"Keys": {"orderNo": {"N": "12"}}, "NewImage": item}
    own.kinesis.shards = [[(1, "12", encode(change))]]
    client = own.client("dynamodb")
    client.create_table(
        TableName="numbers",
        KeySchema=[{"AttributeName": "orderNo", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "orderNo", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    own.stack = replace(own.stack, outputs=OUTPUTS | {"TableName": "numbers"})
    client.put_item(TableName="numbers", Item=item)
    world.put(object_key("12-00-00"), RowWriter(EVERY_TYPE).row(encode(change)) + b"\n")
    found = own.look("12")
    client.delete_table(TableName="numbers")
    assert (decide(found).kind, len(found.rows), len(found.sightings)) == (Kind.in_the_lake, 1, 1)
    assert found.held.values == {"class": "true", "price": "1.5", "shipping": '["x",10,"eA=="]'}
    assert found.gaps == []
