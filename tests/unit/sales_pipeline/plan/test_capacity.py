"""What a load needs, and what stops it, by hand; and that template and samples are as it is planned."""

import json
from base64 import b64decode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.orders import Order, to_item
from sales_pipeline.plan import capacity as planning
from sales_pipeline.plan import costs, prices
from sales_pipeline.plan.capacity import MODES, Load, capacity, sizes
from sales_pipeline.plan.limits import limits, view_days
from tests import ROOT
from tests.unit.template.parsed import TEMPLATE, present


def limit(load, beginning):
    return next(each.orders_per_second for each in limits(load) if each.name.startswith(beginning))


@pytest.mark.parametrize(("order_bytes", "units"), [(90, 1), (1024, 1), (1025, 2), (409_600, 400)])
def test_dynamodb_writes_units_of_1_kb(order_bytes, units):
    assert sizes(order_bytes).write_units == units


@pytest.mark.parametrize(("order_bytes", "units"), [(90, 1), (25_600 - 520, 1), (25_600 - 519, 2), (51_200, 3)])
def test_kinesis_puts_units_of_25_kb(order_bytes, units):
    assert sizes(order_bytes).put_units == units


@pytest.mark.parametrize(("order_bytes", "units"), [(90, 1), (65_536 - 520, 1), (65_536 - 519, 2), (131_072, 3)])
def test_a_pipe_counts_units_of_64_kb(order_bytes, units):
    assert sizes(order_bytes).pipe_units == units


@pytest.mark.parametrize(("order_bytes", "kilobytes"), [(90, 1), (504, 1), (505, 2)])
def test_kinesis_on_demand_counts_records_in_kb(order_bytes, kilobytes):
    assert sizes(order_bytes).on_demand_bytes == kilobytes * 1024


@pytest.mark.parametrize(
    ("rate", "order_bytes", "peak", "shards"),
    [
        (1000, 90, 1, 1),  # 1,000 records
        (1001, 90, 1, 2),
        (1000, 90, 1.5, 2),
        (1000, 444, 1, 1),  # 444 + 520 + 36 bytes are the last that make 1 MB
        (1000, 445, 1, 2),
        (10, 409_600, 1, 5),  # 410,156 bytes each: 2.4 a shard
        (1e-6, 90, 1, 1),
    ],
)
def test_shards_by_count_and_by_bytes(rate, order_bytes, peak, shards):
    needs = capacity(Load(rate, order_bytes=order_bytes, peak=peak), "PROVISIONED")
    assert needs.shards == needs.shards_needed == shards


def test_shards_that_are_given_are_planned_with():
    needs = capacity(Load(5000, peak=1, shards=2), "PROVISIONED")
    assert (needs.shards, needs.shards_needed) == (2, 5)


def test_a_full_processor_buffer_starts_a_call_before_its_time():
    # 1 MiB of 610 bytes: 1,718 events; at 1,000 a second they are there after 1.7 s.
    busy = capacity(Load(1000, peak=1), "PROVISIONED")
    assert busy.transform_records == pytest.approx(1718)
    assert busy.transform_per_second == pytest.approx(0.58207, rel=1e-4)
    # One order in 20 seconds: a call each.
    assert capacity(Load(0.05), "PROVISIONED").transform_records == pytest.approx(1)


@pytest.mark.parametrize(
    ("rate", "seconds", "objects"),
    [
        (100, 60, 1440),
        (100, 900, 96),
        (0.001, 60, 86.4),  # no more objects than orders
        (100, 0, 8640),  # no more than calls of the transform
        (1000, 900, 1000 * 118 * 86_400 / 67_108_864),  # 64 MB are there before the time is over
    ],
)
def test_objects_of_a_day(rate, seconds, objects):
    needs = capacity(Load(rate, peak=1, buffer_seconds=seconds), "PROVISIONED")
    assert needs.objects_per_day == pytest.approx(objects)


def test_a_busy_partition_wants_more_of_the_pipe(monkeypatch):
    assert capacity(Load(10_000), "PROVISIONED").parallelization_factor == 1
    monkeypatch.setattr(planning, "PIPE_SECONDS_PER_BATCH", 0.6)
    needs = capacity(Load(10_000), "PROVISIONED")  # twice 1,000 a second in batches of 500: 4 a second for 0.6 s
    assert (needs.parallelization_factor, needs.pipe_executions) == (3, 45)


def test_limits_come_in_the_order_in_which_they_bind():
    load = Load(100, peak=2)
    found = [each.orders_per_second for each in limits(load)]
    assert found == sorted(found)
    assert limit(load, "Kinesis: ShardCount") == 500
    assert limit(load, "DynamoDB: writes to one table") == 20_000
    assert limit(load, "Pipes") == 1_500_000
    assert limit(load, "Athena: a query over one day") == pytest.approx(10 * 2**30 / 86_400 / 118)
    assert limit(load, "Athena: sales_current over 30 days") == pytest.approx(10 * 2**30 / 86_400 / 118 / 30)
    assert limit(replace(load, days=365), "Athena: sales_current over 365 days") == pytest.approx(2.885, abs=0.001)
    assert limit(replace(load, order_bytes=1025), "DynamoDB: writes to one table") == 10_000


