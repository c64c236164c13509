"""Makes the screen of what the sources said. Pure: no AWS, environment or clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sales_pipeline.status.measured import Measured
from sales_pipeline.status.stages import RUNBOOK, Stage
from sales_pipeline.terminal.amounts import counted
from sales_pipeline.terminal.times import iso, time_of_day
from sales_pipeline.watch.buffers import Times, next_object_ms, waiting
from sales_pipeline.watch.orders import Order
from sales_pipeline.watch.passing import Passed
from sales_pipeline.watch.poll import Sample
from sales_pipeline.watch.rows import Facts, Level, Phrase, Row, age, row

METRICS, CHANGES = "metrics", "changes"
"""Sources that are no stages. Each has a stage that shows what it says, or that it says nothing."""
_SHOWN_AT = {METRICS: "metrics", CHANGES: "stream"}


@dataclass(frozen=True)
class Lake:
    """The stage of the lake, and the newest rows in it."""

    stage: Stage
    rows: Sequence[Order]


@dataclass(frozen=True)
class Changes:
    """What passed through the stream, and the newest changes with their time of arrival."""

    passed: Passed
    newest: Sequence[tuple[int, Order]]


@dataclass(frozen=True)
class Passer:
    """An order that passes by: how old what is shown of it is, and the order."""

    age_seconds: float
    order: Order


@dataclass(frozen=True)
class Screen:
    """All that one look shows."""

    title: str
    time_ms: int
    rows: Sequence[Row]
    note: Phrase
    """What a person who waits for the first rows wants to know; empty when there are rows."""
    problems: Sequence[tuple[str, str]]
    """What is wrong, with its stage."""
    changes: Sequence[Passer]
    """The newest changes in the stream, the newest first."""
    lake_age_seconds: float | None
    """Age of the object that has the newest rows; None where there is none."""
    lake_rows: Sequence[Order]
    """The newest rows in the lake, the last first."""
    hints: Sequence[str] = ()
    """What a person can do."""
    notes: Sequence[str] = ()
    """What has happened."""


def screen(title: str, samples: Mapping[str, Sample], now_ms: int, clock: float, times: Times) -> Screen:
    """Return what one look shows.

    `samples` has what the sources said, by the names of the stages in their order, METRICS and CHANGES. The value of
    the lake is a Lake, that of METRICS is Measured, that of CHANGES is Changes, and all others are a Stage. `clock` is
    monotonic, in seconds.
    """
    names = [name for name in samples if name not in _SHOWN_AT]
    facts = _facts(samples, now_ms, times)
    problems = [(name, problem) for name in names if name in facts.stages for problem in facts.stages[name].problems]
    problems += [
        (_SHOWN_AT.get(name, name), _unread(sample, clock)) for name, sample in samples.items() if sample.problem
    ]
    rows = [_row(name, samples[name], facts) for name in names]
    late = f"changes wait for more than {times.delivery_seconds:.0f} s: see {RUNBOOK}#delivery-lag"
    problems += [(each.stage, late) for each in rows if each.level is Level.waits]
    return Screen(
        title,
        now_ms,
        rows,
        _note(samples, facts),
        problems,
        [Passer(facts.age_seconds(order.created_ms or arrived_ms) or 0.0, order) for arrived_ms, order in facts.newest],
        facts.age_seconds(facts.time_ms("lake", "newest")),
        facts.rows,
    )


def _facts(samples: Mapping[str, Sample], now_ms: int, times: Times) -> Facts:
    values: dict[str, Any] = {name: sample.value for name, sample in samples.items() if sample.value is not None}
    lake: Lake | None = values.pop("lake", None)
    changes: Changes | None = values.pop(CHANGES, None)
    measured: Measured = values.pop(METRICS, Measured(absent="not read"))
    stages = values | ({"lake": lake.stage} if lake else {})
    return Facts(
        now_ms,
        times,
        stages,
        measured,
        changes.passed if changes else None,
        changes.newest if changes else (),
        lake.rows if lake else (),
    )


def _row(name: str, sample: Sample, facts: Facts) -> Row:
    if name not in facts.stages:
        return Row(name, [Phrase("not read" if sample.problem else "…", Level.unknown)], level=_level(sample))
    found = row(facts.stages[name], facts)
    return replace(found, level=Level.unknown) if sample.problem else found


def _level(sample: Sample) -> Level:
    return Level.unknown if sample.problem else Level.fine


def _unread(sample: Sample, clock: float) -> str:
    since = "" if sample.failing_since is None else f" for {age(max(0.0, clock - sample.failing_since))}"
    return f"could not be read{since}: {sample.problem}"


def _note(samples: Mapping[str, Sample], facts: Facts) -> Phrase:
    """Explain the time before the first rows: a buffer is no fault."""
    if "lake" not in facts.stages or facts.flushed_ms is not None:
        return Phrase("")
    nothing = "No row of today or of yesterday is in S3 yet."
    found = waiting(facts.passed, None, facts.times)
    due_ms = next_object_ms(found, None, facts.times)
    if samples[CHANGES].value is None or found is None:
        return Phrase(nothing)
    if due_ms is None:
        return Phrase(f"{nothing} No order has come lately.")
    why = f"Firehose gathers rows for {facts.times.buffer_seconds:.0f} s before it writes an object."
    left_seconds = (due_ms - facts.now_ms) / 1000
    if left_seconds > -facts.times.transform_seconds:
        in_time = f"in {age(max(0.0, left_seconds))}"
        return Phrase(f"{nothing} {why} The first rows come at about {time_of_day(due_ms)}, {in_time}.", Level.waits)
    late = age(-left_seconds)
    return Phrase(f"{nothing} They should have come {late} ago: `sales status` says more.", Level.wrong)


def line(found: Screen) -> str:
    """Return the screen in one line, for where there is none."""
    rows = {each.stage: each for each in found.rows}
    parts = [
        *_part(rows, "stream", rate="per minute"),
        *_part(rows, "delivery"),
        *_part(rows, "transform"),
        *_part(rows, "lake"),
        *_part(rows, "errors"),
        *_part(rows, "dead letters"),
    ]
    wrong = list(dict.fromkeys(name for name, _ in found.problems))
    verdict = f"{counted(len(wrong), 'problem')}: {', '.join(wrong)}" if wrong else "no problem"
    return f"{iso(found.time_ms)}  {verdict}  {'  '.join(parts)}"


def _part(rows: Mapping[str, Row], stage: str, rate: str = "") -> list[str]:
    found = rows.get(stage)
    if found is None:
        return []
    texts = [each.text for each in found.phrases]
    if rate:
        count = None if found.per_minute is None else amount(found.per_minute)
        texts = [] if count is None else [f"{count} {'change' if count == '1' else 'changes'} {rate}"]
    if found.oldest_seconds is not None:
        texts.append(f"the oldest for {age(found.oldest_seconds)}")
    return [f"{stage}: {', '.join(texts)}"] if texts else []


def amount(per_minute: float) -> str:
    """Return a count per minute: exact to one digit behind the point if it is small."""
    return f"{per_minute:,.1f}" if 0 < per_minute < 10 and per_minute % 1 else f"{per_minute:,.0f}"  # noqa: PLR2004
