"""What a load costs per month, by hand: what AWS rounds up, and each part."""

import math
from dataclasses import replace

import pytest

from sales_pipeline.plan import costs
from sales_pipeline.plan.capacity import Load


def part(load, name, mode="PROVISIONED"):
    return next(each.usd for each in costs.month(load, mode) if each.name == name)


# ── Worked examples: what AWS rounds up ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(("record_bytes", "gigabytes"), [(1, 5), (610, 5), (5120, 5), (5121, 10), (12_000, 15)])
def test_firehose_bills_every_record_in_steps_of_5_kb(record_bytes, gigabytes):
    # 1,048,576 records of 5 KB are 5 GB, at 0.029 USD each.
    assert costs.firehose_usd(1_048_576, record_bytes) == pytest.approx(gigabytes * 0.029)


@pytest.mark.parametrize(("seconds", "usd"), [(1, 0.0733), (599, 0.0733), (600, 0.0733), (1800, 0.22), (3600, 0.44)])
def test_a_crawl_bills_at_least_ten_minutes(seconds, usd):
    assert costs.crawl_usd(seconds) == pytest.approx(usd, abs=0.0001)


def test_a_crawl_bills_each_dpu():
    assert costs.crawl_usd(3600, dpus=3) == pytest.approx(1.32)


@pytest.mark.parametrize(
    ("scanned_bytes", "usd"),
    [
        (0, 0.0000476837),
        (1, 0.0000476837),  # 10 MB of a TB's 1,048,576, at 5 USD
        (10_485_760, 0.0000476837),
        (10_485_761, 0.0000524521),  # 11 MB
        (1_099_511_627_776, 5.0),
    ],
)
def test_a_query_bills_at_least_10_mb(scanned_bytes, usd):
    assert costs.query_usd(scanned_bytes) == pytest.approx(usd, rel=1e-5)


# ── A month, by hand ─────────────────────────────────────────────────────────────────────────────


def test_a_month_of_100_orders_a_second():
    # 262.8 million orders of 90 bytes; 259.2 million in 30 days.
    load = Load(100, peak=1)
    assert part(load, "DynamoDB, writes") == pytest.approx(262.8 * 0.625)
    assert part(load, "DynamoDB, storage and recovery") == pytest.approx(259_200_000 * 190 / 2**30 * 0.45)
    assert part(load, "Pipe") == pytest.approx(262.8 * 0.40)
    # One shard: 730 hours at 0.015 and, for the second day, 0.020; a put unit an order.
    assert part(load, "Kinesis, kept 48 hours") == pytest.approx(730 * 0.035 + 262.8 * 0.014)
    # 262.8 million KB are 250.626 GB: 0.08 in and 0.04 out, and a day of them kept at 0.10.
    assert part(load, "Kinesis, kept 48 hours", "ON_DEMAND") == pytest.approx(
        29.2 + 250.626 * 0.12 + 250.626 / (730 / 24) * 0.10, rel=1e-4
    )
    assert part(load, "Firehose") == pytest.approx(262_800_000 * 5120 / 2**30 * 0.029)
    # A call every 10 s with 1,000 records: 262,800 calls of 5 ms and 1,000 times 25 µs, on half a GB.
    assert part(load, "Transform function") == pytest.approx(0.05256 + 262_800 * 0.030 * 0.5 * 0.0000166667)
    # 1,440 objects a day; 30 days of rows of 118 bytes.
    assert part(load, "S3") == pytest.approx(43_800 * 0.005 / 1000 + 259_200_000 * 118 / 2**30 * 0.023)
    # 121.67 crawls of 10 minutes, each with 10 GETs a day of 30 and 43.2 LISTs.
    assert part(load, "Crawler") == pytest.approx(121.667 * (0.07333 + 0.00012 + 0.000216), rel=1e-4)
    # 304.17 queries over a day: 972.29 MB, rounded up, with 1,440 GETs and 1.44 LISTs.
    day = 973 / 1_048_576 * 5 + 0.000576 + 0.0000072
    assert part(load, "Athena, queries of orders") == pytest.approx(304.167 * day, rel=1e-4)
    # 30.42 queries over 30 days: 29,168.7 MB, rounded up, with 43,200 GETs and 43.2 LISTs.
    whole = 29_169 / 1_048_576 * 5 + 0.01728 + 0.000216
    assert part(load, "Athena, queries of the view") == pytest.approx(30.4167 * whole, rel=1e-4)
    # 4 shards of the table's stream, read 4 times a second for 2,628,000 seconds.
    assert part(load, "Pipe, reads of the stream") == pytest.approx(42_048_000 * 0.02 / 100_000)
    # 26 requests in each of 8,760 times 5 minutes.
    assert part(load, "KMS") == pytest.approx(227_760 * 0.03 / 10_000)
    assert part(load, "CloudWatch") == pytest.approx(1.2 + 1.4 + 262_800 * 950 / 2**30 * 0.5)


def test_a_year_of_objects_costs_queries_of_the_view_and_hardly_a_crawl():
    # 525,600 objects of 708 KB: 3,650 are read in a crawl, and all of them by a query of the view.
    load = Load(100, peak=1, days=365)
    assert part(load, "Crawler") == pytest.approx(121.667 * (0.07333 + 0.00146 + 0.002628), rel=1e-4)
    assert costs.view_query_usd(load, "PROVISIONED") == pytest.approx(
        math.ceil(365 * 8_640_000 * 118 / 2**20) / 1_048_576 * 5 + 0.21024 + 0.002628
    )


def test_arm64_is_a_fifth_cheaper_a_second():
    assert part(Load(100, arm64=True), "Transform function") == pytest.approx(
        0.05256 + 262_800 * 0.030 * 0.5 * 0.0000133334
    )


def test_a_crawler_runs_once_at_a_time():
    # Crawls of 109 minutes: 402 of them in a month, whatever the schedule says.
    load = Load(1_000_000, crawls_per_day=24)
    assert part(load, "Crawler") == part(replace(load, crawls_per_day=14), "Crawler")
