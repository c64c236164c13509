"""Bar charts as SVG without a script: pygal draws them, and this gives them their labels and what shows on hover.

Pure: no AWS, environment or clock. The colours are in page.css.
"""

import math
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pygal
from pygal.style import Style

# pygal adds a finder of its plug-ins to Python's. Python 3.11 warns of it at each later import; newer ones ignore it.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]

FONT_SIZE = 12
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_TICKS = 4
_READOUT_HEIGHT = 24
_MARGIN = 6
_LETTER_WIDTH = 0.6 * FONT_SIZE  # as pygal reckons


class Bar(NamedTuple):
    """A bar. Its label is below it, or beside it if the chart is horizontal; without one the bar has none."""

    label: str
    value: float
    readout: str
    """What shows while a person points at the bar."""


@dataclass(frozen=True)
class Chart:
    """A bar chart. Its texts are `visible` already."""

    summary: str
    """What a person hears who cannot see the chart."""
    bars: Sequence[Bar]
    value_title: str
    """What the bars' lengths are, with the unit."""
    label_title: str
    """What the labels are, with the unit."""
    number: Callable[[float], str]
    """Writes a number of the value axis."""
    horizontal: bool = False


class Size(NamedTuple):
    """How large a chart is drawn, and how many letters have room in all labels below it, and in a label beside it.

    These are letters of common width.
    """

    name: str
    width: int
    height: int
    row_letters: int
    label_letters: int


WIDE = Size("wide", 520, 240, 48, 24)
NARROW = Size("narrow", 340, 220, 28, 14)


def draw(chart: Chart, size: Size) -> ET.Element:
    """Return the chart as an SVG element."""
    bars = chart.bars[::-1] if chart.horizontal else chart.bars
    labels = [_cut(bar.label, size.label_letters) for bar in bars]
    named = [label for label in labels if label]
    row_labels = size.row_letters // max(map(len, named), default=1)
    shown = set(named if chart.horizontal else named[:: math.ceil(len(named) / row_labels)])
    # pygal takes all letters for equally wide.
    unexpected = max(map(_width, labels), default=0) - max(map(len, labels), default=0) if chart.horizontal else 0
    values = ticks([bar.value for bar in bars])
    kind = pygal.HorizontalBar if chart.horizontal else pygal.Bar
    drawing = kind(
        width=size.width,
        height=size.height if not chart.horizontal else 60 + 24 * len(bars),
        style=Style(label_font_size=FONT_SIZE, major_label_font_size=FONT_SIZE, title_font_size=FONT_SIZE),
        margin=_MARGIN,
        margin_left=_MARGIN + max(0, unexpected) * _LETTER_WIDTH,
        margin_top=_READOUT_HEIGHT,
        margin_right=20,  # for the half of the last label
        spacing=6,
        show_legend=False,
        js=(),
        css=(),
        truncate_label=-1,
        x_labels=labels,
        x_labels_major=sorted(shown),
        show_minor_x_labels=False,
        y_labels=values,
        y_labels_major=values,
        value_formatter=chart.number,
        x_title=chart.value_title if chart.horizontal else chart.label_title,
        y_title=None if chart.horizontal else chart.value_title,
        rounded_bars=1,
    )
    drawing.add(None, [{"value": bar.value, "tooltip": bar.readout} for bar in bars])
    root = ET.fromstring(drawing.render(is_unicode=True, disable_xml_declaration=True))  # noqa: S314 - pygal's own text
    _plain(root)
    _respond(root, chart)
    root.attrib = {
        "class": f"chart {size.name}",
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-label": chart.summary,
    }
    return root


def ticks(values: Sequence[float]) -> list[float]:
    """Return round numbers from the least value, or 0, to the highest, for an axis. Those of whole values are whole."""
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if low == high:
        return [0.0, 1.0]
    rough = (high - low) / _TICKS
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10, 20) if factor * magnitude >= rough)
    if all(value == round(value) for value in values):
        step = float(math.ceil(step))
    first, last = math.floor(low / step), math.ceil(high / step)
    return [place * step for place in range(first, last + 1)]


def _cut(text: str, letters: int) -> str:
    if _width(text) <= letters:
        return text
    while _width(text) > letters - 1:
        text = text[:-1]
    return text + "…"


def _width(text: str) -> float:
    """Return how much room a text takes about, in letters of common width."""
    return sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in "WF":  # a sign of Chinese, of Japanese, or an emoji
        return 2.2
    return 1.7 if letter in "MWmw@%" else 1.2 if letter.isupper() else 1


def _plain(root: ET.Element) -> None:
    """Leave pygal's styles, scripts and texts for its script out, and name the elements as HTML does."""
    unused = {"defs", "desc", "style", "script"}
    for parent in root.iter():
        parent.tag = parent.tag.removeprefix(_NAMESPACE)
        for child in list(parent):
            name = child.tag.removeprefix(_NAMESPACE)
            is_unused = name in unused or "overlay" in child.get("class", "")
            if is_unused or (name == "title" and parent.get("class") != "bar"):
                parent.remove(child)
        for name, value in parent.items():
            if name in {"x", "y", "width", "height"}:
                parent.set(name, f"{float(value):.1f}".removesuffix(".0"))


def _respond(root: ET.Element, chart: Chart) -> None:
    """Let each bar show its readout, wherever above or below it a person points."""
    plot = next(each for each in root.iter("g") if each.get("class") == "plot")
    ground = next(iter(plot))
    groups = [each for each in plot.iter("g") if each.get("class") == "bar"]
    place, length = ("y", "height") if chart.horizontal else ("x", "width")
    middles = []
    for group in groups:
        rect = group.find("rect")
        middles.append(float(rect.get(place, 0)) + float(rect.get(length, 0)) / 2 if rect is not None else 0.0)
    whole = float(ground.get(length, 0))
    step = abs(middles[1] - middles[0]) if len(middles) > 1 else whole
    whole_width = float(ground.get("width", 0))
    for group, middle in zip(groups, middles, strict=True):
        area = {name: ground.get(name, "0") for name in ("x", "y", "width", "height")}
        area |= {place: f"{middle - step / 2:.1f}", length: f"{step:.1f}", "class": "area"}
        readout = group.find("title")
        group.insert(0, ET.Element("rect", area))
        if readout is not None:
            text = readout.text
            group.remove(readout)
            at = {"x": f"{whole_width:.1f}", "y": "-10", "class": "readout"}
            ET.SubElement(group, "text", at).text = text
