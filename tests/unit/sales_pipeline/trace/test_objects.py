"""What the bucket has of one order: few objects are read, and what was not read is said."""

import base64
import gzip
import json
import math
from datetime import date

import boto3
import pytest
from moto import mock_aws

from sales_pipeline.aws.stack import Stack
from sales_pipeline.failures import records
from sales_pipeline.orders.version import DELETED
from sales_pipeline.reconcile.declared import ProjectedDays
from sales_pipeline.reconcile.reader import Sources
from sales_pipeline.trace import objects
from sales_pipeline.trace.budget import Budget
from sales_pipeline.trace.found import Place
from sales_pipeline.trace.objects import Objects, Search
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.sales_pipeline.reconcile.stacks import BUCKET, Clock, change, object_key, row
from tests.unit.sales_pipeline.trace.fakes import event, order
from tests.unit.sales_pipeline.trace.made import NOON_MS, TODAY
from transform.record import RowWriter

ALL_DAYS = ProjectedDays(date(2026, 1, 1), None)
ERRORS = "processing-failed/dt=2026-11-22/"


@pytest.fixture(scope="module")
def session():
    with mock_aws():
        yield boto3.Session(region_name="us-east-1")


@pytest.fixture(scope="module")
def sources(session):
    locations = {"DataLocation": f"s3://{BUCKET}/sales_data/", "ErrorLocation": f"s3://{BUCKET}/errors/"}
    outputs = locations | {"TableName": "orders", "BucketName": BUCKET}
    return Sources(Stack("sales", outputs, session, {"ChangeColumns": "APPEND"}, columns=FOUR), math.inf)


@pytest.fixture(scope="module")
def s3(session):
    return session.client("s3")


@pytest.fixture
def look(sources, s3, monkeypatch):
    monkeypatch.setattr("common.clock.time", Clock())
    monkeypatch.setattr(records, "_writers", lambda: [RowWriter(FOUR)])
    s3.create_bucket(Bucket=BUCKET)
    yield lambda order_id="o": Objects(sources.stack, order(order_id), sources)
    for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    s3.delete_bucket(Bucket=BUCKET)


def search(days=(TODAY,), moments_ms=(), seconds=60.0):
    return Search(days, moments_ms, 100_000, Budget(seconds))


@pytest.fixture
def rows(look):
    def rows(order_id="o", named=None, **which):
        found, gaps, is_whole = look(order_id).rows(search(**which), named, ALL_DAYS)
        return sorted(found, key=lambda each: (each.key, each.line)), gaps, is_whole

    return rows


@pytest.fixture
def put(s3):
    def put(key, body, storage_class="STANDARD"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=body, StorageClass=storage_class)

    return put


def test_rows_have_their_object_their_line_and_their_change(rows, put):
    put(object_key(), row("p") + row("o", change=change(7, "e")) + row("o", "2.0"))
    (first, second), gaps, is_whole = rows()
    assert (first.key, first.line, second.line, gaps, is_whole) == (object_key(), 2, 3, [], True)
    assert (first.sequence_number, first.event_id, second.sequence_number) == ("7", "e", None)
    assert first.version != second.version
    assert first.is_shown


def test_lines_of_many_batches_keep_their_numbers(rows, put, monkeypatch):
    monkeypatch.setattr("sales_pipeline.aws.bucket.BATCH_LINES", 3)
    for name in ("a", "b"):
        lines = [row(f"other {number}") for number in range(20)]
        lines[10] = row("o")
        put(object_key(tail=f"{name}.json"), b"".join(lines))
    put(object_key(tail="c.json.gz"), gzip.compress(row("p") + row("o")))
    assert [each.line for each in rows()[0]] == [11, 11, 2]


def test_odd_ids_are_found_however_a_writer_escapes_them(rows, put):
    odd = ("'", "\\", '"', "\n", "\x00", "日本", "😀", "12")
    for tail, ascii_only in (("a.json", True), ("b.json", False)):
        lines = [row("x").replace(b'"x"', json.dumps(each, ensure_ascii=ascii_only).encode()) for each in odd]
        put(object_key(tail=tail), b"".join(lines))
    for number, each in enumerate(odd, 1):
        assert [one.line for one in rows(each)[0]] == [number, number], each


def test_a_line_that_names_the_order_and_is_no_row(rows, put):
    put(object_key(), row("o", "true") + b'{"orderid":"o"' + b"\n" + row("ok", "true"))
    found, _, _ = rows()
    assert [(each.line, each.version) for each in found] == [(1, None), (2, None)]


def test_a_deletion(rows, put):
    removed = (
        b'{"orderid":"o","product_name":null,"quantity":null,"price":null' + change(2, name="REMOVE").encode() + b"}\n"
    )
    put(object_key(), removed)
    assert [each.version for each in rows()[0]] == [DELETED]


def test_what_the_declared_table_does_not_show(rows, put):
    put("sales_data/dt=2026-11-22/_hidden.json", row("o"))
    put(object_key(), row("o"), "GLACIER")
    found, gaps, _ = rows()
    assert [(each.key, each.is_shown) for each in found] == [("sales_data/dt=2026-11-22/_hidden.json", False)]
    assert gaps == []  # an archived object is none that could not be read: no query reads it


