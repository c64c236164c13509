"""`sales plan`, its table of prices, and the documents that quote what it computes."""

import json
import math
import re

import pytest

from sales_pipeline.plan import costs, prices
from sales_pipeline.plan import report as plan
from sales_pipeline.plan.capacity import MODES, Load, PlanError, capacity, limits
from tests import ROOT
from tests.unit.template.parsed import TEMPLATE

MONTH_SECONDS = 2_628_000
LOADS = [1 / 3, 10, 100, 1000, 10_000, 100_000, 1_000_000]


def part(load, name, mode="PROVISIONED"):
    return next(each.usd for each in costs.month(load, mode) if each.name == name)


def test_every_price_and_quota_says_where_it_is_from_and_of_when():
    table = [each for each in vars(prices).values() if isinstance(each, prices.Price | prices.Quota)]
    assert len(table) > 40
    for each in table:
        assert each.source.startswith(("Amazon", "AWS"))
        assert re.fullmatch(r"20\d\d-\d\d|undated|recalled", each.date)
        assert each.unit


def table_rows(document, header):
    lines = document.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(header))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def shown(usd):
    return f"{usd:,.2f}" if usd < 10 else f"{usd:,.0f}"


def test_the_tables_of_the_walk_are_computed():
    document = (ROOT / "docs/scale.md").read_text()
    expected = []
    for rate in LOADS:
        load = Load(rate)
        needs = capacity(load, "PROVISIONED")
        ahead = next(x for x in limits(load) if x.orders_per_second > rate and "as planned" not in x.name)
        usd = {mode: costs.month_usd(load, mode) for mode in MODES}
        expected.append(
            [
                "0.33" if rate < 1 else f"{rate:,}",
                f"{needs.shards:,}",
                f"{needs.table_partitions:,}",
                f"{needs.transform_concurrency}",
                f"{needs.objects_per_day:,.0f}",
                *map(shown, usd.values()),
                shown(usd["PROVISIONED"] / (rate * MONTH_SECONDS) * 1e6),
                f"{ahead.name}, {ahead.orders_per_second:,.0f}",
            ]
        )
    assert table_rows(document, "| Orders a second | Shards") == expected

    by_load = [costs.month(Load(rate), "PROVISIONED") for rate in LOADS]
    expected = [[parts[0].name, *(shown(each.usd) for each in parts)] for parts in zip(*by_load, strict=True)]
    assert table_rows(document, "| Orders a second | 0.33") == expected


def test_the_turning_points_of_the_walk():
    def stream(load, mode="PROVISIONED"):
        return costs.kinesis_usd(load, capacity(load, mode))

    assert part(Load(78), "Firehose") < stream(Load(78))
    assert part(Load(79), "Firehose") > stream(Load(79))
    assert stream(Load(1000, peak=11)) < stream(Load(1000, peak=11), "ON_DEMAND")
    assert stream(Load(1000, peak=12)) > stream(Load(1000, peak=12), "ON_DEMAND")
    saved = next(each.saves_usd for each in costs.levers(Load(1000)) if each.name.startswith("records of 5 KB"))
    assert saved / part(Load(1000), "Firehose") == pytest.approx(0.88, abs=0.005)


def test_the_readme_s_costs_are_computed():
    document = (ROOT / "README.md").read_text()
    load = Load(1 / 3)
    rows = dict(table_rows(document, "| Part | USD a month"))
    small = ["DynamoDB, writes", "DynamoDB, storage and recovery", "Pipe", "Firehose", "Transform function", "S3"]
    computed = [
        ("Kinesis", "11; 15"),
        ("Crawler", f"9; {part(load, 'Crawler') - 8.92:.0f}"),
        ("Generator", f"{costs.generator_usd():.0f}"),
        ("CloudWatch", f"{part(load, 'CloudWatch'):.1f}"),
        ("DynamoDB", f"{sum(part(load, name) for name in small):.1f}"),
    ]
    for beginning, usd in computed:
        assert next(value for name, value in rows.items() if name.startswith(beginning)) == usd, beginning
    assert part(load, "Kinesis, kept 48 hours") == pytest.approx(10.95 + 14.6, abs=0.02)
    assert part(load, "Kinesis, kept 48 hours", "ON_DEMAND") == pytest.approx(29, abs=0.5)
    together = costs.month_usd(load, "PROVISIONED") + costs.generator_usd()
    assert f"Together about {together:.0f}" in document


# ── The command ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"orders_per_second": 0}, "--orders-per-second 0 "),
        ({"orders_per_second": math.nan}, "--orders-per-second nan "),
        ({"orders_per_second": math.inf}, "--orders-per-second inf "),
        ({"order_bytes": 409_601}, "from 40 to 409,600"),
        ({"shards": 501}, "--shards 501 "),
        ({"buffer_seconds": 901}, "from 0 to 900"),
        ({"peak": 0.5}, "--peak 0.5 "),
    ],
)
def test_a_load_out_of_bounds_is_one_line(asked, says):
    with pytest.raises(PlanError) as raised:
        Load(**{"orders_per_second": 1, **asked})
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_json_holds_the_whole_plan(capsys):
    plan.run(Load(1000), "json")
    printed = json.loads(capsys.readouterr().out)
    assert printed["capacity"]["PROVISIONED"]["shards"] == 2
    assert printed["load"]["orders_per_second"] == 1000
    assert sum(printed["usd_a_month"]["ON_DEMAND"].values()) == pytest.approx(
        printed["total_usd_a_month"]["ON_DEMAND"], abs=0.1
    )
    assert printed["deploy"].endswith(
        "StreamMode=PROVISIONED ShardCount=2 BufferIntervalSeconds=60 Architecture=x86_64 GeneratorSchedule=DISABLED"
    )


def test_the_text_says_what_is_short_and_what_was_not_done(capsys):
    plan.run(Load(5000, shards=2), "text")
    printed = capsys.readouterr().out
    assert "nothing of it was run on AWS" in printed
    assert "Too few shards: the peak needs 8." in printed
    assert re.search(r"passed +DynamoDB: a new on-demand table", printed)


def test_what_is_to_be_deployed_the_template_takes():
    for rate in LOADS:
        line = plan.deploy_line(Load(rate))
        wanted = dict(each.split("=") for each in line.split()[3:])
        assert wanted.keys() <= TEMPLATE["Parameters"].keys()
        assert int(wanted.get("ShardCount", 1)) <= 500
    assert "ON_DEMAND" in line
