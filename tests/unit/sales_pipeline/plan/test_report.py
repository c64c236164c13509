"""`sales plan`, its table of prices, and the documents that quote what it computes."""

import json
import math
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from sales_pipeline.plan import costs, prices
from sales_pipeline.plan import report as plan
from sales_pipeline.plan.capacity import (
    CRAWL_LISTED_PER_SECOND,
    CRAWL_READS_PER_SECOND,
    CRAWL_SAMPLE,
    MODES,
    QUERY_CUTOFF_BYTES,
    Load,
    PlanError,
    capacity,
)
from sales_pipeline.plan.limits import limits, view_days
from sales_pipeline.terminal import table, wrap
from tests import ROOT
from tests.unit.sales_pipeline.plan import test_capacity
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


def test_every_price_and_quota_is_computed_with_or_compared():
    names = {name for name, each in vars(prices).items() if isinstance(each, prices.Price | prices.Quota)}
    folder = Path(prices.__file__).parent
    text = "".join(each.read_text() for each in (*folder.glob("*.py"), Path(test_capacity.__file__)))
    assert names - set(re.findall(r"\bprices\.(\w+)", text)) == set()


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


def test_the_walk_s_costs_after_a_year_and_ages_of_the_view_are_computed():
    document = (ROOT / "docs/scale.md").read_text()
    assert table_rows(document, "| Orders held for |") == [
        [f"{days} days", *(shown(costs.month_usd(Load(rate, days=days), "PROVISIONED")) for rate in LOADS)]
        for days in (30, 365)
    ]

    def age(days):
        return f"{days:,.0f} day{'' if days < 2 else 's'}" if days >= 1 else f"{days * 24:.1f} hours"

    said = table_rows(document, "| Orders per second | The workgroup stops")
    rates = [1 / 3, 1, 10, 100, 1000, 10_000]
    days = [view_days(Load(rate)) for rate in rates]
    assert [row[1] for row in said] == [age(each if each < 1 else math.floor(each)) for each in days]
    assert [row[0] for row in said] == ["0.33", *(f"{rate:,}" for rate in rates[1:])]


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


YEAR = replace(AS_IT_COMES, days=365)


def crawler_usd(crawls_per_day, load=AS_IT_COMES):
    return part(replace(load, crawls_per_day=crawls_per_day), "Crawler")


def together_usd(load):
    return costs.month_usd(load, "PROVISIONED") + costs.generator_usd()


def test_the_costs_of_each_part_are_computed():
    def by_part(load):
        retention_usd = prices.KINESIS_RETENTION_HOUR.of(costs.HOURS)
        usd = {each.name: each.usd for each in costs.month(load, "PROVISIONED")}
        usd["Kinesis, second day of retention"] = retention_usd
        usd["Kinesis, capacity"] = usd.pop("Kinesis, kept 48 hours") - retention_usd
        usd["Generator function"] = costs.generator_usd()
        usd["Together"] = together_usd(load)
        assert sum(usd.values()) == pytest.approx(2 * usd["Together"])
        return usd

    month, year = by_part(AS_IT_COMES), by_part(YEAR)
    said = stated("| Part | What AWS bills", 2, 3)
    assert said == {name: [shown(month[name]), shown(year[name])] for name in month}
    amounts = [float(row[0]) for row in said.values()]
    assert amounts[:-1] == sorted(amounts[:-1], reverse=True)


def test_the_costs_of_the_crawler_s_schedules_are_computed():
    runs = {"cron(10 * * * ? *)": 24, "cron(10 0/6 * * ? *)": 4, "cron(10 0 * * ? *)": 1, "OFF": 0}
    assert TEMPLATE["Parameters"]["CrawlerSchedule"]["Default"] == "cron(10 0/6 * * ? *)"
    default = "`cron(10 0/6 * * ? *)`, the default"
    assert stated("| `CrawlerSchedule` |", 1, 2, 3) == {
        default if count == 4 else f"`{schedule}`": [
            f"{count} a day" if count else "none",
            *(shown(crawler_usd(count, load)) for load in (AS_IT_COMES, YEAR)),
        ]
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
        f"USD per month: {name}": list(both)
        for name, *both in zip(names, column("PROVISIONED"), column("ON_DEMAND"), strict=True)
    }


def test_the_savings_are_computed():
    levers = {each.name: each.saves_usd for each in costs.levers(AS_IT_COMES)}
    daily = crawler_usd(4) - crawler_usd(1)
    assert stated("| Change | Saves", 1) == {
        "`RetentionPeriodHours: 24` in `template.yaml`": [shown(levers["RetentionPeriodHours=24"])],
        "`CrawlerSchedule=OFF`": [shown(levers["CrawlerSchedule=OFF"])],
        '`CrawlerSchedule="cron(10 0 * * ? *)"`': [shown(daily)],
        "`GeneratorState=DISABLED`": [shown(costs.generator_usd())],
        "`BufferIntervalSeconds=900`": [shown(levers["BufferIntervalSeconds=900"])],
    }


