"""The charts of the report: which bars, labels and titles they have. Pure: no AWS, environment or clock."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from common.printable import printable
from sales_pipeline.report import words
from sales_pipeline.report.charts import NARROW, WIDE, Bar, Chart, draw
from sales_pipeline.report.elements import tag
from sales_pipeline.report.figures import Bin, Delays, Interval, Product, Sums
from sales_pipeline.report.queries import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Asked
from sales_pipeline.terminal.amounts import counted

READOUT_LETTERS = 40
_UNITS = ((DAY_MS, "days"), (HOUR_MS, "hours"), (MINUTE_MS, "minutes"), (SECOND_MS, "seconds"))


class Measure(NamedTuple):
    """Something that is summed over orders, and how its numbers are written."""

    name: str
    of: Callable[[Sums], float]
    write: Callable[[float], str]


REVENUE = Measure("revenue", lambda sums: sums.revenue, words.amount)
UNITS = Measure("units", lambda sums: sums.units, words.quantity)
ORDERS = Measure("orders", lambda sums: sums.orders, words.quantity)


def measures(asked: Asked) -> list[Measure]:
    """Return what the rows' columns let the report sum; the number of orders where they have no such column."""
    found = [*([REVENUE] if asked.has_revenue else []), *([UNITS] if asked.has_units else [])]
    return found or [ORDERS]


def over_time(measure: Measure, intervals: Sequence[Interval], step_ms: int) -> Chart:
    """Return the chart of a measure by day, hour or shorter intervals."""
    what = interval(step_ms)
    bars = []
    for each in intervals:
        value = measure.of(each.sums)
        readout = f"{interval_name(each.start_ms, step_ms)}: {measure.write(value)}"
        bars.append(Bar(_label(each.start_ms, step_ms, len(intervals)), value, readout))
    top = max(intervals, key=lambda each: measure.of(each.sums))
    summary = (
        f"Bar chart: {measure.name} by {what}, {counted(len(intervals), 'bar')}; the highest is "
        f"{measure.write(measure.of(top.sums))} ({interval_name(top.start_ms, step_ms)})."
    )
    return Chart(summary, bars, measure.name, f"{what} (UTC)", words.compact)


def by_product(measure: Measure, products: Sequence[Product]) -> Chart:
    """Return the chart of a measure by product."""
    bars = []
    for product in products:
        name = printable(product.name)
        value = measure.of(product.sums)
        shown = name if len(name) <= READOUT_LETTERS else f"{name[: READOUT_LETTERS - 1]}…"
        bars.append(Bar(name, value, f"{shown}: {measure.write(value)}"))
    summary = f"Bar chart: {measure.name} of {counted(len(products), 'product')}; the table below has the numbers."
    return Chart(summary, bars, measure.name, "product", words.compact, horizontal=True)


def of_delays(delays: Delays, bins: Sequence[Bin]) -> Chart:
    """Return the chart of how many orders took how long."""
    widths = [each.to_ms - each.from_ms for each in bins if each.from_ms is not None and each.to_ms is not None]
    unit_ms, unit = next((each for each in _UNITS if widths[0] % each[0] == 0), _UNITS[-1])
    bars = []
    for each in bins:
        if each.from_ms is None:
            label, name = "< 0", "less than 0 s"
        elif each.to_ms is None:
            label, name = f"≥ {each.from_ms // unit_ms}", f"{each.from_ms // unit_ms} {unit} or more"
        else:
            label, name = str(each.from_ms // unit_ms), f"{each.from_ms // unit_ms} to {each.to_ms // unit_ms} {unit}"
        share = 100 * each.orders / delays.orders
        bars.append(Bar(label, each.orders, f"{name}: {counted(each.orders, 'order')} ({share:.3g} %)"))
    summary = (
        f"Bar chart: how long orders took. Half of them took up to {words.span(delays.within_ms(0.5))}, and 95 % up to "
        f"{words.span(delays.within_ms(0.95))}."
    )
    return Chart(summary, bars, "orders", f"delay ({unit})", words.compact)


def interval_name(start_ms: int, step_ms: int) -> str:
    """Return an interval in words, such as `Tue 24 Nov 2026` or `24 Nov 08:00 to 09:00`."""
    if step_ms == DAY_MS:
        return words.day(start_ms)
    in_seconds = step_ms < MINUTE_MS
    end = words.clock(start_ms + step_ms, seconds=in_seconds)
    return f"{words.short_day(start_ms)} {words.clock(start_ms, seconds=in_seconds)} to {end}"


def interval(step_ms: int) -> str:
    """Return the interval's length as a noun: `day`, `hour`, `10 seconds`."""
    unit_ms, unit = next(each for each in _UNITS if step_ms % each[0] == 0)
    return unit.removesuffix("s") if step_ms == unit_ms else f"{step_ms // unit_ms} {unit}"


def _label(start_ms: int, step_ms: int, count: int) -> str:
    """Return the label of an interval; empty where it needs none."""
    if step_ms == DAY_MS:
        return words.short_day(start_ms)
    if step_ms == HOUR_MS and count > 2 * DAY_MS // HOUR_MS:
        return words.short_day(start_ms) if start_ms % DAY_MS == 0 else ""
    return words.clock(start_ms, seconds=step_ms < MINUTE_MS)


def figure(chart: Chart, title: str, name: str) -> ET.Element:
    """Return a chart in two sizes, of which a screen shows one. `name` decides on its colour."""
    return tag("figure", tag("h3", title), draw(chart, WIDE), draw(chart, NARROW), class_=f"card {name}")
