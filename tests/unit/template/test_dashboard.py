"""CloudWatch takes the dashboard, its widgets fill the grid, and it shows all that the alarms watch."""

import json
import re
from fnmatch import fnmatchcase
from itertools import product

import msgspec
import pytest

from sales_pipeline.plan import costs, prices
from sales_pipeline.status import metrics as status_metrics
from tests import ROOT
from tests.unit.docs.test_deployer_policy import STACK, allowed_on
from tests.unit.events import change_event, firehose_event, image
from tests.unit.template.dashboard_body import Alarms, Body, Graph, Text, expressions, pairs, shown
from tests.unit.template.parsed import TEMPLATE, holds, present, resolve
from tests.unit.template.test_alarms import STREAM_ARN, anchors, processor_settings, sections
from tests.unit.template.test_existing_table import EXISTING
from transform import app

RESOURCES = TEMPLATE["Resources"]
MODES = TEMPLATE["Parameters"]["StreamMode"]["AllowedValues"]
# Every form of the body: what its conditions choose, and parameters in it that are not their defaults.
STACKS = {
    f"{form}, {mode}": parameters | {"StreamMode": mode, "Dashboard": "CREATE"}
    for (form, parameters), mode in product({"own": {"ShardCount": 3}, "existing": EXISTING}.items(), MODES)
}
STREAMS = {"OrderTable.StreamArn": STREAM_ARN, "TableCheck.StreamArn": STREAM_ARN}
PAGE = (ROOT / "docs" / "dashboard.md").read_text()


def body(parameters):
    """The body as CloudWatch gets it."""
    text = resolve(RESOURCES["PipelineDashboard"]["Properties"]["DashboardBody"], **parameters, **STREAMS)
    return msgspec.json.decode(text, type=Body)


def graphs(parameters):
    return [each for each in body(parameters).widgets if isinstance(each, Graph)]