@pytest.mark.parametrize(("rate", "days"), [(1, 1053), (10, 105.3), (1 / 3, 3160)])
def test_a_query_of_the_view_is_stopped_at_an_age(rate, days):
    assert view_days(Load(rate)) == pytest.approx(days, abs=0.5)
    assert view_days(Load(rate, days=7, query_days=3)) == view_days(Load(rate))


def test_the_load_at_which_a_crawl_reaches_the_next_is_where_it_does():
    at = limit(Load(1), "Glue")
    assert capacity(Load(at * 0.99), "PROVISIONED").crawl_seconds <= 21_600
    assert capacity(Load(at * 1.01), "PROVISIONED").crawl_seconds > 21_600
    assert not any(each.name.startswith("Glue") for each in limits(Load(1, crawls_per_day=0)))


RATES = st.floats(1e-3, 1e6)


@given(rate=RATES, factor=st.floats(1, 100), order_bytes=st.integers(40, 400_000), more=st.integers(0, 9600))
def test_more_and_larger_orders_never_need_or_cost_less(rate, factor, order_bytes, more):
    small = Load(rate, order_bytes=order_bytes)
    large = Load(rate * factor, order_bytes=order_bytes + more)
    for mode in MODES:
        needs, more_needs = capacity(small, mode), capacity(large, mode)
        assert needs.shards <= more_needs.shards
        assert needs.table_partitions <= more_needs.table_partitions
        # A crawl that lasts longer than the schedule's gap runs less often, and so its requests may cost less.
        for less, grown in zip(costs.month(small, mode), costs.month(large, mode), strict=True):
            assert less.usd <= grown.usd * (1 + 1e-9) or less.name == "Crawler", less.name


def test_the_sizes_are_those_of_the_samples():
    event = json.loads((ROOT / "events/firehose.json").read_text())
    rows = json.loads((ROOT / "events/firehose.expected.json").read_text())
    for record, row in zip(event["records"], rows["records"], strict=True):
        data = b64decode(record["data"])
        image = json.loads(data)["dynamodb"]["NewImage"]
        item_bytes = sum(len(name) + len(*value.values()) for name, value in image.items())
        size = sizes(item_bytes)
        assert size.event_bytes == pytest.approx(len(data), abs=20)
        assert size.firehose_event_bytes == pytest.approx(len(json.dumps(record, separators=(",", ":"))), abs=30)
        assert size.row_bytes == pytest.approx(len(b64decode(row["data"])), abs=12)
    item = to_item(Order("01a20301-8140-7000-a476-4c20f9b439fc", "Mechanical Keyboard", 1, "129.00"))
    assert Load(1).order_bytes == pytest.approx(sum(len(n) + len(*v.values()) for n, v in item.items()), abs=10)


def test_the_template_is_planned_with_as_it_is():
    resources = {name: each.get("Properties", {}) for name, each in present("Resources").items()}
    delivery = resources["DeliveryStream"]["ExtendedS3DestinationConfiguration"]
    processor = {
        each["ParameterName"]: each["ParameterValue"]
        for each in delivery["ProcessingConfiguration"]["Processors"][0]["Parameters"]
    }
    source = resources["OrderPipe"]["SourceParameters"]["DynamoDBStreamParameters"]
    assert source["BatchSize"] == planning.PIPE_BATCH == prices.PIPE_KINESIS_BATCH.value
    assert int(processor["BufferSizeInMBs"]) * 2**20 == planning.PROCESSOR_BUFFER_BYTES
    assert int(processor["BufferIntervalInSeconds"]) == planning.PROCESSOR_BUFFER_SECONDS
    assert delivery["BufferingHints"]["SizeInMBs"] * 2**20 == planning.S3_BUFFER_BYTES
    assert resources["TransformFunction"]["MemorySize"] == planning.TRANSFORM_MEMORY_MIB
    assert resources["GeneratorFunction"]["MemorySize"] == costs.GENERATOR_MEMORY_MIB
    (target,) = resources["Crawler"]["Targets"]["S3Targets"]
    assert target["SampleSize"] == planning.CRAWL_SAMPLE
    # Only these use a key of KMS that AWS bills requests for.
    assert resources["KinesisStream"]["StreamEncryption"]["KeyId"] == "alias/aws/kinesis"
    assert resources["OrderTable"]["SSESpecification"] == {"SSEEnabled": True}
    assert [name for name, each in resources.items() if "kms" in str(each).lower()] == ["KinesisStream"]
    assert resources["WorkGroup"]["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"] == planning.QUERY_CUTOFF_BYTES
    assert TEMPLATE["Parameters"]["ShardCount"]["MaxValue"] == planning.SHARD_COUNT_MOST
    assert TEMPLATE["Parameters"]["BufferIntervalSeconds"]["Default"] == Load(1).buffer_seconds
    hours = resources["KinesisStream"]["RetentionPeriodHours"]
    assert f"Kinesis, kept {hours} hours" in [each.name for each in costs.month(Load(1), "PROVISIONED")]
    assert resources["OrderTable"]["BillingMode"] == "PAY_PER_REQUEST"  # what the plan counts writes for
    alarms = [each for each in TEMPLATE["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]
    metrics = [str(each["Properties"]).count("'MetricName'") for each in alarms]  # AWS bills each metric of an alarm
    assert sum(metrics) == costs.ALARMS
