"""CloudWatch takes the dashboard, its widgets fill the grid, and it shows all that the alarms watch."""

import re
from fnmatch import fnmatchcase
from itertools import product

from sales_pipeline.plan import costs
from tests import ROOT
from tests.unit.docs.test_deployer_policy import STACK, allowed_on
from tests.unit.template.dashboard_body import Alarms, Graph, Text, expressions, pairs, shown
from tests.unit.template.dashboard_stacks import RESOURCES, STACKS, body, every_stack, graphs, rows, watched
from tests.unit.template.parsed import TEMPLATE, holds, present, resolve
from tests.unit.template.test_alarms import anchors, processor_settings, sections

PAGE = (ROOT / "docs" / "dashboard.md").read_text()


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


def choices(value):
    """Names of the conditions that choose anywhere below a value."""
    if isinstance(value, list):
        return set().union(*map(choices, value))
    if not isinstance(value, dict):
        return set()
    found = {value["Fn::If"][0]} if "Fn::If" in value else set()
    return found.union(*map(choices, value.values()))


def test_the_stacks_here_have_every_form_of_the_body():
    text = RESOURCES["PipelineDashboard"]["Properties"]["DashboardBody"]
    forms = {tuple(holds(each, **parameters) for each in sorted(choices(text))) for parameters in STACKS.values()}
    assert len(forms) == len(STACKS) == 2 ** len(choices(text))


@every_stack
def test_a_graph_keeps_its_period_whatever_the_range(parameters):
    assert body(parameters).periodOverride == "inherit"


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
    beyond = f"AWS bills {costs.dashboard_usd():.0f} USD per month for each dashboard of an account beyond the third."
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
        for each in anchors(text):
            assert f"\n\n `docs/runbook.md#{each}`" in text
        assert not re.search(r"[*_\[\]<>~|\\`]", re.sub("`[^`]+`|ON_DEMAND", "", text)), "not plain Markdown"


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
    assert states.properties.sortBy == "stateUpdatedTimestamp"  # those in ALARM come first
    assert sorted(states.properties.alarms) == sorted(f"{name}.Arn" for name in alarms)
    everywhere = set().union(*map(shown, graphs(parameters)))
    for name, of_alarm in alarms.items():
        assert of_alarm <= everywhere, name


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
    assert RESOURCES["KinesisStream"]["Properties"]["RetentionPeriodHours"] / 2 <= 24
    assert "less than a day is left" in texts["Is anything wrong?"]
    assert RESOURCES["GeneratorErrorsAlarm"]["Properties"]["Threshold"] == 3
    assert "three failed calls mean that mock orders are missing" in texts["Table and generator"]


@every_stack
def test_a_text_tells_of_the_stream_s_24_hours_and_of_the_axes_that_there_are(parameters):
    for text, widgets in rows(parameters):
        if text.startswith("## Table"):
            assert "The table's stream keeps changes for 24 hours." in text  # as every stream of DynamoDB does
        assert "left axis" not in text
        if "right axis" in text:
            assert [each for each in widgets if each.properties.yAxis.right]


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


def test_the_times_and_counts_on_the_page_are_those_of_the_settings():
    page = " ".join(PAGE.split())
    rules = {each["Id"]: each for each in RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
    kept = RESOURCES["OrderPipeDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"]
    lag, delivery = (RESOURCES[name]["Properties"]["Threshold"] for name in ("StreamLagAlarm", "DeliveryLagAlarm"))
    assert lag == 1000 * delivery
    for text in (
        f"Firehose has {RESOURCES['KinesisStream']['Properties']['RetentionPeriodHours']} hours for each record",
        "A dead letter has 23 hours",
        f"`errors/` for {rules['expire-errors']['ExpirationInDays']} days",
        f"after {kept // 86400} days, when SQS deletes them",
        f"*time limit*: {RESOURCES['TransformFunction']['Properties']['Timeout']} seconds",
        f"*buffer*: `BufferIntervalSeconds`. *alarm*: {delivery // 60} minutes",
        f"newest one in the Kinesis stream. | *alarm*: {delivery // 60} minutes",
    ):
        assert text in page
    assert RESOURCES["StreamThrottlesAlarm"]["Properties"]["EvaluationPeriods"] == 3
    assert "*alarm*: in each of three periods" in page
    assert RESOURCES["GeneratorErrorsAlarm"]["Properties"]["Threshold"] == 3
    assert "*alarm*: three calls" in page
