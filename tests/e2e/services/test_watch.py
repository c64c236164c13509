"""`sales watch` reads every source of a deployed stack, and sees an order in the stream and in the lake."""

import time
from dataclasses import replace

import pytest

from common.clock import now_ms
from sales_pipeline.aws.stack import find
from sales_pipeline.status import local_logs
from sales_pipeline.watch.model import screen
from sales_pipeline.watch.poll import Sample
from sales_pipeline.watch.sources import sources_of, times_of
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.sales_pipeline.watch.test_orders import event


@pytest.fixture
def look(emulator, stack, monkeypatch):  # noqa: ARG001 - the stack has to be there
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
    deployed = replace(find(emulator.session(), "sales"), columns=FOUR)
    sources = sources_of(deployed, local_logs.MEASUREMENTS)

    def look():
        samples = {name: Sample(source.read()) for name, source in sources.items()}
        return screen("sales", samples, now_ms(), time.monotonic(), times_of(deployed))

    return look


def test_every_source_can_be_read_and_an_order_is_seen_where_it_is(look, client, stack):
    day = time.strftime("%Y-%m-%d", time.gmtime())
    place = {"Bucket": stack["BucketName"], "Key": f"sales_data/dt={day}/watch"}
    client("kinesis").put_record(StreamName=stack["StreamName"], PartitionKey="7", Data=event())
    client("s3").put_object(**place, Body=b'{"orderid":"8","product_name":"Mug","quantity":2,"price":349.0}\n')
    deadline, seen = time.monotonic() + 30, look()
    # Other tests' changes come first: a look reads some of them.
    while ("7", "Mug, 10, 349.00") not in [(each.order.id, each.order.values) for each in seen.changes]:
        assert time.monotonic() < deadline, f"seen last: {seen.changes}"
        seen = look()
    assert [(each.id, each.values) for each in seen.lake_rows] == [("8", "Mug, 2, 349.0")]
    rows = {each.stage: each for each in seen.rows}
    assert (rows["pipe"].state, rows["stream"].state, rows["table"].state) == ("RUNNING", "ACTIVE", "ACTIVE")
    assert rows["stream"].per_minute > 0
    client("s3").delete_object(**place)