def watched(parameters):
    """What each alarm of a stack with these parameters reads: metrics, each with its statistic and period."""
    found = {}
    for name, resource in present("Resources", **parameters).items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            alarm = resolve(resource["Properties"], **parameters, **STREAMS)
            parts = [each["MetricStat"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
            single = {"Metric": alarm, "Stat": alarm.get("Statistic"), "Period": alarm.get("Period")}
            found[name] = {(identity(each["Metric"]), each["Stat"], each["Period"]) for each in (parts or [single])}
    return found


def identity(metric):
    dimensions = frozenset((each["Name"], each["Value"]) for each in metric.get("Dimensions", []))
    return metric["Namespace"], metric["MetricName"], dimensions


def one(parameters, title):
    (graph,) = [each for each in graphs(parameters) if title in each.properties.title]
    return graph


every_stack = pytest.mark.parametrize("parameters", STACKS.values(), ids=STACKS)


def test_there_is_no_dashboard_unless_somebody_asks_for_it():
    assert "PipelineDashboard" not in present("Resources")
    assert "DashboardUrl" not in present("Outputs")
    assert present("Outputs", Dashboard="CREATE").keys() - present("Outputs").keys() == {"DashboardUrl"}
    url = resolve(
        TEMPLATE["Outputs"]["DashboardUrl"]["Value"], PipelineDashboard="name", **{"AWS::Region": "eu-west-1"}
    )
    assert url == (
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/name"
    )


def name_of(stack, region):
    name = RESOURCES["PipelineDashboard"]["Properties"]["DashboardName"]
    return resolve(name, **{"AWS::StackName": stack, "AWS::Region": region})


def test_each_stack_and_region_of_an_account_can_have_one():
    # "All dashboards in your account are global, not region-specific" (Amazon CloudWatch API Reference, PutDashboard).
    names = {name_of(*each) for each in product(["orders", "orders-2"], ["eu-west-1", "us-east-1"])}
    assert len(names) == 4
    longest = name_of("a-" * 64, "ap-southeast-2")  # a stack's name has up to 128 letters, digits and hyphens
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,255}", longest)


def test_the_deployer_s_policy_allows_a_dashboard_of_this_name():
    # CloudFormation begins a name that it makes up with the logical id, so the policy could not bind it to the stack.
    arn = f"arn:aws:cloudwatch::123456789012:dashboard/{name_of(STACK, 'eu-west-1')}"
    assert any(fnmatchcase(arn, each) for each in allowed_on("cloudwatch:PutDashboard"))


@every_stack
def test_cloudwatch_takes_the_body(parameters):
    for graph in graphs(parameters):
        assert graph.properties.region == "AWS::Region"
        ids = {rendering.id for _, rendering in pairs(graph)}
        for each in expressions(graph):
            assert set(re.findall(r"\b[a-z]\w*", each.expression)) <= ids  # names of functions are in capital letters
        sides = {rendering.yAxis for _, rendering in pairs(graph)}
        assert (graph.properties.yAxis.right is not None) == ("right" in sides), graph.properties.title


def test_one_is_free_beside_two_others():
    # "3 Custom Dashboards referencing up to 50 metrics each per month" (Amazon CloudWatch pricing).
    most = max(sum(len(each.properties.metrics) for each in graphs(parameters)) for parameters in STACKS.values())
    assert most <= 50
    page = " ".join((ROOT / "docs" / "costs.md").read_text().split())
    assert f"at most 50 metrics. This one refers to metrics {most} times" in page
    beyond = f"AWS bills {costs.dashboard_usd():.0f} USD a month for each dashboard of an account beyond the third."
    assert beyond in TEMPLATE["Parameters"]["Dashboard"]["Description"]


@every_stack
def test_the_widgets_fill_the_grid_row_by_row_and_each_row_begins_with_its_text(parameters):
    column, top, height = 0, 0, 0
    for widget in body(parameters).widgets:
        if column == 24:
            column, top = 0, top + height
        if column == 0:
            height = widget.height
        assert (widget.x, widget.y, widget.height) == (column, top, height)
        assert isinstance(widget, Text) == (column == 0)
        column += widget.width
    assert column == 24


def rows(parameters):
    """Text and other widgets of each row, from top to bottom."""
    found = []
    for widget in body(parameters).widgets:
        if isinstance(widget, Text):
            found.append((widget.properties.markdown, []))
        else:
            found[-1][1].append(widget)
    return found


@every_stack
def test_the_rows_are_in_the_order_of_the_data(parameters):
    table = "Table and generator" if holds("MakesTable", **parameters) else "Table"
    headings = [re.match(r"## (.+)\n\n", text)[1] for text, _ in rows(parameters)]
    assert headings == ["Is anything wrong?", "What failed", table, "Pipe", "Kinesis stream", "Transform", "Firehose"]


@every_stack
def test_a_text_is_short_and_names_sections_of_the_runbook(parameters):
    for text, _ in rows(parameters):
        assert len(text) < 500
        assert set(anchors(text)) <= sections()
        assert anchors(text)


@every_stack
def test_a_text_names_the_section_of_each_alarm_that_watches_its_row(parameters):
    for text, widgets in rows(parameters)[1:]:
        in_row = set().union(*map(shown, widgets))
        for name, of_alarm in watched(parameters).items():
            if of_alarm <= in_row:
                assert set(anchors(RESOURCES[name]["Properties"]["AlarmDescription"])) <= set(anchors(text)), name


@every_stack
def test_every_alarm_of_the_stack_is_there_with_its_state_and_all_its_metrics(parameters):
    (states,) = [each for each in body(parameters).widgets if isinstance(each, Alarms)]
    alarms = watched(parameters)
    assert sorted(states.properties.alarms) == sorted(f"{name}.Arn" for name in alarms)
    everywhere = set().union(*map(shown, graphs(parameters)))
    for name, of_alarm in alarms.items():
        assert of_alarm <= everywhere, name


@every_stack
def test_a_metric_of_an_alarm_has_the_statistic_and_the_period_of_the_alarm(parameters):
    of_alarms = set().union(*watched(parameters).values())
    others = {
        metric
        for graph in graphs(parameters)
        for metric in shown(graph)
        if metric not in of_alarms and metric[0] in {each[0] for each in of_alarms}
    }
    # A shard's limit holds for each second, so a quarter of an hour would hide that it was passed.
    assert others == {(("AWS/Kinesis", "IncomingRecords", frozenset({("StreamName", "KinesisStream")})), "Sum", 60)}


@every_stack
def test_a_graph_shows_metrics_that_an_alarm_watches_or_status_reads_or_that_tell_of_a_limit(parameters):
    known = {metric[:2] for each in watched(parameters).values() for metric, _, _ in each}
    known |= {(each.namespace, each.name) for each in status_metrics.METRICS.values()}
    others = {metric[:2] for graph in graphs(parameters) for metric, _, _ in shown(graph)} - known
    assert others <= {
        ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/Kinesis", "IncomingBytes"),
        ("AWS/Lambda", "Duration"),
        ("SalesDataProjection", "UnknownAttributes"),
    }


@every_stack
def test_a_graph_shows_the_resources_that_the_alarms_watch(parameters):
    watched_ones = {each for alarm in watched(parameters).values() for metric, _, _ in alarm for each in metric[2]}
    found = {each for graph in graphs(parameters) for metric, _, _ in shown(graph) for each in metric[2]}
    assert found == watched_ones


def test_what_the_transform_answered_is_what_it_counts(capsys):
    app.handler(firehose_event(change_event(image())), None)
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    (written,) = line["_aws"]["CloudWatchMetrics"]
    of_transform = {metric for metric, _, _ in shown(one(STACKS["own, PROVISIONED"], "What the transform answered"))}
    assert {(namespace, name) for namespace, name, _ in of_transform} == {
        (written["Namespace"], each["Name"]) for each in written["Metrics"]
    }


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────
def lines(graph, label):
    return [each.value for each in graph.properties.annotations.horizontal if each.label.startswith(label)]


@every_stack
def test_the_line_of_an_alarm_is_its_threshold_or_1_where_anything_fires_it(parameters):
    with_line = set()
    for (name, of_alarm), graph in product(watched(parameters).items(), graphs(parameters)):
        if of_alarm <= shown(graph) and lines(graph, "alarm"):
            with_line.add(name)
            assert lines(graph, "alarm") == [RESOURCES[name]["Properties"]["Threshold"] or 1], name
    # Its expression is of four metrics, which a graph shows without a line.
    assert watched(parameters).keys() - with_line == {"StoppedPipeAlarm"}


@every_stack
def test_the_line_of_an_alarm_is_on_the_axis_of_its_metric(parameters):
    of_alarms = set().union(*watched(parameters).values())
    for graph in graphs(parameters):
        sides = {
            rendering.yAxis
            for metric, rendering in pairs(graph)
            if (metric, rendering.stat, rendering.period) in of_alarms
        }
        for line in graph.properties.annotations.horizontal:
            if line.label.startswith("alarm"):
                assert sides == {line.yAxis}, graph.properties.title


@every_stack
def test_an_age_is_a_share_of_what_the_settings_keep(parameters):
    graph = one(parameters, "Age against retention")
    kept_seconds = RESOURCES["KinesisStream"]["Properties"]["RetentionPeriodHours"] * 3600
    source = RESOURCES["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    after_giving_up_seconds = 24 * 3600 - source["MaximumRecordAgeInSeconds"]  # DynamoDB trims after 24 hours
    ids = {rendering.id: metric[1] for metric, rendering in pairs(graph)}
    shares = {}
    for each in expressions(graph):
        age, whole = re.fullmatch(r"100 \* (\w+) / (\d+)", each.expression).groups()
        shares[ids[age]] = int(whole)
        hours = int(re.search(r"of (\d+) hours", each.label)[1])
        assert hours * 3600 == int(whole) / (1000 if "Millis" in ids[age] else 1)
    assert shares == {
        "KinesisMillisBehindLatest": 1000 * kept_seconds,
        "DeliveryToS3.DataFreshness": kept_seconds,
        "ApproximateAgeOfOldestMessage": after_giving_up_seconds,
    }
    assert (lines(graph, "risk of loss"), lines(graph, "lost")) == ([50], [100])


def test_the_capacity_is_a_share_of_the_limits_of_all_shards():
    graph = one(STACKS["own, PROVISIONED"], "Used capacity")
    limits = {
        re.fullmatch(r"100 \* (\w+) / PERIOD\(\1\) / \((\d+) \* 3\)", each.expression).groups()
        for each in expressions(graph)
    }
    assert limits == {("records", str(prices.SHARD_RECORDS.value)), ("bytes", str(prices.SHARD_BYTES.value))}
    assert lines(graph, "limit") == [100]


def test_the_other_lines_are_settings_of_the_stack():
    parameters = STACKS["existing, ON_DEMAND"] | {"BufferIntervalSeconds": 300}
    timeout_seconds = RESOURCES["TransformFunction"]["Properties"]["Timeout"]
    assert lines(one(parameters, "Longest call"), "time limit") == [1000 * timeout_seconds]
    assert lines(one(parameters, "Age of the oldest row"), "buffer") == [300]


def test_the_times_and_counts_in_the_texts_are_those_of_the_settings():
    texts = {re.match("## (.+)", text)[1]: " ".join(text.split()) for text, _ in rows(STACKS["own, PROVISIONED"])}
    rules = {each["Id"]: each for each in RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    assert f"refused records for {rules['expire-errors']['ExpirationInDays']} days" in texts["What failed"]
    retries = {3: "three"}[int(processor_settings()["NumberOfRetries"])]
    assert f"repeats a failed or throttled call {retries} times" in texts["Transform"]
    source = RESOURCES["OrderPipe"]["Properties"]["SourceParameters"]["DynamoDBStreamParameters"]
    assert source["MaximumRecordAgeInSeconds"] == 3600
    assert "tries again for one hour" in texts["Pipe"]
    assert "dead letters for about 23 hours" in texts["What failed"]


# ── docs/dashboard.md ────────────────────────────────────────────────────────────────────────────
def told():
    """What the page says of the lines of a widget, by the widget's title."""
    return dict(re.findall(r"^\| \*\*(.+?)\*\* \|[^|]+\| ([^|]+) \|$", PAGE, re.MULTILINE))


def test_the_page_tells_of_every_widget_and_its_lines():
    labels = {}
    for parameters in STACKS.values():
        for widget in body(parameters).widgets:
            if isinstance(widget, Alarms):
                labels[widget.properties.title] = []
            elif isinstance(widget, Graph):
                named = [each.label.partition(",")[0] for each in widget.properties.annotations.horizontal]
                labels[widget.properties.title] = named
    assert {title: re.findall(r"\*(.+?)\*", lines) for title, lines in told().items()} == labels


@every_stack
def test_the_page_has_the_rows_in_the_order_of_the_dashboard(parameters):
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    on_it = [re.match(r"## (.+)\n\n", text)[1] for text, _ in rows(parameters)]
    assert headings == [heading.replace("Table and generator", "Table") for heading in on_it]


def test_the_page_names_the_time_range_that_the_dashboard_begins_with():
    hours = re.fullmatch(r"-PT(\d+)H", body(STACKS["own, PROVISIONED"]).start)[1]
    assert f"the last {({'3': 'three'})[hours]} hours" in " ".join(PAGE.split())
