"""`sales plan`, its table of prices, and the documents that quote what it computes."""

import json
import math
import re
import shlex
from dataclasses import replace

import pytest

from sales_pipeline.plan import costs, prices
from sales_pipeline.plan import report as plan
from sales_pipeline.plan.capacity import (
    CRAWL_OBJECTS_PER_SECOND,
    MODES,
    QUERY_CUTOFF_BYTES,
    Load,
    PlanError,
    capacity,
    limits,
)
from sales_pipeline.terminal import table, wrap
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
                ahead.name,
                f"{ahead.orders_per_second:,.0f}",
            ]
        )
    assert table_rows(document, "| Orders per second | Shards") == expected

    by_load = [costs.month(Load(rate), "PROVISIONED") for rate in LOADS]
    expected = [[parts[0].name, *(shown(each.usd) for each in parts)] for parts in zip(*by_load, strict=True)]
    assert table_rows(document, "| Orders per second | 0.33") == expected


def test_the_alternatives_name_this_pipeline_s_price():
    document = (ROOT / "docs/alternatives.md").read_text()
    (row,) = (row for row in table_rows(document, "| | USD per month at 0.33") if row[0] == "**This project**")
    for rate, usd in zip((1 / 3, 100), row[1:], strict=False):
        parts = costs.month(Load(rate), "PROVISIONED")
        # The table itself is there in any case, and what queries cost depends on who asks.
        assert shown(sum(part.usd for part in parts if not part.name.startswith(("DynamoDB", "Athena")))) == usd


def test_the_turning_points_of_the_walk():
    def stream(load, mode="PROVISIONED"):
        return costs.kinesis_usd(load, capacity(load, mode))

    assert part(Load(78), "Firehose") < stream(Load(78))
    assert part(Load(79), "Firehose") > stream(Load(79))
    assert stream(Load(1000, peak=11)) < stream(Load(1000, peak=11), "ON_DEMAND")
    assert stream(Load(1000, peak=12)) > stream(Load(1000, peak=12), "ON_DEMAND")
    saved = next(each.saves_usd for each in costs.levers(Load(1000)) if each.name == "records packed to 5 KB")
    assert saved / part(Load(1000), "Firehose") == pytest.approx(0.88, abs=0.005)


# ── docs/costs.md ────────────────────────────────────────────────────────────────────────────────

COSTS = ROOT / "docs/costs.md"
AS_IT_COMES = Load(1 / 3)  # the generator's pace


def stated(header, *columns):
    """Return what a table of docs/costs.md says in these columns, by the row's first cell."""
    rows = table_rows(COSTS.read_text().replace("**", ""), header)
    return {row[0]: [row[column] for column in columns] for row in rows}


def crawler_usd(crawls_per_day):
    """Return what the crawler's time costs a month, and what its requests do."""
    usd = part(replace(AS_IT_COMES, crawls_per_day=crawls_per_day), "Crawler")
    run_usd = crawls_per_day * costs.DAYS * costs.crawl_usd(0)
    return run_usd, usd - run_usd


def test_the_costs_of_each_part_are_computed():
    retention_usd = prices.KINESIS_RETENTION_HOUR.of(costs.HOURS)
    run_usd, requests_usd = crawler_usd(4)
    usd = {each.name: each.usd for each in costs.month(AS_IT_COMES, "PROVISIONED")}
    del usd["Crawler"]
    usd["Kinesis, second day of retention"] = retention_usd
    usd["Kinesis, capacity"] = usd.pop("Kinesis, kept 48 hours") - retention_usd
    usd["Crawler, run time"], usd["Crawler, requests to S3"] = run_usd, requests_usd
    usd["Generator function"] = costs.generator_usd()
    usd["Together"] = costs.month_usd(AS_IT_COMES, "PROVISIONED") + costs.generator_usd()
    assert sum(usd.values()) == pytest.approx(2 * usd["Together"])
    assert stated("| Part | What AWS bills", 2) == {name: [shown(each)] for name, each in usd.items()}


def test_the_costs_of_the_crawler_s_schedules_are_computed():
    runs = {"cron(10 * * * ? *)": 24, "cron(10 0/6 * * ? *)": 4, "cron(10 0 * * ? *)": 1}
    assert TEMPLATE["Parameters"]["CrawlerSchedule"]["Default"] == "cron(10 0/6 * * ? *)"
    default = "`cron(10 0/6 * * ? *)`, the default"
    assert stated("| `CrawlerSchedule` |", 1, 2, 3) == {
        default if count == 4 else f"`{schedule}`": [f"{count} a day", *map(shown, crawler_usd(count))]
        for schedule, count in runs.items()
    }


def test_the_costs_of_the_stream_s_modes_are_computed():
    def column(mode):
        stream, crawler = part(AS_IT_COMES, "Kinesis, kept 48 hours", mode), part(AS_IT_COMES, "Crawler", mode)
        together = costs.month_usd(AS_IT_COMES, mode) + costs.generator_usd()
        return [shown(each) for each in (stream, crawler, together - stream - crawler, together)]

    names = ("the stream", "crawler", "all other parts", "together")
    said = stated("| | `StreamMode=PROVISIONED`", 1, 2)
    del said["Capacity"]
    assert said == {
        f"USD a month: {name}": list(both)
        for name, *both in zip(names, column("PROVISIONED"), column("ON_DEMAND"), strict=True)
    }


