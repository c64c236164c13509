"""The sections about what was sold. Pure: no AWS, environment or clock."""

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from sales_pipeline.aws.keys import id_of_number
from sales_pipeline.failures.records import Failure
from sales_pipeline.report import pictures, words
from sales_pipeline.report.elements import Child, foreign, prose, table, tag
from sales_pipeline.report.figures import Figures, Interval, Order
from sales_pipeline.report.pictures import Measure, figure, measures
from sales_pipeline.report.queries import DAY_MS, HOUR_MS, Asked
from sales_pipeline.terminal.amounts import counted
from transform.column_types import STRING

_NAME_LETTERS, _ID_LETTERS = 100, 60


def key_figures(asked: Asked, figures: Figures, failures: Sequence[Failure]) -> ET.Element:
    """Return the row of the most important numbers."""
    total = figures.total
    found = {"Orders": f"{total.orders:,}"}
    if asked.has_units:
        found["Units"] = words.quantity(total.units)
    if asked.has_revenue:
        found["Revenue"] = words.short_amount(total.revenue)
        found["Revenue per order"] = words.short_amount(total.revenue / total.orders) if total.orders else "none"
    if asked.has_product:
        found["Products"] = f"{figures.product_count:,}"
    found["Error records"] = f"{sum(each.changes for each in failures):,}"
    cards = [tag("div", tag("dt", name), tag("dd", value), class_="card") for name, value in found.items()]
    return tag("dl", *cards, class_="figures")


def no_orders(asked: Asked, buffer_ms: int) -> ET.Element:
    """Return what stands in place of the charts if the lake has no order."""
    where = "" if asked.since_ms is None else f" since {words.minute(asked.since_ms)} UTC"
    return tag(
        "div",
        tag("p", tag("strong", f"The lake has no orders{where}.")),
        prose(
            f"Firehose gathers orders for up to {words.span(buffer_ms)} before it writes rows to S3. If orders are in "
            "the table, make the report again in two minutes. If they do not show then, see `sales status`.",
        ),
        class_="card verdict warn",
    )


def over_time(asked: Asked, figures: Figures) -> list[ET.Element]:
    """Return the charts by day, by hour and, if all orders are of a few hours, by shorter intervals."""
    days, hours = figures.days(), figures.hours()
    found: list[tuple[int, list[Interval], str]] = []
    if moments := figures.moments(asked.now_ms):
        found.append((*moments, ""))
    found.append((DAY_MS, days, _which(figures, days, "last 366 days")))
    found.append((HOUR_MS, hours, _which(figures, hours, "last 7 days")))
    content: list[ET.Element] = [tag("h2", "Sales over time")]
    if notes := _notes(asked, figures):
        content.append(tag("p", notes, class_="muted"))
    for step_ms, intervals, which in found:
        cards = [
            figure(
                pictures.over_time(each, intervals, step_ms),
                f"{each.name.capitalize()} {_by(step_ms)}{which}",
                each.name,
            )
            for each in measures(asked)
        ]
        content += [tag("div", *cards, class_="cards"), _numbers(asked, intervals, step_ms)]
    return content


def _which(figures: Figures, intervals: Sequence[Interval], part: str) -> str:
    is_all = figures.first_ms is not None and intervals[0].start_ms <= figures.first_ms
    return "" if is_all else f", {part}"


def _by(step_ms: int) -> str:
    return f"by {pictures.interval(step_ms)}"


def _notes(asked: Asked, figures: Figures) -> str:
    notes = []
    if not asked.has_revenue:
        notes.append("There is no revenue, because the rows have no columns quantity and price that are numbers.")
    if figures.timeless:
        whose = f"{counted(figures.timeless, 'order')} have ids"
        if figures.timeless == figures.total.orders:
            whose = "These orders have ids"
        elif figures.timeless == 1:
            whose = "1 order has an id"
        notes.append(f"{whose} without a time. Such orders count at the time at which their objects in S3 begin.")
    return " ".join(notes)


def _numbers(asked: Asked, intervals: Sequence[Interval], step_ms: int) -> ET.Element:
    """Return the numbers of a chart, to read and to copy."""
    shown = measures(asked)
    rows = [
        (
            pictures.interval_name(each.start_ms, step_ms),
            f"{each.sums.orders:,}",
            *(measure.write(measure.of(each.sums)) for measure in shown if measure is not pictures.ORDERS),
        )
        for each in reversed(intervals)
        if each.sums.orders
    ]
    listed = table({"Time (UTC)": "time", "Orders": "number", **_headings(shown)}, rows)
    return tag("details", tag("summary", f"Numbers {_by(step_ms)}"), listed)


def _headings(shown: Iterable[Measure]) -> dict[str, str]:
    return {each.name.capitalize(): "number" for each in shown if each is not pictures.ORDERS}


def products(asked: Asked, figures: Figures) -> list[ET.Element]:
    """Return the charts and the table of products."""
    if not asked.has_product:
        return [tag("h2", "Products"), tag("p", "The rows have no column product_name of text.", class_="muted")]
    shown = measures(asked)
    which = (
        ""
        if len(figures.products) == figures.product_count
        else (f": {len(figures.products)} of {figures.product_count:,}, those with most {shown[0].name}")
    )
    cards = [
        figure(pictures.by_product(each, figures.products), f"{each.name.capitalize()} by product{which}", each.name)
        for each in shown
    ]
    rows: list[Sequence[Child]] = [
        (
            foreign(product.name, _NAME_LETTERS),
            f"{product.sums.orders:,}",
            *(each.write(each.of(product.sums)) for each in shown if each is not pictures.ORDERS),
        )
        for product in figures.products
    ]
    listed = table({"Product": "text", "Orders": "number", **_headings(shown)}, rows)
    return [
        tag("h2", "Products"),
        tag("div", *cards, class_="cards"),
        tag("details", tag("summary", "Numbers by product"), listed),
    ]


def orders(asked: Asked, figures: Figures) -> list[ET.Element]:
    """Return the tables of the latest and of the most expensive orders."""
    content = [tag("h2", "Latest orders"), _orders(asked, figures.latest)]
    if asked.has_revenue:
        content += [tag("h2", "Most expensive orders"), _orders(asked, figures.expensive)]
    return content


def _orders(asked: Asked, listed: Iterable[Order]) -> ET.Element:
    headings = {"Time (UTC)": "time"}
    headings |= {"Product": "text"} if asked.has_product else {}
    headings |= {"Quantity": "number"} if asked.has_units else {}
    headings |= {"Price": "number", "Revenue": "number"} if asked.has_revenue else {}
    headings |= {"Order id": "id"}
    rows: list[list[Child]] = []
    for order in listed:
        row: list[Child] = [words.second(order.time_ms)]
        row += [foreign(order.product or "", _NAME_LETTERS)] if asked.has_product else []
        row += [words.of_row(order.quantity)] if asked.has_units else []
        if asked.has_revenue:
            row += [words.of_row(order.price), "" if order.revenue is None else words.amount(order.revenue)]
        id_ = order.id if asked.form.key.type is STRING else id_of_number(order.id)
        rows.append([*row, foreign(id_, _ID_LETTERS)])
    return tag("div", table(headings, rows), class_="card")
