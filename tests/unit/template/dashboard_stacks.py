"""The dashboards of stacks with all that changes their form, as CloudWatch gets them."""

from itertools import product

import msgspec
import pytest

from tests.unit.template.dashboard_body import Body, Graph, Text
from tests.unit.template.parsed import TEMPLATE, present, resolve
from tests.unit.template.test_alarms import STREAM_ARN
from tests.unit.template.test_existing_table import EXISTING

RESOURCES = TEMPLATE["Resources"]
MODES = TEMPLATE["Parameters"]["StreamMode"]["AllowedValues"]
# Every form of the body: what its conditions choose, and parameters in it that are not their defaults.
STACKS = {
    f"{form}, {mode}": parameters | {"StreamMode": mode, "Dashboard": "CREATE"}
    for (form, parameters), mode in product({"own": {"ShardCount": 3}, "existing": EXISTING}.items(), MODES)
}
STREAMS = {"OrderTable.StreamArn": STREAM_ARN, "TableCheck.StreamArn": STREAM_ARN}
every_stack = pytest.mark.parametrize("parameters", STACKS.values(), ids=STACKS)


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


def rows(parameters):
    """Text and other widgets of each row, from top to bottom."""
    found = []
    for widget in body(parameters).widgets:
        if isinstance(widget, Text):
            found.append((widget.properties.markdown, []))
        else:
            found[-1][1].append(widget)
    return found


def lines(graph, label):
    return [each.value for each in graph.properties.annotations.horizontal if each.label.startswith(label)]