def test_the_savings_are_computed():
    levers = {each.name: each.saves_usd for each in costs.levers(AS_IT_COMES)}
    daily = sum(crawler_usd(4)) - sum(crawler_usd(1))
    assert stated("| Change | Saves", 1) == {
        "`RetentionPeriodHours: 24` in `template.yaml`": [shown(levers["RetentionPeriodHours=24"])],
        "remove the crawler from `template.yaml`": [shown(levers["no crawler"])],
        '`CrawlerSchedule="cron(10 0 * * ? *)"`': [shown(daily)],
        "`GeneratorState=DISABLED`": [shown(costs.generator_usd())],
        "`BufferIntervalSeconds=900`": [shown(levers["BufferIntervalSeconds=900"])],
    }


def test_the_other_numbers_on_the_page_of_costs_are_computed():
    def crawler(days):
        return shown(part(replace(AS_IT_COMES, days=days), "Crawler"))

    listed = [each for each in vars(prices).values() if isinstance(each, prices.Price)]
    dates = [each.date for each in listed]
    secondary = sum(each.source.endswith("secondary") for each in listed)
    dated = sorted(each for each in dates if each[0].isdigit())
    together = costs.month_usd(AS_IT_COMES, "PROVISIONED") + costs.generator_usd()
    anyway = part(AS_IT_COMES, "Kinesis, kept 48 hours") + sum(crawler_usd(4)) + costs.generator_usd()
    needs = capacity(AS_IT_COMES, "PROVISIONED")
    minimum_days = next(
        days
        for days in range(1, 100)
        if capacity(replace(AS_IT_COMES, days=days), "PROVISIONED").crawl_seconds > prices.CRAWL_MINIMUM.value
    )
    athena_usd = prices.S3_GET.of(AS_IT_COMES.queries_per_day * costs.DAYS * needs.objects_per_day)
    text = " ".join(COSTS.read_text().split())
    expected = [
        f"costs **about {together:.0f} USD a month**",
        f"Of the {len(dates)} prices, {len(dated)} carry a date from {dated[0]} to {dated[-1]}",
        f"{dates.count('undated')} were read from pages without a date, and {dates.count('recalled')} are from memory",
        f"Most of the prices, {secondary}, are from secondary sources",
        f"each further DPU costs the same again: {shown(crawler_usd(4)[0])} USD a month",
        f"costs {prices.ATHENA_TB.usd:.0f} USD per TB",
        f"about {costs.query_usd(QUERY_CUTOFF_BYTES) * 100:.0f} cents at most",
        f"generator are {anyway:.0f} of the {together:.0f} USD",
        f"cost {costs.month_usd(Load(10), 'PROVISIONED'):.0f} USD without the generator",
        f"{needs.objects_per_day:,.0f} more each day",
        f"Until about day {minimum_days} a run",
        f"After 90 days the crawler costs {crawler(90)} USD a month, after a year {crawler(365)}.",
        f"reads {CRAWL_OBJECTS_PER_SECOND} objects per second",
        f"the table's stream: {shown(costs.stream_reads_usd(needs))} USD a month",
        f"another {shown(athena_usd)} USD a month",
    ]
    missing = [each for each in expected if each not in text]
    assert missing == []


# ── The command ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            {"orders_per_second": 0},
            "--orders-per-second 0 is out of bounds: give a number from 0.000001 to ",
        ),
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
    assert sum(printed["usd_per_month"]["ON_DEMAND"].values()) == pytest.approx(
        printed["total_usd_per_month"]["ON_DEMAND"], abs=0.1
    )
    assert printed["deploy"].endswith(
        "StreamMode=PROVISIONED ShardCount=2 BufferIntervalSeconds=60 Architecture=x86_64 GeneratorState=DISABLED"
    )


def test_the_text_says_what_is_short_and_what_was_not_done(capsys):
    plan.run(Load(5000, shards=2), "text")
    printed = capsys.readouterr().out
    assert "Nothing was run on AWS." in printed
    assert "Too few shards: the busiest second needs 8." in printed
    assert re.search(r"^passed +2,667  DynamoDB: a new on-demand table", printed, re.MULTILINE)
    assert re.search(r"^ +26,667  DynamoDB: writes to one table", printed, re.MULTILINE)


def test_a_limit_that_is_not_reached_has_no_mark(capsys):
    plan.run(Load(1), "text")
    assert "passed" not in capsys.readouterr().out


@pytest.mark.parametrize("rate", LOADS)
def test_the_text_fits_80_columns(capsys, monkeypatch, rate):
    for module in (table, wrap):
        monkeypatch.setattr(module, "terminal_width", lambda: 80)
    monkeypatch.setenv("NO_COLOR", "1")
    plan.run(Load(rate, peak=3, days=365, query_days=30, queries_per_day=1000), "text")
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_the_command_to_deploy_is_whole_when_it_is_copied(capsys):
    plan.run(Load(50), "text")
    _, _, command = capsys.readouterr().out.partition("Deploy this plan:\n")
    assert " ".join(shlex.split(command.replace("\\\n", ""))) == plan.deploy_line(Load(50))


@pytest.mark.parametrize(
    ("load", "says"),
    [
        (Load(50), "10 queries per day, each over 486 MB"),
        (Load(0.1, queries_per_day=1), "1 query per day, each over 1 MB and billed as 10 MB"),
        (Load(2000), "10 queries per day, each over 19,446 MB: more than the 10 GiB at which the workgroup stops it"),
    ],
)
def test_a_query_s_cost_names_what_it_counts(load, says):
    (athena,) = [part for part in costs.month(load, "PROVISIONED") if part.name == "Athena"]
    assert athena.basis == says


def test_what_is_to_be_deployed_the_template_takes():
    for rate in LOADS:
        line = plan.deploy_line(Load(rate))
        wanted = dict(each.split("=") for each in line.split()[3:])
        assert wanted.keys() <= TEMPLATE["Parameters"].keys()
        assert int(wanted.get("ShardCount", 1)) <= 500
    assert "ON_DEMAND" in line
