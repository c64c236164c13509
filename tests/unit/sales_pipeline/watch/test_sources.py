"""What is asked of AWS, how often, and what that costs: as docs/commands.md says."""

import io
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from sales_pipeline.plan import prices
from sales_pipeline.plan.capacity import PROCESSOR_BUFFER_SECONDS
from sales_pipeline.plan.costs import HOURS
from sales_pipeline.status import metrics
from sales_pipeline.watch import passing, sources
from sales_pipeline.watch.run import usd_per_minute
from tests import ROOT
from tests.unit.sales_pipeline.columns import FOUR
from tests.unit.sales_pipeline.watch.samples import lake
from tests.unit.template.parsed import TEMPLATE

PAGE = (ROOT / "docs" / "commands.md").read_text().partition("\n## sales watch\n")[2].partition("\n## ")[0]


def test_the_page_says_what_it_costs_and_how_often_it_asks():
    text = " ".join(PAGE.split())
    usd = usd_per_minute()
    expected = [
        f"About {usd:.4f} USD per minute, which is {usd * 60:.2f} USD per hour, or {usd * 60 * HOURS:.0f} USD",
        f"a minute of this costs about {usd:.4f} USD",
        f"| once per minute | {len(metrics.METRICS)} metrics |",
        f"S3: objects of today | every {sources.PAUSE_SECONDS['lake']:.0f} s | up to 12 LIST",
        f"replayed lately | every {sources.PAUSE_SECONDS['errors']:.0f} s | 8 LIST",
        f"dead letters | every {sources.PAUSE_SECONDS['dead letters']:.0f} s | 4 requests",
        f"newest changes | every {passing.POLL_SECONDS:.0f} s | nothing",
        f"{prices.KINESIS_OUT.usd:.2f} USD per GB read",
        f"In {passing.POLL_SECONDS:.0f} seconds, the command takes about {passing.CALL_BYTES / 1000:.0f} KB of each",
    ]
    assert [each for each in expected if each not in text] == []


def test_the_buffer_before_the_transform_is_that_of_the_template():
    configuration = TEMPLATE["Resources"]["DeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
    (processor,) = configuration["ProcessingConfiguration"]["Processors"]
    values = {each["ParameterName"]: each["ParameterValue"] for each in processor["Parameters"]}
    assert float(values["BufferIntervalInSeconds"]) == PROCESSOR_BUFFER_SECONDS


ROWS = b"".join(b'{"orderid":"%d","price":1.0}\n' % number for number in range(2000))


@pytest.fixture
def read():
    """Read a lake whose newest object is `s3.body`, once per call."""
    s3 = SimpleNamespace(body=ROWS, asked=[])
    stage = lake(5).stage

    def get_object(Key, Range, **_):  # noqa: N803 - AWS' names
        s3.asked.append(Key)
        if s3.body is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(s3.body[-int(Range.partition("-")[2]) :])}

    s3.get_object = get_object
    session = SimpleNamespace(client=lambda _: s3)
    stack = type("Stack", (dict,), {"session": session, "columns": FOUR})(DataLocation="s3://bucket/sales_data/")

    def made(key="a"):
        return stage.__class__(stage.name, facts=stage.facts | {"newest_key": key})

    keys = iter("aabbc")
    reader = sources._Lake(stack, lambda: made(next(keys)))
    return s3, reader.read


def test_the_end_of_an_object_is_read_once(read):
    s3, read = read
    first = read()
    assert [each.id for each in first.rows] == [f"{number}" for number in range(1999, 1989, -1)]
    read()
    assert s3.asked == ["a"]
    s3.body = b'{"orderid":"only"}\n'
    assert [each.id for each in read().rows] == ["only"]
    assert s3.asked == ["a", "b"]


def test_an_object_that_is_gone_or_has_longer_rows_costs_no_more_than_its_rows(read):
    s3, read = read
    s3.body = None
    assert (read().rows, read().stage.name) == ([], "lake")
    s3.body = b'{"orderid":"' + b"x" * 10_000 + b'"}\n'
    assert read().rows == []
