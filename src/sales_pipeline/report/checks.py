"""The sections about how orders reached the lake. Pure: no AWS, environment or clock."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from sales_pipeline.failures.records import REFUSED_BY_TRANSFORM, Failure
from sales_pipeline.reconcile.report import Reconciliation, Verdict, explained, limits, to_text
from sales_pipeline.report import pictures, words
from sales_pipeline.report.elements import Child, foreign, prose, table, tag
from sales_pipeline.report.figures import Delays, Figures
from sales_pipeline.report.queries import Asked
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.terminal.times import short_period

REASONS = 20
_ID_LETTERS, _REASON_LETTERS = 60, 300
_CLASSES = {Verdict.equal: "good", Verdict.accounted_for: "warn", Verdict.not_equal: "bad"}


def delay(asked: Asked, figures: Figures, buffer_ms: int) -> list[ET.Element]:
    """Return how long orders took from the table to the lake, and what that measures."""
    delays = Delays([(each_ms + buffer_ms, orders) for each_ms, orders in figures.delays])
    heading = tag("h2", "From the table to the lake")
    if not delays.orders:
        return [
            heading,
            prose(
                "How long orders took is left out. Their ids hold no time, because they are no UUIDv7, and their rows "
                "do not say when an order was changed. Rows say so with `ChangeColumns=APPEND`.",
                class_="muted",
            ),
        ]
    begin = "the time in its id"
    if asked.form.change_columns:
        begin = "the time of its last change in the table, or where the row has none from the time in its id"
    left = figures.total.orders - delays.orders
    missing = f" {counted(left, 'order')} without such times {'is' if left == 1 else 'are'} left out." if left else ""
    text = (
        f"From {begin} to the moment at which Firehose has to write its object to S3. The object's name says when its "
        f"first record arrived. Firehose writes it up to {words.span(buffer_ms)} later, because it has two buffers, or "
        "earlier if they are full. So an order can have arrived earlier than the chart shows. The time in which the "
        f"transform runs and S3 stores the object is not in the chart.{missing}"
    )
    half, most = words.span(delays.within_ms(0.5)), words.span(delays.within_ms(0.95))
    title = f"Half of the orders took up to {half}, 95 % up to {most}"
    chart = pictures.of_delays(delays, delays.bins())
    meaning = tag("div", tag("h3", "What this measures"), prose(text), class_="card")
    return [heading, tag("div", pictures.figure(chart, title, "delay"), meaning, class_="cards")]


def refused(failures: Sequence[Failure], older_objects: int) -> list[ET.Element]:
    """Return why records did not become rows."""
    heading = tag("h2", "Refused and failed records")
    if not failures:
        return [heading, tag("p", "No error record is in errors/.", class_="muted")]
    rows: list[Sequence[Child]] = [
        (
            foreign(_reason(each), _REASON_LETTERS),
            f"{each.changes:,}",
            short_period(each.oldest_ms, each.newest_ms, each.newest_ms or 0) or "not known",
        )
        for each in failures[:REASONS]
    ]
    notes = ["`sales failures` lists these records, and dead letters too. `sales replay` sends them again."]
    if len(failures) > REASONS:
        notes.append(f"{counted(len(failures) - REASONS, 'more reason')} had fewer records.")
    if older_objects:
        notes.append(
            f"{counted(older_objects, 'older error object')} {'was' if older_objects == 1 else 'were'} not read."
        )
    listed = table({"Reason": "text", "Records": "number", "Arrived (UTC)": "time"}, rows)
    return [heading, tag("div", listed, prose(" ".join(notes), class_="muted"), class_="card")]


def _reason(failure: Failure) -> str:
    if failure.error == REFUSED_BY_TRANSFORM:
        return f"refused by the transform: {failure.message}"
    return failure.reason


def verdict_line(found: Reconciliation | None, why_not: str) -> ET.Element:
    """Return the verdict in one line, for the top of the page."""
    if not found:
        return tag("div", prose(f"Not compared with the table. {why_not}"), class_="card verdict")
    name, _, counts = to_text(found).rpartition("\n")[2].partition(":")
    return tag("div", tag("p", tag("strong", f"{name}:"), counts), class_=f"card verdict {_CLASSES[found.verdict]}")


def reconciled(found: Reconciliation | None, why_not: str) -> list[ET.Element]:
    """Return what `sales reconcile` found."""
    heading = tag("h2", "Does the lake hold the table?")
    if not found:
        return [heading, prose(f"Not compared. {why_not}", class_="muted")]
    rows: list[Sequence[Child]] = [
        (name, f"{count.count:,}", _meaning(" ".join(text.split()), count.samples))
        for name, count, text in explained(found)
        if count.count
    ]
    if not rows:
        text = "`sales reconcile` read every order of the table, and found each one in the lake as the table holds it."
        return [heading, prose(text, class_="muted")]
    listed = table({"Found": "time", "Number": "number", "Meaning": "text"}, rows)
    doubtful = found.stale.count or found.undetermined.count or found.duplicate.count
    notes = tag("p", " ".join(limits(found)), class_="muted") if doubtful else None
    return [heading, tag("div", listed, notes, class_="card")]


def _meaning(text: str, samples: Sequence[str]) -> ET.Element:
    paragraph = prose(f"{text} Such as " if samples else text)
    for place, each in enumerate(samples):
        if place:
            paragraph[-1].tail = ", "
        paragraph.append(tag("code", foreign(each, _ID_LETTERS)))
    return paragraph
