"""The body of a dashboard: what the template uses of all that CloudWatch allows.

As in the Amazon CloudWatch API Reference, "Dashboard Body Structure and Syntax". Whatever is not here is refused.
"""

from typing import Annotated, Literal

import msgspec


class Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An object that has no other members."""


Whole = Annotated[int, msgspec.Meta(ge=0)]
Period = Annotated[int, msgspec.Meta(ge=60, multiple_of=60)]
Color = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")]
Id = Annotated[str, msgspec.Meta(pattern="^[a-z][a-zA-Z0-9_]*$")]  # as in metric math


class Rendering(Strict):
    """How a metric is shown."""

    stat: Literal["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
    period: Period
    label: str = ""
    id: Id = ""
    color: Color = ""
    visible: bool = True
    yAxis: Literal["left", "right"] = "left"  # noqa: N815 - CloudWatch's name


class Expression(Strict):
    """An expression of metrics. Without a period, it has its widget's, whatever its metrics have: 300 by default."""

    expression: str
    label: str
    id: Id
    period: Period


class Line(Strict):
    """A horizontal annotation."""

    value: float
    label: str
    color: Color
    fill: Literal["above", "below", "none"] = "none"
    yAxis: Literal["left", "right"] = "left"  # noqa: N815 - CloudWatch's name


class Lines(Strict):
    """The annotations of a graph."""

    horizontal: list[Line]


class Axis(Strict):
    """An axis of a graph."""

    min: float
    showUnits: bool  # noqa: N815 - CloudWatch's name
    label: str = ""


class Axes(Strict):
    """The axes of a graph."""

    left: Axis
    right: Axis | None = None


class TextProperties(Strict):
    """What a text widget shows."""

    markdown: str


class AlarmProperties(Strict):
    """What an alarm widget shows."""

    title: str
    sortBy: Literal["default", "stateUpdatedTimestamp", "timestamp"]  # noqa: N815 - CloudWatch's name
    alarms: Annotated[list[str], msgspec.Meta(min_length=1, max_length=100)]


class MetricProperties(Strict):
    """What a metric widget shows."""

    region: str
    title: str
    view: Literal["timeSeries"]
    metrics: Annotated[list[list[object]], msgspec.Meta(min_length=1, max_length=500)]
    yAxis: Axes  # noqa: N815 - CloudWatch's name
    annotations: Lines = msgspec.field(default_factory=lambda: Lines(horizontal=[]))


class Placed(Strict, tag_field="type"):
    """A widget, and its place in the grid."""

    x: Annotated[int, msgspec.Meta(ge=0, le=23)]
    y: Whole
    width: Annotated[int, msgspec.Meta(ge=1, le=24)]
    height: Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Text(Placed, tag="text"):
    """A widget with a text."""

    properties: TextProperties


class Alarms(Placed, tag="alarm"):
    """A widget with the states of alarms."""

    properties: AlarmProperties


class Graph(Placed, tag="metric"):
    """A widget with metrics."""

    properties: MetricProperties


class Body(Strict):
    """The body of a dashboard."""

    start: Annotated[str, msgspec.Meta(pattern=r"^-PT\d+[MH]$")]
    periodOverride: Literal["auto", "inherit"]  # noqa: N815 - CloudWatch's name
    widgets: Annotated[list[Text | Alarms | Graph], msgspec.Meta(max_length=500)]


def split(metric):
    """Namespace, name and dimensions of a metric of a graph, and how it is shown."""
    (namespace, name, *dimensions), rendering = metric[:-1], msgspec.convert(metric[-1], Rendering)
    assert len(dimensions) % 2 == 0
    return (namespace, name, frozenset(zip(dimensions[::2], dimensions[1::2], strict=True))), rendering


def pairs(graph):
    """Metrics of a graph, each with how it is shown."""
    return [split(each) for each in graph.properties.metrics if len(each) > 1]


def shown(graph):
    """Metrics of a graph, each with its statistic and period."""
    return {(metric, rendering.stat, rendering.period) for metric, rendering in pairs(graph)}


def expressions(graph):
    return [msgspec.convert(metric[0], Expression) for metric in graph.properties.metrics if len(metric) == 1]
