"""A graph of the dashboard shows the right metrics, with the right statistic, label, axis and lines."""

import json
import re
from itertools import product

from sales_pipeline.plan import prices
from sales_pipeline.status import metrics as status_metrics
from tests.unit.events import change_event, firehose_event, image
from tests.unit.template.dashboard_body import expressions, pairs, shown
from tests.unit.template.dashboard_stacks import RESOURCES, STACKS, every_stack, graphs, lines, one, watched
from transform import app

RED = "#d62728"
# What the label of a metric says, where a graph has several.
SAYS = {
    "KinesisMillisBehindLatest": "not read by Firehose",
    "DeliveryToS3.DataFreshness": "not written to S3",
    "ApproximateAgeOfOldestMessage": "dead letter",
    "ConsumedWriteCapacityUnits": "write units",
    "SuccessfulRequestLatency": "reads of the stream",
    "ReturnedRecordsCount": "reads, as a second metric counts them",
    "IncomingRecords": "records",
    "IncomingBytes": r"bytes|1 MB",
    "RecordsOk": "rows",
    "RecordsDropped": "dropped",
    "RecordsFailed": "refused",
    "UnknownAttributes": "attributes without a column",
    "Errors": "failed",
    "Throttles": "throttled",
    "DataReadFromKinesisStream.Records": "read from Kinesis",
    "DeliveryToS3.Records": "written to S3",
    "DeliveriesDenied-AWS::StackName": "denied",
}


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


@every_stack
def test_a_count_is_summed_over_the_time_in_its_title_and_of_an_age_the_longest_counts(parameters):
    for graph in graphs(parameters):
        title = graph.properties.title
        counts = re.search(r", per (?:(\d+) minutes|minute)$", title)
        share = "of the shards" in title  # of a limit per second, by PERIOD()
        for (_, name, _), rendering in pairs(graph):
            summed = (counts or share) and name != "UnknownAttributes"  # the most of a batch, not of all batches
            assert rendering.stat in ({"Sum", "SampleCount"} if summed else {"Maximum"}), title
            minutes = int(counts[1] or 1) if counts else 1 if share else 5
            assert rendering.period == 60 * minutes, title


@every_stack
def test_an_expression_has_the_period_of_its_metrics(parameters):
    # Else the console shows one point in five minutes of metrics of one minute (aws/aws-cdk, issues 7153 and 9156).
    for graph in graphs(parameters):
        periods = {rendering.id: rendering.period for _, rendering in pairs(graph)}
        for each in expressions(graph):
            assert {periods[id_] for id_ in re.findall(r"\b[a-z]+\b", each.expression)} == {each.period}


@every_stack
def test_a_label_says_which_of_several_metrics_it_is(parameters):
    for graph in graphs(parameters):
        names = {rendering.id: metric[1] for metric, rendering in pairs(graph)}
        labels = [(metric[1], rendering.label) for metric, rendering in pairs(graph) if rendering.visible]
        labels += [(names[re.search("[a-z]+", each.expression)[0]], each.label) for each in expressions(graph)]
        if len(labels) == 1:
            continue
        for name, label in labels:
            others = {SAYS[other] for other, _ in labels} - {SAYS[name]}
            assert re.search(SAYS[name], label), (name, label)
            assert not [each for each in others if re.search(each, label) and not re.search(each, SAYS[name])], label


@every_stack
def test_only_metrics_of_expressions_are_hidden(parameters):
    for graph in graphs(parameters):
        used = set(re.findall(r"\b[a-z]+\b", " ".join(each.expression for each in expressions(graph))))
        for _, rendering in pairs(graph):
            assert rendering.visible == (rendering.id not in used), graph.properties.title


@every_stack
def test_an_axis_begins_at_0_and_its_label_names_what_is_on_it(parameters):
    for graph in graphs(parameters):
        title, axes = graph.properties.title, graph.properties.yAxis
        assert {axis.min for axis in (axes.left, axes.right) if axis} == {0}
        assert (axes.left.label == "percent") == title.endswith(", in percent"), title
        if axes.right:
            for _, rendering in pairs(graph):
                assert (axes.right.label in rendering.label) == (rendering.yAxis == "right"), title


def test_the_unit_in_a_title_is_that_of_the_metric():
    # The pages about CloudWatch metrics in the guides of Lambda and Data Firehose.
    units = {"Duration": "milliseconds", "KinesisMillisBehindLatest": "milliseconds"}
    units["DeliveryToS3.DataFreshness"] = "seconds"
    found = {}
    for graph in graphs(STACKS["own, PROVISIONED"]):
        if unit := re.search(r", in (\w*seconds)$", graph.properties.title):
            found |= {metric[1]: unit[1] for metric, _ in pairs(graph)}
    assert found == units


def test_only_a_stream_with_shards_has_a_limit_of_its_shards():
    for parameters in STACKS.values():
        titles = {graph.properties.title for graph in graphs(parameters)}
        provisioned = parameters["StreamMode"] == "PROVISIONED"
        assert ("Used capacity of the shards, in percent" in titles) == provisioned
        assert ("Records and bytes, per minute" in titles) == (not provisioned)


# ── Lines ────────────────────────────────────────────────────────────────────────────────────────
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
def test_the_line_of_an_alarm_says_how_long_it_waits_and_is_red(parameters):
    for (name, of_alarm), graph in product(watched(parameters).items(), graphs(parameters)):
        alarm = RESOURCES[name]["Properties"]
        needed = alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
        label = f"alarm, after {needed * alarm['Period'] // 60} minutes" if needed > 1 else "alarm"
        for line in graph.properties.annotations.horizontal:
            if of_alarm <= shown(graph) and line.label.startswith("alarm"):
                assert (line.label, line.color) == (label, RED), name


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
    assert [each.fill for each in graph.properties.annotations.horizontal] == ["above", "none"]


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