def test_other_days_are_neither_listed_nor_read(look, rows, put):
    put(object_key(day="2026-11-21"), row("o"))
    assert rows()[0] == []
    assert len(rows(days=[TODAY, date(2026, 11, 21)])[0]) == 1
    assert look().lake_days() == {date(2026, 11, 21)}


def test_athena_names_the_objects_and_those_of_the_moments_are_read_beside_them(rows, put, monkeypatch):
    for time in ("08-00-00", "09-00-00", "12-00-00"):
        put(object_key(time), row("o"))
    read = []
    lines = objects.Folder.lines
    monkeypatch.setattr(
        objects.Folder, "lines", lambda self, one, some, split: read.extend(some) or lines(self, one, some, split)
    )
    found, gaps, is_whole = rows(named={object_key("08-00-00")}, moments_ms=[NOON_MS - 3_600_000])
    assert sorted(each.key for each in read) == [object_key("08-00-00"), object_key("09-00-00")]
    assert (len(found), gaps, is_whole) == (2, [], True)


def test_so_many_are_read_beside_those_that_athena_names_and_no_more(rows, put, monkeypatch):
    monkeypatch.setattr(objects, "LIKELY_MAX", 1)
    for time in ("12-00-00", "12-00-01"):
        put(object_key(time), row("o"))
    assert len(rows(named=set(), moments_ms=[NOON_MS])[0]) == 1


def test_without_athena_so_many_are_read_and_no_more(rows, put, monkeypatch):
    monkeypatch.setattr(objects, "OBJECTS_MAX", 2)
    for time in ("08-00-00", "09-00-00", "10-00-00"):
        put(object_key(time), row("o"))
    found, [gap], is_whole = rows()
    assert (len(found), is_whole) == (2, False)
    assert (gap.place, gap.why) == (
        Place.lake,
        "1 of 3 objects were not read, in 60 s and at most 2: --seconds reads longer",
    )


def test_a_budget_that_is_over_reads_nothing_and_says_so(rows, put):
    put(object_key(), row("o"))
    found, [gap], is_whole = rows(seconds=0.0)
    assert (found, gap.why, is_whole) == ([], "not all objects could be listed in 0 s: --seconds reads longer", False)


def test_rows_that_athena_names_are_known_once_they_are_read(rows, put):
    put(object_key(), row("o"))
    assert rows(named={object_key()})[2] is True
    assert rows(named={object_key()}, seconds=0.0)[2] is False
    assert rows(named=set(), seconds=0.0)[2] is True


def test_an_object_that_athena_cannot_read_is_named(rows, put):
    put(object_key(tail=".json.gz"), row("o"))
    assert rows()[1][0].why == "1 object could not be read as Athena reads it: see `sales reconcile`"


def test_an_object_is_read_once(look, put, monkeypatch):
    put(object_key(), row("o"))
    of = look()
    first = of.rows(search(), None, ALL_DAYS)
    monkeypatch.setattr(objects.Folder, "lines", None)
    assert of.rows(search(), None, ALL_DAYS) == first


def error(data, code="Lambda.FunctionError", message="it broke", attempted_ms=NOON_MS):
    return {
        "rawData": base64.b64encode(data).decode(),
        "errorCode": code,
        "errorMessage": message,
        "attemptEndingTimestamp": attempted_ms,
    }


@pytest.fixture
def failures(look, put):
    def failures(place, body, key):
        put(key, "".join(json.dumps(each) + "\n" for each in body).encode())
        return look().failures(place, search())

    return failures


def test_error_records_say_why(failures):
    refused = event("o", 9).replace(b'{"N": "9"}', b'{"S": "9"}')
    body = [
        error(event("other", 1)),
        error(event("o", 1)),
        error(b"{"),
        error(refused, "Lambda.ProcessingFailedStatus"),
    ]
    found, gaps = failures(Place.errors, [*body, {"no": "record"}], f"errors/{ERRORS}a.json")
    assert gaps == []
    assert [(each.where, each.reason, each.time_ms) for each in found] == [
        (f"errors/{ERRORS}a.json:2", "Lambda.FunctionError: it broke", NOON_MS),
        (
            f"errors/{ERRORS}a.json:4",
            "Lambda.ProcessingFailedStatus: $.dynamodb.NewImage.price: expected N, found S",
            NOON_MS,
        ),
    ]


def test_error_records_of_other_days_are_not_read(failures):
    key = "errors/processing-failed/dt=2026-11-{}/a.json"
    assert failures(Place.errors, [error(event("o", 1))], key.format(21)) == ([], [])
    assert len(failures(Place.errors, [error(event("o", 1))], key.format(22))[0]) == 1


@pytest.mark.parametrize(
    ("place", "key"),
    [
        (Place.replayed, f"replay/sent/errors/{ERRORS}a.json-0123"),
        (Place.replayed, "replay/sent/dead-letters/7-0123"),
        (Place.set_aside, f"replay/superseded/errors/{ERRORS}a.json-0123"),
        (Place.set_aside, "replay/superseded/dead-letters/7-0123"),
    ],
)
def test_what_a_replay_moved(failures, place, key):
    [found], _ = failures(place, [{"rawData": error(event("o", 1))["rawData"]}], key)
    assert (found.where, found.reason, found.time_ms != NOON_MS) == (f"{key}:1", "", True)
    assert failures(Place.errors, [], "errors/none")[0] == []