def test_the_other_numbers_on_the_page_of_costs_are_computed():
    listed = [each for each in vars(prices).values() if isinstance(each, prices.Price)]
    dates = [each.date for each in listed]
    secondary = sum(each.source.endswith("secondary") for each in listed)
    dated = sorted(each for each in dates if each[0].isdigit())
    month, year = together_usd(AS_IT_COMES), together_usd(YEAR)
    anyway = (
        part(AS_IT_COMES, "Kinesis, kept 48 hours")
        + crawler_usd(4)
        + costs.generator_usd()
        + part(AS_IT_COMES, "Pipe, reads of the stream")
    )
    needs, old = capacity(AS_IT_COMES, "PROVISIONED"), capacity(YEAR, "PROVISIONED")
    minimum_years = max(
        years
        for years in range(1, 20)
        if capacity(replace(YEAR, days=365 * years), "PROVISIONED").crawl_seconds <= prices.CRAWL_MINIMUM.value
    )
    (saved_usd,) = (each.saves_usd for each in costs.levers(YEAR) if each.name == "BufferIntervalSeconds=900")
    text = " ".join(COSTS.read_text().split())
    expected = [
        f"costs **about {month:.0f} USD per month at first and about {year:.0f} after a year**",
        f"Of the {len(dates)} prices, {len(dated)} carry a date from {dated[0]} to {dated[-1]}",
        f"{dates.count('undated')} were read from pages without a date, and {dates.count('recalled')} are from memory",
        f"Most of the prices, {secondary}, are from secondary sources",
        f"each further DPU costs the same again: {shown(costs.DAYS * 4 * costs.crawl_usd(0))} USD per month",
        f"costs {prices.ATHENA_TB.usd:.0f} USD per TB",
        f"about {costs.query_usd(QUERY_CUTOFF_BYTES) * 100:.0f} cents at most",
        f"stream are {anyway:.0f} of the {month:.0f} USD",
        f"cost {costs.month_usd(Load(10), 'PROVISIONED'):.0f} USD without the generator",
        f"{needs.objects_per_day:,.0f} more each day",
        f"reads {CRAWL_SAMPLE} objects of each day",
        f"For {minimum_years} years it is shorter than AWS' minimum of {prices.CRAWL_MINIMUM.value / 60:.0f} minutes",
        f"After a year `BufferIntervalSeconds=900` saves {shown(saved_usd)}",
        f"read {CRAWL_READS_PER_SECOND} and list {CRAWL_LISTED_PER_SECOND:,} objects per second",
        f"After a year a query of the view reads {old.gathered_objects:,.0f} objects",
        f"which costs {costs.view_query_usd(YEAR, 'PROVISIONED'):.2f} USD",
        f"the table's stream: {shown(costs.stream_reads_usd(needs))} USD per month",
        f"{math.floor(view_days(Load(1))):,} days divided by the orders per second",
        f"AWS bills {costs.dashboard_usd():.2f} USD per month for it",
    ]
    missing = [each for each in expected if each not in text]
    assert missing == []


def test_the_readme_says_what_it_costs():
    text = " ".join((ROOT / "README.md").read_text().split())
    expected = [
        f"About {together_usd(AS_IT_COMES):.0f} USD per month at one order every 3 seconds",
        f"and about {together_usd(YEAR):.0f} after a year",
        f"Kinesis costs {part(AS_IT_COMES, 'Kinesis, kept 48 hours'):.0f} USD",
        f"the crawler {crawler_usd(4):.0f}.",
    ]
    assert [each for each in expected if each not in text] == []


def test_the_page_of_the_deployment_says_what_it_costs_before_one_chooses_parameters():
    text = (ROOT / "docs/deploy.md").read_text().partition("## Choose the parameters")[0]
    assert f"[about {together_usd(AS_IT_COMES):.0f} USD per month](costs.md)" in text


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
        ({"view_queries_per_day": -1}, "--view-queries-per-day -1 "),
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


def test_the_plan_says_what_a_year_costs_and_when_the_view_stops(capsys):
    load = Load(10)
    plan.run(load, "json")
    printed = json.loads(capsys.readouterr().out)
    by_days = printed["usd_per_month_by_days"]["PROVISIONED"]
    assert by_days["30"] == printed["usd_per_month"]["PROVISIONED"]
    for days, parts in by_days.items():
        assert sum(parts.values()) == pytest.approx(
            costs.month_usd(replace(load, days=int(days)), "PROVISIONED"), abs=0.1
        )
    assert printed["view"]["stopped_after_days"] == 105
    assert printed["view"]["usd_per_query"]["PROVISIONED"] == pytest.approx(0.0175 + 2917 / 1_048_576 * 5, abs=1e-4)

    plan.run(load, "text")
    text = " ".join(capsys.readouterr().out.split())
    assert "stops it at 10 GiB, so at this load after 105 days." in text
    for part_name in ("Athena, queries of the view", "Crawler", "S3"):
        assert f"{part_name} {by_days['30'][part_name]:,.2f} {by_days['365'][part_name]:,.2f}" in text


def test_a_plan_without_crawls_turns_the_crawler_off():
    assert plan.deploy_line(Load(1, crawls_per_day=0)).endswith(" CrawlerSchedule=OFF")
    assert "CrawlerSchedule" not in plan.deploy_line(Load(1))


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
    (athena,) = [each for each in costs.month(load, "PROVISIONED") if each.name == "Athena, queries of orders"]
    assert athena.basis == says


def test_what_is_to_be_deployed_the_template_takes():
    for rate in LOADS:
        line = plan.deploy_line(Load(rate))
        wanted = dict(each.split("=") for each in line.partition(" --parameter-overrides ")[2].split())
        assert wanted.keys() <= TEMPLATE["Parameters"].keys()
        assert int(wanted.get("ShardCount", 1)) <= 500
    assert "ON_DEMAND" in line
